"""Operations (gates) of a computational graph: each knows its forward and its backward.

An operation has the shape of a layer: ``forward`` returns ``out, cache`` and
``backward(dout, cache)`` returns one gradient per input. It works on plain arrays and
knows nothing of the graph around it. ``dout`` is the upstream gradient dL/dout; the
result is dL/dx = dL/dout * dout/dx, written without ever forming dout/dx as a matrix.

Where an elementwise operation broadcasts, ``backward`` may return gradients in the
shape of ``out``; the traversal sums them down to the shape of each input.

Source: CS231n lecture notes, "Backpropagation, Intuitions"; gates and their patterns
(add distributes, max routes, multiply switches).
"""

import numpy as np
from scipy.special import expit


class Operation:
    """What one node of the graph computes.

    Attributes
    ----------
    symbol : str
        How the operation is written inside its circle in a picture.
    elementwise : bool
        True where entry i of the output depends only on entry i of each (broadcast)
        input. Otherwise the operation is linear in each of its inputs.
    """

    symbol = "?"
    elementwise = True

    def forward(self, *inputs):
        """Return ``out, cache`` for arrays as inputs."""
        raise NotImplementedError(f"{type(self).__name__}.forward: not written yet.")

    def backward(self, dout, cache):
        """Return a tuple with dL/dx for every input, given dL/dout."""
        raise NotImplementedError(f"{type(self).__name__}.backward: not written yet.")

    def __repr__(self):
        return f"{type(self).__name__}()"


class Add(Operation):
    """out = x + y."""

    symbol = "+"

    def forward(self, x, y):
        return x + y, None

    def backward(self, dout, cache):
        """The gradient distributor: both inputs get dout."""
        return dout, dout


class Subtract(Operation):
    """out = x - y."""

    symbol = "−"

    def forward(self, x, y):
        return x - y, None

    def backward(self, dout, cache):
        return dout, -dout


class Multiply(Operation):
    """out = x * y, entry by entry."""

    symbol = "×"

    def forward(self, x, y):
        return x * y, (x, y)

    def backward(self, dout, cache):
        """The switcher: each input gets dout times the value of the other one."""
        x, y = cache
        ### BEGIN SOLUTION
        dx = dout * y
        dy = dout * x
        ### END SOLUTION
        return dx, dy


class Divide(Operation):
    """out = x / y, entry by entry."""

    symbol = "/"

    def forward(self, x, y):
        out = x / y
        return out, (y, out)

    def backward(self, dout, cache):
        """The cache holds y and the output x / y; x itself is not needed."""
        y, out = cache
        ### BEGIN SOLUTION
        dx = dout / y
        dy = -dx * out
        ### END SOLUTION
        return dx, dy


class Maximum(Operation):
    """out = max(x, y), entry by entry; where they tie, x counts as the larger one."""

    symbol = "max"

    def forward(self, x, y):
        return np.maximum(x, y), x >= y

    def backward(self, dout, cache):
        """The router: the larger input gets dout, the other one nothing."""
        x_wins = cache
        ### BEGIN SOLUTION
        dx = dout * x_wins
        dy = dout * ~x_wins
        ### END SOLUTION
        return dx, dy


class Power(Operation):
    """out = x ** p for a fixed number p.

    Parameters
    ----------
    p : float
        The exponent. It is part of the operation and gets no gradient.
    """

    def __init__(self, p):
        self.p = p

    @property
    def symbol(self):
        if self.p == -1:
            return "1/x"
        return f"^{self.p:g}"

    def forward(self, x):
        return x**self.p, x

    def backward(self, dout, cache):
        x = cache
        p = self.p
        ### BEGIN SOLUTION
        dx = dout * p * x ** (p - 1)
        ### END SOLUTION
        return (dx,)

    def __repr__(self):
        return f"Power({self.p:g})"


class Exp(Operation):
    """out = e ** x."""

    symbol = "exp"

    def forward(self, x):
        out = np.exp(x)
        return out, out

    def backward(self, dout, cache):
        out = cache
        ### BEGIN SOLUTION
        dx = dout * out
        ### END SOLUTION
        return (dx,)


class Log(Operation):
    """out = ln x."""

    symbol = "log"

    def forward(self, x):
        return np.log(x), x

    def backward(self, dout, cache):
        x = cache
        ### BEGIN SOLUTION
        dx = dout / x
        ### END SOLUTION
        return (dx,)


class Sigmoid(Operation):
    """out = 1 / (1 + e ** -x), computed so that large scores do not overflow."""

    symbol = "σ"

    def forward(self, x):
        out = expit(x)
        return out, out

    def backward(self, dout, cache):
        """The cache is the output, and the output is all that the local gradient needs."""
        out = cache
        ### BEGIN SOLUTION
        dx = dout * out * (1 - out)
        ### END SOLUTION
        return (dx,)


class Tanh(Operation):
    """out = tanh x."""

    symbol = "tanh"

    def forward(self, x):
        out = np.tanh(x)
        return out, out

    def backward(self, dout, cache):
        out = cache
        ### BEGIN SOLUTION
        dx = dout * (1 - out**2)
        ### END SOLUTION
        return (dx,)


class ReLU(Operation):
    """out = max(0, x); the gradient at exactly 0 is 0."""

    symbol = "ReLU"

    def forward(self, x):
        return np.maximum(x, 0), x

    def backward(self, dout, cache):
        x = cache
        ### BEGIN SOLUTION
        dx = dout * (x > 0)
        ### END SOLUTION
        return (dx,)


class MatMul(Operation):
    """out = x @ w for vectors and matrices.

    Shapes: (N, D) @ (D, M) -> (N, M), (N, D) @ (D,) -> (N,), (D,) @ (D, M) -> (M,) and
    (D,) @ (D,) -> ().
    """

    symbol = "@"
    elementwise = False

    def forward(self, x, w):
        if not (1 <= x.ndim <= 2 and 1 <= w.ndim <= 2):
            raise ValueError(
                f"MatMul: takes vectors and matrices; got shapes {x.shape} and {w.shape}. "
                "Use * to scale by a number."
            )
        if x.shape[-1] != w.shape[0]:
            raise ValueError(
                f"MatMul: inner sizes differ: x of shape {x.shape} has {x.shape[-1]} columns and "
                f"w of shape {w.shape} has {w.shape[0]} rows. Make them equal, or transpose one."
            )
        return x @ w, (x, w)

    def backward(self, dout, cache):
        """Vectors are lifted to matrices first, so that one formula serves all four cases.

        Given are ``x2`` (N, D), ``w2`` (D, M) and ``dout2`` (N, M); wanted are ``dx2`` and
        ``dw2`` in the shapes of ``x2`` and ``w2``.
        """
        x, w = cache
        x2 = x if x.ndim == 2 else x[np.newaxis, :]
        w2 = w if w.ndim == 2 else w[:, np.newaxis]
        dout2 = np.reshape(dout, (x2.shape[0], w2.shape[1]))
        ### BEGIN SOLUTION
        dx2 = dout2 @ w2.T
        dw2 = x2.T @ dout2
        ### END SOLUTION
        dx = _unlift("dx2", dx2, x2.shape, x.shape)
        dw = _unlift("dw2", dw2, w2.shape, w.shape)
        return dx, dw


class Sum(Operation):
    """out = the sum of all entries of x, or of those along one axis.

    Parameters
    ----------
    axis : int or None
        The axis to sum over; None sums everything to a scalar.
    keepdims : bool
        Whether the summed axis stays, with length one.
    """

    symbol = "sum"
    elementwise = False

    def __init__(self, axis=None, keepdims=False):
        self.axis = axis
        self.keepdims = keepdims

    def forward(self, x):
        return np.sum(x, axis=self.axis, keepdims=self.keepdims), x.shape

    def backward(self, dout, cache):
        """``dout`` comes with its summed axes restored as length one: it broadcasts against x."""
        x_shape = cache
        dout = _restore_axis(dout, x_shape, self.axis)
        ### BEGIN SOLUTION
        dx = np.broadcast_to(dout, x_shape)
        ### END SOLUTION
        return (dx,)

    def __repr__(self):
        return f"{type(self).__name__}(axis={self.axis})"


class Mean(Sum):
    """out = the mean of all entries of x, or of those along one axis; takes what Sum takes."""

    symbol = "mean"

    def forward(self, x):
        return np.mean(x, axis=self.axis, keepdims=self.keepdims), x.shape

    def backward(self, dout, cache):
        """``count`` is the number of entries that went into one mean."""
        x_shape = cache
        count = np.prod(x_shape) / np.size(dout)
        dout = _restore_axis(dout, x_shape, self.axis)
        ### BEGIN SOLUTION
        dx = np.broadcast_to(dout / dout.dtype.type(count), x_shape)
        ### END SOLUTION
        return (dx,)


def _restore_axis(dout, x_shape, axis):
    """Give back to ``dout`` the axes that a reduction removed, with length one."""
    shape = [1] * len(x_shape)
    if axis is not None:
        shape = list(x_shape)
        shape[axis] = 1
    return np.reshape(dout, shape)


def _unlift(name, gradient, lifted, shape):
    """Give a gradient the shape of its vector or matrix; reshaping must not hide a transpose."""
    if gradient.shape != lifted:
        raise ValueError(
            f"MatMul.backward: {name} must have the shape of its input, {lifted}; got "
            f"{gradient.shape}. Look for the transpose that makes the sizes fit."
        )
    return gradient.reshape(shape)
