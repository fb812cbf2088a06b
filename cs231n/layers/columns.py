"""Convolution as a matrix product: windows become columns, filters become rows.

The columns are ordered as in `cs231n.im2col`, so that the results of both can be exchanged.
"""

import numpy as np

from ..window_geometry import check_dout, conv_geometry, slide


def im2col_naive(x, HH, WW, stride=1):
    """Copy every window of a batch of images into a column.

    Entry (p, q) of the filter meets, in all windows together, a shifted and thinned copy of the
    image. So there are HH * WW copies to make, however many windows there are.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Padded already, where padding is wanted.
    HH, WW : int
        Size of the window.
    stride : int

    Returns
    -------
    cols : ndarray of shape (C * HH * WW, H' * W' * N)
        Row ``(c * HH + p) * WW + q`` and column ``(i * W' + j) * N + n`` hold
        ``x[n, c, i * stride + p, j * stride + q]``.

    Raises
    ------
    ValueError
        If the window does not fit; the message says what would.
    """
    N, C, H, W = x.shape
    got = f"x of shape {x.shape}"
    out_H, out_W = slide("im2col_naive", (H, W), (HH, WW), stride, got=got).out
    ### BEGIN SOLUTION
    cols = np.empty((C, HH, WW, out_H, out_W, N), dtype=x.dtype)
    for p, q in np.ndindex(HH, WW):
        rows = slice(p, p + out_H * stride, stride)
        columns = slice(q, q + out_W * stride, stride)
        cols[:, p, q] = x[:, :, rows, columns].transpose(1, 2, 3, 0)
    cols = cols.reshape(C * HH * WW, out_H * out_W * N)
    ### END SOLUTION
    return cols


def col2im_naive(cols, x_shape, HH, WW, stride=1):
    """Add every column back onto the window it came from: the way back through `im2col_naive`.

    Parameters
    ----------
    cols : ndarray of shape (C * HH * WW, H' * W' * N)
    x_shape : tuple of int
        (N, C, H, W), the shape of the images, with their padding.
    HH, WW : int
    stride : int

    Returns
    -------
    x : ndarray of shape (N, C, H, W)
        Each pixel is the sum of all entries that were copied from it.

    Raises
    ------
    ValueError
        If the window does not fit; the message says what would.
    """
    N, C, H, W = x_shape
    got = f"x_shape {tuple(x_shape)}"
    out_H, out_W = slide("col2im_naive", (H, W), (HH, WW), stride, got=got).out
    ### BEGIN SOLUTION
    windows = cols.reshape(C, HH, WW, out_H, out_W, N)
    x = np.zeros((N, C, H, W), dtype=cols.dtype)
    for p, q in np.ndindex(HH, WW):
        rows = slice(p, p + out_H * stride, stride)
        columns = slice(q, q + out_W * stride, stride)
        x[:, :, rows, columns] += windows[:, p, q].transpose(3, 0, 1, 2)
    ### END SOLUTION
    return x


def conv_forward_matmul(x, w, b, conv_param):
    """Convolve by one matrix product, filters times columns; `im2col_indices` makes the columns.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    w : ndarray of shape (F, C, HH, WW)
    b : ndarray of shape (F,)
    conv_param : dict
        ``stride``, ``pad``: a number each.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
    cache : tuple
        ``(x, w, b, conv_param, cols)`` with the matrix of columns.

    Raises
    ------
    ValueError
        If shapes do not belong together or H' or W' is not a whole number; the message says what
        fits.
    """
    from ..im2col import im2col_indices

    out_H, out_W = conv_geometry("conv_forward_matmul", x, w, b, conv_param).out
    stride = conv_param.get("stride", 1)
    pad = conv_param.get("pad", 0)
    N = len(x)
    F, _, HH, WW = w.shape
    ### BEGIN SOLUTION
    cols = im2col_indices(x, HH, WW, pad, stride)
    out = w.reshape(F, -1) @ cols + b[:, None]
    out = out.reshape(F, out_H, out_W, N).transpose(3, 0, 1, 2)
    ### END SOLUTION
    return out, (x, w, b, conv_param, cols)


def conv_backward_matmul(dout, cache):
    """Send the gradient back through `conv_forward_matmul`.

    Two matrix products do the work; `col2im_indices` adds the columns up.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Upstream gradient.
    cache : tuple
        ``(x, w, b, conv_param, cols)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dw : ndarray of shape (F, C, HH, WW)
    db : ndarray of shape (F,)

    Raises
    ------
    ValueError
        If dout does not have the shape of the forward pass's output.
    """
    from ..im2col import col2im_indices

    x, w, b, conv_param, cols = cache
    out = conv_geometry("conv_backward_matmul", x, w, b, conv_param).out
    stride = conv_param.get("stride", 1)
    pad = conv_param.get("pad", 0)
    F, _, HH, WW = w.shape
    check_dout("conv_backward_matmul", dout, (len(x), F, *out))
    ### BEGIN SOLUTION
    dmaps = dout.transpose(1, 2, 3, 0).reshape(F, -1)
    db = dmaps.sum(axis=1)
    dw = (dmaps @ cols.T).reshape(w.shape)
    dcols = w.reshape(F, -1).T @ dmaps
    dx = col2im_indices(dcols, x.shape, HH, WW, pad, stride)
    ### END SOLUTION
    return dx, dw, db
