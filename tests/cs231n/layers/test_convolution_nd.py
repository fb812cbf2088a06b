"""Sequences and volumes against planes; what all dimensions keep: test_convolution.py."""

import numpy as np

from cs231n.layers import (
    conv1d_backward_naive,
    conv1d_forward_naive,
    conv3d_backward_naive,
    conv3d_forward_naive,
    conv_backward_naive,
    conv_forward_naive,
)


def draw(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) for shape in shapes]


def test_a_sequence_is_an_image_of_height_one():
    x, w, b = draw((2, 4, 9), (6, 2, 3), (6,))
    param = {"stride": 2, "pad": 1, "groups": 2}
    out, cache = conv1d_forward_naive(x, w, b, param)
    planar = {"stride": (1, 2), "pad": (0, 1), "groups": 2}
    expected, planar_cache = conv_forward_naive(x[:, :, None], w[:, :, None], b, planar)
    np.testing.assert_array_equal(out, expected[:, :, 0])
    (dout,) = draw(out.shape)
    dx, dw, db = conv1d_backward_naive(dout, cache)
    planar_dx, planar_dw, planar_db = conv_backward_naive(dout[:, :, None], planar_cache)
    np.testing.assert_array_equal(dx, planar_dx[:, :, 0])
    np.testing.assert_array_equal(dw, planar_dw[:, :, 0])
    np.testing.assert_array_equal(db, planar_db)


def test_a_filter_of_depth_one_sees_every_slice_of_a_volume_alone():
    x, w, b = draw((2, 3, 4, 5, 6), (4, 3, 1, 3, 2), (4,))
    param = {"stride": 1, "pad": 0}
    out, _ = conv3d_forward_naive(x, w, b, param)
    assert out.shape == (2, 4, 4, 3, 5)
    for d in range(4):
        expected, _ = conv_forward_naive(x[:, :, d], w[:, :, 0], b, param)
        np.testing.assert_allclose(out[:, :, d], expected, rtol=1e-13)


def test_the_bias_counts_once_whatever_the_depth_of_the_filter():
    x, w, b = draw((2, 1, 4, 3, 3), (2, 1, 3, 2, 2), (2,))
    param = {"stride": 1, "pad": 0}
    out, cache = conv3d_forward_naive(x, 0 * w, b, param)
    np.testing.assert_array_equal(out, np.broadcast_to(b[:, None, None, None], out.shape))
    _, _, db = conv3d_backward_naive(np.ones_like(out), cache)
    np.testing.assert_allclose(db, np.full(2, out[:, 0].size))
