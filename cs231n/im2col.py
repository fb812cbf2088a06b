"""im2col and col2im in NumPy: a convolution as one matrix product.

Every window that the filter sees becomes a column; a convolution is then the
product of the filters, one per row, with that matrix. The price is memory: each
pixel is copied once for every window that holds it.

Rows are ordered (channel, filter row, filter column); columns are ordered
(output row, output column, image), as in the course notes:
https://cs231n.github.io/convolutional-networks/#conv
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .window_geometry import PerAxis, check_images, slide


def get_im2col_indices(
    x_shape: tuple[int, ...],
    field_height: int,
    field_width: int,
    padding: PerAxis = 1,
    stride: PerAxis = 1,
    dilation: PerAxis = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each entry of the matrix of columns comes from in the padded image.

    Parameters
    ----------
    x_shape : tuple (N, C, H, W)
    field_height, field_width : int
    padding, stride, dilation : int or pair of int
        One number for rows and columns, or a pair.

    Returns
    -------
    k : ndarray of shape (C*field_height*field_width, 1), the channel
    i, j : ndarray of shape (C*field_height*field_width, H'*W'), row and column

    Raises
    ------
    ValueError
        When the window does not fit; the message says what would.
    """
    _, C, H, W = x_shape
    geometry = slide(
        "get_im2col_indices",
        (H, W),
        (field_height, field_width),
        stride,
        padding,
        dilation,
        "filter",
        got=f"images of shape {tuple(x_shape)}",
    )
    k, i, j = (axis.reshape(-1, 1) for axis in np.indices((C, field_height, field_width)))
    y, x = (axis.reshape(1, -1) for axis in np.indices(geometry.out))
    stride_H, stride_W = geometry.stride
    dilation_H, dilation_W = geometry.dilation
    return k, dilation_H * i + stride_H * y, dilation_W * j + stride_W * x


def _pair(padding: PerAxis) -> tuple[int, int]:
    """The padding of rows and of columns."""
    if isinstance(padding, Sequence):
        rows, columns = padding
        return rows, columns
    return padding, padding


def _pad(x: np.ndarray, padding: PerAxis) -> np.ndarray:
    rows, columns = _pair(padding)
    return np.pad(x, ((0, 0), (0, 0), (rows, rows), (columns, columns)))


def im2col_indices(
    x: np.ndarray,
    field_height: int,
    field_width: int,
    padding: PerAxis = 1,
    stride: PerAxis = 1,
    dilation: PerAxis = 1,
) -> np.ndarray:
    """Copy every window of a batch of images into a column.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    field_height, field_width : int
    padding, stride, dilation : int or pair of int

    Returns
    -------
    cols : ndarray of shape (C*field_height*field_width, H'*W'*N)
        Column ``(y*W' + x)*N + n`` is the window at (y, x) of image n.

    Raises
    ------
    ValueError
        When x is not a batch of images or the window does not fit.
    """
    check_images("im2col_indices", x)
    k, i, j = get_im2col_indices(x.shape, field_height, field_width, padding, stride, dilation)
    cols = _pad(x, padding)[:, k, i, j]  # (N, C*HH*WW, H'*W')
    return cols.transpose(1, 2, 0).reshape(k.size, i.shape[1] * len(x))


def col2im_indices(
    cols: np.ndarray,
    x_shape: tuple[int, ...],
    field_height: int = 3,
    field_width: int = 3,
    padding: PerAxis = 1,
    stride: PerAxis = 1,
    dilation: PerAxis = 1,
) -> np.ndarray:
    """Add every column back onto the window it came from: the transpose of im2col.

    Parameters
    ----------
    cols : ndarray of shape (C*field_height*field_width, H'*W'*N)
    x_shape : tuple (N, C, H, W)
    field_height, field_width : int
    padding, stride, dilation : int or pair of int

    Returns
    -------
    x : ndarray of shape (N, C, H, W)
        Each pixel is the sum of the entries that were copied from it.

    Raises
    ------
    ValueError
        When the shape of cols is not the one that im2col_indices gives.
    """
    N, C, H, W = x_shape
    k, i, j = get_im2col_indices(x_shape, field_height, field_width, padding, stride, dilation)
    expected = (k.size, i.shape[1] * N)
    if cols.shape != expected:
        raise ValueError(
            f"col2im_indices: cols must have shape {expected} "
            f"for images of shape {tuple(x_shape)}; got shape {cols.shape}."
        )
    rows, columns = _pair(padding)
    x_padded = np.zeros((N, C, H + 2 * rows, W + 2 * columns), dtype=cols.dtype)
    per_image = cols.reshape(k.size, i.shape[1], N).transpose(2, 0, 1)
    everywhere: Any = (slice(None), k, i, j)  # NumPy's own hints know no slices here
    np.add.at(x_padded, everywhere, per_image)
    return x_padded[:, :, rows : rows + H, columns : columns + W]
