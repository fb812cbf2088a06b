"""The picture of a graph: values above the edges, gradients below, as the lecture draws it."""

import numpy as np

from ..vis_utils import BLACK, BLUE, GREEN, VERMILLION, fixed_layout
from .layout import arrange, is_folded

VALUE_COLOR, GRADIENT_COLOR = GREEN, VERMILLION
# Lengths in inches; the axes have one data unit to the inch, and room for a title above.
RADIUS, MARGIN, TITLE = 0.25, 0.3, 0.35
WIDE = 7  # any title fits above
FONT_SIZE, LINE_HEIGHT, CHARACTER_WIDTH = 9, 0.16, 0.08
MOST_WRITTEN_OUT = 4  # rows or columns


def draw(output, decimals=2):
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
    texts = [(_text(e.source.value, decimals), _text(_share(e), decimals)) for e in edges]
    result = (_text(output.value, decimals), _text(output.grad, decimals))
    names = {node: _name(node, edges, decimals) for node in points}
    xs = _columns(points, edges, texts, names)
    row = max(0.62, 2 * LINE_HEIGHT * max(_lines(t) for t in (*sum(texts, ()), *result)) + 0.3)

    heights = [p.height for e in edges for p in e.points] + [p.height for p in points.values()]
    width = xs[-1] + RADIUS + _widest(result) + 0.5
    height = row * (max(heights) - min(heights) + 1) + MARGIN
    fig = plt.figure(figsize=(width, height + TITLE))
    if width > WIDE:
        fig.set_layout_engine(fixed_layout())
    ax = fig.add_axes(
        (0, 0, 1, height / (height + TITLE)),
        xlim=(0, width),
        ylim=(0, height),
        xticks=(),
        yticks=(),
    )
    ax.set_axis_off()

    def place(point):
        return np.array(
            [xs[point.column], height - MARGIN / 2 - row * (point.height - min(heights) + 0.5)]
        )

    for edge, text in zip(edges, texts):
        _draw_edge(ax, [place(p) for p in edge.points], edge, text)
    for node, point in points.items():
        _draw_node(ax, place(point), node, names[node])
    end = place(points[output])
    start, stop = end + (_reach(output), 0), np.array([width - MARGIN / 2, end[1]])
    _draw_line(ax, [start, stop])
    _draw_label(ax, (start + stop) / 2, result)
    return fig, ax


def _columns(points, edges, texts, names):
    """The x of every column: the labels between two columns of nodes decide their distance."""
    last = max(p.column for p in points.values())
    room = [0.0] * (last + 1)
    for edge, text in zip(edges, texts):
        column = edge.points[1].column
        room[column] = max(room[column], _widest(text))
    for node, point in points.items():
        if 0 < point.column:
            room[point.column - 1] = max(room[point.column - 1], _widest([names[node]]) - 0.4)
    xs = [
        MARGIN + max((_widest([names[n]]) for n, p in points.items() if p.column == 0), default=0)
    ]
    for column in range(1, last + 1, 2):
        half = room[column] / 2 + RADIUS + 0.22
        xs += [xs[-1] + half, xs[-1] + 2 * half]
    return xs


def _share(edge):
    """The part of the source's gradient that comes back along this edge."""
    if edge.user.grad is None or edge.source.is_constant:
        return None
    return edge.user.input_gradients(edge.user.grad)[edge.position]


def _name(node, edges, decimals):
    """The name, and below it the gradient where it is a sum of several shares."""
    uses = sum(e.source is node for e in edges)
    lines = [node.name or ("constant" if node.is_constant else "")]
    if uses > 1 and node.grad is not None and not node.is_constant:
        lines.append("Σ " + _text(node.grad, decimals))
    return "\n".join(lines)


def _gate(node):
    """What stands in the circle: the symbol, with a plain number next to it if one is an input."""
    symbol = node.operation.symbol
    folded = [(i, x) for i, x in enumerate(node.inputs) if is_folded(x)]
    if len(node.inputs) != 2 or len(folded) != 1:
        return symbol
    position, constant = folded[0]
    number = _number(constant.value.item(), "g")
    if symbol in ("−", "/") and position == 0:
        return f"{number}{symbol}x"
    return f"{symbol}{number}" if len(symbol) == 1 else f"{symbol}\n{number}"


def _text(array, decimals):
    """An array as a label: written out if small, otherwise its shape."""
    if array is None:
        return ""
    array = np.asarray(array)
    if array.ndim > 2 or max(array.shape, default=0) > MOST_WRITTEN_OUT:
        return str(array.shape)
    if array.size == 1:
        return _number(array.item(), f".{decimals}f")
    rows = np.atleast_2d(array)
    cells = [[_number(v, f".{decimals}f") for v in r] for r in rows]
    return "\n".join("[" + "  ".join(r) + "]" for r in cells)


def _number(value, form):
    text = format(value, form)
    # Rounding must not leave a negative zero.
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def _widest(texts):
    return CHARACTER_WIDTH * max(len(line) for text in texts for line in text.split("\n"))


def _lines(text):
    return 1 + text.count("\n") if text else 0


def _reach(node):
    """How far from its center the picture of a node ends."""
    return 0.05 if node.operation is None else RADIUS


def _draw_edge(ax, way, edge, text):
    """A line through the points of an edge, level where the label stands."""
    half = np.array([_widest(text) / 2, 0])
    middle = way[1]
    way = [way[0], middle - half, middle + half, *way[2:]]
    way[0] = way[0] + _reach(edge.source) * _unit(way[1] - way[0])
    way[-1] = way[-1] - _reach(edge.user) * _unit(way[-1] - way[-2])
    _draw_line(ax, way)
    _draw_label(ax, middle, text)


def _unit(vector):
    return vector / np.hypot(*vector)


def _draw_line(ax, way):
    ax.plot(*zip(*way), color=BLACK, linewidth=1, zorder=1)
    arrow = {"arrowstyle": "-|>", "color": BLACK, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=way[-1], xytext=way[-2], zorder=1, arrowprops=arrow)


def _draw_label(ax, where, text):
    x, y = where
    style = {"ha": "center", "fontsize": FONT_SIZE, "zorder": 3, "linespacing": 1.1}
    ax.text(x, y + 0.04, text[0], va="bottom", color=VALUE_COLOR, gid="value", **style)
    if text[1]:
        ax.text(x, y - 0.04, text[1], va="top", color=GRADIENT_COLOR, gid="gradient", **style)


def _draw_node(ax, where, node, name):
    from matplotlib.patches import Circle

    title, _, summed = name.partition("\n")
    x, y = where
    if node.operation is None:
        style = {"x": x - 0.06, "ha": "right"}
        ax.text(y=y, s=title, va="center", fontsize=FONT_SIZE + 2, fontweight="bold", **style)
        ax.text(y=y - 0.12, s=summed, va="top", fontsize=FONT_SIZE, color=GRADIENT_COLOR, **style)
        return
    ax.add_patch(Circle(where, RADIUS, facecolor="white", edgecolor=BLUE, linewidth=1.5, zorder=2))
    gate = _gate(node)
    size = FONT_SIZE + 3 if len(gate) == 1 else FONT_SIZE if len(gate) < 5 else FONT_SIZE - 1.5
    ax.text(x, y, gate, ha="center", va="center", fontsize=size, zorder=3)
    style = {"x": x, "ha": "center", "fontsize": FONT_SIZE, "zorder": 3}
    ax.text(y=y + RADIUS + 0.03, s=title, va="bottom", fontweight="bold", **style)
    ax.text(y=y - RADIUS - 0.03, s=summed, va="top", color=GRADIENT_COLOR, **style)
