"""What one layer makes of the shape of its input; whole architectures: test_table.py."""

import numpy as np
import pytest

from cs231n.analysis import (
    Affine,
    Conv,
    GlobalAvgPool,
    Normalization,
    Pool,
    ReLU,
    Residual,
    analyze,
)
from cs231n.analysis.specs import Measure, times
from cs231n.layers import max_pool_forward_naive


def test_pool_defaults_to_windows_that_do_not_overlap():
    out, _ = max_pool_forward_naive(
        np.ones((1, 3, 12, 9)), {"pool_height": 3, "pool_width": 3, "stride": 3}
    )
    assert analyze([Pool(3)], (3, 12, 9)).rows[-1].out_shape == out.shape[1:]


def test_one_and_three_dimensional_architectures_have_sums_too():
    assert analyze([Conv(5, 3, pad=1), Pool(2)], (4, 16)).rows[-1].out_shape == (5, 8)
    table = analyze([Conv(2, 3)], (1, 5, 6, 7))
    assert table.rows[-1].out_shape == (2, 3, 4, 5) and table.multiply_adds == 2 * 27 * 60


def test_groups_that_do_not_divide_are_refused():
    with pytest.raises(
        ValueError, match="conv 3x3 x 8 groups 2: 2 groups must divide the 3 channels"
    ):
        analyze([Conv(8, 3, groups=2)], (3, 8, 8))


def test_windows_need_positions():
    with pytest.raises(
        ValueError, match=r"needs channels and positions, \(C, H, W\); got shape \(10,\)"
    ):
        analyze([Affine(10), Pool(2)], (3, 8, 8))


def test_a_layer_measures_one_example():
    measured = Conv(8, 3, stride=2, pad=1, bias=False).measure((4, 9, 7))
    assert measured == Measure((8, 5, 4), 8 * 4 * 9, 8 * 4 * 9 * 20, (3, 3), (2, 2))
    assert Affine(5).measure((4, 2, 3)) == Measure((5,), 24 * 5 + 5, 24 * 5, (2, 3), (1, 1))
    assert ReLU().measure((4, 2, 3)) == Measure((4, 2, 3), 0, 0, (), ())


@pytest.mark.parametrize(
    "layer, text",
    [
        (Conv(10, 5), "conv 5x5 x 10"),
        (Conv(10, (1, 3), pad="same", groups=2), "conv 1x3 x 10 pad same groups 2"),
        (Pool(), "pool 2x2 stride 2"),
        (GlobalAvgPool(), "global average pool"),
        (Affine(7), "affine 7"),
        (ReLU(), "relu"),
        (Normalization(), "normalization"),
        (Residual(()), "add shortcut"),
    ],
    ids=str,
)
def test_a_layer_is_written_with_what_is_unusual_about_it(layer, text):
    assert str(layer) == text


def test_sizes_are_written_with_crosses():
    assert times((3, 32, 32)) == "3x32x32" and times((10,)) == "10" and times(()) == ""
