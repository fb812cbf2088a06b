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
