"""Where the nodes of a graph go in a picture: columns from left to right, few crossings.

The method is the classical one for layered drawings (Sugiyama, Tagawa and Toda, 1981):
longest-path columns, invisible bend points where an edge passes a column, and sweeps that
move every point toward the mean height of its neighbors. Even columns hold nodes; the odd
ones between them hold the labels of the edges, so that no two labels share a place.

It is written out here, and not left to a library, because it is short enough to be read, and
because students need no program besides Python for their pictures.
"""

from typing import TYPE_CHECKING

from .traversal import topological_order

if TYPE_CHECKING:
    from .node import Node

SWEEPS = 12


class Point:
    """A node, a label or a bend of an edge, at a height counted in rows, downward."""

    def __init__(self, column: int) -> None:
        self.column = column
        self.height = 0.0
        self.before: list[Point] = []
        self.after: list[Point] = []


class Edge:
    """The way of a value into an operation.

    Attributes
    ----------
    source, user : Node
        Whose value it is, and which node was made from it.
    position : int
        Which input of the user it is; a value can go in twice.
    points : list of Point
        From the source to the user, one in every column. ``points[1]`` carries the label.
    """

    def __init__(self, source: "Node", user: "Node", position: int, points: list[Point]) -> None:
        self.source = source
        self.user = user
        self.position = position
        self.points = points


def is_folded(node: "Node") -> bool:
    """Whether a node is a plain number, which is written into the gate that uses it."""
    return node.is_constant and node.value.size == 1


def arrange(output: "Node") -> tuple[dict["Node", Point], list[Edge]]:
    """Place every node and every edge of a graph.

    Parameters
    ----------
    output : Node
        Where the graph ends.

    Returns
    -------
    points : dict of Node -> Point
        The inputs stand in column 0, every other node right of all of its inputs.
    edges : list of Edge
        Points of one column are at least one row apart, those of edges included.
    """
    nodes = [node for node in topological_order(output) if node is output or not is_folded(node)]
    points: dict[Node, Point] = {}
    for node in nodes:
        before = [points[x].column for x in node.inputs if x in points]
        points[node] = Point(2 + max(before, default=-2))
    columns: list[list[Point]] = [[] for _ in range(1 + points[output].column)]
    edges = []
    for node in nodes:
        for position, x in enumerate(node.inputs):
            if x in points:
                way = _connect(points[x], points[node], columns)
                edges.append(Edge(x, node, position, way))
        columns[points[node].column].append(points[node])
    _settle(columns)
    return points, edges


def _connect(start: Point, end: Point, columns: list[list[Point]]) -> list[Point]:
    """Link two points through one new point in every column between them."""
    way = [start]
    for column in range(start.column + 1, end.column):
        bend = Point(column)
        way.append(bend)
        columns[column].append(bend)
    way.append(end)
    for a, b in zip(way, way[1:]):
        a.after.append(b)
        b.before.append(a)
    return way


def _settle(columns: list[list[Point]]) -> None:
    """Sweep back and forth until the points stand near their neighbors."""
    for column in columns:
        for row, point in enumerate(column):
            point.height = float(row)
    for sweep in range(SWEEPS):
        if sweep % 2 == 0:
            for column in columns:
                for point in column:
                    _move_toward(point, point.before)
                _separate(column)
        else:
            for column in reversed(columns):
                for point in column:
                    _move_toward(point, point.after)
                _separate(column)


def _move_toward(point: Point, neighbors: list[Point]) -> None:
    if neighbors:
        point.height = _mean_height(neighbors)


def _separate(column: list[Point]) -> None:
    """Move points apart to at least one row, keeping their order and their mean height."""
    column.sort(key=lambda p: p.height)
    mean = _mean_height(column)
    for above, below in zip(column, column[1:]):
        below.height = max(below.height, above.height + 1.0)
    shift = mean - _mean_height(column)
    for point in column:
        point.height += shift


def _mean_height(points: list[Point]) -> float:
    return sum(p.height for p in points) / len(points)
