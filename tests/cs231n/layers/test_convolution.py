"""Naive convolutions against hand-made numbers and PyTorch; for gradients: test_contracts.py."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cs231n.layers import (
    conv1d_backward_naive,
    conv1d_forward_naive,
    conv3d_backward_naive,
    conv3d_forward_naive,
    conv_backward_naive,
    conv_forward_naive,
)

LAYERS = {
    1: (conv1d_forward_naive, conv1d_backward_naive),
    2: (conv_forward_naive, conv_backward_naive),
    3: (conv3d_forward_naive, conv3d_backward_naive),
}
BY_DIMENSION = pytest.mark.parametrize("dimension", LAYERS)
SIZES = {1: ((7,), (3,)), 2: ((5, 8), (3, 3)), 3: ((5, 4, 5), (3, 2, 3))}


def draw(dimension):
    rng = np.random.default_rng(0)
    sizes, window = SIZES[dimension]
    return tuple(rng.standard_normal(shape) for shape in ((2, 4, *sizes), (6, 4, *window), (6,)))


def test_sliding_dot_product_has_the_numbers_of_a_small_example():
    x = np.arange(12.0).reshape(1, 1, 3, 4)
    w = np.array([[[[1.0, 0.0, -1.0], [2.0, 0.0, 0.0]]]])
    out, _ = conv_forward_naive(x, w, np.array([10.0]), {"stride": 1, "pad": 0})
    # Row 1: (0 - 2) + 2 * 4 + 10, (1 - 3) + 2 * 5 + 10;
    # row 2: (4 - 6) + 2 * 8 + 10, (5 - 7) + 2 * 9 + 10.
    np.testing.assert_array_equal(out, [[[[16, 18], [24, 26]]]])


def test_filter_is_not_flipped():
    x = np.zeros((1, 1, 3, 5))
    x[0, 0, 1, 2] = 1
    w = np.arange(6.0).reshape(1, 1, 2, 3)
    out, _ = conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 0})
    np.testing.assert_array_equal(out[0, 0], w[0, 0, ::-1, ::-1])


def test_one_by_one_convolution_mixes_channels_at_every_position():
    rng = np.random.default_rng(0)
    x, w, b = (
        rng.standard_normal((2, 3, 4, 5)),
        rng.standard_normal((6, 3, 1, 1)),
        rng.standard_normal(6),
    )
    out, _ = conv_forward_naive(x, w, b, {"stride": 1, "pad": 0})
    expected = np.einsum("nchw,fc->nfhw", x, w[:, :, 0, 0]) + b[:, None, None]
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


def test_as_many_groups_as_channels_filter_each_channel_alone():
    rng = np.random.default_rng(1)
    x, w, b = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((3, 1, 2, 3)), np.zeros(3)
    out, _ = conv_forward_naive(x, w, b, {"groups": 3})
    for c in range(3):
        alone, _ = conv_forward_naive(x[:, c : c + 1], w[c : c + 1], b[:1], {})
        np.testing.assert_array_equal(out[:, c : c + 1], alone)


def test_cache_is_the_documented_tuple():
    x, w, b = draw(2)
    conv_param = {"stride": 1, "pad": 0}
    _, cache = conv_forward_naive(x, w, b, conv_param)
    assert all(kept is given for kept, given in zip(cache, (x, w, b, conv_param), strict=True))


@pytest.mark.parametrize("stride", [1, 3])
@BY_DIMENSION
def test_same_is_the_padding_written_out_with_the_odd_zero_at_the_end(dimension, stride):
    rng = np.random.default_rng(6)
    forward, backward = LAYERS[dimension]
    sizes, window = (8, 7, 5)[:dimension], (3, 4, 2)[:dimension]
    x, w, b = (rng.standard_normal(shape) for shape in ((2, 3, *sizes), (4, 3, *window), (4,)))
    totals = [(-(-size // stride) - 1) * stride + k - size for size, k in zip(sizes, window)]
    pads = [(total // 2, total - total // 2) for total in totals]
    padded = np.pad(x, ((0, 0), (0, 0), *pads))
    out, cache = forward(x, w, b, {"stride": stride, "pad": "same"})
    expected, padded_cache = forward(padded, w, b, {"stride": stride})
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)
    dout = rng.standard_normal(out.shape)
    (dx, dw, _), (dpadded, dw_padded, _) = backward(dout, cache), backward(dout, padded_cache)
    inside = tuple(slice(before, before + size) for (before, _), size in zip(pads, sizes))
    np.testing.assert_allclose(dx, dpadded[(..., *inside)], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(dw, dw_padded, rtol=1e-13, atol=1e-13)


def test_backward_heeds_the_stride_in_defect_conv_backward_that_ignores_the_stride():
    x, w = np.zeros((1, 1, 3, 5)), np.ones((1, 1, 1, 1))
    _, cache = conv_forward_naive(x, w, np.zeros(1), {"stride": (1, 2), "pad": 0})
    dx, _, _ = conv_backward_naive(np.ones((1, 1, 3, 3)), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0, 1, 0, 1]] * 3)


def test_height_and_width_keep_their_places_in_defect_h_and_w_swapped():
    x, w = np.random.default_rng(7).standard_normal((2, 1, 6, 11)), np.zeros((1, 1, 2, 5))
    w[0, 0, 1, 4] = 1  # so that the output is the pixels under the last corner of the window
    out, cache = conv_forward_naive(x, w, np.zeros(1), {"stride": (2, 3), "pad": (1, 0)})
    np.testing.assert_array_equal(
        out, np.pad(x, ((0, 0), (0, 0), (1, 1), (0, 0)))[:, :, 1::2, 4::3]
    )
    dx, dw, _ = conv_backward_naive(out, cache)
    expected = np.zeros(x.shape)
    expected[:, :, ::2, 4::3] = out[:, :, :3]
    np.testing.assert_array_equal(dx, expected)
    assert dw.shape == w.shape
    np.testing.assert_allclose(dw[0, 0, 1, 4], np.sum(out**2), rtol=1e-13)


@pytest.mark.parametrize("stride", [2, (1, 2)])
def test_stride_that_does_not_fit_raises_in_defect_silently_floored_or_asserted(stride):
    x, w, b = np.zeros((1, 2, 5, 6)), np.zeros((3, 2, 3, 3)), np.zeros(3)
    with pytest.raises(ValueError, match="does not fit width 6.*width 5 or 7 fits"):
        conv_forward_naive(x, w, b, {"stride": stride, "pad": 0})


@BY_DIMENSION
def test_upstream_gradient_of_the_wrong_shape_is_refused(dimension):
    forward, backward = LAYERS[dimension]
    out, cache = forward(*draw(dimension), {})
    with pytest.raises(ValueError, match="dout needs the shape"):
        backward(out[:1], cache)


@BY_DIMENSION
def test_not_a_number_spreads_only_to_windows_that_see_it(dimension):
    forward, _ = LAYERS[dimension]
    x, w, b = draw(dimension)
    x[(0, 0, *[0] * dimension)] = np.nan
    out, _ = forward(x, w, b, {})
    touched = np.zeros(out.shape, dtype=bool)
    touched[(0, slice(None), *[0] * dimension)] = True
    np.testing.assert_array_equal(np.isnan(out), touched)


@st.composite
def convolutions(draw_one):
    """A dimension, the sizes of a convolution that fits, and its conv_param."""
    dimension = draw_one(st.sampled_from([1, 2, 3]))
    per_axis = lambda low, high: draw_one(st.tuples(*[st.integers(low, high)] * dimension))  # noqa: E731
    window, stride, dilation, positions = (
        per_axis(1, 3),
        per_axis(1, 3),
        per_axis(1, 2),
        per_axis(1, 3),
    )
    pad = per_axis(0, 2)
    sizes = tuple(
        (o - 1) * s + d * (k - 1) + 1 - 2 * p
        for o, s, d, k, p in zip(positions, stride, dilation, window, pad)
    )
    assume(min(sizes) > 0)
    groups, N = draw_one(st.integers(1, 3)), draw_one(st.integers(1, 3))
    C, F = groups * draw_one(st.integers(1, 2)), groups * draw_one(st.integers(1, 2))
    shapes = (N, C, *sizes), (F, C // groups, *window), (F,)
    return dimension, shapes, {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups}


def assert_agreement_with_torch(dimension, arrays, param, torch, padding):
    forward, backward = LAYERS[dimension]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    function = getattr(torch.nn.functional, f"conv{dimension}d")
    expected = function(
        *tensors,
        stride=param.get("stride", 1),
        padding=padding,
        dilation=param.get("dilation", 1),
        groups=param.get("groups", 1),
    )
    out, cache = forward(*arrays, param)
    dout = np.random.default_rng(0).standard_normal(out.shape)
    expected.backward(torch.tensor(dout))
    close(out, expected.detach().numpy())
    for gradient, tensor in zip(backward(dout, cache), tensors, strict=True):
        close(gradient, tensor.grad.numpy())


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@settings(max_examples=120, deadline=None)
@given(case=convolutions(), seed=st.integers(0, 2**32))
def test_forward_and_backward_agree_with_pytorch(case, seed):
    torch = pytest.importorskip("torch")
    dimension, shapes, param = case
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    assert_agreement_with_torch(dimension, arrays, param, torch, param["pad"])


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@BY_DIMENSION
def test_same_padding_agrees_with_pytorch_for_even_filters(dimension):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    sizes, window = (5, 6, 4)[:dimension], (2, 3, 4)[:dimension]
    arrays = [rng.standard_normal(shape) for shape in ((2, 3, *sizes), (4, 3, *window), (4,))]
    assert_agreement_with_torch(dimension, arrays, {"pad": "same", "dilation": 2}, torch, "same")
