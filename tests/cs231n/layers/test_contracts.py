"""What every layer promises, checked from one table: one row per layer.

To add a layer, add a `Row`. Inputs are float64 arrays whose first one has the
batch in front; gradients come in the order of the inputs.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from cs231n import layer_utils, layers
from cs231n.gradient_check import check_gradient, eval_numerical_gradient_array, rel_error


class Row(NamedTuple):
    """A layer: how to make its inputs, how to run it, and its twin in PyTorch, if any."""

    name: str
    inputs: Callable  # (rng, N) -> tuple of float64 arrays
    forward: Callable  # (*inputs) -> (out, cache)
    backward: Callable  # (dout, cache) -> gradients, one array or a tuple
    torch: Callable | None = None  # (torch, *tensors) -> tensor
    empty: bool = True  # an empty batch gives an empty result; otherwise it raises ValueError


def affine_inputs(rng, N):
    return rng.standard_normal((N, 3, 2)), rng.standard_normal((6, 5)), rng.standard_normal(5)


def torch_affine(torch, x, w, b):
    return x.flatten(1) @ w + b


def elementwise_inputs(rng, N):
    return (3 * rng.standard_normal((N, 2, 5)),)


ROWS = [
    Row("affine", affine_inputs, layers.affine_forward, layers.affine_backward, torch_affine),
    Row(
        "relu",
        elementwise_inputs,
        layers.relu_forward,
        layers.relu_backward,
        lambda torch, x: torch.relu(x),
    ),
    Row(
        "leaky_relu",
        elementwise_inputs,
        lambda x: layers.leaky_relu_forward(x, alpha=0.2),
        layers.leaky_relu_backward,
        lambda torch, x: torch.nn.functional.leaky_relu(x, 0.2),
    ),
    Row(
        "sigmoid",
        elementwise_inputs,
        layers.sigmoid_forward,
        layers.sigmoid_backward,
        lambda torch, x: torch.sigmoid(x),
    ),
    Row(
        "tanh",
        elementwise_inputs,
        layers.tanh_forward,
        layers.tanh_backward,
        lambda torch, x: torch.tanh(x),
    ),
    Row(
        "affine_relu",
        affine_inputs,
        layer_utils.affine_relu_forward,
        layer_utils.affine_relu_backward,
        lambda torch, x, w, b: torch.relu(torch_affine(torch, x, w, b)),
    ),
]


def conv_inputs(*sizes, window, C=4, F=6, groups=1):
    def draw(rng, N):
        shapes = (N, C, *sizes), (F, C // groups, *window), (F,)
        return tuple(rng.standard_normal(shape) for shape in shapes)

    return draw


def conv_row(forward, backward, inputs, torch_padding, **conv_param):
    def torch_conv(torch, x, w, b):
        options = {key: value for key, value in conv_param.items() if key != "pad"}
        return getattr(torch.nn.functional, f"conv{x.ndim - 2}d")(
            x, w, b, padding=torch_padding, **options
        )

    name = f"{forward.__name__.removesuffix('_forward_naive')} {conv_param}"
    return Row(name, inputs, lambda *a: forward(*a, conv_param), backward, torch_conv)


conv1d = layers.conv1d_forward_naive, layers.conv1d_backward_naive
conv = layers.conv_forward_naive, layers.conv_backward_naive
conv3d = layers.conv3d_forward_naive, layers.conv3d_backward_naive

ROWS += [
    conv_row(*conv1d, conv_inputs(7, window=(3,)), 1, stride=2, pad=1),
    conv_row(
        *conv1d, conv_inputs(7, window=(3,), groups=2), "same", pad="same", dilation=2, groups=2
    ),
    conv_row(*conv, conv_inputs(5, 8, window=(3, 3)), (1, 2), stride=(2, 3), pad=(1, 2)),
    conv_row(*conv, conv_inputs(4, 5, window=(1, 1)), 0, stride=1, pad=0),
    conv_row(*conv, conv_inputs(5, 7, window=(3, 3)), (1, 1), stride=(2, 3), pad="same"),
    conv_row(
        *conv,
        conv_inputs(5, 8, window=(3, 2), groups=2),
        (2, 0),
        pad=(2, 0),
        dilation=(2, 1),
        groups=2,
    ),
    conv_row(
        *conv3d,
        conv_inputs(5, 4, 4, window=(3, 2, 3), C=2, F=3),
        (1, 0, 1),
        stride=(2, 1, 3),
        pad=(1, 0, 1),
    ),
    conv_row(
        *conv3d,
        conv_inputs(3, 2, 4, window=(1, 2, 3), C=2, F=2, groups=2),
        (0, 1, 1),
        pad=(0, 1, 1),
        dilation=(1, 2, 1),
        groups=2,
    ),
]


def images(*shape):
    """Images whose entries all differ by at least 0.1, so that small steps change no maximum."""
    return lambda rng, N: (rng.permutation(N * int(np.prod(shape))).reshape(N, *shape) / 10,)


def pool_row(kind, height, width, stride, sizes):
    pool_param = {"pool_height": height, "pool_width": width, "stride": stride}
    forward, backward = (
        getattr(layers, f"{kind}_pool_{way}_naive") for way in ("forward", "backward")
    )

    def torch_pool(torch, x):
        return getattr(torch.nn.functional, f"{kind}_pool2d")(x, (height, width), stride)

    name = f"{kind}_pool {pool_param}"
    return Row(name, images(3, *sizes), lambda x: forward(x, pool_param), backward, torch_pool)


ROWS += [
    pool_row(kind, *window, sizes)
    for kind in ("max", "avg")
    for *window, sizes in [
        (2, 2, 2, (4, 6)),
        (3, 2, 1, (5, 4)),
        (3, 3, 2, (5, 7)),
        (1, 3, (2, 1), (5, 6)),
        (2, 1, (1, 3), (3, 7)),
    ]
]


def norm_inputs(shape, parameter_shape):
    def draw(rng, N):
        return 3 * rng.standard_normal((N, *shape)) + 2, *rng.standard_normal((2, *parameter_shape))

    return draw


def trained(forward):
    return lambda *a: forward(*a, {"mode": "train"})


def frozen(forward):
    return lambda x, gamma, beta: forward(
        x,
        gamma,
        beta,
        {
            "mode": "test",
            "running_mean": np.linspace(-1, 1, len(gamma), dtype=x.dtype),
            "running_var": np.linspace(0.5, 2, len(gamma), dtype=x.dtype),
        },
    )


def torch_frozen(torch, x, gamma, beta):
    mean, var = (torch.linspace(*ends, len(gamma), dtype=x.dtype) for ends in ((-1, 1), (0.5, 2)))
    return torch.nn.functional.batch_norm(x, mean, var, gamma, beta)


flat, spatial = norm_inputs((3,), (3,)), norm_inputs((4, 2, 5), (4,))
batchnorm = layers.batchnorm_forward, layers.batchnorm_backward
batchnorm_alt = layers.batchnorm_forward, layers.batchnorm_backward_alt
spatial_batchnorm = layers.spatial_batchnorm_forward, layers.spatial_batchnorm_backward

ROWS += [
    # PyTorch refuses to train on one example; larger batches are compared in test_normalization.py.
    Row("batchnorm", flat, trained(batchnorm[0]), batchnorm[1], empty=False),
    Row("batchnorm_alt", flat, trained(batchnorm_alt[0]), batchnorm_alt[1], empty=False),
    Row("batchnorm, test", flat, frozen(batchnorm[0]), batchnorm[1], torch_frozen),
    Row("batchnorm_alt, test", flat, frozen(batchnorm_alt[0]), batchnorm_alt[1], torch_frozen),
    Row(
        "spatial_batchnorm",
        spatial,
        trained(spatial_batchnorm[0]),
        spatial_batchnorm[1],
        lambda torch, x, *affine: torch.nn.functional.batch_norm(
            x, None, None, *affine, training=True
        ),
        empty=False,
    ),
    Row(
        "spatial_batchnorm, test",
        spatial,
        frozen(spatial_batchnorm[0]),
        spatial_batchnorm[1],
        torch_frozen,
    ),
    Row(
        "layernorm",
        norm_inputs((5,), (5,)),
        lambda *a: layers.layernorm_forward(*a, {}),
        layers.layernorm_backward,
        lambda torch, x, gamma, beta: torch.nn.functional.layer_norm(x, x.shape[1:], gamma, beta),
    ),
    Row(
        "spatial_groupnorm",
        norm_inputs((4, 2, 5), (1, 4, 1, 1)),
        lambda *a: layers.spatial_groupnorm_forward(*a, 2, {}),
        layers.spatial_groupnorm_backward,
        lambda torch, x, gamma, beta: torch.nn.functional.group_norm(
            x, 2, gamma.flatten(), beta.flatten()
        ),
    ),
    Row(
        "dropout",
        elementwise_inputs,
        lambda x: layers.dropout_forward(x, {"p": 0.4, "mode": "train", "seed": 1}),
        layers.dropout_backward,
    ),
    Row(
        "dropout, test",
        elementwise_inputs,
        lambda x: layers.dropout_forward(x, {"p": 0.4, "mode": "test"}),
        layers.dropout_backward,
        lambda torch, x: 1 * x,
    ),
]

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def run(row, inputs, rng=None, dout=None):
    """Forward and backward; returns out, dout and the gradients as a tuple."""
    out, cache = row.forward(*inputs)
    if dout is None:
        dout = rng.standard_normal(out.shape).astype(out.dtype)
    grads = row.backward(dout, cache)
    return out, dout, grads if isinstance(grads, tuple) else (grads,)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


@every_row
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("N", [1, 4])
def test_layer_keeps_dtype_and_gradients_have_the_shapes_of_the_inputs(row, dtype, N, rng):
    inputs = tuple(a.astype(dtype) for a in row.inputs(rng, N))
    out, _, grads = run(row, inputs, rng)
    assert out.dtype == dtype and out.shape[0] == N
    assert [g.shape for g in grads] == [a.shape for a in inputs]
    assert {g.dtype for g in grads} == {np.dtype(dtype)}


@every_row
def test_layer_leaves_its_inputs_untouched(row, rng):
    inputs = row.inputs(rng, 3)
    before = [a.copy() for a in inputs]
    dout = rng.standard_normal(row.forward(*inputs)[0].shape)
    dout_before = dout.copy()
    for array in (*inputs, dout):
        array.flags.writeable = False  # writing raises at once
    run(row, inputs, dout=dout)
    for array, copy in zip((*inputs, dout), (*before, dout_before), strict=True):
        np.testing.assert_array_equal(array, copy)


@every_row
@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed"])
def test_layer_does_not_depend_on_memory_layout(row, layout, rng):
    inputs = row.inputs(rng, 4)
    out, dout, grads = run(row, inputs, rng)
    laid_out = [rearranged(a, layout) for a in inputs]
    other_out, _, other_grads = run(row, laid_out, dout=rearranged(dout, layout))
    np.testing.assert_allclose(other_out, out, rtol=1e-12, atol=1e-13)
    for other, grad in zip(other_grads, grads, strict=True):
        np.testing.assert_allclose(other, grad, rtol=1e-12, atol=1e-13)


def rearranged(array, layout):
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "reversed":
        return np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    spread = np.zeros((*array.shape[:-1], 2 * array.shape[-1]))
    spread[..., ::2] = array
    return spread[..., ::2]


@every_row
def test_empty_batch_is_handled_or_refused(row, rng):
    inputs = row.inputs(rng, 0)
    if not row.empty:
        with pytest.raises(ValueError, match="empty|at least"):
            row.forward(*inputs)
        return
    out, _, grads = run(row, inputs, rng)
    assert out.shape[0] == 0 and grads[0].shape == inputs[0].shape
    assert not any(g.any() for g in grads)


@every_row
def test_gradients_agree_along_random_directions(row, rng):
    inputs = row.inputs(rng, 4)
    _, dout, grads = run(row, inputs, rng)
    for array, grad in zip(inputs, grads, strict=True):
        assert check_gradient(lambda _: row.forward(*inputs)[0], array, grad, dout, rng=rng) <= 1e-9


@every_row
def test_gradients_agree_in_every_entry(row, rng):
    inputs = row.inputs(rng, 2)
    _, dout, grads = run(row, inputs, rng)
    for array, grad in zip(inputs, grads, strict=True):
        numerical = eval_numerical_gradient_array(lambda _: row.forward(*inputs)[0], array, dout)
        assert rel_error(numerical, grad, floor=1e-3) <= 1e-7


@every_row
@pytest.mark.parametrize("N", [1, 5])
def test_layer_agrees_with_pytorch(row, N, rng):
    torch = pytest.importorskip("torch")
    if row.torch is None:
        pytest.skip("no counterpart in PyTorch")
    inputs = row.inputs(rng, N)
    out, dout, grads = run(row, inputs, rng)
    tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
    expected = row.torch(torch, *tensors)
    expected.backward(torch.tensor(dout))
    assert_close(out, expected.detach().numpy())
    for grad, tensor in zip(grads, tensors, strict=True):
        assert_close(grad, tensor.grad.numpy())


def assert_close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
