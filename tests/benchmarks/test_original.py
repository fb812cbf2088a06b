"""The rewritten original computes what the layers compute; otherwise its times say nothing."""

import numpy as np
import pytest

from benchmarks import original
from cs231n.layers import (
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)


@pytest.mark.parametrize("stride, pad", [(1, 1), (2, 0)])
def test_convolution_agrees_with_the_naive_one(stride, pad):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 7, 9))
    w = rng.standard_normal((4, 3, 3, 3))
    b = rng.standard_normal(4)
    out, cache = original.conv_forward(x, w, b, stride, pad)
    expected, naive_cache = conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
    dout = rng.standard_normal(out.shape)
    gradients = original.conv_backward(dout, cache)
    for got, wanted in zip(gradients, conv_backward_naive(dout, naive_cache), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size, stride", [(2, 2), (3, 1)])
def test_pooling_agrees_with_the_naive_one(size, stride):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 6, 8))
    out, cache = original.max_pool_forward(x, size, stride)
    pool_param = {"pool_height": size, "pool_width": size, "stride": stride}
    expected, naive_cache = max_pool_forward_naive(x, pool_param)
    np.testing.assert_array_equal(out, expected)
    dout = rng.standard_normal(out.shape)
    wanted = max_pool_backward_naive(dout, naive_cache)
    np.testing.assert_allclose(original.max_pool_backward(dout, cache), wanted, atol=1e-12)


def test_ties_share_the_gradient_where_windows_tile():
    x = np.zeros((1, 1, 2, 2))
    _, cache = original.max_pool_forward(x, 2, 2)
    dx = original.max_pool_backward(np.ones((1, 1, 1, 1)), cache)
    np.testing.assert_array_equal(dx, np.full((1, 1, 2, 2), 0.25))
