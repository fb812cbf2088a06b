"""The NumPy implementations of pooling, between the naive loops and the compiled kernels.

- `max_pool_forward_reshape`: windows that tile the image become two axes of a view;
- `max_pool_forward_im2col`: any window, each one copied into a column.

Both let the first maximum in row-major order win a tie, and NaN count as the
maximum, as `numpy.argmax` does.
"""

from typing import Any

import numpy as np

from ..im2col import get_im2col_indices
from ..window_geometry import check_dout, pool_geometry


def _tiles(name: str, x: np.ndarray, pool_param: dict[str, Any]) -> np.ndarray:
    """x seen as (N, C, H', W', HH*WW), where each window holds its own pixels."""
    geometry = pool_geometry(name, x, pool_param)
    if geometry.stride != geometry.reach:
        raise ValueError(
            f"{name}: windows must tile the image, with a stride equal to their size; "
            f"got {pool_param}. Use {name.replace('reshape', 'im2col')} for windows that overlap "
            "or leave gaps."
        )
    N, C, _, _ = x.shape
    HH, WW = geometry.reach
    out_H, out_W = geometry.out
    tiles = x.reshape(N, C, out_H, HH, out_W, WW).transpose(0, 1, 2, 4, 3, 5)
    return tiles.reshape(N, C, out_H, out_W, HH * WW)


def _columns(
    name: str, x: np.ndarray, pool_param: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows as (N, C, H', W', HH*WW), with the row and the column of each entry."""
    geometry = pool_geometry(name, x, pool_param)
    HH, WW = geometry.reach
    _, i, j = get_im2col_indices((1, 1, *x.shape[2:]), HH, WW, 0, geometry.stride)
    i = i.T.reshape(*geometry.out, -1)
    j = j.T.reshape(*geometry.out, -1)
    return x[:, :, i, j], i, j


def max_pool_forward_reshape(x: np.ndarray, pool_param: dict[str, Any]) -> tuple[np.ndarray, tuple]:
    """`cs231n.layers.max_pool_forward_naive` for windows that tile the image.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param)``.

    Raises
    ------
    ValueError
        When the windows overlap or leave gaps.
    """
    return _tiles("max_pool_forward_reshape", x, pool_param).max(axis=4), (x, pool_param)


def max_pool_backward_reshape(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """`cs231n.layers.max_pool_backward_naive` for windows that tile the image."""
    x, pool_param = cache
    tiles = _tiles("max_pool_backward_reshape", x, pool_param)
    check_dout("max_pool_backward_reshape", dout, tiles.shape[:4])
    gradient = np.zeros(tiles.shape, dtype=dout.dtype)
    np.put_along_axis(gradient, tiles.argmax(axis=4)[..., None], dout[..., None], axis=4)
    N, C, out_H, out_W, _ = tiles.shape
    HH = pool_param["pool_height"]
    WW = pool_param["pool_width"]
    return gradient.reshape(N, C, out_H, out_W, HH, WW).transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)


def max_pool_forward_im2col(x: np.ndarray, pool_param: dict[str, Any]) -> tuple[np.ndarray, tuple]:
    """`cs231n.layers.max_pool_forward_naive` over a copy of every window."""
    windows, _, _ = _columns("max_pool_forward_im2col", x, pool_param)
    return windows.max(axis=4), (x, pool_param)


def max_pool_backward_im2col(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """`cs231n.layers.max_pool_backward_naive` over a copy of every window."""
    x, pool_param = cache
    windows, i, j = _columns("max_pool_backward_im2col", x, pool_param)
    check_dout("max_pool_backward_im2col", dout, windows.shape[:4])
    return route(dout, windows.argmax(axis=4), x.shape, i, j)


def route(
    dout: np.ndarray, winner: np.ndarray, x_shape: tuple[int, ...], i: np.ndarray, j: np.ndarray
) -> np.ndarray:
    """Add each entry of dout onto the pixel that won its window.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
    winner : ndarray of int of shape (N, C, H', W')
        The place of the maximum in its window.
    x_shape : tuple (N, C, H, W)
    i, j : ndarray of int of shape (H', W', HH*WW)
        Row and column of each entry of each window.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    """
    rows = _of_winners(i, winner)
    columns = _of_winners(j, winner)
    n, c, _, _ = np.ogrid[tuple(slice(size) for size in dout.shape)]
    dx = np.zeros(x_shape, dtype=dout.dtype)
    np.add.at(dx, (n, c, rows, columns), dout)
    return dx


def _of_winners(index: np.ndarray, winner: np.ndarray) -> np.ndarray:
    """The row or the column of the entry that won each window."""
    everywhere = np.broadcast_to(index, (*winner.shape, index.shape[-1]))
    return np.take_along_axis(everywhere, winner[..., None], axis=4)[..., 0]


def avg_pool_forward_im2col(x: np.ndarray, pool_param: dict[str, Any]) -> tuple[np.ndarray, tuple]:
    """`cs231n.layers.avg_pool_forward_naive` over a copy of every window."""
    windows, _, _ = _columns("avg_pool_forward_im2col", x, pool_param)
    return windows.mean(axis=4), (x, pool_param)


def avg_pool_backward_im2col(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """`cs231n.layers.avg_pool_backward_naive`: a slice of the image for each entry of a window."""
    x, pool_param = cache
    geometry = pool_geometry("avg_pool_backward_im2col", x, pool_param)
    check_dout("avg_pool_backward_im2col", dout, (*x.shape[:2], *geometry.out))
    stride_H, stride_W = geometry.stride
    HH, WW = geometry.reach
    out_H, out_W = geometry.out
    dx = np.zeros(x.shape, dtype=dout.dtype)
    for i, j in np.ndindex(HH, WW):
        rows = slice(i, i + stride_H * out_H, stride_H)
        columns = slice(j, j + stride_W * out_W, stride_W)
        dx[:, :, rows, columns] += dout / (HH * WW)
    return dx
