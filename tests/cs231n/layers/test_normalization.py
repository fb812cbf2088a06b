"""Normalizations against their definition and PyTorch; for gradients see test_contracts.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.layers import (
    batchnorm_backward,
    batchnorm_backward_alt,
    batchnorm_forward,
    layernorm_backward,
    layernorm_forward,
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
    spatial_groupnorm_backward,
    spatial_groupnorm_forward,
)


def train(x, gamma, beta, **bn_param):
    return batchnorm_forward(x, gamma, beta, {"mode": "train", **bn_param})


def spatial_train(x, gamma, beta):
    return spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})


def layer(x, gamma, beta):
    return layernorm_forward(x, gamma, beta, {})


def groups(x, gamma, beta):
    return spatial_groupnorm_forward(x, gamma, beta, 2, {})


# name: forward, backward, shape of x, shape of gamma and beta
LAYERS = {
    "batch": (train, batchnorm_backward, (5, 3), (3,)),
    "batch, on paper": (train, batchnorm_backward_alt, (5, 3), (3,)),
    "layer": (layer, layernorm_backward, (5, 3), (3,)),
    "spatial batch": (spatial_train, spatial_batchnorm_backward, (3, 4, 2, 5), (4,)),
    "spatial group": (groups, spatial_groupnorm_backward, (3, 4, 2, 5), (1, 4, 1, 1)),
}


def draw(name, seed=0):
    rng = np.random.default_rng(seed)
    _, _, x_shape, shape = LAYERS[name]
    return (
        3 * rng.standard_normal(x_shape) + 2,
        rng.standard_normal(shape),
        rng.standard_normal(shape),
    )


@pytest.mark.parametrize(
    "name, axes",
    [
        ("batch", 0),
        ("layer", 1),
        ("spatial batch", (0, 2, 3)),
    ],
)
def test_output_has_mean_zero_and_biased_variance_one_over_the_right_axes(name, axes):
    x, gamma, beta = draw(name)
    out, _ = LAYERS[name][0](1000 * x, np.ones_like(gamma), np.zeros_like(beta))
    np.testing.assert_allclose(out.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=axes), 1, atol=1e-10)


def test_group_norm_normalizes_neighboring_channels_of_each_example():
    x, gamma, beta = draw("spatial group")
    out, _ = groups(1000 * x, np.ones_like(gamma), np.zeros_like(beta))
    together = out.reshape(3, 2, -1)
    np.testing.assert_allclose(together.mean(axis=2), 0, atol=1e-12)
    np.testing.assert_allclose(together.var(axis=2), 1, atol=1e-10)


@pytest.mark.parametrize("name", ["layer", "spatial group"])
def test_an_example_does_not_see_the_others(name):
    x, gamma, beta = draw(name)
    forward = LAYERS[name][0]
    np.testing.assert_array_equal(forward(x, gamma, beta)[0][1:2], forward(x[1:2], gamma, beta)[0])


def test_running_statistics_are_written_back_from_the_biased_variance():
    x = np.array([[1.0, 2.0], [3.0, 8.0]])
    bn_param = {"mode": "train", "momentum": 0.75}
    batchnorm_forward(x, np.ones(2), np.zeros(2), bn_param)
    np.testing.assert_allclose(bn_param["running_mean"], [0.5, 1.25])
    np.testing.assert_allclose(bn_param["running_var"], [0.25, 2.25])
    batchnorm_forward(x, np.ones(2), np.zeros(2), bn_param)
    np.testing.assert_allclose(bn_param["running_mean"], [0.875, 2.1875])
    np.testing.assert_allclose(bn_param["running_var"], [0.4375, 3.9375])


def test_running_statistics_start_at_zero_with_momentum_nine_tenths():
    x = np.array([[10.0], [20.0]])
    bn_param = {"mode": "train"}
    batchnorm_forward(x, np.ones(1), np.zeros(1), bn_param)
    np.testing.assert_allclose([bn_param["running_mean"], bn_param["running_var"]], [[1.5], [2.5]])


def test_arrays_that_the_caller_put_into_bn_param_are_not_changed():
    mean, var = np.ones(3), np.ones(3)
    x, gamma, beta = draw("batch")
    train(x, gamma, beta, running_mean=mean, running_var=var)
    np.testing.assert_array_equal([mean, var], np.ones((2, 3)))


def test_test_mode_uses_and_keeps_the_running_statistics():
    x = np.array([[3.0, 0.0], [5.0, 1.0], [5.0, 7.0]])
    statistics = {"running_mean": np.array([1.0, -1.0]), "running_var": np.array([3.0, 0.0])}
    bn_param = {"mode": "test", "eps": 1.0, **statistics}
    out, _ = batchnorm_forward(x, np.array([1.0, 10.0]), np.array([0.0, 5.0]), bn_param)
    np.testing.assert_allclose(out, [[1, 15], [2, 25], [2, 85]])
    np.testing.assert_array_equal(bn_param["running_mean"], [1, -1])
    np.testing.assert_array_equal(bn_param["running_var"], [3, 0])


def test_spatial_running_statistics_have_one_entry_per_channel():
    x, gamma, beta = draw("spatial batch")
    bn_param = {"mode": "train", "momentum": 0.0}
    spatial_batchnorm_forward(x, gamma, beta, bn_param)
    np.testing.assert_allclose(bn_param["running_mean"], x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(bn_param["running_var"], x.var(axis=(0, 2, 3)))


@pytest.mark.parametrize("bn_param", [{}, {"mode": None}, {"mode": "eval"}])
def test_missing_or_unknown_mode_is_refused(bn_param):
    with pytest.raises(ValueError, match="must be 'train' or 'test'"):
        batchnorm_forward(np.zeros((2, 3)), np.ones(3), np.zeros(3), bn_param)


@pytest.mark.parametrize("forward, shape", [(train, (0, 3)), (spatial_train, (0, 3, 2, 2))])
def test_training_on_an_empty_batch_is_refused(forward, shape):
    with pytest.raises(ValueError, match="an empty batch has no mean"):
        forward(np.zeros(shape), np.ones(3), np.zeros(3))


@pytest.mark.parametrize("G", [0, 3])
def test_groups_that_do_not_divide_the_channels_are_refused(G):
    x, gamma, beta = draw("spatial group")
    with pytest.raises(ValueError, match=f"4 channels cannot be split into {G} equal groups"):
        spatial_groupnorm_forward(x, gamma, beta, G, {})


def test_constant_features_give_the_shift_and_finite_gradients():
    x, beta = np.full((4, 3), 7.0), np.array([1.0, 2.0, 3.0])
    out, cache = train(x, np.ones(3), beta)
    np.testing.assert_array_equal(out, np.broadcast_to(beta, (4, 3)))
    assert all(
        np.isfinite(gradient).all() for gradient in batchnorm_backward(np.ones((4, 3)), cache)
    )


def test_large_offsets_do_not_cancel_in_single_precision():
    x = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    shifted, _ = train(x + np.float32(1e4), ones, zeros)
    # Adding 1e4 rounds each entry by up to 5e-4; mean of squares - squared mean would be off by 1.
    np.testing.assert_allclose(shifted, train(x, ones, zeros)[0], atol=5e-3)


def torch_batch(functional, x, gamma, beta):
    return functional.batch_norm(x, None, None, gamma, beta, training=True)


def torch_layer(functional, x, gamma, beta):
    return functional.layer_norm(x, x.shape[1:], gamma, beta)


def torch_group(functional, x, gamma, beta):
    return functional.group_norm(x, 2, gamma.reshape(-1), beta.reshape(-1))


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(["batch", "batch, on paper", "layer", "spatial batch", "spatial group"]),
    N=st.integers(2, 6),
    half=st.integers(1, 3),
    H=st.integers(1, 4),
    W=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
def test_forward_and_backward_agree_with_pytorch(name, N, half, H, W, seed):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    forward, backward, x_shape, shape = LAYERS[name]
    C = 2 * half
    x = rng.standard_normal((N, C) if len(x_shape) == 2 else (N, C, H, W))
    gamma, beta = rng.standard_normal((2, *((C,) if len(shape) == 1 else (1, C, 1, 1))))
    out, cache = forward(x, gamma, beta)
    dout = rng.standard_normal(out.shape)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, gamma, beta)]
    oracle = {"layer": torch_layer, "spatial group": torch_group}.get(name, torch_batch)
    expected = oracle(torch.nn.functional, *tensors)
    expected.backward(torch.tensor(dout))
    close(out, expected.detach().numpy(), 1)
    # A group whose entries nearly coincide has a large 1 / std, which multiplies all rounding.
    for gradient, tensor in zip(backward(dout, cache), tensors, strict=True):
        close(gradient, tensor.grad.numpy(), amplification(name, x))


def close(actual, expected, amplification):
    scale = max(np.abs(expected).max(), amplification)
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12 * scale)


def amplification(name, x):
    rows = {"layer": lambda: x, "spatial group": lambda: x.reshape(len(x), 2, -1)}
    rows = rows.get(name, lambda: np.moveaxis(x, 1, 0).reshape(x.shape[1], -1))()
    return (1 / np.sqrt(rows.var(axis=-1) + 1e-5)).max()
