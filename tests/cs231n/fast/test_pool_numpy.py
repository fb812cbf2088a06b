"""Pooling in NumPy against the naive layer."""

import numpy as np
import pytest
from fast_layer_cases import poolings
from hypothesis import given, settings

from cs231n import fast_layers
from cs231n.layers import max_pool_backward_naive, max_pool_forward_naive


@settings(deadline=None, max_examples=40)
@given(poolings())
def test_the_numpy_rungs_of_pooling_agree_with_the_naive_layer(case):
    x, pool_param = case
    expected, naive_cache = max_pool_forward_naive(x, pool_param)
    dout = np.random.default_rng(7).integers(-9, 10, expected.shape).astype(float)
    gradient = max_pool_backward_naive(dout, naive_cache)
    tiles = pool_param["stride"] == (pool_param["pool_height"], pool_param["pool_width"])
    for rung in ["im2col"] + ["reshape"] * tiles:
        out, cache = getattr(fast_layers, f"max_pool_forward_{rung}")(x, pool_param)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(
            getattr(fast_layers, f"max_pool_backward_{rung}")(dout, cache), gradient
        )


def test_defect_max_pool_with_windows_that_do_not_tile_raised_name_error():
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 7))
    pool_param = {"pool_height": 3, "pool_width": 3, "stride": 2}
    out, _ = fast_layers.max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(out, max_pool_forward_naive(x, pool_param)[0])
    with pytest.raises(ValueError, match="windows must tile the image.*max_pool_forward_im2col"):
        fast_layers.max_pool_forward_reshape(x, pool_param)
