"""Where the nodes of a graph go in a picture: columns from left to right, few crossings.

The method is the classical one for layered drawings (Sugiyama, Tagawa and Toda, 1981):
longest-path columns, invisible bend points where an edge passes a column, and sweeps that
move every point toward the mean height of its neighbors. Even columns hold nodes; the odd
ones between them hold the labels of the edges, so that no two labels share a place.
"""

from .traversal import topological_order

SWEEPS = 12


class Point:
    """A node, a label or a bend of an edge, at a height counted in rows, downward."""

    def __init__(self, column):
        self.column, self.height = column, 0.0
        self.before, self.after = [], []


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

    def __init__(self, source, user, position, points):
        self.source, self.user, self.position, self.points = source, user, position, points


def is_folded(node):
    """Whether a node is a plain number, which is written into the gate that uses it."""
    return node.is_constant and node.value.size == 1


def arrange(output):
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
    points = {}
    for node in nodes:
        points[node] = Point(
            2 + max((points[x].column for x in node.inputs if x in points), default=-2)
        )
    columns = [[] for _ in range(1 + points[output].column)]
    edges = []
    for node in nodes:
        for position, x in enumerate(node.inputs):
            if x in points:
                edges.append(Edge(x, node, position, _connect(points[x], points[node], columns)))
        columns[points[node].column].append(points[node])
    _settle(columns)
    return points, edges


def _connect(start, end, columns):
    """Link two points through one new point in every column between them."""
    way = [start]
    for column in range(start.column + 1, end.column):
        way.append(Point(column))
        columns[column].append(way[-1])
    way.append(end)
    for a, b in zip(way, way[1:]):
        a.after.append(b)
        b.before.append(a)
    return way


def _settle(columns):
    """Sweep back and forth until the points stand near their neighbors."""
    for column in columns:
        for row, point in enumerate(column):
            point.height = float(row)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            for point in column:
                neighbors = point.before if forward else point.after
                if neighbors:
                    point.height = sum(p.height for p in neighbors) / len(neighbors)
            column.sort(key=lambda p: p.height)
            _separate(column)


def _separate(column):
    """Move points apart to at least one row, keeping their order and their mean height."""
    mean = sum(p.height for p in column) / len(column)
    for above, below in zip(column, column[1:]):
        below.height = max(below.height, above.height + 1.0)
    shift = mean - sum(p.height for p in column) / len(column)
    for point in column:
        point.height += shift
