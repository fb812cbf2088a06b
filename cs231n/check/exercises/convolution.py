"""Exercises of ``filters.py``, ``layers/convolution.py`` and ``layers/convolution_1x1.py``."""

from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack
from ..loop_check import refuse_loops
from .off_limits import FAST_LAYERS, FRAMEWORKS

_MORE = (3, 1, 2, 3)


def _filters(gray: Array) -> Quantities:
    from cs231n.filters import photo_filters

    w = photo_filters(gray)
    return {"blur": w[0], "edges": w[1:3], "sharpen": w[3:]}


def _filter_cases(rng: Rng) -> Cases:
    yield Case("three channels", {"gray": np.array([0.2, 0.5, 0.3])})
    yield Case("one channel", {"gray": np.ones(1)})
    yield Case("two channels, one of them negative", {"gray": rng.rand(2) * [1, -1]})


def _forward(
    x: Array, w: Array, b: Array, conv_param: Inputs, kind: str, dout: Array | None = None
) -> Quantities:
    from cs231n.layers import conv_forward_naive

    result = conv_forward_naive(x, w, b, conv_param)
    out = unpack("conv_forward_naive", result, "out", "cache")["out"]
    return {f"out {kind}".strip(): out}


def _backward_own_cache(
    x: Array, w: Array, b: Array, conv_param: Inputs, kind: str, dout: Array
) -> Quantities:
    from cs231n.layers import conv_forward_naive

    _, cache = conv_forward_naive(x, w, b, conv_param)
    return _gradients(dout, cache, kind)


def _backward(
    x: Array, w: Array, b: Array, conv_param: Inputs, kind: str, dout: Array
) -> Quantities:
    return _gradients(dout, (x, w, b, conv_param), kind)


def _gradients(dout: Array, cache: object, kind: str) -> Quantities:
    """The three gradients, or for the later parts of the exercise all in one."""
    from cs231n.layers import conv_backward_naive

    found = unpack("conv_backward_naive", conv_backward_naive(dout, cache), "dx", "dw", "db")
    if kind in ("with groups", "with dilation"):
        together = np.concatenate([np.ravel(gradient) for gradient in found.values()])
        return {f"dx, dw and db {kind}": together}
    return found


def _cases(rng: Rng) -> Cases:
    def draw(
        x: tuple[int, ...],
        w: tuple[int, ...],
        out: tuple[int, ...],
        kind: str,
        dtype: str = "float64",
        **conv_param: Any,
    ) -> Inputs:
        F = w[0]
        arrays = {
            "x": rng.randn(*x),
            "w": rng.randn(*w),
            "b": rng.randn(F),
            "dout": rng.randn(x[0], F, *out),
        }
        return cast(arrays, dtype) | {
            "conv_param": {"stride": 1, "pad": 0} | conv_param,
            "kind": kind,
        }

    yield Case("two images, three channels", draw((2, 3, 4, 5), (2, 3, 3, 2), (2, 4), ""))
    whole = draw((1, 2, 3, 4), (3, 2, 3, 4), (1, 1), "", "float32")
    yield Case("one example, filters as large as the image, float32", whole, "float32")
    yield Case("pad 1", draw((2, 2, 3, 4), (3, 2, 3, 3), (3, 4), "with padding", pad=1))
    yield Case(
        "pad 2, small images", draw((1, 1, 2, 3), (2, 1, 3, 5), (4, 3), "with padding", pad=2)
    )
    yield Case("stride 2", draw((2, 2, 5, 7), (2, 2, 3, 3), (2, 3), "with stride", stride=2))
    yield Case(
        "stride 3 and pad 1",
        draw((1, 3, 5, 8), (2, 3, 4, 4), (2, 3), "with stride", stride=3, pad=1),
    )
    yield Case("two groups", draw((2, 4, 3, 4), (6, 2, 2, 3), (2, 2), "with groups", groups=2))
    depthwise = draw((1, 3, 4, 5), (3, 1, 3, 3), (4, 3), "with groups", groups=3, pad=[1, 0])
    yield Case("a group for each channel", depthwise)
    yield Case("dilation 2", draw((1, 2, 5, 6), (2, 2, 2, 3), (3, 2), "with dilation", dilation=2))
    mixed = draw(
        (2, 2, 5, 4),
        (1, 2, 3, 2),
        (2, 3),
        "with dilation",
        dilation=[2, 1],
        stride=[2, 1],
        pad=[1, 0],
    )
    yield Case("dilation and stride only of rows", mixed)


def _forward_1x1(x: Array, w: Array, b: Array, kind: str, dout: Array | None = None) -> Quantities:
    from cs231n.layers import conv_1x1_forward

    if kind:
        refuse_loops(conv_1x1_forward, (x, w, b), (np.tile(x, _MORE), w, b), "pixels")
    result = conv_1x1_forward(x, w, b)
    out = unpack("conv_1x1_forward", result, "out", "cache")["out"]
    return {f"out {kind}".strip(): out}


def _backward_1x1(x: Array, w: Array, b: Array, dout: Array, kind: str) -> Quantities:
    from cs231n.layers import conv_1x1_backward

    if kind:
        large = np.tile(dout, _MORE), (np.tile(x, _MORE), w, b)
        refuse_loops(conv_1x1_backward, (dout, (x, w, b)), large, "pixels")
    found = unpack("conv_1x1_backward", conv_1x1_backward(dout, (x, w, b)), "dx", "dw", "db")
    return {f"{name} {kind}".strip(): gradient for name, gradient in found.items()}


def _cases_1x1(rng: Rng) -> Cases:
    def draw(
        N: int, C: int, H: int, W: int, F: int, kind: str = "", dtype: str = "float64"
    ) -> Inputs:
        arrays = {
            "x": rng.randn(N, C, H, W),
            "w": rng.randn(F, C),
            "b": rng.randn(F),
            "dout": rng.randn(N, F, H, W),
        }
        return cast(arrays, dtype) | {"kind": kind}

    yield Case("fewer channels come out than go in", draw(2, 5, 3, 4, 2))
    yield Case("as many channels as rows and columns", draw(2, 3, 3, 3, 3))
    yield Case("one example, one channel, float32", draw(1, 1, 2, 5, 4, dtype="float32"), "float32")
    yield Case("no loop over images or pixels", draw(2, 4, 3, 2, 3, "without a loop"))


_CONVOLUTION = "cs231n.layers.convolution"
_PIXEL = "cs231n.layers.convolution_1x1"
_WITHOUT = FRAMEWORKS + FAST_LAYERS

EXERCISES = (
    Exercise("photo_filters", "cs231n.filters", (Probe("filters", _filters),), _filter_cases),
    Exercise(
        "conv_forward_naive", _CONVOLUTION, (Probe("forward", _forward),), _cases, without=_WITHOUT
    ),
    Exercise(
        "conv_backward_naive",
        _CONVOLUTION,
        (Probe("given cache", _backward), Probe("own cache", _backward_own_cache)),
        _cases,
        without=_WITHOUT,
    ),
    Exercise(
        "conv_1x1_forward", _PIXEL, (Probe("forward", _forward_1x1),), _cases_1x1, without=_WITHOUT
    ),
    Exercise(
        "conv_1x1_backward",
        _PIXEL,
        (Probe("given cache", _backward_1x1),),
        _cases_1x1,
        without=_WITHOUT,
    ),
)
