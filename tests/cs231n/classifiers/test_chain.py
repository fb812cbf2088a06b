"""Layers as objects: one layer, a chain of them, and the sum of two ways."""

import numpy as np

from cs231n.classifiers.chain import (
    Layer,
    Residual,
    chain_backward,
    chain_forward,
    global_avg_pool_backward,
    global_avg_pool_forward,
)
from cs231n.fast_layers import conv_backward_fast, conv_forward_fast
from cs231n.gradient_check import check_gradient
from cs231n.layers import (
    affine_backward,
    affine_forward,
    batchnorm_backward,
    batchnorm_forward,
    relu_backward,
    relu_forward,
)

RELU = Layer(relu_forward, relu_backward)


class Net:
    """What layers ask of a net: parameters by name, and the state of normalizations."""

    def __init__(self, **params):
        self.params = params
        self.bn_params = []


def affine(k):
    return Layer(affine_forward, affine_backward, (f"W{k}", f"b{k}"))


def affine_net(*shapes):
    rng = np.random.default_rng(0)
    net = Net()
    for k, (D, M) in enumerate(shapes, start=1):
        net.params[f"W{k}"] = rng.standard_normal((D, M))
        net.params[f"b{k}"] = rng.standard_normal(M)
    return net


def test_a_layer_reads_the_parameters_that_the_net_holds_now():
    net = affine_net((3, 2))
    x = np.ones((4, 3))
    before, _ = affine(1).forward(x, net)
    net.params["b1"] = net.params["b1"] + 1
    after, _ = affine(1).forward(x, net)
    np.testing.assert_allclose(after, before + 1)


def test_a_layer_names_its_gradients_like_its_parameters():
    net = affine_net((3, 2))
    out, cache = affine(1).forward(np.ones((4, 3)), net)
    dx, grads = affine(1).backward(out, cache)
    assert dx.shape == (4, 3)
    assert {name: grad.shape for name, grad in grads.items()} == {"W1": (3, 2), "b1": (2,)}
    _, cache = RELU.forward(out, net)
    assert RELU.backward(out, cache)[1] == {}


def test_a_normalization_uses_its_own_entry_of_the_net_s_state():
    net = Net(gamma1=np.ones(3), beta1=np.zeros(3))
    net.bn_params = [{"mode": "test"}, {"mode": "train"}]
    layer = Layer(batchnorm_forward, batchnorm_backward, ("gamma1", "beta1"), bn_index=1)
    out, _ = layer.forward(np.random.default_rng(0).standard_normal((8, 3)), net)
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-12)
    assert "running_mean" in net.bn_params[1] and "running_mean" not in net.bn_params[0]


def test_only_a_convolution_leaves_out_a_gradient_that_nobody_needs():
    rng = np.random.default_rng(0)
    net = Net(W1=rng.standard_normal((2, 3, 3, 3)), b1=np.zeros(2))
    conv = Layer(conv_forward_fast, conv_backward_fast, ("W1", "b1"), ({"stride": 1, "pad": 1},))
    out, cache = conv.forward(rng.standard_normal((2, 3, 4, 5)), net)
    dx, grads = conv.backward(out, cache, need_dx=False)
    assert dx is None and set(grads) == {"W1", "b1"}
    _, cache = RELU.forward(out, net)
    assert RELU.backward(out, cache, need_dx=False)[0].shape == out.shape


def test_a_chain_passes_forward_and_back_in_order():
    net = affine_net((3, 5), (5, 2))
    layers = [affine(1), RELU, affine(2)]
    x = np.random.default_rng(1).standard_normal((4, 3))
    out, caches = chain_forward(layers, x, net)
    dout = np.random.default_rng(2).standard_normal(out.shape)
    dx, grads = chain_backward(layers, dout, caches)
    assert check_gradient(lambda x: chain_forward(layers, x, net)[0], x, dx, dout) <= 1e-8
    for name, value in net.params.items():

        def forward(_):
            return chain_forward(layers, x, net)[0]

        assert check_gradient(forward, value, grads[name], dout) <= 1e-8


def test_a_residual_adds_both_ways_and_their_gradients():
    net = affine_net((3, 3), (3, 3))
    x = np.random.default_rng(1).standard_normal((4, 3))
    body, _ = affine(1).forward(x, net)
    shortcut, _ = affine(2).forward(x, net)
    block = Residual([affine(1)], [affine(2)])
    out, cache = block.forward(x, net)
    np.testing.assert_array_equal(out, body + shortcut)
    dx, grads = block.backward(np.ones_like(out), cache)
    assert set(grads) == {"W1", "b1", "W2", "b2"}
    np.testing.assert_allclose(dx, np.ones((4, 3)) @ (net.params["W1"] + net.params["W2"]).T)


def test_an_empty_shortcut_is_the_identity():
    net = affine_net((3, 3))
    x = np.random.default_rng(1).standard_normal((4, 3))
    body, _ = affine(1).forward(x, net)
    out, _ = Residual([affine(1)]).forward(x, net)
    np.testing.assert_array_equal(out, body + x)


def test_global_average_pooling_shares_its_gradient_equally():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    out, cache = global_avg_pool_forward(x)
    np.testing.assert_array_equal(out, x.mean(axis=(2, 3)))
    dx = global_avg_pool_backward(np.ones((2, 3)), cache)
    np.testing.assert_array_equal(dx, np.full(x.shape, 1 / 20))
