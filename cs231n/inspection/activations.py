"""Filters and the maps they make."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis import describe
from ..vis_utils import color_scale, image_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def activation_maps(net: Any, X: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """What every layer puts out for a batch, at test time.

    Parameters
    ----------
    net : ChainNet
        A net that is a chain of layers.
    X : ndarray of shape (N, C, H, W)

    Returns
    -------
    maps : list of (str, ndarray)
        Name and output of every layer, in order; the last one holds the scores.
    """
    for bn_param in net.bn_params:
        bn_param["mode"] = "test"
    x = X.astype(net.dtype, copy=False)
    maps = []
    for i, (layer, spec) in enumerate(zip(net.layers, describe(net)), start=1):
        x, _ = layer.forward(x, net)
        maps.append((f"{i} {spec}", x))
    return maps


def plot_activation_maps(
    maps: np.ndarray, title: str | None = None, columns: int = 8
) -> "tuple[Figure, np.ndarray]":
    """Show the maps of one layer for one image, all on one scale.

    Parameters
    ----------
    maps : ndarray of shape (F, H', W')
        Maps without negative entries are shown as magnitudes; others as signed values, with
        white at zero.
    title : str, optional
        What the figure shows.
    columns : int
        Maps per row.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : ndarray of Axes of shape (rows, columns)
    """
    import matplotlib.pyplot as plt

    if maps.ndim != 3:
        raise ValueError(
            f"plot_activation_maps: maps are of shape (F, H', W'); got {maps.shape}. "
            "Pick one image."
        )
    columns = min(columns, len(maps))
    rows = -(-len(maps) // columns)
    size = (1.1 * columns + 0.9, 1.15 * rows + 0.4)
    fig, ax = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    scale = color_scale(maps)
    for axes in ax.flat:
        axes.axis("off")
    for f, (axes, one) in enumerate(zip(ax.flat, maps)):
        shown = axes.imshow(one, **scale)
        axes.set_title(f, fontsize=7, pad=2, y=1)
    fig.colorbar(shown, ax=ax, shrink=0.8, label="activation")
    if title:
        fig.suptitle(title, fontsize=11)
    return fig, ax


def plot_filters(
    w: np.ndarray, title: str | None = None, columns: int | None = None
) -> "tuple[Figure, Axes]":
    """Show the filters of a convolution, each stretched to the full range of brightness.

    Filters on one or three channels are shown as images. Deeper ones see maps and not colors;
    they are shown in gray, one row per filter and one column per channel.

    Parameters
    ----------
    w : ndarray of shape (F, C, HH, WW)
    title : str, optional
        What the figure shows.
    columns : int, optional
        Filters per row, for one or three channels.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : Axes
    """
    if w.ndim != 4:
        raise ValueError(f"plot_filters: w must have the shape (F, C, HH, WW); got {w.shape}.")
    F, C, HH, WW = w.shape
    if C not in (1, 3):
        w = w.reshape(F * C, 1, HH, WW)
        columns = C
    fig, ax = image_grid(w, columns=columns)
    if title:
        room = 0.3
        height = fig.get_figheight()
        fig.set_figheight(height + room)
        ax.set_position((0, 0, 1, height / (height + room)))
        ax.set_title(title, fontsize=11)
    return fig, ax
