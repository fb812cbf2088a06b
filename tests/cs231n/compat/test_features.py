import numpy as np
import pytest

from cs231n.features import color_histogram, color_histogram_cross, color_histogram_spatial


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(256, size=(12, 9, 3)).astype(float)


def test_histogram_of_each_channel_adds_up_to_one(image):
    histogram = color_histogram(image, nbin=8)
    assert histogram.shape == (24,)
    np.testing.assert_allclose(histogram.reshape(3, 8).sum(axis=1), 1)
    inside = np.sum(image[..., 1] < 255 / 8)
    assert histogram[8] == pytest.approx(inside / image[..., 1].size)
    assert color_histogram(image[..., 0], nbin=8, normalized=False).sum() == 108


def test_joint_histogram_counts_boxes_of_the_color_space(image):
    counts = color_histogram_cross(image, nbin=4, normalized=False)
    assert counts.shape == (64,) and counts.sum() == 108
    density = color_histogram_cross(image, nbin=4)
    np.testing.assert_allclose(density / density.sum(), counts / 108)


def test_pyramid_has_a_joint_histogram_of_each_part(image):
    assert color_histogram_spatial(image, levels=3, nbin=2).shape == ((1 + 4 + 9) * 8,)
    whole = color_histogram_spatial(image, levels=1, nbin=2)
    np.testing.assert_array_equal(whole, color_histogram_cross(image, nbin=2))
