"""In which order the gates of a graph work, and how their gradients add up."""

import numpy as np


def topological_order(output):
    """List every node that ``output`` depends on, each one after all of its inputs.

    Parameters
    ----------
    output : Node
        Where the graph ends.

    Returns
    -------
    order : list of Node
        Every node once, inputs before their users, ``output`` last.

    Notes
    -----
    Nodes are told apart by identity, so a value that is used twice appears once. The
    graph may be thousands of nodes deep, deeper than Python lets a function call itself:
    keep a stack of your own instead of recursing.
    """
    order = []
    ### BEGIN SOLUTION
    # A node is met twice: first to push its inputs, then, when they are done, to be listed.
    stack = [(output, False)]
    done = set()
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            stack.extend((x, False) for x in reversed(node.inputs))
    ### END SOLUTION
    return order


def backpropagate(output, dout):
    """Carry the gradient ``dout`` from ``output`` back to every node it depends on.

    Parameters
    ----------
    output : Node
        Where the graph ends.
    dout : ndarray of the shape of output
        The gradient that arrives there, dL/d(output).

    Returns
    -------
    grads : dict of Node -> ndarray of the node's shape
        dL/d(node) for every node. Where a value is used several times, the gradients of
        all its uses add up (the multivariable chain rule).

    Notes
    -----
    ``node.input_gradients(dnode)`` asks one node for the gradients of its inputs, in the
    order of ``node.inputs``; nodes without an operation return an empty list.
    """
    order = topological_order(output)
    grads = {node: np.zeros_like(node.value) for node in order}
    grads[output] += dout
    ### BEGIN SOLUTION
    for node in reversed(order):
        for x, dx in zip(node.inputs, node.input_gradients(grads[node])):
            grads[x] += dx
    ### END SOLUTION
    return grads


def sum_to_shape(dout, shape):
    """Sum a gradient over the axes along which its value was broadcast.

    An entry that was copied k times by broadcasting was used k times, and gradients of
    several uses add up.

    Parameters
    ----------
    dout : ndarray
        Gradient in the broadcast shape.
    shape : tuple of int
        The shape before broadcasting.

    Returns
    -------
    dx : ndarray of the given shape

    Raises
    ------
    ValueError
        If ``shape`` does not broadcast to the shape of ``dout``.
    """
    dout = np.asarray(dout)
    extra = dout.ndim - len(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, dout.shape[extra:])):
        raise ValueError(
            f"sum_to_shape: a value of shape {shape} does not broadcast to {dout.shape}. "
            "Pass the gradient in the shape of the operation's output."
        )
    ### BEGIN SOLUTION
    copied = [i for i in range(dout.ndim) if i < extra or shape[i - extra] != dout.shape[i]]
    dx = np.reshape(dout.sum(axis=tuple(copied)), shape)
    ### END SOLUTION
    return dx
