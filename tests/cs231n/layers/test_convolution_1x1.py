"""The convolution with one pixel is the convolution, and an affine layer at every position."""

import numpy as np
import pytest

from cs231n.layers import (
    conv_1x1_backward,
    conv_1x1_forward,
    conv_backward_naive,
    conv_forward_naive,
)

PARAM = {"stride": 1, "pad": 0}


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 1, 1), (3, 4, 4, 4)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_agrees_with_the_naive_convolution(shape, dtype):
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s).astype(dtype) for s in (shape, (6, shape[1]), (6,)))
    out, cache = conv_1x1_forward(x, w, b)
    expected, naive_cache = conv_forward_naive(x, w[:, :, None, None], b, PARAM)
    limit = 1e-12 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(out, expected, rtol=limit, atol=limit)
    dout = rng.standard_normal(out.shape).astype(dtype)
    found, wanted = conv_1x1_backward(dout, cache), conv_backward_naive(dout, naive_cache)
    for gradient, other in zip(found, wanted):
        assert gradient.dtype == dtype
        np.testing.assert_allclose(
            gradient, other.reshape(gradient.shape), rtol=limit, atol=10 * limit
        )
