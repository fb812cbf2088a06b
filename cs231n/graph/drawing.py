"""The picture of a graph: values above the edges, gradients below, as the lecture draws it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..vis_utils import BLACK, BLUE, GREEN, VERMILLION, fixed_layout
from .layout import Edge, Point, arrange, is_folded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .node import Node

VALUE_COLOR = GREEN
GRADIENT_COLOR = VERMILLION
# Lengths in inches; the axes have one data unit to the inch, and room for a title above.
RADIUS = 0.25
MARGIN = 0.3
TITLE = 0.35
WIDE = 7  # any title fits above
LINE_HEIGHT = 0.16
CHARACTER_WIDTH = 0.08
FONT_SIZE = 9
MAX_WRITTEN_OUT = 4  # rows or columns

Label = tuple[str, str]  # what stands above an edge, and what stands below it


def draw(output: "Node", decimals: int = 2) -> "tuple[Figure, Axes]":
    """Draw the graph that ends in ``output``.

    Every edge carries the value that flows forward above it and, once ``backward`` has
    run, the gradient that flows back below it. Where a value is used several times, each
    edge shows its own share, and their sum stands next to the value's name. Small vectors
    and matrices are written out; of larger ones the shape is shown. Plain numbers are
    written into the gate that uses them.

    Parameters
    ----------
    output : Node
        Where the graph ends.
    decimals : int
        Digits after the point.

    Returns
    -------
    fig : matplotlib.figure.Figure
        As large as the labels need, with room for a title above.
    ax : matplotlib.axes.Axes
    """
    import matplotlib.pyplot as plt

    points, edges = arrange(output)
    result = (_text(output.value, decimals), _text(output.grad, decimals))
    labels = [(_text(e.source.value, decimals), _text(_share(e), decimals)) for e in edges]
    names = {node: _name(node, edges, decimals) for node in points}
    xs = _columns(points, edges, labels, names)
    most_lines = max(max(map(_lines, label)) for label in [*labels, result])
    row = max(0.62, 2 * LINE_HEIGHT * most_lines + 0.3)

    heights = [point.height for point in points.values()]
    for edge in edges:
        heights += [point.height for point in edge.points]
    top = min(heights)
    width = xs[-1] + RADIUS + _widest(result) + 0.5
    height = row * (max(heights) - top + 1) + MARGIN
    fig = plt.figure(figsize=(width, height + TITLE))
    if width > WIDE:
        fig.set_layout_engine(fixed_layout())
    box = (0, 0, 1, height / (height + TITLE))
    ax = fig.add_axes(box, xlim=(0, width), ylim=(0, height), xticks=(), yticks=())
    ax.set_axis_off()

    def place(point: Point) -> np.ndarray:
        y = height - MARGIN / 2 - row * (point.height - top + 0.5)
        return np.array([xs[point.column], y])

    for edge, label in zip(edges, labels):
        _draw_edge(ax, [place(p) for p in edge.points], edge, label)
    for node, point in points.items():
        _draw_node(ax, place(point), node, names[node])
    end = place(points[output])
    start = end + np.array([_reach(output), 0])
    stop = np.array([width - MARGIN / 2, end[1]])
    _draw_line(ax, [start, stop])
    _draw_label(ax, (start + stop) / 2, result)
    return fig, ax


def _columns(
    points: "Mapping[Node, Point]",
    edges: Sequence[Edge],
    labels: Sequence[Label],
    names: "Mapping[Node, str]",
) -> list[float]:
    """The x of every column: the labels between two columns of nodes decide their distance."""
    last = max(p.column for p in points.values())
    room = [0.0] * (last + 1)
    for edge, label in zip(edges, labels):
        column = edge.points[1].column
        room[column] = max(room[column], _widest(label))
    widest_input = 0.0
    for node, point in points.items():
        width = _widest([names[node]])
        if point.column == 0:
            widest_input = max(widest_input, width)
        else:
            room[point.column - 1] = max(room[point.column - 1], width - 0.4)
    xs = [MARGIN + widest_input]
    for column in range(1, last + 1, 2):
        half = room[column] / 2 + RADIUS + 0.22
        xs += [xs[-1] + half, xs[-1] + 2 * half]
    return xs


def _share(edge: Edge) -> np.ndarray | None:
    """The part of the source's gradient that comes back along this edge."""
    if edge.user.grad is None or edge.source.is_constant:
        return None
    return edge.user.input_gradients(edge.user.grad)[edge.position]


def _name(node: "Node", edges: Sequence[Edge], decimals: int) -> str:
    """The name, and below it the gradient where it is a sum of several shares."""
    name = node.name or ""
    if node.is_constant and not name:
        name = "constant"
    uses = sum(e.source is node for e in edges)
    if uses > 1 and node.grad is not None and not node.is_constant:
        name += "\nΣ " + _text(node.grad, decimals)
    return name


def _gate(node: "Node") -> str:
    """What stands in the circle: the symbol, with a plain number next to it if one is an input."""
    assert node.operation is not None  # an input has no circle
    symbol = node.operation.symbol
    folded = [(i, x) for i, x in enumerate(node.inputs) if is_folded(x)]
    if len(node.inputs) != 2 or len(folded) != 1:
        return symbol
    position, constant = folded[0]
    number = _number(constant.value.item(), "g")
    if symbol in ("−", "/") and position == 0:
        return f"{number}{symbol}x"
    if len(symbol) == 1:
        return f"{symbol}{number}"
    return f"{symbol}\n{number}"


def _text(array: np.ndarray | None, decimals: int) -> str:
    """An array as a label: written out if small, otherwise its shape."""
    if array is None:
        return ""
    array = np.asarray(array)
    if array.ndim > 2 or max(array.shape, default=0) > MAX_WRITTEN_OUT:
        return str(array.shape)
    form = f".{decimals}f"
    if array.size == 1:
        return _number(array.item(), form)
    lines = []
    for row in np.atleast_2d(array):
        cells = [_number(value, form) for value in row]
        lines.append("[" + "  ".join(cells) + "]")
    return "\n".join(lines)


def _number(value: float, form: str) -> str:
    text = format(value, form)
    # Rounding must not leave a negative zero.
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def _widest(texts: Iterable[str]) -> float:
    lines = "\n".join(texts).split("\n")
    return CHARACTER_WIDTH * max(map(len, lines))


def _lines(text: str) -> int:
    if not text:
        return 0
    return 1 + text.count("\n")


def _reach(node: "Node") -> float:
    """How far from its center the picture of a node ends."""
    return 0.05 if node.operation is None else RADIUS


def _draw_edge(ax: "Axes", way: list[np.ndarray], edge: Edge, label: Label) -> None:
    """A line through the points of an edge, level where the label stands."""
    half = np.array([_widest(label) / 2, 0])
    middle = way[1]
    way = [way[0], middle - half, middle + half, *way[2:]]
    way[0] = way[0] + _reach(edge.source) * _unit(way[1] - way[0])
    way[-1] = way[-1] - _reach(edge.user) * _unit(way[-1] - way[-2])
    _draw_line(ax, way)
    _draw_label(ax, middle, label)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.hypot(*vector)


def _draw_line(ax: "Axes", way: Sequence[np.ndarray]) -> None:
    ax.plot(*zip(*way), color=BLACK, linewidth=1, zorder=1)
    arrow = {"arrowstyle": "-|>", "color": BLACK, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=tuple(way[-1]), xytext=tuple(way[-2]), zorder=1, arrowprops=arrow)


def _draw_label(ax: "Axes", where: np.ndarray, label: Label) -> None:
    x, y = where
    value, gradient = label
    style: dict[str, Any] = {"ha": "center", "fontsize": FONT_SIZE, "zorder": 3, "linespacing": 1.1}
    ax.text(x, y + 0.04, value, va="bottom", color=VALUE_COLOR, gid="value", **style)
    if gradient:
        ax.text(x, y - 0.04, gradient, va="top", color=GRADIENT_COLOR, gid="gradient", **style)


def _draw_node(ax: "Axes", where: np.ndarray, node: "Node", name: str) -> None:
    from matplotlib.patches import Circle

    title, _, summed = name.partition("\n")
    x, y = where
    if node.operation is None:
        style = {"x": x - 0.06, "ha": "right"}
        ax.text(y=y, s=title, va="center", fontsize=FONT_SIZE + 2, fontweight="bold", **style)
        ax.text(y=y - 0.12, s=summed, va="top", fontsize=FONT_SIZE, color=GRADIENT_COLOR, **style)
        return
    ax.add_patch(Circle((x, y), RADIUS, facecolor="white", edgecolor=BLUE, linewidth=1.5, zorder=2))
    gate = _gate(node)
    size: float = FONT_SIZE
    if len(gate) == 1:
        size = FONT_SIZE + 3
    elif len(gate) >= 5:
        size = FONT_SIZE - 1.5
    ax.text(x, y, gate, ha="center", va="center", fontsize=size, zorder=3)
    style = {"x": x, "ha": "center", "fontsize": FONT_SIZE, "zorder": 3}
    ax.text(y=y + RADIUS + 0.03, s=title, va="bottom", fontweight="bold", **style)
    ax.text(y=y - RADIUS - 0.03, s=summed, va="top", color=GRADIENT_COLOR, **style)
