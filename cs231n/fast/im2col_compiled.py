"""im2col and col2im with compiled loops, under the names of the original course.

The columns of `im2col_cython` are those of `cs231n.im2col.im2col_indices`. Without
the compiled extension NumPy does the same work; `cs231n.fast_layers.backend()`
says which of the two is live.
"""

import numpy as np

from .. import im2col as _numpy
from ..window_geometry import Geometry, PerAxis, check_images, slide
from .arrays import compiled, floating
from .extensions import extension


def im2col_cython(
    x: np.ndarray, field_height: int, field_width: int, padding: PerAxis, stride: PerAxis
) -> np.ndarray:
    """Copy every window of a batch of images into a column.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W), float32 or float64, any layout
    field_height, field_width : int
    padding, stride : int or pair of int

    Returns
    -------
    cols : ndarray of shape (C*field_height*field_width, N*H'*W')
        Column ``(y*W' + x)*N + n`` is the window at (y, x) of image n.

    Raises
    ------
    ValueError
        When x is not a batch of images or the window does not fit.
    """
    (x,) = floating("im2col_cython", x=x)
    check_images("im2col_cython", x)
    N, C, H, W = x.shape
    if not compiled(x.dtype) or extension("_im2col") is None:
        return _numpy.im2col_indices(x, field_height, field_width, padding, stride)
    geometry = _slide("im2col_cython", (H, W), (field_height, field_width), padding, stride)
    cols = np.zeros((C, field_height, field_width, *geometry.out, N), dtype=x.dtype)
    extension("_im2col").im2col(x, cols, *_corner(geometry), *geometry.stride)
    return cols.reshape(C * field_height * field_width, geometry.out[0] * geometry.out[1] * N)


def col2im_cython(
    cols: np.ndarray,
    N: int,
    C: int,
    H: int,
    W: int,
    field_height: int,
    field_width: int,
    padding: PerAxis,
    stride: PerAxis,
) -> np.ndarray:
    """Add columns (C*field_height*field_width, N*H'*W') back onto images (N, C, H, W).

    The transpose of `im2col_cython`, with the same parameters and errors.
    """
    (cols,) = floating("col2im_cython", cols=cols)
    geometry = _slide("col2im_cython", (H, W), (field_height, field_width), padding, stride)
    out_H, out_W = geometry.out
    _check_cols("col2im_cython", cols, (C * field_height * field_width, N * out_H * out_W))
    if not compiled(cols.dtype) or extension("_im2col") is None:
        return _numpy.col2im_indices(cols, (N, C, H, W), field_height, field_width, padding, stride)
    cols = cols.reshape(C, field_height, field_width, out_H, out_W, N).transpose(0, 1, 2, 5, 3, 4)
    return _add_windows(cols, (N, C, H, W), geometry)


def col2im_6d_cython(
    cols: np.ndarray,
    N: int,
    C: int,
    H: int,
    W: int,
    HH: int,
    WW: int,
    pad: PerAxis,
    stride: PerAxis,
) -> np.ndarray:
    """Add columns of shape (C, HH, WW, N, H', W') back onto images (N, C, H, W).

    The transpose of copying windows, for columns whose axes are still apart.
    """
    (cols,) = floating("col2im_6d_cython", cols=cols)
    geometry = _slide("col2im_6d_cython", (H, W), (HH, WW), pad, stride)
    _check_cols("col2im_6d_cython", cols, (C, HH, WW, N, *geometry.out))
    if not compiled(cols.dtype) or extension("_im2col") is None:
        flat = cols.transpose(0, 1, 2, 4, 5, 3).reshape(C * HH * WW, -1)
        return _numpy.col2im_indices(flat, (N, C, H, W), HH, WW, pad, stride)
    return _add_windows(cols, (N, C, H, W), geometry)


def _slide(
    name: str, image: tuple[int, int], size: tuple[int, int], pad: PerAxis, stride: PerAxis
) -> Geometry:
    H, W = image
    got = f"images of height {H} and width {W}"
    return slide(name, image, size, stride, pad, what="filter", got=got)


def _check_cols(name: str, cols: np.ndarray, expected: tuple[int, ...]) -> None:
    if cols.shape != expected:
        raise ValueError(f"{name}: cols must have shape {expected}; got shape {cols.shape}.")


def _corner(geometry: Geometry) -> tuple[int, ...]:
    """Row and column of the first window: its distance from the first pixel."""
    return tuple(before for before, _ in geometry.pads)


def _add_windows(cols: np.ndarray, x_shape: tuple[int, ...], geometry: Geometry) -> np.ndarray:
    x = np.zeros(x_shape, dtype=cols.dtype)
    extension("_im2col").col2im(cols, x, *_corner(geometry), *geometry.stride)
    return x
