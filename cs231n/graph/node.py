"""The node: a value, how it was made, and the operator syntax that builds graphs."""

import numpy as np

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

    def __init__(self, value, name=None):
        self.value = _as_float(value)
        self.grad = None
        self.name = name
        self.operation, self.inputs, self.cache = None, (), None
        self.is_constant = False

    @classmethod
    def apply(cls, operation, *inputs):
        """Make the node that results from an operation on nodes, arrays or numbers."""
        like = next((x.value.dtype for x in inputs if isinstance(x, Node)), None)
        out = cls.__new__(cls)
        out.grad, out.name, out.is_constant = None, None, False
        out.operation = operation
        out.inputs = tuple(x if isinstance(x, Node) else _constant(x, like) for x in inputs)
        out._compute()
        return out

    def _compute(self):
        out, self.cache = self.operation.forward(*(x.value for x in self.inputs))
        self.value = np.asarray(out)

    @property
    def shape(self):
        return self.value.shape

    def forward(self):
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
                node._compute()
        return self.value

    def backward(self, dout=None):
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
                    f"backward: only a scalar has one gradient, and this node has shape {self.shape}. "
                    "Pass dout of that shape, or sum the node up first."
                )
            dout = np.ones_like(self.value)
        dout = np.asarray(dout, dtype=self.value.dtype)
        if dout.shape != self.shape:
            raise ValueError(
                f"backward: dout must have the shape of the node, {self.shape}; got {dout.shape}."
            )
        for node, grad in backpropagate(self, dout).items():
            node.grad = grad

    def input_gradients(self, dout):
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
                f"{self.operation!r}.backward: must return a tuple of {len(self.inputs)} gradients, "
                f"one per input; got {type(grads).__name__}."
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

    def __repr__(self):
        made_by = "" if self.operation is None else f", made by {self.operation!r}"
        called = "" if self.name is None else f"{self.name} = "
        value = np.array2string(self.value, precision=4, threshold=8, separator=", ")
        return f"Node({called}{value}{made_by})"

    def __add__(self, other):
        return Node.apply(ops.Add(), self, other)

    def __radd__(self, other):
        return Node.apply(ops.Add(), other, self)

    def __sub__(self, other):
        return Node.apply(ops.Subtract(), self, other)

    def __rsub__(self, other):
        return Node.apply(ops.Subtract(), other, self)

    def __mul__(self, other):
        return Node.apply(ops.Multiply(), self, other)

    def __rmul__(self, other):
        return Node.apply(ops.Multiply(), other, self)

    def __truediv__(self, other):
        return Node.apply(ops.Divide(), self, other)

    def __rtruediv__(self, other):
        # One divided by x is the lecture's gate of one input; it needs no constant.
        if np.isscalar(other) and other == 1:
            return Node.apply(ops.Power(-1), self)
        return Node.apply(ops.Divide(), other, self)

    def __matmul__(self, other):
        return Node.apply(ops.MatMul(), self, other)

    def __rmatmul__(self, other):
        return Node.apply(ops.MatMul(), other, self)

    def __pow__(self, p):
        if not np.isscalar(p):
            raise TypeError(
                f"Node ** p: the exponent must be a number; got {type(p).__name__}. "
                "For a varying exponent write exp(p * log(x))."
            )
        return Node.apply(ops.Power(p), self)

    def __neg__(self):
        return Node.apply(ops.Multiply(), self, -1.0)

    def sum(self, axis=None, keepdims=False):
        """The sum of all entries, or along one axis, as a node."""
        return Node.apply(ops.Sum(axis, keepdims), self)

    def mean(self, axis=None, keepdims=False):
        """The mean of all entries, or along one axis, as a node."""
        return Node.apply(ops.Mean(axis, keepdims), self)


def _as_float(value):
    value = np.asarray(value)
    return value if np.issubdtype(value.dtype, np.floating) else value.astype(np.float64)


def _without_copies(dx, shape):
    """The gradient of a value that may have been broadcast; sums only where there is something to sum."""
    return dx if np.shape(dx) == shape else sum_to_shape(dx, shape)


def _constant(value, dtype):
    """Lift a number or array into the graph; a bare number takes the precision of its partner."""
    node = Node(np.asarray(value, dtype=dtype) if np.isscalar(value) else value)
    node.is_constant = True
    return node


def maximum(x, y):
    """The larger of two nodes, entry by entry; ties go to ``x``."""
    return Node.apply(ops.Maximum(), x, y)


def matmul(x, w):
    """The matrix product of two nodes, as ``x @ w``."""
    return Node.apply(ops.MatMul(), x, w)


def exp(x):
    """e ** x of a node, entry by entry."""
    return Node.apply(ops.Exp(), x)


def log(x):
    """The natural logarithm of a node, entry by entry."""
    return Node.apply(ops.Log(), x)


def sigmoid(x):
    """1 / (1 + e ** -x) of a node as one gate, entry by entry."""
    return Node.apply(ops.Sigmoid(), x)


def tanh(x):
    """The hyperbolic tangent of a node, entry by entry."""
    return Node.apply(ops.Tanh(), x)


def relu(x):
    """max(0, x) of a node, entry by entry."""
    return Node.apply(ops.ReLU(), x)
