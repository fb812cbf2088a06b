"""Convolution of sequences and of volumes, put together from the two-dimensional one."""

import numpy as np

from ..window_geometry import check_dout, conv_geometry
from .convolution import conv_backward_naive, conv_forward_naive


def conv1d_forward_naive(x, w, b, conv_param):
    """Convolve sequences: an image of height 1 under filters of height 1.

    Parameters
    ----------
    x : ndarray of shape (N, C, W)
    w : ndarray of shape (F, C / groups, WW)
    b : ndarray of shape (F,)
    conv_param : dict
        As for `conv_forward_naive`, with one axis.

    Returns
    -------
    out : ndarray of shape (N, F, W')
        ``W' = 1 + (W + 2 * pad - WW) / stride``.
    cache : tuple
        ``(x, w, b, conv_param)``.

    Raises
    ------
    ValueError
        If shapes do not belong together or W' is not a whole number; the message says what fits.
    """
    geometry = conv_geometry("conv1d_forward_naive", x, w, b, conv_param)
    planar_param = _planar_param(conv_param, geometry)
    out, _ = conv_forward_naive(x[:, :, None], w[:, :, None], b, planar_param)
    return out[:, :, 0], (x, w, b, conv_param)


def conv1d_backward_naive(dout, cache):
    """Send the gradient back through `conv1d_forward_naive`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, W')
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, W)
    dw : ndarray of shape (F, C / groups, WW)
    db : ndarray of shape (F,)

    Raises
    ------
    ValueError
        If dout does not have the shape of the forward pass's output.
    """
    x, w, b, conv_param = cache
    geometry = conv_geometry("conv1d_backward_naive", x, w, b, conv_param)
    check_dout("conv1d_backward_naive", dout, (len(x), len(w), *geometry.out))
    planar_cache = (x[:, :, None], w[:, :, None], b, _planar_param(conv_param, geometry))
    dx, dw, db = conv_backward_naive(dout[:, :, None], planar_cache)
    return dx[:, :, 0], dw[:, :, 0], db


def conv3d_forward_naive(x, w, b, conv_param):
    """Convolve volumes: an output slice sums one convolution for each slice of the filter.

    Parameters
    ----------
    x : ndarray of shape (N, C, D, H, W)
    w : ndarray of shape (F, C / groups, DD, HH, WW)
    b : ndarray of shape (F,)
    conv_param : dict
        As for `conv_forward_naive`, with three axes.

    Returns
    -------
    out : ndarray of shape (N, F, D', H', W')
        ``D' = 1 + (D + 2 * pad - DD) / stride``, H' and W' alike.
    cache : tuple
        ``(x, w, b, conv_param)``.

    Raises
    ------
    ValueError
        If shapes do not belong together or a size of the output is not a whole number; the
        message says what fits.
    """
    x_pad, slice_param, geometry = _slices("conv3d_forward_naive", x, w, b, conv_param)
    out = np.zeros((len(x), len(w), *geometry.out), dtype=np.result_type(x, w, b))
    out += b[:, None, None, None]
    no_bias = np.zeros_like(b)
    for d, k, z in _taps(geometry, w.shape[2]):
        out[:, :, d] += conv_forward_naive(x_pad[:, :, z], w[:, :, k], no_bias, slice_param)[0]
    return out, (x, w, b, conv_param)


def conv3d_backward_naive(dout, cache):
    """Send the gradient back through `conv3d_forward_naive`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, D', H', W')
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, D, H, W)
    dw : ndarray of shape (F, C / groups, DD, HH, WW)
    db : ndarray of shape (F,)

    Raises
    ------
    ValueError
        If dout does not have the shape of the forward pass's output.
    """
    x, w, b, conv_param = cache
    x_pad, slice_param, geometry = _slices("conv3d_backward_naive", x, w, b, conv_param)
    check_dout("conv3d_backward_naive", dout, (len(x), len(w), *geometry.out))
    dx_pad = np.zeros_like(x_pad, dtype=dout.dtype)
    db = np.zeros_like(b, dtype=dout.dtype)
    dw = np.zeros_like(w, dtype=dout.dtype)
    for d, k, z in _taps(geometry, w.shape[2]):
        slice_cache = (x_pad[:, :, z], w[:, :, k], b, slice_param)
        dslice, dtap, dbias = conv_backward_naive(dout[:, :, d], slice_cache)
        dx_pad[:, :, z] += dslice
        dw[:, :, k] += dtap
        # The bias enters each slice of the output once, whatever the depth of the filter.
        if k == 0:
            db += dbias
    before = geometry.pads[0][0]
    return dx_pad[:, :, before : before + x.shape[2]], dw, db


def _planar_param(conv_param, geometry):
    """Return the conv_param of the last two axes.

    A single axis becomes the width under a height of 1.
    """
    pad = "same"
    if conv_param.get("pad") != "same":
        pad = (0, *(before for before, _ in geometry.pads))[-2:]
    return {
        **conv_param,
        "stride": (1, *geometry.stride)[-2:],
        "pad": pad,
        "dilation": (1, *geometry.dilation)[-2:],
    }


def _slices(name, x, w, b, conv_param):
    """Prepare a volume for its slices.

    Returns x padded along its depth, the conv_param of its slices, and the geometry of the volume.
    """
    geometry = conv_geometry(name, x, w, b, conv_param)
    x_pad = np.pad(x, ((0, 0), (0, 0), geometry.pads[0], (0, 0), (0, 0)))
    return x_pad, _planar_param(conv_param, geometry), geometry


def _taps(geometry, depth):
    """Yield each slice d of the output with each slice k of the filter.

    With them comes the slice z of x that k meets.
    """
    for d, k in np.ndindex(geometry.out[0], depth):
        yield d, k, d * geometry.stride[0] + k * geometry.dilation[0]
