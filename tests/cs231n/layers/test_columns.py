"""Convolution by columns is the convolution; the columns are those of the package."""

import numpy as np
import pytest

from cs231n.im2col import col2im_indices, im2col_indices
from cs231n.layers import (
    col2im_naive,
    conv_backward_matmul,
    conv_backward_naive,
    conv_forward_matmul,
    conv_forward_naive,
    im2col_naive,
)

WINDOWS = [
    ((2, 3, 5, 4), 2, 3, 1),
    ((1, 1, 3, 3), 3, 3, 1),
    ((3, 2, 7, 5), 3, 1, 2),
    ((2, 1, 5, 8), 2, 2, 3),
]


@pytest.mark.parametrize("shape, HH, WW, stride", WINDOWS)
def test_columns_are_those_of_the_index_arrays(shape, HH, WW, stride):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    cols = im2col_naive(x, HH, WW, stride)
    np.testing.assert_array_equal(cols, im2col_indices(x, HH, WW, 0, stride))
    dcols = rng.standard_normal(cols.shape)
    back = col2im_naive(dcols, shape, HH, WW, stride)
    np.testing.assert_allclose(back, col2im_indices(dcols, shape, HH, WW, 0, stride), atol=1e-12)
    assert np.isclose(np.sum(cols * dcols), np.sum(x * back))


@pytest.mark.parametrize(
    "param", [{"stride": 1, "pad": 0}, {"stride": 1, "pad": 2}, {"stride": 2, "pad": 1}, {}]
)
def test_products_agree_with_the_naive_layers(param):
    rng = np.random.default_rng(1)
    x, w, b = (
        rng.standard_normal((2, 3, 5, 7)),
        rng.standard_normal((4, 3, 3, 3)),
        rng.standard_normal(4),
    )
    (out, cache), (expected, naive_cache) = (
        conv_forward_matmul(x, w, b, param),
        conv_forward_naive(x, w, b, param),
    )
    np.testing.assert_allclose(out, expected, atol=1e-12)
    dout = rng.standard_normal(out.shape)
    for found, wanted in zip(
        conv_backward_matmul(dout, cache), conv_backward_naive(dout, naive_cache)
    ):
        np.testing.assert_allclose(found, wanted, atol=1e-11)


def test_a_window_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="im2col_naive: window height 2 with stride 2"):
        im2col_naive(np.zeros((1, 1, 3, 4)), 2, 2, 2)
