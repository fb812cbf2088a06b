"""The node: a value, how it was made, and the operator syntax that builds graphs."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import operations as ops
from .traversal import backpropagate, sum_to_shape, topological_order


class Node:
    """A scalar, vector, matrix or larger array in a computational graph.

    Parameters
    ----------
    value : array_like
        Floats keep their precision, everything else becomes float64.
    name : str, optional
        What to call the node in messages and pictures.

    Attributes
    ----------
    value : ndarray of any shape
        The result of the forward pass. Assign to ``value`` of an input, then call
        ``forward()`` on the output to recompute the graph.
    grad : ndarray of the shape of value, or None
        d(output)/d(value) after ``output.backward()``, None before. Within one backward
        pass the gradients of all uses add up; every pass starts again from zero.
    operation : Operation or None
        What made the value; None for an input of the graph.
    inputs : tuple of Node
        What it was made from.
    """

    # Makes NumPy hand `array + node` to Node.__radd__ instead of looping over the array.
    __array_ufunc__ = None

    def __init__(self, value: ArrayLike, name: str | None = None) -> None:
        self.value = _as_float(value)
        self.name = name
        self.grad: np.ndarray | None = None
        self.operation: ops.Operation | None = None
        self.inputs: tuple[Node, ...] = ()
        self.cache: Any = None
        self.is_constant = False

    @classmethod
    def apply(cls, operation: ops.Operation, *inputs: "Node | ArrayLike") -> "Node":
        """Make the node that results from an operation on nodes, arrays or numbers."""
        nodes = [x for x in inputs if isinstance(x, Node)]
        dtype = nodes[0].value.dtype if nodes else None
        values = [x if isinstance(x, Node) else _constant(x, dtype) for x in inputs]
        out, cache = operation.forward(*(x.value for x in values))
        node = cls.__new__(cls)
        node.value = np.asarray(out)
        node.name = None
        node.grad = None
        node.operation = operation
        node.inputs = tuple(values)
        node.cache = cache
        node.is_constant = False
        return node

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def forward(self) -> np.ndarray:
        """Recompute every node that this one depends on, in topological order.

        Returns
        -------
        value : ndarray of the shape of the node
            The new value of this node.
        """
        for node in topological_order(self):
            if node.operation is None:
                node.value = _as_float(node.value)
            else:
                out, node.cache = node.operation.forward(*(x.value for x in node.inputs))
                node.value = np.asarray(out)
        return self.value

    def backward(self, dout: ArrayLike | None = None) -> None:
        """Fill in ``grad`` of every node that this one depends on.

        Parameters
        ----------
        dout : array_like of the shape of value, optional
            Upstream gradient. A scalar needs none; it starts from 1.

        Raises
        ------
        ValueError
            If the node is not a scalar and no gradient was given, or of another shape.
        """
        if dout is None:
            if self.value.size != 1:
                raise ValueError(
                    "backward: only a scalar has one gradient, and this node has shape "
                    f"{self.shape}. Pass dout of that shape, or sum the node up first."
                )
            dout = np.ones_like(self.value)
        dout = np.asarray(dout, dtype=self.value.dtype)
        if dout.shape != self.shape:
            raise ValueError(
                f"backward: dout must have the shape of the node, {self.shape}; got {dout.shape}."
            )
        for node, grad in backpropagate(self, dout).items():
            node.grad = grad

    def input_gradients(self, dout: np.ndarray) -> list[np.ndarray]:
        """Ask this node's operation for the gradients of its inputs.

        Parameters
        ----------
        dout : ndarray of the shape of value
            dL/d(this node).

        Returns
        -------
        grads : list of ndarray
            dL/d(input) in the shape of each input; empty for an input of the graph.
        """
        if self.operation is None:
            return []
        grads = self.operation.backward(dout, self.cache)
        if not isinstance(grads, (tuple, list)) or len(grads) != len(self.inputs):
            raise ValueError(
                f"{self.operation!r}.backward: must return a tuple of {len(self.inputs)} "
                f"gradients, one per input; got {type(grads).__name__}."
            )
        if self.operation.elementwise:
            return [_without_copies(dx, x.shape) for x, dx in zip(self.inputs, grads)]
        for x, dx in zip(self.inputs, grads):
            if np.shape(dx) != x.shape:
                raise ValueError(
                    f"{self.operation!r}.backward: the gradient of an input of shape {x.shape} has "
                    f"shape {np.shape(dx)}. A gradient has the shape of its value."
                )
        return list(grads)

    def __repr__(self) -> str:
        text = np.array2string(self.value, precision=4, threshold=8, separator=", ")
        if self.name is not None:
            text = f"{self.name} = {text}"
        if self.operation is not None:
            text += f", made by {self.operation!r}"
        return f"Node({text})"

    def __add__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Add(), self, other)

    def __radd__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Add(), other, self)

    def __sub__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Subtract(), self, other)

    def __rsub__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Subtract(), other, self)

    def __mul__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Multiply(), self, other)

    def __rmul__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Multiply(), other, self)

    def __truediv__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.Divide(), self, other)

    def __rtruediv__(self, other: "Node | ArrayLike") -> "Node":
        # One divided by x is the lecture's gate of one input; it needs no constant.
        if np.isscalar(other) and other == 1:
            return Node.apply(ops.Power(-1), self)
        return Node.apply(ops.Divide(), other, self)

    def __matmul__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.MatMul(), self, other)

    def __rmatmul__(self, other: "Node | ArrayLike") -> "Node":
        return Node.apply(ops.MatMul(), other, self)

    def __pow__(self, p: float) -> "Node":
        if not np.isscalar(p):
            raise TypeError(
                f"Node ** p: the exponent must be a number; got {type(p).__name__}. "
                "For a varying exponent write exp(p * log(x))."
            )
        return Node.apply(ops.Power(p), self)

    def __neg__(self) -> "Node":
        return Node.apply(ops.Multiply(), self, -1.0)

    def sum(self, axis: int | None = None, keepdims: bool = False) -> "Node":
        """The sum of all entries, or along one axis, as a node."""
        return Node.apply(ops.Sum(axis, keepdims), self)

    def mean(self, axis: int | None = None, keepdims: bool = False) -> "Node":
        """The mean of all entries, or along one axis, as a node."""
        return Node.apply(ops.Mean(axis, keepdims), self)


def _as_float(value: ArrayLike) -> np.ndarray:
    value = np.asarray(value)
    if np.issubdtype(value.dtype, np.floating):
        return value
    return value.astype(np.float64)


def _without_copies(dx: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of a value that may have been broadcast.

    It sums only where there is something to sum.
    """
    if np.shape(dx) == shape:
        return dx
    return sum_to_shape(dx, shape)


def _constant(value: ArrayLike, dtype: np.dtype | None) -> Node:
    """Lift a number or array into the graph; a bare number takes the precision of its partner."""
    if np.isscalar(value):
        value = np.asarray(value, dtype=dtype)
    node = Node(value)
    node.is_constant = True
    return node


def maximum(x: Node | ArrayLike, y: Node | ArrayLike) -> Node:
    """The larger of two nodes, entry by entry; ties go to ``x``."""
    return Node.apply(ops.Maximum(), x, y)


def matmul(x: Node | ArrayLike, w: Node | ArrayLike) -> Node:
    """The matrix product of two nodes, as ``x @ w``."""
    return Node.apply(ops.MatMul(), x, w)


def exp(x: Node | ArrayLike) -> Node:
    """e ** x of a node, entry by entry."""
    return Node.apply(ops.Exp(), x)


def log(x: Node | ArrayLike) -> Node:
    """The natural logarithm of a node, entry by entry."""
    return Node.apply(ops.Log(), x)


def sigmoid(x: Node | ArrayLike) -> Node:
    """1 / (1 + e ** -x) of a node as one gate, entry by entry."""
    return Node.apply(ops.Sigmoid(), x)


def tanh(x: Node | ArrayLike) -> Node:
    """The hyperbolic tangent of a node, entry by entry."""
    return Node.apply(ops.Tanh(), x)


def relu(x: Node | ArrayLike) -> Node:
    """max(0, x) of a node, entry by entry."""
    return Node.apply(ops.ReLU(), x)
