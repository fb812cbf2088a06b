import numpy as np
import pytest

from cs231n import layer_utils as sandwiches
from cs231n import layers
from cs231n.gradient_check import check_gradient

CONV = {"stride": 1, "pad": 1}
POOL = {"pool_height": 2, "pool_width": 3, "stride": 2}


@pytest.fixture
def inputs():
    rng = np.random.default_rng(231)
    return [rng.standard_normal(s) for s in ((2, 3, 6, 7), (4, 3, 3, 3), (4,))]


def naive_conv(x, w, b):
    return layers.conv_forward_naive(x, w, b, CONV)[0]


def test_conv_relu_equals_its_layers_one_after_the_other(inputs):
    out, _ = sandwiches.conv_relu_forward(*inputs, CONV)
    np.testing.assert_allclose(out, np.maximum(naive_conv(*inputs), 0), rtol=1e-12, atol=1e-12)


def test_conv_bn_relu_equals_its_layers_one_after_the_other(inputs):
    gamma, beta = np.linspace(1, 2, 4), np.linspace(-1, 1, 4)
    out, _ = sandwiches.conv_bn_relu_forward(*inputs, gamma, beta, CONV, {"mode": "train"})
    normalized, _ = layers.spatial_batchnorm_forward(
        naive_conv(*inputs), gamma, beta, {"mode": "train"}
    )
    np.testing.assert_allclose(out, np.maximum(normalized, 0), rtol=1e-12, atol=1e-12)


def test_conv_relu_pool_equals_its_layers_one_after_the_other(inputs):
    out, _ = sandwiches.conv_relu_pool_forward(*inputs, CONV, POOL)
    pooled, _ = layers.max_pool_forward_naive(np.maximum(naive_conv(*inputs), 0), POOL)
    np.testing.assert_allclose(out, pooled, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["conv_relu", "conv_bn_relu", "conv_relu_pool"])
def test_gradients_of_a_sandwich_agree_along_random_directions(name, inputs):
    settings = {
        "conv_relu": (CONV,),
        "conv_bn_relu": (CONV, {"mode": "train"}),
        "conv_relu_pool": (CONV, POOL),
    }
    forward, backward = (getattr(sandwiches, f"{name}_{way}") for way in ("forward", "backward"))
    if name == "conv_bn_relu":
        inputs += [np.linspace(1, 2, 4), np.linspace(-1, 1, 4)]
    out, cache = forward(*inputs, *settings[name])
    dout = np.random.default_rng(1).standard_normal(out.shape)
    grads = backward(dout, cache)
    assert len(grads) == len(inputs)
    for position, (array, grad) in enumerate(zip(inputs, grads, strict=True)):
        assert grad.shape == array.shape
        if name == "conv_bn_relu" and position == 2:
            # The normalization takes the bias away again: there is nothing to compare relatively.
            assert np.abs(grad).max() < 1e-12
            continue
        assert (
            check_gradient(lambda _: forward(*inputs, *settings[name])[0], array, grad, dout)
            <= 1e-9
        )
