import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from cs231n.analysis import Conv, Pool, analyze
from cs231n.inspection import plot_receptive_fields


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def filled(ax):
    """Where the filled dots stand, by height."""
    dots = {}
    for line in ax.lines:
        if line.get_marker() == "o" and line.get_color() != "white":
            dots[int(line.get_ydata()[0])] = list(line.get_xdata())
    return dots


def test_three_by_three_filters_open_a_triangle():
    _fig, ax = plot_receptive_fields([Conv(1, 3)] * 3, 13)
    assert filled(ax) == {3: [6], 2: [5, 6, 7], 1: [4, 5, 6, 7, 8], 0: [3, 4, 5, 6, 7, 8, 9]}
    assert ax.get_title() == "One position after 3 layers sees 7 pixels in a row"
    assert [t.get_text() for t in ax.get_yticklabels()] == ["image"] + ["conv 3x3 x 1"] * 3


@pytest.mark.parametrize(
    "layers",
    [
        [Conv(1, 3, pad=1), Pool(2), Conv(1, 3, pad=1), Pool(2), Conv(1, 3, pad=1)],
        [Conv(1, (1, 5), stride=(1, 2), pad=(0, 2)), Conv(1, 3, pad=2, dilation=2)],
        [Conv(1, 3, pad="same"), Pool((1, 2), (1, 2))],
    ],
)
def test_the_pixels_seen_are_as_many_as_the_table_says(layers):
    width = 41 if layers[0].size == (1, 5) else 32
    _, ax = plot_receptive_fields(layers, width)
    seen = filled(ax)[0]
    assert seen[-1] - seen[0] + 1 == analyze(layers, (1, 32, width)).rows[-1].receptive_field[1]


def test_a_position_stands_above_the_middle_of_what_it_sees():
    _, ax = plot_receptive_fields([Conv(1, 3), Pool(2), Conv(1, 2)], 18)
    dots = filled(ax)
    assert dots[3] == [np.mean(dots[0])]


def test_a_dilated_filter_leaves_gaps():
    _, ax = plot_receptive_fields([Conv(1, 3, dilation=3)], 9)
    assert filled(ax)[0] == [1, 4, 7]


def test_at_the_border_padding_is_not_counted():
    _, ax = plot_receptive_fields([Conv(1, 9, pad=4)], 5)
    assert filled(ax)[0] == [0, 1, 2, 3, 4]


def test_a_window_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match="got pool 2x2 stride 2"):
        plot_receptive_fields([Pool(2)], 7)
