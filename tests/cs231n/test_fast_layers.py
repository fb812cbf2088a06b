"""Convolution and pooling through the one door, with and without compiled kernels."""

import sys

import numpy as np
import pytest
from fast_layer_cases import RUNGS, close, fast, naive, run_all

from cs231n import fast_layers
from cs231n.fast import threads
from cs231n.layers import (
    avg_pool_backward_naive,
    avg_pool_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)


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


@pytest.fixture
def without_extension(monkeypatch):
    for name in ("_kernels", "_im2col"):
        monkeypatch.setitem(sys.modules, f"cs231n.fast.{name}", None)
    monkeypatch.setattr(threads, "_warned", False)


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
