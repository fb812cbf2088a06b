"""How far a layer sees: receptive fields that grow from layer to layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..analysis import Conv, Pool
from ..vis_utils import BLUE, VERMILLION
from ..window_geometry import slide

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = list[list[float]]  # where the dots of every row stand
Windows = list[list[list[int]]]  # which dots below every dot of every row sees


def plot_receptive_fields(layers: Sequence[Conv | Pool], width: int) -> "tuple[Figure, Axes]":
    """Draw which pixels of a row the middle position of the last layer depends on.

    Every dot is a position, drawn above the middle of what it sees. What the middle dot of
    the top row depends on is filled, and every line is one entry of a window.

    Parameters
    ----------
    layers : list of layers
        ``Conv`` and ``Pool`` of `cs231n.analysis`; only their extent along the width counts.
    width : int
        Pixels in a row of the image.

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If a window does not fit.
    """
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection

    rows, windows = _positions(layers, width)
    seen = _seen(rows, windows)
    size = (max(5, 0.28 * width + 1.5), 0.8 * len(rows) + 0.9)
    fig, ax = plt.subplots(figsize=size, layout="constrained")
    for depth, (row, dots) in enumerate(zip(rows, seen)):
        empty = [x for j, x in enumerate(row) if j not in dots]
        full = [x for j, x in enumerate(row) if j in dots]
        (hollow,) = ax.plot(empty, [depth] * len(empty), "o", color="white")
        hollow.set(markersize=6, markeredgecolor="gray")
        ax.plot(full, [depth] * len(full), "o", markersize=7, color=BLUE, zorder=3)
    for depth in range(1, len(rows)):
        lines = []
        for j in seen[depth]:
            for i in windows[depth - 1][j]:
                lines.append([(rows[depth][j], depth), (rows[depth - 1][i], depth - 1)])
        ax.add_collection(LineCollection(lines, colors=VERMILLION, linewidths=1, zorder=2))
    ax.set_yticks(range(len(rows)), ["image", *map(str, layers)])
    ax.set_xlabel("column of the image")
    ax.set_title(f"One position after {len(layers)} layers sees {len(seen[0])} pixels in a row")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return fig, ax


def _positions(layers: Sequence[Conv | Pool], width: int) -> tuple[Rows, Windows]:
    """Where the dots of every row stand, and which dots of the row below each of them sees."""
    rows = [[float(i) for i in range(width)]]
    windows: Windows = []
    step = 1
    for layer in layers:
        size = _across(layer.size)
        stride = _across(layer.stride or layer.size)
        pad = None
        dilation = 1
        if isinstance(layer, Conv):
            pad = _across(layer.pad)
            dilation = _across(layer.dilation)
        below = len(rows[-1])
        geometry = slide(
            "plot_receptive_fields", (below,), (size,), stride, pad, dilation, got=str(layer)
        )
        reach = geometry.reach[0]
        before = geometry.pads[0][0]
        first = rows[-1][0]
        row = []
        seen = []
        for j in range(geometry.out[0]):
            start = j * stride - before
            row.append(first + step * (start + (reach - 1) / 2))
            # What lies in the padding is no dot.
            seen.append([i for i in range(start, start + reach, dilation) if 0 <= i < below])
        rows.append(row)
        windows.append(seen)
        step *= stride
    return rows, windows


def _across(value: Any) -> Any:
    """The entry for the width of a setting that may hold one per axis."""
    return value[-1] if isinstance(value, tuple) else value


def _seen(rows: Rows, windows: Windows) -> list[set[int]]:
    """Which dots of each row the middle one of the last row depends on."""
    dots = {len(rows[-1]) // 2}
    seen = [dots]
    for window in reversed(windows):
        dots = set().union(*(window[j] for j in dots))
        seen.append(dots)
    seen.reverse()
    return seen
