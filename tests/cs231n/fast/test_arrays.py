"""What the fast layers do with arrays of other dtypes."""

import numpy as np
import pytest

from cs231n import fast_layers
from cs231n.layers import conv_forward_naive


@pytest.mark.parametrize("dtype", [np.float16, np.int32, np.longdouble, ">f4"])
def test_other_dtypes_are_widened_or_left_to_numpy(dtype):
    rng = np.random.default_rng(8)
    x, w, b = (rng.integers(-3, 4, s).astype(dtype) for s in ((2, 3, 6, 5), (4, 3, 2, 2), 4))
    out, cache = fast_layers.conv_forward_fast(x, w, b, {})
    expected, _ = conv_forward_naive(*(a.astype(float) for a in (x, w, b)), {})
    np.testing.assert_array_equal(out, expected)
    assert [g.shape for g in fast_layers.conv_backward_fast(out, cache)] == [
        x.shape,
        w.shape,
        b.shape,
    ]
    with pytest.raises(
        TypeError, match="conv_forward_fast: x must hold real numbers; got dtype complex"
    ):
        fast_layers.conv_forward_fast(x + 1j, w, b, {})
