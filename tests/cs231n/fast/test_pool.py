"""Fast pooling against the naive layers."""

import numpy as np
import pytest
from fast_layer_cases import TARGETS, poolings
from hypothesis import given, settings

from cs231n import fast_layers
from cs231n.fast import extensions, threads
from cs231n.layers import (
    avg_pool_backward_naive,
    avg_pool_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None, max_examples=60)
@given(poolings())
def test_max_pool_fast_is_the_naive_layer_bit_for_bit(target, dtype, case):
    x, pool_param = case
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(extensions, "chosen_target", target)
        out, cache = fast_layers.max_pool_forward_fast(x.astype(dtype), pool_param)
        expected, naive_cache = max_pool_forward_naive(x, pool_param)
        np.testing.assert_array_equal(out, expected)
        dout = np.random.default_rng(7).integers(-9, 10, out.shape).astype(float)
        dx = fast_layers.max_pool_backward_fast(dout.astype(dtype), cache)
        assert out.dtype == dx.dtype == dtype
        np.testing.assert_array_equal(dx, max_pool_backward_naive(dout, naive_cache))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "shape, window, stride",
    [
        ((1, 3, 3, 6001), (3, 5), 4),
        ((2, 1, 1, 20_000), (1, 5), 5),
        ((1, 2, 150, 150), (150, 150), 3),
    ],
)
def test_windows_of_very_wide_images_are_pooled_like_any_other(
    monkeypatch, target, shape, window, stride
):
    monkeypatch.setattr(extensions, "chosen_target", target)
    x = np.random.default_rng(3).integers(-2000, 2000, shape).astype(float)
    pool_param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
    out, (_, _, winner) = fast_layers.max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(out, max_pool_forward_naive(x, pool_param)[0])
    windows = np.lib.stride_tricks.sliding_window_view(x, window, (2, 3))[:, :, ::stride, ::stride]
    np.testing.assert_array_equal(winner, windows.reshape(*out.shape, -1).argmax(axis=-1))
    mean = fast_layers.avg_pool_forward_fast(x, pool_param)[0]
    np.testing.assert_allclose(
        mean, avg_pool_forward_naive(x, pool_param)[0], rtol=1e-12, atol=1e-9
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("planes", [1, 3, 37])
@pytest.mark.parametrize(
    "image, size, stride",
    [((7, 7), 7, 1), ((2, 2), 2, 2), ((4, 6), 2, 2), ((9, 9), 3, 2), ((8, 17), 2, 1)],
)
def test_short_rows_of_few_and_many_planes_are_pooled_like_any_other(
    monkeypatch, target, dtype, planes, image, size, stride
):
    monkeypatch.setattr(extensions, "chosen_target", target)
    x = np.random.default_rng(3).integers(-2, 3, (1, planes, *image)).astype(dtype)  # many ties
    x[:, ::2, 1, 1] = np.nan
    pool_param = {"pool_height": size, "pool_width": size, "stride": stride}
    (out, cache), (expected, naive_cache) = (
        f(x, pool_param) for f in (fast_layers.max_pool_forward_fast, max_pool_forward_naive)
    )
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(
        fast_layers.max_pool_backward_fast(out, cache), max_pool_backward_naive(out, naive_cache)
    )
    mean = fast_layers.avg_pool_forward_fast(x, pool_param)[0]
    np.testing.assert_allclose(mean, avg_pool_forward_naive(x, pool_param)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", TARGETS or [None])
@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 1e-6), (np.float64, 1e-14)])
@settings(deadline=None, max_examples=60)
@given(poolings())
def test_average_pooling_agrees_with_the_naive_layer(target, dtype, tolerance, case):
    x, pool_param = case
    expected, naive_cache = avg_pool_forward_naive(x, pool_param)
    dout = np.random.default_rng(7).standard_normal(expected.shape)
    gradient = avg_pool_backward_naive(dout, naive_cache)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(extensions, "chosen_target", target)
        out, cache = fast_layers.avg_pool_forward_fast(x.astype(dtype), pool_param)
        np.testing.assert_allclose(out, expected, rtol=tolerance, atol=tolerance)
        dx = fast_layers.avg_pool_backward_fast(dout.astype(dtype), cache)
        assert out.dtype == dx.dtype == dtype
        np.testing.assert_allclose(dx, gradient, rtol=tolerance, atol=16 * tolerance)


@pytest.mark.parametrize(
    "shape, window, stride",
    [
        ((2, 3, 5, 3), (2, 3), (1, 100_000)),
        ((2, 3, 1, 3001), (1, 1), (1, 3000)),
        ((1, 2, 3, 482), (3, 6), (245, 238)),
        ((1, 1, 1, 1), (1, 1), 2**63),
        ((1, 40, 3, 20_000), (1, 20_000), (1, 2**60)),
    ],
)
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_windows_may_be_far_apart(kind, shape, window, stride):
    x, pool_param = (
        np.random.default_rng(0).standard_normal(shape),
        {"pool_height": window[0], "pool_width": window[1], "stride": stride},
    )
    naive_of = {
        "max": (max_pool_forward_naive, max_pool_backward_naive),
        "avg": (avg_pool_forward_naive, avg_pool_backward_naive),
    }
    (out, cache), (expected, naive_cache) = (
        f(x, pool_param)
        for f in (getattr(fast_layers, f"{kind}_pool_forward_fast"), naive_of[kind][0])
    )
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)
    dx = getattr(fast_layers, f"{kind}_pool_backward_fast")(expected, cache)
    np.testing.assert_allclose(dx, naive_of[kind][1](expected, naive_cache), rtol=1e-13, atol=1e-13)


@pytest.mark.skipif(extensions.kernels() is None, reason="the extension is not built")
@pytest.mark.parametrize(
    "size, window, stride",
    [(8, 2, 2), (7, 3, 2), (9, 3, 1), (11, 5, 3), (8, 4, 4), (7, 1, 3), (7, 7, 1)],
)
def test_average_pooling_spreads_an_infinity_over_its_window_alone(size, window, stride):
    pool_param = {"pool_height": window, "pool_width": window, "stride": stride}
    x = np.zeros((3, 17, size, size))
    out, cache = fast_layers.avg_pool_forward_fast(x, pool_param)
    dout = np.zeros(out.shape)
    dout[1, 2, -1, 0] = np.inf
    reached = np.zeros(x.shape, bool)
    top = (out.shape[2] - 1) * stride
    reached[1, 2, top : top + window, :window] = True
    np.testing.assert_array_equal(
        fast_layers.avg_pool_backward_fast(dout, cache), np.where(reached, np.inf, 0)
    )


def test_windows_of_more_than_256_entries_keep_their_winner():
    x = np.random.default_rng(0).standard_normal((2, 3, 20, 40))
    pool_param = {"pool_height": 20, "pool_width": 20, "stride": 20}
    out, cache = fast_layers.max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(out, max_pool_forward_naive(x, pool_param)[0])
    np.testing.assert_array_equal(
        fast_layers.max_pool_backward_fast(out, cache), max_pool_backward_naive(out, cache[:2])
    )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("image, size, stride", [((7, 7), 7, 1), ((9, 9), 3, 2), ((9, 9), 3, 3)])
def test_winners_survive_where_tiny_numbers_are_flushed_to_zero(
    monkeypatch, target, dtype, image, size, stride
):
    torch = pytest.importorskip("torch")
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush")
    try:
        monkeypatch.setattr(extensions, "chosen_target", target)
        monkeypatch.setattr(threads, "_chosen", 1)  # each thread has its own mode
        x = np.random.default_rng(0).standard_normal((1, 37, *image)).astype(dtype)
        pool_param = {"pool_height": size, "pool_width": size, "stride": stride}
        out, cache = fast_layers.max_pool_forward_fast(x, pool_param)
        dx = fast_layers.max_pool_backward_fast(out, cache)
        np.testing.assert_allclose(
            dx, max_pool_backward_naive(out, (x, pool_param)), rtol=1e-6, atol=1e-6
        )
    finally:
        torch.set_flush_denormal(False)


def test_winners_that_do_not_belong_to_the_windows_are_sought_again():
    x, pool_param = (
        np.random.default_rng(0).standard_normal((1, 6, 9, 9)),
        {"pool_height": 5, "pool_width": 5, "stride": 1},
    )
    out, (_, _, winner) = fast_layers.max_pool_forward_fast(x, pool_param)
    smaller = {"pool_height": 3, "pool_width": 3, "stride": 1}
    caches = [
        (x, pool_param),  # of the naive layer
        (x, pool_param, None if winner is None else winner.astype(np.int64)),
        (x, pool_param, None if winner is None else winner[:, :2]),
        (x, pool_param, None if winner is None else winner.astype(np.int32) - 25),
        (x[:, :, :7, :7], smaller, winner),
    ]
    for cache in caches:
        np.testing.assert_array_equal(
            fast_layers.max_pool_backward_fast(out, cache), max_pool_backward_naive(out, cache[:2])
        )


def test_winners_of_a_dtype_that_forward_does_not_give_are_sought_again():
    x, pool_param = (
        np.random.default_rng(0).standard_normal((1, 2, 4, 64)),
        {"pool_height": 2, "pool_width": 2, "stride": 2},
    )
    out, (_, _, winner) = fast_layers.max_pool_forward_fast(x, pool_param)
    wide = x, pool_param, None if winner is None else winner.astype(np.int32)
    np.testing.assert_array_equal(
        fast_layers.max_pool_backward_fast(out, wide), max_pool_backward_naive(out, wide[:2])
    )


def test_some_channels_of_a_pooling_cache_are_those_channels():
    x, pool_param = (
        np.random.default_rng(0).standard_normal((1, 6, 9, 9)),
        {"pool_height": 3, "pool_width": 3, "stride": 2},
    )
    out, (_, _, winner) = fast_layers.max_pool_forward_fast(x, pool_param)
    some = x[:, ::2], pool_param, None if winner is None else winner[:, ::2]
    np.testing.assert_array_equal(
        fast_layers.max_pool_backward_fast(out[:, ::2], some),
        max_pool_backward_naive(out[:, ::2], some[:2]),
    )


@pytest.mark.skipif(extensions.kernels() is None, reason="the extension is not built")
def test_the_winner_of_a_window_is_saved_in_one_byte():
    _, (_, _, winner) = fast_layers.max_pool_forward_fast(
        np.ones((2, 3, 4, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2}
    )
    assert winner.dtype == np.uint8 and not winner.any()


def test_defect_naive_and_fast_max_pool_broke_ties_differently():
    x, pool_param = np.zeros((1, 1, 4, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2}
    out, cache = fast_layers.max_pool_forward_fast(x, pool_param)
    expected = np.zeros((4, 4))
    expected[::2, ::2] = 1
    np.testing.assert_array_equal(
        fast_layers.max_pool_backward_fast(out + 1, cache)[0, 0], expected
    )
