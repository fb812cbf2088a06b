"""Naive pooling against hand-made numbers and PyTorch; for gradients see test_contracts.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.layers import (
    avg_pool_backward_naive,
    avg_pool_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)

LAYERS = {
    "max": (max_pool_forward_naive, max_pool_backward_naive),
    "avg": (avg_pool_forward_naive, avg_pool_backward_naive),
}
BOTH = pytest.mark.parametrize("kind", LAYERS)


def pool(height, width, stride):
    return {"pool_height": height, "pool_width": width, "stride": stride}


def test_max_pooling_has_the_numbers_of_a_small_example():
    x = np.array([[[[1.0, 5, 2, 3], [4, 0, 9, -1], [-3, -2, -5, -4], [-9, -8, -7, -6]]]])
    out, _ = max_pool_forward_naive(x, pool(2, 2, 2))
    np.testing.assert_array_equal(out, [[[[5, 9], [-2, -4]]]])


def test_average_pooling_has_the_numbers_of_a_small_example():
    x = np.array([[[[1.0, 5.0, 2.0, 3.0], [4.0, 0.0, 9.0, -1.0]]]])
    out, _ = avg_pool_forward_naive(x, pool(2, 2, 1))
    np.testing.assert_array_equal(out, [[[[2.5, 4.0, 3.25]]]])


@BOTH
def test_gradients_of_overlapping_windows_add_up_in_defect_pool_backward_with_plain_assignment(
    kind,
):
    _, backward = LAYERS[kind]
    x = np.zeros((1, 1, 3, 4))
    x[0, 0, 1, 1] = 1
    dx = backward(np.ones((1, 1, 1, 2)), (x, pool(3, 3, 1)))
    expected = {
        "max": [[0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]],
        "avg": np.array([[1, 2, 2, 1]] * 3) / 9,
    }
    np.testing.assert_allclose(dx[0, 0], expected[kind], rtol=1e-15)


def test_first_maximum_in_row_major_order_gets_the_gradient_in_defect_ties_broken_differently():
    x = np.array([[[[0.0, 7.0, 7.0], [7.0, 7.0, 7.0]]]])
    dx = max_pool_backward_naive(np.array([[[[2.0]]]]), (x, pool(2, 3, 1)))
    np.testing.assert_array_equal(dx, [[[[0, 2, 0], [0, 0, 0]]]])


@BOTH
def test_windows_that_do_not_tile_work_in_defect_name_error(kind):
    forward, backward = LAYERS[kind]
    out, cache = forward(np.zeros((1, 2, 5, 7)), pool(3, 3, 2))
    assert out.shape == (1, 2, 2, 3)
    assert backward(out, cache).shape == (1, 2, 5, 7)


@BOTH
def test_height_and_width_keep_their_places_in_defect_h_and_w_swapped(kind):
    forward, backward = LAYERS[kind]
    x = np.arange(36.0).reshape(1, 1, 4, 9)
    windows = x.reshape(2, 2, 3, 3)
    out, cache = forward(x, pool(2, 3, (2, 3)))
    np.testing.assert_allclose(
        out[0, 0], getattr(windows, {"max": "max", "avg": "mean"}[kind])(axis=(1, 3)), rtol=1e-14
    )
    share = {"max": [[0, 0, 0], [0, 0, 1]], "avg": np.full((2, 3), 1 / 6)}[kind]
    np.testing.assert_allclose(backward(out, cache)[0, 0], np.kron(out[0, 0], share), rtol=1e-14)


def test_not_a_number_is_passed_on_as_numpy_max_does():
    x = np.array([[[[1.0, 9.0, 3.0, 4.0], [np.nan, np.nan, 5.0, 6.0]]]])
    out, cache = max_pool_forward_naive(x, pool(2, 2, 2))
    np.testing.assert_array_equal(out, [[[[np.nan, 6]]]])
    dx = max_pool_backward_naive(np.array([[[[2.0, 3.0]]]]), cache)
    np.testing.assert_array_equal(dx, [[[[0, 0, 0, 0], [2, 0, 0, 3]]]])


def test_infinities_are_ordinary_maxima():
    x = np.array([[[[-np.inf, -np.inf, 1.0, np.inf]]]])
    out, cache = max_pool_forward_naive(x, pool(1, 2, 2))
    np.testing.assert_array_equal(out, [[[[-np.inf, np.inf]]]])
    np.testing.assert_array_equal(
        max_pool_backward_naive(np.ones((1, 1, 1, 2)), cache), [[[[1, 0, 0, 1]]]]
    )


def test_average_of_integers_is_not_truncated():
    out, _ = avg_pool_forward_naive(np.array([[[[1, 2]]]]), pool(1, 2, 1))
    np.testing.assert_array_equal(out, [[[[1.5]]]])


@BOTH
def test_size_that_does_not_fit_says_which_would(kind):
    with pytest.raises(ValueError, match="does not fit width 7.*Crop or grow the width to 6 or 8"):
        LAYERS[kind][0](np.zeros((1, 1, 4, 7)), pool(2, 2, 2))


@BOTH
def test_upstream_gradient_of_the_wrong_shape_is_refused(kind):
    forward, backward = LAYERS[kind]
    out, cache = forward(np.zeros((2, 3, 4, 6)), pool(2, 2, 2))
    with pytest.raises(ValueError, match="dout needs the shape"):
        backward(out[:1], cache)


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(sorted(LAYERS)),
    N=st.integers(1, 3),
    C=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    window=st.tuples(*[st.integers(1, 4)] * 2),
    stride=st.tuples(*[st.integers(1, 4)] * 2),
    positions=st.tuples(*[st.integers(1, 4)] * 2),
    levels=st.sampled_from([2, 1000]),
)
def test_forward_and_backward_agree_with_pytorch(
    kind, N, C, seed, window, stride, positions, levels
):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    sizes = tuple((o - 1) * s + k for o, s, k in zip(positions, stride, window))
    # Two levels make ties in almost every window.
    x = rng.integers(levels, size=(N, C, *sizes)).astype(float)
    forward, backward = LAYERS[kind]
    out, cache = forward(x, pool(*window, stride))
    dout = rng.standard_normal(out.shape)
    tensor = torch.tensor(x, requires_grad=True)
    expected = getattr(torch.nn.functional, f"{kind}_pool2d")(tensor, window, stride)
    expected.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(backward(dout, cache), tensor.grad.numpy(), rtol=1e-12, atol=1e-12)
