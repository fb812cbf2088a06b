"""How far a layer sees: receptive fields that grow from layer to layer."""

from ..analysis import Pool
from ..vis_utils import BLUE, VERMILLION
from ..window_geometry import slide


def plot_receptive_fields(layers, width):
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
    fig, ax = plt.subplots(
        figsize=(max(5, 0.28 * width + 1.5), 0.8 * len(rows) + 0.9), layout="constrained"
    )
    for depth, (row, dots) in enumerate(zip(rows, seen)):
        hidden = [x for j, x in enumerate(row) if j not in dots]
        ax.plot(
            hidden, [depth] * len(hidden), "o", markersize=6, color="white", markeredgecolor="gray"
        )
        ax.plot(
            [row[j] for j in sorted(dots)],
            [depth] * len(dots),
            "o",
            markersize=7,
            color=BLUE,
            zorder=3,
        )
        ends = (
            [(row[j], rows[depth - 1][i]) for j in dots for i in windows[depth - 1][j]]
            if depth
            else []
        )
        lines = [((above, depth), (below, depth - 1)) for above, below in ends]
        ax.add_collection(LineCollection(lines, colors=VERMILLION, linewidths=1, zorder=2))
    ax.set_yticks(range(len(rows)), ["image", *map(str, layers)])
    ax.set_xlabel("column of the image")
    ax.set_title(f"One position after {len(layers)} layers sees {len(seen[0])} pixels in a row")
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return fig, ax


def _positions(layers, width):
    """Where the dots of every row stand, and which dots of the row below each of them sees."""
    rows, windows = [[float(i) for i in range(width)]], []
    step = 1
    for layer in layers:
        pool = isinstance(layer, Pool)
        size, stride = _across(layer.size), _across(layer.stride or layer.size)
        pad, dilation = (None, 1) if pool else (_across(layer.pad), _across(layer.dilation))
        below = range(len(rows[-1]))
        caller, got = "plot_receptive_fields", str(layer)
        geometry = slide(caller, (len(below),), (size,), stride, pad, dilation, got=got)
        before = geometry.pads[0][0]
        starts = [j * stride - before for j in range(geometry.out[0])]
        windows.append(
            [[i for i in range(a, a + geometry.reach[0], dilation) if i in below] for a in starts]
        )
        first = rows[-1][0]
        rows.append([first + step * (a + (geometry.reach[0] - 1) / 2) for a in starts])
        step *= stride
    return rows, windows


def _across(value):
    """The entry for the width of a setting that may hold one per axis."""
    return value[-1] if isinstance(value, tuple) else value


def _seen(rows, windows):
    """Which dots of each row the middle one of the last row depends on."""
    seen = [{len(rows[-1]) // 2}]
    for window in reversed(windows):
        seen.insert(0, {i for j in seen[0] for i in window[j]})
    return seen
