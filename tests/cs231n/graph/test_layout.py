"""Where nodes and edges go, before anything is drawn."""

import numpy as np

from cs231n.graph import Node, exp, relu
from cs231n.graph.layout import arrange, is_folded


def test_inputs_stand_left_and_every_node_right_of_its_inputs():
    rng = np.random.default_rng(0)
    x, w1, w2 = (Node(rng.normal(size=shape)) for shape in [(2, 3), (3, 4), (4, 1)])
    out = (relu(x @ w1) @ w2).mean()
    points, edges = arrange(out)
    assert {points[n].column for n in (x, w1, w2)} == {0}
    assert all(points[e.source].column < points[e.user].column for e in edges)
    columns = {}
    for p in {p for e in edges for p in e.points}:
        columns.setdefault(p.column, []).append(p.height)
    assert all(np.diff(sorted(heights)).min(initial=1) > 1 - 1e-9 for heights in columns.values())


def test_an_edge_has_one_point_in_every_column_between_its_ends():
    x = Node(2.0, "x")
    out = exp(exp(x)) * x
    points, edges = arrange(out)
    assert points[x].column == 0 and points[out].column == 6
    for edge in edges:
        columns = [point.column for point in edge.points]
        assert columns == list(range(points[edge.source].column, points[edge.user].column + 1))
    longest = max(edges, key=lambda edge: len(edge.points))
    assert (longest.source, longest.user, longest.position) == (x, out, 1)


def test_a_value_that_goes_in_twice_has_two_edges():
    x = Node(3.0, "x")
    _, edges = arrange(x * x)
    assert [edge.position for edge in edges] == [0, 1]
    assert edges[0].points[1].height != edges[1].points[1].height


def test_plain_numbers_have_no_place_of_their_own():
    x = Node(3.0, "x")
    out = x * 2 + np.ones(4)
    points, _ = arrange(out)
    folded = [node for node in out.inputs + out.inputs[0].inputs if is_folded(node)]
    assert len(folded) == 1 and folded[0] not in points
    assert len(points) == 4
