"""Pooling through the compiled kernels, and through NumPy where they may not run."""

from math import prod

import numpy as np

from ._arrays import compiled, floating, plain
from ._compiled import kernels, target
from ._pool_ladder import (
    avg_pool_backward_im2col,
    avg_pool_forward_im2col,
    max_pool_backward_im2col,
    max_pool_backward_reshape,
    max_pool_forward_im2col,
    max_pool_forward_reshape,
)
from ._threads import tell_once, threads_for
from .layers.geometry import check_dout, pool_geometry, remembered


def _fits(x):
    """Whether the kernels can take these images; NumPy takes what is left."""
    small = x.size > 0 and x[0, 0].size < 2**31
    return compiled(x.dtype) and x.dtype.isnative and small and kernels() is not None


def _planes(a):
    """Images as one stack of planes (N*C, H, W), C-contiguous and aligned."""
    return plain(a).reshape(-1, *a.shape[2:])


def _places(geometry):
    """The dtype of the places of winners in their windows; kernels for single sizes count on it."""
    return np.uint8 if prod(geometry.reach) <= 256 else np.int32


def _belongs(winner, dout, geometry):
    """Whether winners from a cache name entries of these windows: kernels write where they say."""
    right = winner is not None and winner.shape == dout.shape and winner.dtype == _places(geometry)
    return right and winner.view(f"u{winner.itemsize}").max() < prod(geometry.reach)  # unsigned, what is below 0 is large


def _threads(outputs, geometry):
    """Memory is the limit of pooling, so a second thread pays later: an entry of a window counts as two multiply-adds."""
    return threads_for(2 * outputs * prod(geometry.reach))


def _tile(geometry):
    return geometry.stride == geometry.reach


def max_pool_forward_fast(x, pool_param):
    """Max pooling, forward, with the contract of `cs231n.layers.max_pool_forward_naive`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        ``pool_height``, ``pool_width``, ``stride``.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
        A window with NaN gives NaN.
    cache : tuple
        ``(x, pool_param, winner)``; winner is the place of the maximum in its window,
        one byte each for windows of up to 256 entries, or None without compiled kernels.

    Raises
    ------
    ValueError
        When the windows do not cover x exactly.
    """
    x = np.asarray(x)
    geometry = remembered(pool_geometry, "max_pool_forward_fast", x, pool_param)
    if not _fits(x):
        tell_once()
        slower = max_pool_forward_reshape if _tile(geometry) else max_pool_forward_im2col
        return slower(x, pool_param)[0], (x, pool_param, None)
    planes = _planes(x)
    out = kernels().empty((len(planes), *geometry.out), x.dtype)
    winner = kernels().empty(out.shape, _places(geometry))
    threads = _threads(out.size, geometry)
    kernels().pool_forward(planes, out, winner, geometry.reach, geometry.stride, threads, target())
    shape = (*x.shape[:2], *geometry.out)
    return out.reshape(shape), (x, pool_param, winner.reshape(shape))


def max_pool_backward_fast(dout, cache):
    """Max pooling, backward, with the contract of `cs231n.layers.max_pool_backward_naive`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param, winner)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        The first maximum of a window in row-major order receives all of its gradient.
        Where winner does not belong to the windows, it is sought in x again.

    Raises
    ------
    ValueError
        When dout does not have the shape of the output.
    """
    x, pool_param, *winner = cache
    winner = winner[0] if winner else None  # the naive layer's cache has none
    geometry = remembered(pool_geometry, "max_pool_backward_fast", x, pool_param)
    (dout,) = floating("max_pool_backward_fast", dout=dout)
    check_dout("max_pool_backward_fast", dout, (*x.shape[:2], *geometry.out))
    if not _fits(dout) or not _belongs(winner, dout, geometry):
        tell_once()
        slower = max_pool_backward_reshape if _tile(geometry) else max_pool_backward_im2col
        return slower(dout, (x, pool_param))
    return _backward(dout, x.shape, _planes(winner), geometry)


def _backward(dout, x_shape, winner, geometry):
    dx = kernels().empty((x_shape[0] * x_shape[1], *x_shape[2:]), dout.dtype)
    threads = _threads(dout.size, geometry)
    kernels().pool_backward(_planes(dout), dx, winner, geometry.reach, geometry.stride, threads, target())
    return dx.reshape(x_shape)


def avg_pool_forward_fast(x, pool_param):
    """Average pooling, forward, with the contract of `cs231n.layers.avg_pool_forward_naive`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        ``pool_height``, ``pool_width``, ``stride``.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param)``.

    Raises
    ------
    ValueError
        When the windows do not cover x exactly.
    """
    x = np.asarray(x)
    geometry = remembered(pool_geometry, "avg_pool_forward_fast", x, pool_param)
    if not _fits(x):
        tell_once()
        return avg_pool_forward_im2col(x, pool_param)
    planes = _planes(x)
    out = kernels().empty((len(planes), *geometry.out), x.dtype)
    kernels().pool_forward(planes, out, None, geometry.reach, geometry.stride, _threads(out.size, geometry), target())
    return out.reshape(*x.shape[:2], *geometry.out), (x, pool_param)


def avg_pool_backward_fast(dout, cache):
    """Average pooling, backward, with the contract of `cs231n.layers.avg_pool_backward_naive`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)

    Raises
    ------
    ValueError
        When dout does not have the shape of the output.
    """
    x, pool_param = cache
    geometry = remembered(pool_geometry, "avg_pool_backward_fast", x, pool_param)
    (dout,) = floating("avg_pool_backward_fast", dout=dout)
    check_dout("avg_pool_backward_fast", dout, (*x.shape[:2], *geometry.out))
    if not _fits(dout):
        tell_once()
        return avg_pool_backward_im2col(dout, cache)
    return _backward(dout, x.shape, None, geometry)
