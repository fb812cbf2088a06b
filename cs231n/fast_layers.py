"""Fast convolution and pooling: one door, the best kernel behind it.

`conv_forward_fast(x, w, b, conv_param)` and its friends take the arguments of the
naive layers, return what the naive layers return, and choose the kernel by shape and
dtype. Without the compiled extension they run in NumPy; `backend()` says which path
is live. The slower rungs of the ladder are public as well, see `cs231n._conv_ladder`.
"""

from ._conv_fast import conv_backward_fast, conv_forward_fast
from ._conv_ladder import (
    conv_backward_cython,
    conv_backward_im2col,
    conv_backward_strides,
    conv_forward_cython,
    conv_forward_im2col,
    conv_forward_strides,
)
from ._threads import get_num_threads, kernels, set_num_threads
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
    "set_num_threads",
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
    if kernels is None:
        return "NumPy: the compiled kernels are not there; a C compiler and `pip install -e .` build them."
    count = get_num_threads()
    return f"compiled kernels, {kernels.TARGET_NAMES[-1]}, {count} thread{'s' if count > 1 else ''}."
