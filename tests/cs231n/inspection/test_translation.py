import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from cs231n.fast_layers import conv_forward_fast, max_pool_forward_fast
from cs231n.inspection import equivariance_errors, invariance_errors, plot_translation, translate

rng = np.random.default_rng(0)
W, B = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4)
DENSE = rng.normal(size=(2 * 16 * 24, 4 * 16 * 24)) / 30
SHIFTS = range(7)


def image():
    """An object with a margin of zeros on all sides."""
    x = np.zeros((2, 2, 16, 24))
    x[:, :, 4:11, 3:12] = np.random.default_rng(1).uniform(0.5, 1, size=(2, 2, 7, 9))
    return x


def conv(x):
    return conv_forward_fast(x, W, np.zeros(4), {"stride": 1, "pad": 1})[0]


def conv_pool(x):
    return max_pool_forward_fast(conv(x), {"pool_height": 2, "pool_width": 2, "stride": 2})[0]


def fully_connected(x):
    return (x.reshape(len(x), -1) @ DENSE).reshape(len(x), 4, 16, 24)


def test_translate_moves_pixels_and_fills_with_zeros():
    x = np.arange(12.0).reshape(1, 3, 4)
    np.testing.assert_array_equal(translate(x, 1)[0], [[0, 0, 1, 2], [0, 4, 5, 6], [0, 8, 9, 10]])
    np.testing.assert_array_equal(
        translate(x, -2, 1)[0], [[0, 0, 0, 0], [2, 3, 0, 0], [6, 7, 0, 0]]
    )
    np.testing.assert_array_equal(
        translate(x, 0, -1)[0], [[4, 5, 6, 7], [8, 9, 10, 11], [0, 0, 0, 0]]
    )


@pytest.mark.parametrize("shift", [(9, 0), (0, -9), (4, 3)])
def test_translating_beyond_the_border_leaves_nothing(shift):
    assert not translate(np.ones((1, 3, 4)), *shift).any()


def test_a_convolution_is_equivariant():
    np.testing.assert_allclose(equivariance_errors(conv, image(), SHIFTS), 0, atol=1e-12)


def test_pooling_is_equivariant_for_multiples_of_its_stride_only():
    errors = equivariance_errors(conv_pool, image(), SHIFTS, stride=2)
    np.testing.assert_allclose(errors[::2], 0, atol=1e-12)
    assert (errors[1::2] > 0.1).all()


def test_a_fully_connected_layer_is_not_equivariant():
    errors = equivariance_errors(fully_connected, image(), SHIFTS)
    assert errors[0] == 0 and (errors[1:] > 0.5).all()


def test_pooling_softens_a_shift_of_one_pixel():
    x = image()
    before, after = invariance_errors(conv, x, [1])[0], invariance_errors(conv_pool, x, [1])[0]
    assert 0 < after < 0.9 * before


def test_a_global_maximum_is_invariant():
    errors = invariance_errors(lambda x: conv(x).max(axis=(2, 3)), image(), SHIFTS)
    np.testing.assert_allclose(errors, 0, atol=1e-12)


def test_invariance_is_measured_as_a_relative_distance():
    x = np.array([[[[3.0, 0, 0, 0]]]])
    np.testing.assert_allclose(invariance_errors(lambda x: x, x, [0, 1]), [0, np.sqrt(2)])


def test_the_figure_shows_every_curve_with_its_own_marker():
    curves = {"conv": np.zeros(3), "pool": np.ones(3), "dense": np.full(3, 2.0)}
    fig, ax = plot_translation(range(3), curves, "Convolutions move with the image", "error")
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == (
        "Convolutions move with the image",
        "shift to the right (pixels)",
        "error",
    )
    assert [line.get_label() for line in ax.lines] == list(curves)
    assert len({line.get_marker() for line in ax.lines}) == 3
    assert len({line.get_linestyle() for line in ax.lines}) == 3
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), curves["dense"])
    assert [t.get_text() for t in fig.legends[0].get_texts()] == list(curves)
    plt.close(fig)


def test_more_than_four_curves_are_refused():
    with pytest.raises(ValueError, match="at most 4 curves can be told apart; got 5"):
        plot_translation([0], {str(i): [0] for i in range(5)}, "")
