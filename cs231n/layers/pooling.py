"""Max and average pooling over any window and stride."""

import numpy as np

from ..window_geometry import check_dout, pool_geometry


def max_pool_forward_naive(x, pool_param):
    """Keep the largest entry of each window.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        ``pool_height``, ``pool_width``: size of the window. ``stride``: its steps, a number or a
        pair (vertical, horizontal). There is no padding.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
        ``H' = 1 + (H - pool_height) / stride``, W' alike. A window with NaN gives NaN, as in
        `numpy.max`.
    cache : tuple
        ``(x, pool_param)``.

    Raises
    ------
    ValueError
        If H' or W' is not a whole number; the message says what fits.
    """
    geometry = pool_geometry("max_pool_forward_naive", x, pool_param)
    stride_H, stride_W = geometry.stride
    pool_H, pool_W = geometry.reach
    ### BEGIN SOLUTION
    out = np.zeros((*x.shape[:2], *geometry.out), dtype=x.dtype)
    for i, j in np.ndindex(*geometry.out):
        top = i * stride_H
        left = j * stride_W
        out[:, :, i, j] = x[:, :, top : top + pool_H, left : left + pool_W].max(axis=(2, 3))
    ### END SOLUTION
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    """Send the gradient of each window to its maximum.

    Where several entries tie, the first one in row-major order receives all of it; NaN counts as
    the maximum, as in `numpy.argmax`. Where windows overlap, the gradients add up.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
        Upstream gradient.
    cache : tuple
        ``(x, pool_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)

    Raises
    ------
    ValueError
        If dout does not have the shape of the forward pass's output.
    """
    x, pool_param = cache
    geometry = pool_geometry("max_pool_backward_naive", x, pool_param)
    stride_H, stride_W = geometry.stride
    pool_H, pool_W = geometry.reach
    check_dout("max_pool_backward_naive", dout, (*x.shape[:2], *geometry.out))
    ### BEGIN SOLUTION
    dx = np.zeros_like(x, dtype=dout.dtype)
    for n, c, i, j in np.ndindex(*dout.shape):
        top = i * stride_H
        left = j * stride_W
        window = x[n, c, top : top + pool_H, left : left + pool_W]
        row, column = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    ### END SOLUTION
    return dx


def avg_pool_forward_naive(x, pool_param):
    """Average each window.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        As for `max_pool_forward_naive`.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param)``.

    Raises
    ------
    ValueError
        If H' or W' is not a whole number; the message says what fits.
    """
    geometry = pool_geometry("avg_pool_forward_naive", x, pool_param)
    stride_H, stride_W = geometry.stride
    pool_H, pool_W = geometry.reach
    ### BEGIN SOLUTION
    out = np.zeros((*x.shape[:2], *geometry.out), dtype=np.result_type(x, np.float16))
    for i, j in np.ndindex(*geometry.out):
        top = i * stride_H
        left = j * stride_W
        out[:, :, i, j] = x[:, :, top : top + pool_H, left : left + pool_W].mean(axis=(2, 3))
    ### END SOLUTION
    return out, (x, pool_param)


def avg_pool_backward_naive(dout, cache):
    """Share the gradient of each window equally among its entries.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
        Upstream gradient.
    cache : tuple
        ``(x, pool_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)

    Raises
    ------
    ValueError
        If dout does not have the shape of the forward pass's output.
    """
    x, pool_param = cache
    geometry = pool_geometry("avg_pool_backward_naive", x, pool_param)
    stride_H, stride_W = geometry.stride
    pool_H, pool_W = geometry.reach
    check_dout("avg_pool_backward_naive", dout, (*x.shape[:2], *geometry.out))
    ### BEGIN SOLUTION
    dx = np.zeros_like(x, dtype=dout.dtype)
    for i, j in np.ndindex(*geometry.out):
        top = i * stride_H
        left = j * stride_W
        share = dout[:, :, i : i + 1, j : j + 1] / (pool_H * pool_W)
        dx[:, :, top : top + pool_H, left : left + pool_W] += share
    ### END SOLUTION
    return dx
