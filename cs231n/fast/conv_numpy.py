"""The NumPy implementations of convolution, between the naive loops and the fast kernels.

All compute the same thing with the same contract, and all of them see a convolution as
one product of the filters, w of shape (F, C, HH, WW), with the windows, cols of shape
(C, HH, WW, H', W', N), over the three axes that they share. They differ in how the windows
come about, and how their gradient is added back onto the image:

- `conv_forward_im2col`: NumPy index arrays;
- `conv_forward_strides`: a view of overlapping windows, copied once by the product;
- `conv_forward_cython`: compiled loops.

The image is padded and, with groups, split into groups of channels before that.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np

from .. import im2col as _im2col
from ..window_geometry import Geometry, check_dout, conv_geometry
from .arrays import floating
from .im2col_compiled import col2im_cython, im2col_cython

Columns = Callable[[np.ndarray, tuple[int, ...], Geometry], np.ndarray]
"""From images, the size of the filters and their geometry to the windows, in six axes."""
Image = Callable[[np.ndarray, tuple[int, ...], tuple[int, ...], Geometry], np.ndarray]
"""The transpose: from windows, the images' shape, size and geometry to images."""


def planar(
    name: str, x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Geometry, int]:
    """Check a convolution's arguments and give a 1-D convolution its second axis.

    Parameters
    ----------
    name : str
        The calling function, for error messages.
    x : ndarray of shape (N, C, H, W) or (N, C, W)
    w : ndarray of shape (F, C / groups, HH, WW) or (F, C / groups, WW)
    b : ndarray of shape (F,)
    conv_param : dict
        ``stride``, ``pad``, ``groups``, ``dilation``.

    Returns
    -------
    x : ndarray of shape (N, C, H, W)
    w : ndarray of shape (F, C / groups, HH, WW)
    b : ndarray of shape (F,)
        All three of one floating dtype; a 1-D convolution has H = HH = 1.
    geometry : Geometry
        Strides, pads, dilation and output of two axes.
    groups : int

    Raises
    ------
    ValueError
        When shapes do not belong together or the window does not fit.
    TypeError
        When an array does not hold real numbers.
    """
    x, w, b = floating(name, x=x, w=w, b=b)
    geometry = conv_geometry(name, x, w, b, conv_param)
    if x.ndim == 3:
        x = x[:, :, None]
        w = w[:, :, None]
        geometry = Geometry(
            stride=(1, *geometry.stride),
            pads=((0, 0), *geometry.pads),
            dilation=(1, *geometry.dilation),
            reach=(1, *geometry.reach),
            out=(1, *geometry.out),
        )
    if x.ndim != 4:
        raise ValueError(
            f"{name}: x must have one or two spatial axes; got shape {x.shape}. "
            "The naive layers take volumes."
        )
    return x, w, b, geometry, conv_param.get("groups", 1)


def _split(
    cols: np.ndarray, x: np.ndarray, size: tuple[int, ...], geometry: Geometry
) -> np.ndarray:
    """The matrix of columns as an array of six axes."""
    return cols.reshape(x.shape[1], *size, *geometry.out, len(x))


def _joined(cols: np.ndarray) -> np.ndarray:
    """An array of six axes as the matrix of columns."""
    return cols.reshape(prod(cols.shape[:3]), prod(cols.shape[3:]))


def _indices_columns(x: np.ndarray, size: tuple[int, ...], geometry: Geometry) -> np.ndarray:
    HH, WW = size
    cols = _im2col.im2col_indices(x, HH, WW, 0, geometry.stride, geometry.dilation)
    return _split(cols, x, size, geometry)


def _indices_image(
    cols: np.ndarray, x_shape: tuple[int, ...], size: tuple[int, ...], geometry: Geometry
) -> np.ndarray:
    HH, WW = size
    matrix = _joined(cols)
    return _im2col.col2im_indices(matrix, x_shape, HH, WW, 0, geometry.stride, geometry.dilation)


def _windows(x: np.ndarray, size: tuple[int, ...], geometry: Geometry) -> np.ndarray:
    """A view of shape (C, HH, WW, H', W', N) on x (N, C, H, W): windows overlap uncopied."""
    step_N, step_C, step_H, step_W = x.strides
    stride_H, stride_W = geometry.stride
    dilation_H, dilation_W = geometry.dilation
    shape = (x.shape[1], *size, *geometry.out, x.shape[0])
    steps = (
        step_C,
        dilation_H * step_H,
        dilation_W * step_W,
        stride_H * step_H,
        stride_W * step_W,
        step_N,
    )
    return np.lib.stride_tricks.as_strided(x, shape, steps, writeable=x.flags.writeable)


def _strides_image(
    cols: np.ndarray, x_shape: tuple[int, ...], size: tuple[int, ...], geometry: Geometry
) -> np.ndarray:
    """One slice for each tap of the filter: within a slice no two windows share a pixel."""
    x = np.zeros(x_shape, dtype=cols.dtype)
    windows = _windows(x, size, geometry)
    for c, i, j in np.ndindex(windows.shape[:3]):
        windows[c, i, j] += cols[c, i, j]
    return x


def _cython_columns(x: np.ndarray, size: tuple[int, ...], geometry: Geometry) -> np.ndarray:
    if geometry.dilation != (1, 1):
        return _windows(x, size, geometry)
    HH, WW = size
    return _split(im2col_cython(x, HH, WW, 0, geometry.stride), x, size, geometry)


def _cython_image(
    cols: np.ndarray, x_shape: tuple[int, ...], size: tuple[int, ...], geometry: Geometry
) -> np.ndarray:
    if geometry.dilation != (1, 1):
        return _strides_image(cols, x_shape, size, geometry)
    N, C, H, W = x_shape
    HH, WW = size
    return col2im_cython(_joined(cols), N, C, H, W, HH, WW, 0, geometry.stride)


def _pad(x: np.ndarray, geometry: Geometry) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, 0), *geometry.pads))


def _seen(padded: np.ndarray, geometry: Geometry) -> np.ndarray:
    """The part of padded images that windows see.

    With pad ``"same"``, long strides leave pixels over at the end.
    """
    axes = zip(geometry.out, geometry.stride, geometry.reach)
    rows, columns = ((out - 1) * stride + reach for out, stride, reach in axes)
    return padded[:, :, :rows, :columns]


def _grouped(groups: int, *arrays: tuple[np.ndarray, int]) -> Iterator[tuple[np.ndarray, ...]]:
    """Split each array's axis of channels or filters into groups."""
    return zip(*(np.split(a, groups, axis) for a, axis in arrays))


def _forward(
    name: str,
    columns: Columns,
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    conv_param: dict[str, Any],
) -> tuple[np.ndarray, tuple]:
    x4, w4, b1, geometry, groups = planar(name, x, w, b, conv_param)
    N = len(x4)
    F = len(w4)
    out = np.empty((F, *geometry.out, N), dtype=x4.dtype)
    padded = _seen(_pad(x4, geometry), geometry)
    for xg, wg, og in _grouped(groups, (padded, 1), (w4, 0), (out, 0)):
        og[...] = np.tensordot(wg, columns(xg, w4.shape[2:], geometry), 3)
    out += b1[:, None, None, None]
    out = np.ascontiguousarray(np.moveaxis(out, -1, 0))
    return out.reshape(N, F, *_spatial(geometry.out, x)), (x, w, b, conv_param)


def _spatial(out: tuple[int, ...], x: np.ndarray) -> tuple[int, ...]:
    """Sizes of the output for as many spatial axes as x has."""
    return out[4 - np.ndim(x) :]


def _backward(
    name: str, columns: Columns, image: Image, dout: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, w, b, conv_param = cache
    x4, w4, _, geometry, groups = planar(name, x, w, b, conv_param)
    (dout,) = floating(name, dout=dout)
    check_dout(name, dout, (len(x4), len(w4), *_spatial(geometry.out, x)))
    dout = dout.reshape(len(x4), len(w4), *geometry.out)
    padded = _pad(x4, geometry)
    dx = np.zeros_like(padded)
    dw = np.empty_like(w4)
    seen = _seen(padded, geometry)
    arrays = (seen, 1), (w4, 0), (dout, 1), (_seen(dx, geometry), 1), (dw, 0)
    for xg, wg, dg, dxg, dwg in _grouped(groups, *arrays):
        dmaps = np.moveaxis(dg, 0, -1)
        by_tap = np.tensordot(columns(xg, w4.shape[2:], geometry), dmaps, ((3, 4, 5), (1, 2, 3)))
        dwg[...] = np.moveaxis(by_tap, -1, 0)
        dxg[...] = image(np.tensordot(wg, dmaps, (0, 0)), xg.shape, w4.shape[2:], geometry)
    (top, _), (left, _) = geometry.pads
    dx = dx[:, :, top : top + x4.shape[2], left : left + x4.shape[3]]
    dx = np.ascontiguousarray(dx).reshape(np.shape(x))
    return dx, dw.reshape(np.shape(w)), dout.sum(axis=(0, 2, 3))


def conv_forward_im2col(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> tuple[np.ndarray, tuple]:
    """`cs231n.layers.conv_forward_naive` as a matrix product over indexed columns."""
    return _forward("conv_forward_im2col", _indices_columns, x, w, b, conv_param)


def conv_backward_im2col(
    dout: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`cs231n.layers.conv_backward_naive` as two matrix products and `col2im_indices`."""
    return _backward("conv_backward_im2col", _indices_columns, _indices_image, dout, cache)


def conv_forward_strides(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> tuple[np.ndarray, tuple]:
    """`cs231n.layers.conv_forward_naive` as a matrix product over a view of all windows."""
    return _forward("conv_forward_strides", _windows, x, w, b, conv_param)


def conv_backward_strides(
    dout: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`cs231n.layers.conv_backward_naive` with the windows added back one tap at a time."""
    return _backward("conv_backward_strides", _windows, _strides_image, dout, cache)


def conv_forward_cython(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> tuple[np.ndarray, tuple]:
    """`cs231n.layers.conv_forward_naive` as a matrix product over `im2col_cython`."""
    return _forward("conv_forward_cython", _cython_columns, x, w, b, conv_param)


def conv_backward_cython(
    dout: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`cs231n.layers.conv_backward_naive` as two matrix products and `col2im_cython`."""
    return _backward("conv_backward_cython", _cython_columns, _cython_image, dout, cache)
