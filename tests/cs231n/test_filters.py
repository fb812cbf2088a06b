"""The filters do to a picture what their names say."""

import numpy as np

from cs231n.filters import NAMES, photo_filters
from cs231n.layers import conv_forward_naive


def through(image):
    w = photo_filters([1.0])
    return conv_forward_naive(image[None, None], w, np.zeros(len(w)), {"stride": 1, "pad": 0})[0][0]


def test_an_even_wall_has_its_brightness_and_no_edges():
    maps = through(np.full((4, 5), 0.7))
    np.testing.assert_allclose(maps[[0, 3]], 0.7)
    np.testing.assert_allclose(maps[1:3], 0, atol=1e-12)


def test_each_edge_filter_answers_to_its_own_direction():
    ramp = np.tile(np.arange(6.0), (5, 1))
    assert (through(ramp)[1] == 8).all() and (through(ramp)[2] == 0).all()
    assert (through(ramp.T)[2] == 8).all() and (through(ramp.T)[1] == 0).all()


def test_channels_are_weighted_and_filters_named():
    w = photo_filters([0.5, 0.25])
    assert w.shape == (len(NAMES), 2, 3, 3)
    np.testing.assert_array_equal(w[:, 0], 2 * w[:, 1])
