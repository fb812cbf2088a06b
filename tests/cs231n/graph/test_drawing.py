import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from cs231n.graph import Node, draw, exp, maximum, sigmoid
from cs231n.vis_utils import Picture


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax, kind=None):
    return [
        t.get_text() for t in ax.texts if t.get_text() and (kind is None or t.get_gid() == kind)
    ]


def sigmoid_neuron():
    values = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    w0, x0, w1, x1, w2 = (Node(v, n) for n, v in values.items())
    return 1 / (exp(-(w0 * x0 + w1 * x1 + w2)) + 1)


def test_every_edge_of_the_lecture_example_shows_value_and_gradient():
    x, y, z = Node(-2, "x"), Node(5, "y"), Node(-4, "z")
    f = (x + y) * z
    f.backward()
    _fig, ax = draw(f)
    assert sorted(texts(ax, "value")) == sorted(["−2.00", "5.00", "−4.00", "3.00", "−12.00"])
    assert sorted(texts(ax, "gradient")) == sorted(["−4.00", "−4.00", "3.00", "−4.00", "1.00"])
    assert {"x", "y", "z", "+", "×"} <= set(texts(ax))


def test_values_stand_above_their_edge_and_gradients_below():
    out = sigmoid_neuron()
    out.backward()
    _, ax = draw(out)
    values = [t for t in ax.texts if t.get_gid() == "value"]
    gradients = [t for t in ax.texts if t.get_gid() == "gradient"]
    for value, gradient in zip(values, gradients, strict=True):
        assert value.get_position()[0] == gradient.get_position()[0]
        assert value.get_position()[1] > gradient.get_position()[1]
        assert (value.get_va(), gradient.get_va()) == ("bottom", "top")


def test_plain_numbers_are_written_into_their_gates():
    _, ax = draw(sigmoid_neuron())
    assert {"×−1", "exp", "+1", "1/x"} <= set(texts(ax))
    x = Node(3.0, "x")
    gates = {"−2": x - 2, "2−x": 2 - x, "2/x": 2 / x, "max\n0": maximum(x, 0), "^2": x**2}
    for gate, out in gates.items():
        assert gate in texts(draw(out)[1])


def test_before_backward_there_are_no_gradients():
    _, ax = draw(Node(1.0, "x") * 2)
    assert texts(ax, "value") == ["1.00", "2.00"] and texts(ax, "gradient") == []


def test_a_value_used_several_times_shows_each_share_and_the_sum():
    a = Node(2.0, "a")
    out = a * a + a
    out.backward()
    _, ax = draw(out)
    assert sorted(texts(ax, "gradient")) == ["1.00", "1.00", "1.00", "2.00", "2.00"]
    assert "Σ 5.00" in texts(ax)


def test_an_inner_node_shows_its_name_and_its_summed_gradient():
    x = Node(1.0, "x")
    q = x * 3
    q.name = "q"
    out = q + q
    out.backward()
    assert {"q", "Σ 2.00"} <= set(texts(draw(out)[1]))


def test_small_matrices_are_written_out_and_larger_ones_by_shape():
    x, w = Node([[1.0, 2.0], [3.0, -4.0]], "x"), Node(np.ones((2, 7)), "w")
    out = (x @ w).sum()
    out.backward()
    _, ax = draw(out, decimals=0)
    assert "[1  2]\n[3  −4]" in texts(ax, "value") and "(2, 7)" in texts(ax, "value")
    assert "[7  7]\n[7  7]" in texts(ax, "gradient") and "(2, 7)" in texts(ax, "gradient")


def test_constant_arrays_are_labeled_and_carry_no_gradient():
    x = Node([1.0, 2.0], "x")
    mask = np.array([1.0, 0.0])
    out = (x * mask + mask).sum()
    out.backward()
    _, ax = draw(out)
    assert texts(ax).count("constant") == 2 and "[1.00  2.00]" not in texts(ax, "gradient")


def test_rounding_leaves_no_negative_zero():
    _, ax = draw(Node(-0.001, "x") * 2)
    assert texts(ax, "value") == ["0.00", "0.00"]


def test_labels_do_not_overlap_even_where_values_fan_out():
    x, y = Node(3.0, "x"), Node(-4.0, "y")
    out = (x + sigmoid(y)) / (sigmoid(x) + (x + y) ** 2)
    out.backward()
    fig, ax = draw(out)
    renderer = fig.canvas.get_renderer()
    boxes = [t.get_window_extent(renderer) for t in ax.texts if t.get_gid()]
    overlaps = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert len(boxes) == 24 and overlaps == []
    page = fig.bbox
    assert all(page.contains(*b.min) and page.contains(*b.max) for b in boxes)


def test_a_single_input_can_be_drawn():
    x = Node(1.0, "x")
    x.backward()
    _, ax = draw(x)
    assert sorted(texts(ax)) == ["1.00", "1.00", "x"]


def test_a_graph_of_only_a_number_can_be_drawn():
    constant = (Node(2.0, "x") * 3).inputs[1]
    assert texts(draw(constant)[1], "value") == ["3.00"]


def test_a_title_is_on_the_page_above_wide_graphs_and_narrow_ones():
    for out in (sigmoid_neuron(), Node(1.0, "x") * 2):
        fig, ax = draw(out)
        title = ax.set_title("A title of about forty letters, or more")
        image = Picture(fig, "a graph").pixels / 255
        renderer = fig.canvas.get_renderer()
        assert image.shape[1] >= title.get_window_extent(renderer).width * 100 / fig.dpi
        dark = np.flatnonzero(image[:20].mean(axis=(0, 2)) < 1)
        assert dark[0] > 0 and dark[-1] < image.shape[1] - 1
