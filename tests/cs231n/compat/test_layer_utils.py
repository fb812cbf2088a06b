import numpy as np
import pytest

from cs231n import layer_utils
from cs231n.gradient_check import check_gradient


@pytest.mark.parametrize("kind", ["bn", "ln"])
def test_gradients_of_the_sandwich_are_right(kind):
    rng = np.random.default_rng(0)
    forward = getattr(layer_utils, f"affine_{kind}_relu_forward")
    backward = getattr(layer_utils, f"affine_{kind}_relu_backward")
    arrays = [rng.normal(size=shape) for shape in ((5, 2, 3), (6, 4), (4,), (4,), (4,))]
    dout = rng.normal(size=(5, 4))
    _, cache = forward(*arrays, {"mode": "train"})
    for array, gradient in zip(arrays, backward(dout, cache)):
        error = check_gradient(
            lambda _: forward(*arrays, {"mode": "train"})[0], array, gradient, dout
        )
        # The bias before a normalization over the batch has no effect: both are rounding.
        assert error < 1e-6 or np.abs(gradient).max() < 1e-12
