"""Fast convolution and pooling: one door, the best kernel behind it.

`conv_forward_fast(x, w, b, conv_param)` and its friends take the arguments of the
naive layers, return what the naive layers return, and choose the kernel by shape and
dtype. Without the compiled extension they run in NumPy; `backend()` says which path
is live. Memory of outputs and dx from 6 MB on is kept for later results of the same size
when they are dropped: no more than was in use before, and 256 MB at most.

The slower implementations are public as well, so that each idea can be measured
against the next: ``conv_*_im2col`` (NumPy columns), ``conv_*_strides`` (a view of all
windows), ``conv_*_cython`` (compiled columns), ``max_pool_*_reshape`` and
``*_pool_*_im2col``.
"""

from .fast.conv import conv_backward_fast, conv_forward_fast, use_winograd
from .fast.conv_numpy import (
    conv_backward_cython,
    conv_backward_im2col,
    conv_backward_strides,
    conv_forward_cython,
    conv_forward_im2col,
    conv_forward_strides,
)
from .fast.pool import (
    avg_pool_backward_fast,
    avg_pool_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)
from .fast.pool_numpy import (
    avg_pool_backward_im2col,
    avg_pool_forward_im2col,
    max_pool_backward_im2col,
    max_pool_backward_reshape,
    max_pool_forward_im2col,
    max_pool_forward_reshape,
)
from .fast.threads import backend, get_num_threads, set_num_threads

__all__ = [
    "avg_pool_backward_fast",
    "avg_pool_backward_im2col",
    "avg_pool_forward_fast",
    "avg_pool_forward_im2col",
    "backend",
    "conv_backward_cython",
    "conv_backward_fast",
    "conv_backward_im2col",
    "conv_backward_strides",
    "conv_forward_cython",
    "conv_forward_fast",
    "conv_forward_im2col",
    "conv_forward_strides",
    "get_num_threads",
    "max_pool_backward_fast",
    "max_pool_backward_im2col",
    "max_pool_backward_reshape",
    "max_pool_forward_fast",
    "max_pool_forward_im2col",
    "max_pool_forward_reshape",
    "set_num_threads",
    "use_winograd",
]
