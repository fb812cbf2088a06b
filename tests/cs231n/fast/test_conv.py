"""Fast convolution against the naive layers, NumPy in float64, and PyTorch."""

from pathlib import Path

import numpy as np
import pytest
from fast_layer_cases import TARGETS, TOLERANCE, close, convolutions, fast, naive, run_all
from hypothesis import given, settings

from benchmarks import measure
from cs231n import fast_layers
from cs231n.fast import conv, extensions, threads
from cs231n.layers import conv_backward_naive
from cs231n.window_geometry import conv_geometry


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None, max_examples=60)
@given(convolutions())
def test_every_instruction_set_and_dtype_agrees_with_float64(target, dtype, case):
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = run_all(
            fast_layers.conv_forward_strides, fast_layers.conv_backward_strides, *case
        )
        monkeypatch.setattr(extensions, "chosen_target", target)
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
    monkeypatch.setattr(extensions, "chosen_target", target)
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
    monkeypatch.setattr(extensions, "chosen_target", target)
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
    monkeypatch.setattr(extensions, "chosen_target", target)
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
    monkeypatch.setattr(extensions, "chosen_target", target)
    monkeypatch.setattr(conv, "_winograd", False)
    direct = fast(x, w, b, {"pad": pad})
    monkeypatch.setattr(conv, "_winograd", True)
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
    monkeypatch.setattr(extensions, "chosen_target", target)
    for actual, right in zip(fast(x, w, b, conv_param), expected):
        close(actual, right, TOLERANCE[np.float64])


@pytest.mark.skipif(
    extensions.kernels() is None or not Path("/proc/self/clear_refs").exists(),
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
    monkeypatch.setattr(threads, "_chosen", 2)
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


@pytest.mark.skipif(extensions.kernels() is None, reason="the extension is not built")
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
    assert not conv._fits(x, w, geometry)


def test_the_cache_keeps_the_images_and_no_columns():
    x, w, b = np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3)), np.ones(4)
    _, cache = fast_layers.conv_forward_fast(x, w, b, {"pad": 1})
    assert cache[0] is x and cache[1] is w and cache[2] is b and len(cache) == 4


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


def test_a_stride_beyond_64_bits_that_does_not_fit_is_refused_at_once():
    with pytest.raises(
        ValueError,
        match="filter height 3 with stride 9223372036854775808 .* pad 4611686018427387902 or",
    ):
        fast_layers.conv_forward_fast(
            np.ones((1, 1, 7, 7)), np.ones((1, 1, 3, 3)), np.ones(1), {"stride": 2**63}
        )


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
