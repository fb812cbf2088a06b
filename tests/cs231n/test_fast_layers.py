"""The rungs of the ladder and the fast kernels against the naive layers and PyTorch."""

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n import fast_layers
from cs231n.fast import conv as _conv_fast
from cs231n.fast import extensions as _compiled
from cs231n.fast import threads as _threads
from cs231n.layers import (
    avg_pool_backward_naive,
    avg_pool_forward_naive,
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)
from cs231n.window_geometry import conv_geometry

TARGETS = range(0 if _compiled.kernels() is None else _compiled.kernels().BEST_TARGET + 1)
RUNGS = ["im2col", "strides", "cython", "fast"]
# of the largest entry; float32 sums of up to some hundred terms, Winograd included
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}


@st.composite
def convolutions(draw, most_channels=9):
    """Arrays and parameters of a convolution that fits: rectangular, strided, padded, dilated, grouped."""
    pairs = lambda low, high: draw(st.tuples(st.integers(low, high), st.integers(low, high)))  # noqa: E731
    size, stride, pad, out = pairs(1, 5), pairs(1, 4), pairs(0, 4), pairs(1, 7)
    dilation, groups = (
        draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 3)])),
        draw(st.sampled_from([1, 1, 1, 2])),
    )
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, size)]
    image = [(o - 1) * s + r - 2 * p for o, s, r, p in zip(out, stride, reach, pad)]
    for axis in (0, 1):  # a smaller pad where the image would vanish
        if image[axis] < 1:
            pad = tuple(0 if a == axis else p for a, p in enumerate(pad))
            image[axis] = (out[axis] - 1) * stride[axis] + reach[axis]
    C, F = (groups * draw(st.integers(1, most_channels // groups)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    arrays = (
        rng.standard_normal((draw(st.integers(1, 3)), C, *image)),
        rng.standard_normal((F, C // groups, *size)),
    )
    return (
        *arrays,
        rng.standard_normal(F),
        {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups},
    )


def close(actual, expected, tolerance):
    assert actual.shape == expected.shape
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def run_all(forward, backward, x, w, b, conv_param):
    """Output and gradients, where dout is a fixed function of the output's shape."""
    out, cache = forward(x, w, b, conv_param)
    dout = np.random.default_rng(7).standard_normal(out.shape).astype(out.dtype)
    return out, *backward(dout, cache)


def fast(*arguments):
    return run_all(fast_layers.conv_forward_fast, fast_layers.conv_backward_fast, *arguments)


def naive(*arguments):
    return run_all(conv_forward_naive, conv_backward_naive, *arguments)


@pytest.mark.parametrize("rung", RUNGS)
@settings(deadline=None, max_examples=40)
@given(convolutions(most_channels=4))
def test_every_rung_agrees_with_the_naive_layers(rung, case):
    functions = (getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward"))
    for actual, expected in zip(run_all(*functions, *case), naive(*case)):
        close(actual, expected, 1e-13)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None, max_examples=60)
@given(convolutions())
def test_every_instruction_set_and_dtype_agrees_with_float64(target, dtype, case):
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = run_all(
            fast_layers.conv_forward_strides, fast_layers.conv_backward_strides, *case
        )
        monkeypatch.setattr(_compiled, "chosen_target", target)
        x, w, b, conv_param = case
        for actual, right in zip(
            fast(x.astype(dtype), w.astype(dtype), b.astype(dtype), conv_param), expected
        ):
            assert actual.dtype == dtype
            close(actual, right, 1e-13 if dtype == np.float64 else TOLERANCE[dtype])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "image, size, stride",
    [((7, 6), (5, 5), 1), ((9, 10), (3, 4), 2), ((16, 20), (1, 1), 1), ((13, 9), (1, 1), 2)],
)
def test_many_channels_agree_with_float64(monkeypatch, target, dtype, image, size, stride):
    rng = np.random.default_rng(11)
    x, w, b = (
        rng.standard_normal((3, 70, *image)),
        rng.standard_normal((100, 70, *size)),
        rng.standard_normal(100),
    )
    expected = run_all(
        fast_layers.conv_forward_strides,
        fast_layers.conv_backward_strides,
        x,
        w,
        b,
        {"stride": stride},
    )
    monkeypatch.setattr(_compiled, "chosen_target", target)
    for actual, right in zip(
        fast(x.astype(dtype), w.astype(dtype), b.astype(dtype), {"stride": stride}), expected
    ):
        close(actual, right, TOLERANCE[dtype])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "x_shape, w_shape, conv_param",
    [
        ((1, 192, 9, 29), (8, 192, 5, 5), {"pad": 2}),
        ((1, 256, 9, 60), (8, 256, 5, 5), {"pad": 2}),
        ((1, 4, 30, 47), (512, 4, 5, 5), {"pad": 2}),
        ((3, 2, 10, 51), (300, 2, 5, 2), {"pad": (0, 1), "dilation": (1, 2)}),
        ((1, 3, 41, 101), (512, 3, 3, 3), {"pad": 1, "stride": 2}),
        ((1, 1, 33, 33), (512, 1, 5, 5), {"pad": 2, "stride": 2}),
    ],
)
def test_channels_that_are_summed_in_turns_count_once_where_vectors_overlap(
    monkeypatch, target, dtype, x_shape, w_shape, conv_param
):
    rng = np.random.default_rng(17)
    x, w, b = (
        rng.standard_normal(x_shape),
        rng.standard_normal(w_shape),
        rng.standard_normal(w_shape[0]),
    )
    expected = run_all(
        fast_layers.conv_forward_strides, fast_layers.conv_backward_strides, x, w, b, conv_param
    )
    monkeypatch.setattr(_compiled, "chosen_target", target)
    for actual, right in zip(
        fast(x.astype(dtype), w.astype(dtype), b.astype(dtype), conv_param), expected
    ):
        close(actual, right, TOLERANCE[dtype])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "channels, filters, image, size, pad, groups",
    [
        (1, 6, (32, 32), (5, 5), 0, 1),
        (3, 20, (9, 37), (7, 7), 3, 1),
        (2, 8, (12, 18), (4, 3), (0, 2), 1),
        (6, 10, (11, 25), (5, 4), (4, 1), 2),
        (3, 16, (70, 30), (6, 3), (1, 0), 1),
        (3, 200, (14, 40), (2, 3), 1, 1),
    ],
)
def test_dx_of_few_channels_agrees_with_float64(
    monkeypatch, target, dtype, channels, filters, image, size, pad, groups
):
    rng = np.random.default_rng(13)
    x, b = rng.standard_normal((9, channels, *image)), rng.standard_normal(filters)
    w, conv_param = (
        rng.standard_normal((filters, channels // groups, *size)),
        {"pad": pad, "groups": groups},
    )
    expected = run_all(
        fast_layers.conv_forward_strides, fast_layers.conv_backward_strides, x, w, b, conv_param
    )
    monkeypatch.setattr(_compiled, "chosen_target", target)
    for actual, right in zip(
        fast(x.astype(dtype), w.astype(dtype), b.astype(dtype), conv_param), expected
    ):
        close(actual, right, TOLERANCE[dtype])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "shape", [(3, 5, 32, 30), (9, 16, 13, 16), (1, 33, 40, 17), (20, 8, 8, 8), (2, 40, 7, 1501)]
)
@pytest.mark.parametrize("pad", [0, 1, 2, (0, 2)])
def test_winograd_agrees_with_the_direct_kernel(monkeypatch, target, dtype, shape, pad):
    rng = np.random.default_rng(3)
    x, w, b = (
        rng.standard_normal(shape),
        rng.standard_normal((21, shape[1], 3, 3)),
        rng.standard_normal(21),
    )
    monkeypatch.setattr(_compiled, "chosen_target", target)
    monkeypatch.setattr(_conv_fast, "_winograd", False)
    direct = fast(x, w, b, {"pad": pad})
    monkeypatch.setattr(_conv_fast, "_winograd", True)
    for actual, expected in zip(
        fast(x.astype(dtype), w.astype(dtype), b.astype(dtype), {"pad": pad}), direct
    ):
        close(actual, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("groups", [1, 2])
def test_dw_that_is_summed_for_some_filters_at_a_time_agrees_with_numpy(
    monkeypatch, target, groups
):
    rng = np.random.default_rng(23)
    x, b = rng.standard_normal((2, 550 * groups, 3, 4)), rng.standard_normal(1030)
    w, conv_param = rng.standard_normal((1030, 550, 1, 2)), {"groups": groups}
    expected = run_all(
        fast_layers.conv_forward_strides, fast_layers.conv_backward_strides, x, w, b, conv_param
    )
    monkeypatch.setattr(_compiled, "chosen_target", target)
    for actual, right in zip(fast(x, w, b, conv_param), expected):
        close(actual, right, TOLERANCE[np.float64])


@pytest.mark.skipif(
    _compiled.kernels() is None or not Path("/proc/self/clear_refs").exists(),
    reason="kernels, on Linux",
)
@pytest.mark.parametrize(
    "x_shape, w_shape, conv_param",
    [
        ((1, 64, 8, 8192), (8, 64, 3, 3), {"pad": 1}),
        ((2, 600, 7, 7), (500, 600, 3, 3), {"pad": 1}),
        ((4, 3, 193, 193), (8, 3, 65, 65), {"stride": 64}),
    ],
)
def test_extreme_sizes_take_their_results_and_8_mb(monkeypatch, x_shape, w_shape, conv_param):
    spec = importlib.util.spec_from_file_location(
        "measure", Path(__file__).parents[2] / "benchmarks" / "measure.py"
    )
    spec.loader.exec_module(measure := importlib.util.module_from_spec(spec))
    monkeypatch.setattr(_threads, "_chosen", 2)
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(x_shape), rng.standard_normal(w_shape)
    out, cache = fast_layers.conv_forward_fast(x, w, np.zeros(len(w)), conv_param)
    ways = {out.nbytes: lambda: fast_layers.conv_forward_fast(x, w, np.zeros(len(w)), conv_param)}
    ways |= {
        a.nbytes: lambda need=need: fast_layers.conv_backward_fast(out, cache, need)
        for need, a in (("dx", x), ("dw", w))
    }
    for results, way in ways.items():
        way()
        assert measure.extra_memory(way) < results / 2**20 + 8


@pytest.mark.skipif(_compiled.kernels() is None, reason="the extension is not built")
def test_winograd_is_used_and_can_be_forbidden():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((4, 32, 32, 32)), rng.standard_normal((32, 32, 3, 3))
    try:
        fast_layers.use_winograd(False)
        direct, _ = fast_layers.conv_forward_fast(x, w, np.zeros(32), {"pad": 1})
    finally:
        fast_layers.use_winograd(True)
    quick, _ = fast_layers.conv_forward_fast(x, w, np.zeros(32), {"pad": 1})
    assert (quick != direct).any()
    close(quick, direct, 1e-12)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 1e30])
@pytest.mark.parametrize("where", ["x", "w", "dout"])
@pytest.mark.parametrize("size", [(1, 8, 20, 37), (2, 8, 8, 8), (2, 8, 6, 5)])
def test_infinities_and_giants_stay_where_the_definition_puts_them(bad, where, size):
    rng = np.random.default_rng(1)
    x, w, b = (rng.standard_normal(s).astype(np.float32) for s in (size, (8, 8, 3, 3), 8))
    if where == "x":
        x[0, 3, 0, 0] = bad
    if where == "w":
        w[2, 3, 1, 0] = bad
    with np.errstate(all="ignore"):
        out, cache = fast_layers.conv_forward_fast(x, w, b, {"pad": 1})
        right, _ = fast_layers.conv_forward_strides(x, w, b, {"pad": 1})
        dout = rng.standard_normal(out.shape).astype(np.float32)
        if where == "dout":
            dout[0, 5, -1, -1] = bad
        gradients = fast_layers.conv_backward_fast(dout, cache)
        expected = conv_backward_naive(dout, cache)
    np.testing.assert_allclose(out, right, rtol=1e-3, atol=1e-3)
    for actual, right in zip(gradients, expected):
        np.testing.assert_allclose(actual, right, rtol=1e-3, atol=1e-3)


@settings(deadline=None, max_examples=10)
@given(convolutions())
def test_results_are_identical_for_every_number_of_threads(case):
    results = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(_threads, "MIN_PARALLEL_WORK", 0)
        for count in (1, 2, 5):
            monkeypatch.setattr(_threads, "_chosen", count)
            results.append(fast(*case))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def test_float32_dw_has_the_error_of_blocked_sums():
    rng = np.random.default_rng(5)
    x, dout = rng.random((64, 3, 32, 32)), rng.random((64, 4, 32, 32))
    w = np.zeros((4, 3, 5, 5))
    exact = fast_layers.conv_backward_fast(dout, (x, w, np.zeros(4), {"pad": 2}), need=("dw",))[1]
    single = [a.astype(np.float32) for a in (x, w, np.zeros(4))]
    dw = fast_layers.conv_backward_fast(
        dout.astype(np.float32), (*single, {"pad": 2}), need=("dw",)
    )[1]
    assert np.abs(dw - exact).max() < 1e-6 * np.abs(exact).max()


@pytest.mark.parametrize("need", [(), "dx", ("dx",), ("dw",), ["db"], ("dw", "db"), ("db", "dx")])
def test_gradients_that_are_not_needed_are_none(need):
    rng = np.random.default_rng(2)
    x, w, b = (
        rng.standard_normal((2, 3, 6, 7)),
        rng.standard_normal((4, 3, 3, 2)),
        rng.standard_normal(4),
    )
    out, cache = fast_layers.conv_forward_fast(x, w, b, {})
    everything = fast_layers.conv_backward_fast(out, cache)
    for name, all_of_it, part in zip(
        ("dx", "dw", "db"), everything, fast_layers.conv_backward_fast(out, cache, need)
    ):
        assert (part is None) == (name not in need)
        if part is not None:
            np.testing.assert_array_equal(part, all_of_it)
    with pytest.raises(ValueError, match="need may hold 'dx', 'dw' and 'db'; got"):
        fast_layers.conv_backward_fast(out, cache, need=("dy",))
    assert (
        fast_layers.conv_backward_fast(out, cache, (name for name in ("dx", "dw")))[1] is not None
    )


@pytest.mark.parametrize("rung", RUNGS)
def test_one_dimensional_convolutions_come_through_the_same_door(rung):
    rng = np.random.default_rng(4)
    x, w, b = (
        rng.standard_normal((3, 4, 21)),
        rng.standard_normal((6, 2, 3)),
        rng.standard_normal(6),
    )
    conv_param = {"stride": 2, "pad": 1, "groups": 2, "dilation": 2}
    flat = {"stride": (1, 2), "pad": (0, 1), "groups": 2, "dilation": (1, 2)}
    functions = [getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")]
    results = run_all(*functions, x, w, b, conv_param)
    assert [a.shape for a in results] == [(3, 6, 10), x.shape, w.shape, b.shape]
    out, cache = conv_forward_naive(x[:, :, None], w[:, :, None], b, flat)
    dout = np.random.default_rng(7).standard_normal((3, 6, 10))[:, :, None]
    for actual, expected in zip(results, (out, *conv_backward_naive(dout, cache))):
        close(actual, expected.reshape(actual.shape), 1e-13)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    "pad, stride, size",
    [("same", 1, (4, 3)), ("valid", 1, (4, 3)), ("same", 2, (1, 1)), ("same", 4, (2, 1))],
)
def test_padding_by_name_is_that_of_the_naive_layer(rung, pad, stride, size):
    rng = np.random.default_rng(6)
    case = (
        rng.standard_normal((2, 3, 8, 7)),
        rng.standard_normal((4, 3, *size)),
        rng.standard_normal(4),
    )
    functions = [getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")]
    for actual, expected in zip(
        run_all(*functions, *case, {"stride": stride, "pad": pad}),
        naive(*case, {"stride": stride, "pad": pad}),
    ):
        close(actual, expected, 1e-13)


@pytest.mark.parametrize("stride", [5000, (3, 2**31), (2**31, 2**31)])
def test_a_stride_far_longer_than_the_image_is_taken(stride):
    rng = np.random.default_rng(9)
    case = (
        rng.standard_normal((2, 3, 4, 5)),
        rng.standard_normal((4, 3, 4, 5)),
        rng.standard_normal(4),
    )
    for actual, expected in zip(fast(*case, {"stride": stride}), naive(*case, {})):
        close(actual, expected, 1e-13)


@pytest.mark.parametrize("dilation, pad", [(46342, 23171), ((2**31, 1), (2**30, 1))])
def test_padding_beyond_32_bits_is_left_to_numpy(dilation, pad):
    x, w = np.ones((1, 1, 1, 1)), np.ones((1, 1, 2, 2))
    geometry = conv_geometry(
        "conv_forward_fast", x, w, np.ones(1), {"dilation": dilation, "pad": pad}
    )
    assert not _conv_fast._fits(x, w, geometry)


def test_the_cache_keeps_the_images_and_no_columns():
    x, w, b = np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3)), np.ones(4)
    _, cache = fast_layers.conv_forward_fast(x, w, b, {"pad": 1})
    assert cache[0] is x and cache[1] is w and cache[2] is b and len(cache) == 4


@pytest.mark.parametrize("rung", RUNGS)
def test_an_empty_batch_gives_an_empty_output_and_zero_gradients(rung):
    forward, backward = (
        getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")
    )
    out, cache = forward(np.zeros((0, 3, 8, 8)), np.ones((4, 3, 3, 3)), np.ones(4), {"pad": 1})
    assert out.shape == (0, 4, 8, 8)
    dx, dw, db = backward(out, cache)
    assert dx.shape == (0, 3, 8, 8) and not dw.any() and not db.any()


@pytest.mark.parametrize("rung", RUNGS)
def test_images_without_channels_give_the_bias(rung):
    case = np.ones((2, 0, 4, 5)), np.ones((3, 0, 2, 2)), np.arange(3.0), {}
    functions = (getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward"))
    out, dx, dw, _ = run_all(*functions, *case)
    np.testing.assert_array_equal(out, np.broadcast_to(np.arange(3.0)[:, None, None], (2, 3, 3, 4)))
    assert dx.shape == case[0].shape and dw.shape == case[1].shape


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


def test_arguments_that_do_not_fit_are_refused_before_a_kernel_sees_them():
    x, w, b = np.ones((2, 3, 5, 5)), np.ones((4, 3, 3, 6)), np.ones(4)
    with pytest.raises(
        ValueError, match="conv_forward_fast: filter width 6 exceeds padded width 5; got w of shape"
    ):
        fast_layers.conv_forward_fast(x, w, b, {})
    with pytest.raises(ValueError, match="conv_forward_fast"):
        fast_layers.conv_forward_fast(x, np.ones((4, 2, 3, 3)), b, {})
    with pytest.raises(ValueError, match="conv_forward_fast"):
        fast_layers.conv_forward_fast(x, np.ones((4, 3, 3, 3)), np.ones(3), {})
    out, cache = fast_layers.conv_forward_fast(x, np.ones((4, 3, 3, 3)), b, {})
    with pytest.raises(ValueError, match=r"conv_backward_fast: dout needs .* \(2, 4, 3, 3\)"):
        fast_layers.conv_backward_fast(out[:, :3], cache)


# ---- pooling


@st.composite
def poolings(draw):
    sides = st.integers(1, draw(st.sampled_from([4, 4, 9])))
    size, stride, out = (
        draw(st.tuples(side, side)) for side in (sides, st.integers(1, 4), st.integers(1, 4))
    )
    out = (out[0], draw(st.integers(1, 20)))
    if draw(st.booleans()):
        stride = size
    H, W = ((o - 1) * s + k for o, s, k in zip(out, stride, size))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.integers(-2, 3, (draw(st.integers(1, 2)), draw(st.integers(1, 18)), H, W)).astype(
        float
    )  # many ties
    if draw(st.booleans()):
        x[rng.random(x.shape) < 0.1] = np.nan
    return x, {"pool_height": size[0], "pool_width": size[1], "stride": stride}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None, max_examples=60)
@given(poolings())
def test_max_pool_fast_is_the_naive_layer_bit_for_bit(target, dtype, case):
    x, pool_param = case
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(_compiled, "chosen_target", target)
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
    monkeypatch.setattr(_compiled, "chosen_target", target)
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
    monkeypatch.setattr(_compiled, "chosen_target", target)
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


@pytest.mark.parametrize(
    "layer, param, wrong",
    [
        (
            lambda param: fast_layers.conv_forward_fast(
                np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)), np.ones(1), param
            ),
            {"stride": 1, "pad": 0},
            {"stride": 1.0, "pad": 0},
        ),
        (
            lambda param: fast_layers.max_pool_forward_fast(np.ones((1, 1, 4, 4)), param),
            {"pool_height": 2, "pool_width": 2, "stride": 2},
            {"pool_height": 2.0, "pool_width": 2, "stride": 2},
        ),
    ],
)
def test_sizes_that_were_right_as_whole_numbers_are_refused_as_others(layer, param, wrong):
    layer(param)
    with pytest.raises(ValueError, match="must be a whole number"):
        layer(wrong)
    assert len(layer(param)) == 2


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
        monkeypatch.setattr(_compiled, "chosen_target", target)
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


def test_a_stride_beyond_64_bits_that_does_not_fit_is_refused_at_once():
    with pytest.raises(
        ValueError,
        match="filter height 3 with stride 9223372036854775808 .* pad 4611686018427387902 or",
    ):
        fast_layers.conv_forward_fast(
            np.ones((1, 1, 7, 7)), np.ones((1, 1, 3, 3)), np.ones(1), {"stride": 2**63}
        )


@pytest.mark.skipif(_compiled.kernels() is None, reason="the extension is not built")
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


@settings(deadline=None, max_examples=40)
@given(poolings())
def test_the_numpy_rungs_of_pooling_agree_with_the_naive_layer(case):
    x, pool_param = case
    expected, naive_cache = max_pool_forward_naive(x, pool_param)
    dout = np.random.default_rng(7).integers(-9, 10, expected.shape).astype(float)
    gradient = max_pool_backward_naive(dout, naive_cache)
    tiles = pool_param["stride"] == (pool_param["pool_height"], pool_param["pool_width"])
    for rung in ["im2col"] + ["reshape"] * tiles:
        out, cache = getattr(fast_layers, f"max_pool_forward_{rung}")(x, pool_param)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(
            getattr(fast_layers, f"max_pool_backward_{rung}")(dout, cache), gradient
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
        monkeypatch.setattr(_compiled, "chosen_target", target)
        monkeypatch.setattr(_threads, "_chosen", 1)  # each thread has its own mode
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


@pytest.mark.skipif(_compiled.kernels() is None, reason="the extension is not built")
def test_the_winner_of_a_window_is_saved_in_one_byte():
    _, (_, _, winner) = fast_layers.max_pool_forward_fast(
        np.ones((2, 3, 4, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2}
    )
    assert winner.dtype == np.uint8 and not winner.any()


# ---- the defects of the original fast layers


def test_defect_max_pool_with_windows_that_do_not_tile_raised_name_error():
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 7))
    pool_param = {"pool_height": 3, "pool_width": 3, "stride": 2}
    out, _ = fast_layers.max_pool_forward_fast(x, pool_param)
    np.testing.assert_array_equal(out, max_pool_forward_naive(x, pool_param)[0])
    with pytest.raises(ValueError, match="windows must tile the image.*max_pool_forward_im2col"):
        fast_layers.max_pool_forward_reshape(x, pool_param)


@pytest.mark.parametrize("rung", RUNGS)
def test_defect_fortran_ordered_input_gave_a_wrong_result(rung):
    rng = np.random.default_rng(0)
    x, w, b = (
        rng.standard_normal((4, 3, 6, 5)),
        rng.standard_normal((5, 3, 2, 3)),
        rng.standard_normal(5),
    )
    functions = [getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")]
    expected = run_all(*functions, x, w, b, {})
    for layout in (np.asfortranarray, lambda a: a[..., ::-1].copy()[..., ::-1]):
        for actual, right in zip(run_all(*functions, layout(x), layout(w), b, {}), expected):
            close(actual, right, 1e-14)
    pool_param = {"pool_height": 2, "pool_width": 1, "stride": (2, 1)}
    out, _ = fast_layers.max_pool_forward_fast(np.asfortranarray(x), pool_param)
    np.testing.assert_array_equal(out, max_pool_forward_naive(x, pool_param)[0])


@pytest.mark.parametrize("name", [f"conv_forward_{rung}" for rung in RUNGS])
def test_defect_a_stride_that_does_not_fit_is_refused_by_every_rung(name):
    with pytest.raises(
        ValueError, match=f"{name}: filter height 3 with stride 2 and pad 0 does not fit height 6"
    ):
        getattr(fast_layers, name)(
            np.ones((1, 1, 6, 7)), np.ones((1, 1, 3, 3)), np.ones(1), {"stride": 2}
        )


@pytest.fixture
def without_extension(monkeypatch):
    for name in ("_kernels", "_im2col"):
        monkeypatch.setitem(sys.modules, f"cs231n.fast.{name}", None)
    monkeypatch.setattr(_threads, "_warned", False)


def test_defect_without_the_extension_forward_and_backward_work_and_say_so_once(
    without_extension, capsys
):
    rng = np.random.default_rng(0)
    case = (
        rng.standard_normal((2, 3, 6, 5)),
        rng.standard_normal((4, 3, 3, 2)),
        rng.standard_normal(4),
        {"pad": 1},
    )
    for actual, expected in zip(fast(*case), naive(*case)):
        close(actual, expected, 1e-13)
    for size, stride in ((2, 2), (3, 1)):
        x, pool_param = (
            rng.standard_normal((2, 3, 6, 6)),
            {"pool_height": size, "pool_width": size, "stride": stride},
        )
        for kind, forward, backward in (
            ("max", max_pool_forward_naive, max_pool_backward_naive),
            ("avg", avg_pool_forward_naive, avg_pool_backward_naive),
        ):
            out, cache = getattr(fast_layers, f"{kind}_pool_forward_fast")(x, pool_param)
            close(out, forward(x, pool_param)[0], 1e-15)
            dx = getattr(fast_layers, f"{kind}_pool_backward_fast")(out, cache)
            close(dx, backward(out, (x, pool_param)), 1e-14)
    assert fast_layers.backend().startswith("NumPy")
    assert capsys.readouterr().err.count("cs231n.fast_layers runs on NumPy") == 1


@pytest.mark.skipif(_compiled.kernels() is None, reason="the extension is not built")
def test_defect_compiling_needed_a_restart_of_the_kernel(tmp_path):
    folder = Path(fast_layers.__file__).parent
    copy = shutil.copytree(
        folder, tmp_path / "cs231n", ignore=shutil.ignore_patterns("_kernels*.so", "_kernels*.pyd")
    )
    program = (
        "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in str(f)]; "
        "from cs231n import fast_layers; print(fast_layers.backend(), flush=True); "
        "sys.stdin.readline(); print(fast_layers.backend())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as notebook:
        assert notebook.stdout.readline().startswith("NumPy")
        shutil.copy(_compiled.kernels().__file__, copy / "fast")
        assert notebook.communicate("\n")[0].startswith("compiled kernels")


def test_defect_naive_and_fast_max_pool_broke_ties_differently():
    x, pool_param = np.zeros((1, 1, 4, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2}
    out, cache = fast_layers.max_pool_forward_fast(x, pool_param)
    expected = np.zeros((4, 4))
    expected[::2, ::2] = 1
    np.testing.assert_array_equal(
        fast_layers.max_pool_backward_fast(out + 1, cache)[0, 0], expected
    )


# ---- threads and the live path


def test_backend_names_the_instruction_set_and_the_threads():
    fast_layers.set_num_threads(1)
    try:
        live = fast_layers.backend()
    finally:
        fast_layers.set_num_threads(None)
    assert live.startswith("NumPy") or live.endswith(", 1 thread.")


def test_a_thread_waits_for_an_extension_that_another_thread_still_imports(monkeypatch, tmp_path):
    began, gate, load = threading.Event(), threading.Event(), _compiled.import_module

    def open_gate_and_load(name):
        if began.is_set():
            gate.set()
        return load(name)

    tmp_path.joinpath("_slow.py").write_text(
        "from cs231n.fast import extensions\nextensions.pause()\nready = True\n"
    )
    monkeypatch.setattr(_compiled, "pause", lambda: (began.set(), gate.wait(60)), raising=False)
    monkeypatch.setattr(_compiled, "import_module", open_gate_and_load)
    package = sys.modules["cs231n.fast"]
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    first = threading.Thread(target=_compiled.extension, args=("_slow",))
    first.start()
    began.wait(60)
    try:
        assert hasattr(_compiled.extension("_slow"), "ready")
    finally:
        gate.set()
        first.join()
        del sys.modules["cs231n.fast._slow"]


def test_threads_that_wait_go_to_sleep_soon_and_the_environment_stays_as_it_was():
    program = (
        "import os; before = dict(os.environ); from cs231n.fast_layers import backend; backend(); "
        "assert os.environ == before"
    )
    settings = {"OMP_DISPLAY_ENV": "verbose", "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | settings, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    if "GOMP_SPINCOUNT" not in run.stderr:
        pytest.skip("the kernels are not built with the OpenMP of GCC")
    assert "GOMP_SPINCOUNT = '1000'" in run.stderr


@pytest.mark.skipif(_compiled.kernels() is None, reason="the extension is not built")
def test_kernels_without_openmp_have_one_thread_whatever_is_asked_for(monkeypatch):
    monkeypatch.setattr(_compiled.kernels(), "MAX_THREADS", 0)
    monkeypatch.setattr(_threads, "_chosen", 7)
    assert fast_layers.get_num_threads() == 1 and fast_layers.backend().endswith(", 1 thread.")


@pytest.mark.parametrize("count", [0, 1025, 2**40, 2.0, "2"])
def test_the_number_of_threads_is_checked(count):
    with pytest.raises(
        ValueError,
        match=f"set_num_threads: count must be a whole number from 1 to 1024; got {count!r}",
    ):
        fast_layers.set_num_threads(count)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("wish", ["", "set_num_threads(2)", "set_num_threads()"])
def test_a_forked_process_can_convolve_after_its_parent_did(wish):
    program = (
        "import os, numpy as np\n"
        "from cs231n.fast_layers import conv_forward_fast as f, set_num_threads\n"
        "a = np.ones((8, 16, 64, 64)), np.ones((16, 16, 3, 3)), np.ones(16), {'pad': 1}\n"
        "set_num_threads(2)\n"
        "f(*a)\n"
        "pid = os.fork()\n"
        f"{wish}\n"
        "f(*a)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pid else 0)\n"
    )
    assert (
        subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60).returncode == 0
    )


# ---- PyTorch


@settings(deadline=None, max_examples=30)
@given(convolutions())
def test_convolution_agrees_with_pytorch(case):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # the tests share the machine
    x, w, b, conv_param = case
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
    keys = {"stride": "stride", "pad": "padding", "dilation": "dilation", "groups": "groups"}
    out = torch.nn.functional.conv2d(
        *tensors, **{keys[key]: value for key, value in conv_param.items()}
    )
    dout = np.random.default_rng(7).standard_normal(out.shape)
    gradients = torch.autograd.grad(out, tensors, torch.tensor(dout))
    for actual, expected in zip(fast(*case), (out.detach(), *gradients)):
        close(actual, expected.numpy(), 1e-13)
