"""Fast convolution and pooling: one door, the best kernel behind it.

`conv_forward_fast(x, w, b, conv_param)` and its friends take the arguments of the
naive layers, return what the naive layers return, and choose the kernel by shape and
dtype. Without the compiled extension they run in NumPy; `backend()` says which path
is live. The slower rungs of the ladder are public as well, see `cs231n._conv_ladder`.
"""

from . import im2col_cython
from ._conv_ladder import (
    conv_backward_cython,
    conv_backward_im2col,
    conv_backward_strides,
    conv_forward_cython,
    conv_forward_im2col,
    conv_forward_strides,
)
from ._pool_ladder import (
    avg_pool_backward_im2col,
    avg_pool_forward_im2col,
    max_pool_backward_im2col,
    max_pool_backward_reshape,
    max_pool_forward_im2col,
    max_pool_forward_reshape,
)

__all__ = [
    "backend",
    "avg_pool_backward_fast",
    "avg_pool_backward_im2col",
    "avg_pool_forward_fast",
    "avg_pool_forward_im2col",
    "conv_backward_cython",
    "conv_backward_fast",
    "conv_backward_im2col",
    "conv_backward_strides",
    "conv_forward_cython",
    "conv_forward_fast",
    "conv_forward_im2col",
    "conv_forward_strides",
    "max_pool_backward_fast",
    "max_pool_backward_im2col",
    "max_pool_backward_reshape",
    "max_pool_forward_fast",
    "max_pool_forward_im2col",
    "max_pool_forward_reshape",
]


def conv_forward_fast(x, w, b, conv_param):
    """Convolution, forward, with the contract of `cs231n.layers.conv_forward_naive`."""
    return conv_forward_strides(x, w, b, conv_param)


def conv_backward_fast(dout, cache, need=("dx", "dw", "db")):
    """Convolution, backward.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.
    need : collection of str
        The gradients to compute; the others come back as None. The first layer of a
        network needs no dx.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C, HH, WW)
    db : ndarray of shape (F,)
    """
    if not set(need) <= {"dx", "dw", "db"}:
        raise ValueError(f"conv_backward_fast: need may hold 'dx', 'dw' and 'db'; got {need!r}.")
    gradients = zip(("dx", "dw", "db"), conv_backward_strides(dout, cache))
    return tuple(gradient if name in need else None for name, gradient in gradients)


def max_pool_forward_fast(x, pool_param):
    """Max pooling, forward, with the contract of `cs231n.layers.max_pool_forward_naive`."""
    return max_pool_forward_im2col(x, pool_param)


def max_pool_backward_fast(dout, cache):
    """Max pooling, backward, with the contract of `cs231n.layers.max_pool_backward_naive`."""
    return max_pool_backward_im2col(dout, cache)


def avg_pool_forward_fast(x, pool_param):
    """Average pooling, forward, with the contract of `cs231n.layers.avg_pool_forward_naive`."""
    return avg_pool_forward_im2col(x, pool_param)


def avg_pool_backward_fast(dout, cache):
    """Average pooling, backward, with the contract of `cs231n.layers.avg_pool_backward_naive`."""
    return avg_pool_backward_im2col(dout, cache)


def backend():
    """The path that is live, in one sentence."""
    if im2col_cython._im2col is None:
        return "NumPy; the compiled extension is not built: run pip install -e . with a C compiler to build it."
    return "compiled extension."
