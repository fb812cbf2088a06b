"""Convolution with filters of one pixel.

That is the same affine layer at every position, and so one matrix product.
"""

import numpy as np


def conv_1x1_forward(x, w, b):
    """Mix the channels of every pixel, without a loop in Python.

    ``out[n, f, i, j] = b[f] + sum over c of w[f, c] * x[n, c, i, j]``.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    w : ndarray of shape (F, C)
        One row per filter.
    b : ndarray of shape (F,)

    Returns
    -------
    out : ndarray of shape (N, F, H, W)
    cache : tuple
        ``(x, w, b)``.

    Notes
    -----
    Lin, Chen and Yan, "Network In Network" (2014).
    """
    ### BEGIN SOLUTION
    out = np.einsum("fc,nchw->nfhw", w, x, optimize=True) + b[:, None, None]
    ### END SOLUTION
    return out, (x, w, b)


def conv_1x1_backward(dout, cache):
    """Send the gradient back through `conv_1x1_forward`, without a loop in Python.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H, W)
        Upstream gradient.
    cache : tuple
        ``(x, w, b)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C)
    db : ndarray of shape (F,)
    """
    x, w, _ = cache
    ### BEGIN SOLUTION
    dx = np.einsum("fc,nfhw->nchw", w, dout, optimize=True)
    dw = np.einsum("nfhw,nchw->fc", dout, x, optimize=True)
    db = dout.sum(axis=(0, 2, 3))
    ### END SOLUTION
    return dx, dw, db
