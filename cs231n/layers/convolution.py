"""Two-dimensional convolution, written as its definition.

There is one dot product per position of each filter.
"""

import numpy as np

from ..window_geometry import check_dout, conv_geometry


def conv_forward_naive(x, w, b, conv_param):
    """Slide every filter over every image.

    ``out[n, f, i, j] = b[f] + sum(w[f] * window)``, where the window starts at row ``i * stride``
    and column ``j * stride`` of the padded image. The output has
    ``H' = 1 + (H + 2 * pad - HH) / stride`` rows, ``W'`` alike.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images of C channels.
    w : ndarray of shape (F, C / groups, HH, WW)
        F filters.
    b : ndarray of shape (F,)
        One bias per filter.
    conv_param : dict
        ``stride``: steps of the window, a number or a pair (vertical, horizontal); 1 if absent.
        ``pad``: zeros on each side, a number, a pair, ``"valid"`` (none) or ``"same"`` (as many as
        give ``ceil(H / stride)`` rows, the odd one at the bottom and right); 0 if absent.
        ``groups``: filter f sees only the channels of its own group; 1 if absent.
        ``dilation``: distance between neighboring filter entries, a number or a pair; 1 if absent.
        The filter then covers ``dilation * (HH - 1) + 1`` rows, which takes the place of HH in the
        formula for H'.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
    cache : tuple
        ``(x, w, b, conv_param)``.

    Raises
    ------
    ValueError
        If shapes do not belong together or H' or W' is not a whole number; the message says what
        fits.

    Notes
    -----
    As everywhere in deep learning the filter is not flipped: strictly, this is a cross-correlation.
    Dilation follows Yu and Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions"
    (2016); groups follow Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep
    Convolutional Neural Networks" (2012).
    """
    geometry = conv_geometry("conv_forward_naive", x, w, b, conv_param)
    stride_H, stride_W = geometry.stride
    dilation_H, dilation_W = geometry.dilation
    reach_H, reach_W = geometry.reach
    N = x.shape[0]
    F, C_group = w.shape[:2]
    filters_per_group = F // conv_param.get("groups", 1)
    ### BEGIN SOLUTION
    x_pad = np.pad(x, ((0, 0), (0, 0), *geometry.pads))
    out = np.zeros((N, F, *geometry.out), dtype=np.result_type(x, w, b))
    for n, f, i, j in np.ndindex(*out.shape):
        channel = f // filters_per_group * C_group
        top = i * stride_H
        left = j * stride_W
        window = x_pad[
            n,
            channel : channel + C_group,
            top : top + reach_H : dilation_H,
            left : left + reach_W : dilation_W,
        ]
        out[n, f, i, j] = (window * w[f]).sum() + b[f]
    ### END SOLUTION
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    """Send the gradient back through `conv_forward_naive`.

    Each entry of dout touches one window and one filter: the window's share of the gradient is
    the filter, the filter's share is the window, both times that entry. Windows overlap, so the
    shares add up.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Upstream gradient.
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        Without the padding.
    dw : ndarray of shape (F, C / groups, HH, WW)
    db : ndarray of shape (F,)

    Raises
    ------
    ValueError
        If dout does not have the shape of the forward pass's output.
    """
    x, w, b, conv_param = cache
    geometry = conv_geometry("conv_backward_naive", x, w, b, conv_param)
    stride_H, stride_W = geometry.stride
    dilation_H, dilation_W = geometry.dilation
    reach_H, reach_W = geometry.reach
    N, _, H, W = x.shape
    F, C_group = w.shape[:2]
    filters_per_group = F // conv_param.get("groups", 1)
    check_dout("conv_backward_naive", dout, (N, F, *geometry.out))
    ### BEGIN SOLUTION
    x_pad = np.pad(x, ((0, 0), (0, 0), *geometry.pads))
    dx_pad = np.zeros_like(x_pad, dtype=dout.dtype)
    dw = np.zeros_like(w, dtype=dout.dtype)
    for n, f, i, j in np.ndindex(*dout.shape):
        channel = f // filters_per_group * C_group
        top = i * stride_H
        left = j * stride_W
        window = (
            n,
            slice(channel, channel + C_group),
            slice(top, top + reach_H, dilation_H),
            slice(left, left + reach_W, dilation_W),
        )
        dw[f] += dout[n, f, i, j] * x_pad[window]
        dx_pad[window] += dout[n, f, i, j] * w[f]
    db = dout.sum(axis=(0, 2, 3))
    (pad_top, _), (pad_left, _) = geometry.pads
    dx = dx_pad[:, :, pad_top : pad_top + H, pad_left : pad_left + W]
    ### END SOLUTION
    return dx, dw, db
