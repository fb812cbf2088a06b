"""Products with Jacobians that are never formed, and small Jacobians to look at.

For y = f(x), the Jacobian J has one row per entry of y and one column per entry of x.
Backpropagation computes u^T J (one pass back for all of x); pushing a direction forward
computes J v (one pass forward for all of y). Neither writes J down.
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .traversal import backpropagate, topological_order

if TYPE_CHECKING:
    from .node import Node

# A Jacobian is for looking at. The limit stops the 256 GB that one layer of a net would ask for.
LARGEST_JACOBIAN = 1_000_000


def vjp(output: "Node", x: "Node", u: ArrayLike) -> np.ndarray:
    """The vector-Jacobian product u^T J of ``output`` with respect to ``x``.

    Parameters
    ----------
    output : Node
        y, of any shape.
    x : Node
        Any node that y depends on.
    u : array_like of the shape of y
        The direction in the output, dL/dy for some loss L.

    Returns
    -------
    product : ndarray of the shape of x
        sum_i u_i dy_i/dx, that is dL/dx. ``grad`` of the nodes is left as it was.
    """
    u = _direction("vjp", "u", u, output)
    grads = backpropagate(output, u)
    _require_dependence("vjp", x, grads)
    return grads[x]


def jvp(output: "Node", x: "Node", v: ArrayLike) -> np.ndarray:
    """The Jacobian-vector product J v of ``output`` with respect to ``x``.

    Parameters
    ----------
    output : Node
        y, of any shape.
    x : Node
        Any node that y depends on.
    v : array_like of the shape of x
        The direction in which x moves.

    Returns
    -------
    product : ndarray of the shape of y
        sum_j dy/dx_j v_j: how y moves, to first order.
    """
    order = topological_order(output)
    _require_dependence("jvp", x, order)
    moves = {x: _direction("jvp", "v", v, x)}
    for node in order:
        if node is not x:
            moves[node] = _move(node, [moves[i] for i in node.inputs])
    return moves[output]


def _move(node: "Node", moves: Sequence[np.ndarray]) -> np.ndarray:
    """How a node moves when its inputs do."""
    op = node.operation
    move = np.zeros_like(node.value)
    if op is None:
        return move
    if op.elementwise:
        # Entry i of the output sees only entry i of the inputs: a diagonal Jacobian, and
        # one backward pass of ones reads off the diagonal.
        slopes = op.backward(np.ones_like(node.value), node.cache)
        for slope, step in zip(slopes, moves):
            move = move + slope * step
        return move
    # Linear in each input: the product rule, with the operation itself as the derivative.
    values = [x.value for x in node.inputs]
    for i, step in enumerate(moves):
        change, _ = op.forward(*values[:i], step, *values[i + 1 :])
        move = move + change
    return move


def jacobian(output: "Node", x: "Node") -> np.ndarray:
    """Form the whole Jacobian of a small node, row by row.

    Parameters
    ----------
    output : Node
        y, of any shape.
    x : Node
        Any node that y depends on.

    Returns
    -------
    jacobian : ndarray of shape (*y.shape, *x.shape)
        Entry [i, j] is dy_i/dx_j, with i and j the (multi-)indices of y and x. Reshape it
        to (y.size, x.size) to see the matrix.

    Raises
    ------
    ValueError
        If it would hold more than a million numbers.
    """
    size = output.value.size * x.value.size
    if size > LARGEST_JACOBIAN:
        gigabytes = size * x.value.itemsize / 1e9
        raise ValueError(
            f"jacobian: {output.value.size:,} outputs times {x.value.size:,} inputs would take "
            f"{gigabytes:,.3g} GB. Use vjp or jvp, which never form it, or smaller nodes."
        )
    rows = [vjp(output, x, unit.reshape(output.shape)) for unit in np.eye(output.value.size)]
    return np.reshape(rows, output.shape + x.shape)


def _direction(caller: str, name: str, direction: ArrayLike, node: "Node") -> np.ndarray:
    direction = np.asarray(direction, dtype=node.value.dtype)
    if direction.shape != node.shape:
        raise ValueError(
            f"{caller}: {name} must have the shape of its node, {node.shape}; "
            f"got {direction.shape}."
        )
    return direction


def _require_dependence(caller: str, x: "Node", nodes: "Collection[Node]") -> None:
    if x not in nodes:
        raise ValueError(
            f"{caller}: the output does not depend on {x!r}. Pass a node it was made from."
        )
