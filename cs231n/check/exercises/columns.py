"""Exercises of ``cs231n/layers/columns.py``."""

from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack
from ..loop_check import refuse_loops
from .off_limits import FAST_LAYERS, FRAMEWORKS

_IM2COL = (
    "cs231n.im2col",
    "cs231n.im2col_cython",
    "cs231n.fast.im2col_compiled",
    "cs231n.fast._im2col",
)
_NO_LOOP = "without a loop over windows"


def _im2col(
    x: Array, HH: int, WW: int, stride: int, kind: str, cols: Array | None = None
) -> Quantities:
    from cs231n.layers import columns

    if kind == _NO_LOOP:
        large = np.tile(x, (2, 1, 2, 3))
        refuse_loops(columns.im2col_naive, (x, HH, WW, stride), (large, HH, WW, stride), "windows")
    return {f"cols {kind}".strip(): columns.im2col_naive(x, HH, WW, stride)}


def _col2im(x: Array, HH: int, WW: int, stride: int, kind: str, cols: Array) -> Quantities:
    from cs231n.layers import columns

    if kind == _NO_LOOP:
        N, C, H, W = x.shape
        windows = (2 * H - HH + 1) * (3 * W - WW + 1) * 2 * N
        large = np.ones((len(cols), windows)), (2 * N, C, 2 * H, 3 * W), HH, WW, stride
        refuse_loops(columns.col2im_naive, (cols, x.shape, HH, WW, stride), large, "windows")
    return {f"x {kind}".strip(): columns.col2im_naive(cols, x.shape, HH, WW, stride)}


def _column_cases(rng: Rng) -> Cases:
    def draw(
        shape: tuple[int, ...],
        HH: int,
        WW: int,
        out: tuple[int, ...],
        stride: int = 1,
        kind: str = "",
        dtype: str = "float64",
    ) -> Inputs:
        N, C = shape[:2]
        arrays = {"x": rng.randn(*shape), "cols": rng.randn(C * HH * WW, out[0] * out[1] * N)}
        return cast(arrays, dtype) | {"HH": HH, "WW": WW, "stride": stride, "kind": kind}

    yield Case("one image, one channel", draw((1, 1, 3, 4), 2, 3, (2, 2)))
    yield Case("two images, three channels", draw((2, 3, 4, 3), 3, 2, (2, 2)))
    yield Case(
        "windows of one pixel, float32",
        draw((2, 2, 2, 3), 1, 1, (2, 3), dtype="float32"),
        "float32",
    )
    yield Case("stride 2", draw((3, 2, 5, 4), 3, 2, (2, 2), 2, "with stride"))
    yield Case(
        "stride 3, pixels between the windows", draw((1, 2, 5, 8), 2, 2, (2, 3), 3, "with stride")
    )
    yield Case("no loop over windows", draw((1, 2, 4, 3), 2, 2, (3, 2), kind=_NO_LOOP))


def _forward(
    x: Array,
    w: Array,
    b: Array,
    conv_param: Inputs,
    dout: Array | None = None,
    cols: Array | None = None,
) -> Quantities:
    from cs231n.layers import conv_forward_matmul

    result = conv_forward_matmul(x, w, b, conv_param)
    found = unpack("conv_forward_matmul", result, "out", "cache")
    return {"out": found["out"], "cols in the cache": found["cache"][4]}


def _backward(
    x: Array, w: Array, b: Array, conv_param: Inputs, dout: Array, cols: Array
) -> Quantities:
    from cs231n.layers import conv_backward_matmul

    result = conv_backward_matmul(dout, (x, w, b, conv_param, cols))
    return unpack("conv_backward_matmul", result, "dx", "dw", "db")


def _backward_own_cache(
    x: Array, w: Array, b: Array, conv_param: Inputs, dout: Array, cols: Array
) -> Quantities:
    from cs231n.layers import conv_backward_matmul, conv_forward_matmul

    _, cache = conv_forward_matmul(x, w, b, conv_param)
    return unpack("conv_backward_matmul", conv_backward_matmul(dout, cache), "dx", "dw", "db")


def _product_cases(rng: Rng) -> Cases:
    def draw(
        x: tuple[int, ...],
        w: tuple[int, ...],
        out: tuple[int, ...],
        dtype: str = "float64",
        stride: int = 1,
        pad: Any = 0,
    ) -> Inputs:
        from cs231n.im2col import im2col_indices

        F, _, HH, WW = w
        arrays = {
            "x": rng.randn(*x),
            "w": rng.randn(*w),
            "b": rng.randn(F),
            "dout": rng.randn(x[0], F, *out),
        }
        arrays["cols"] = im2col_indices(arrays["x"], HH, WW, pad, stride)
        return cast(arrays, dtype) | {"conv_param": {"stride": stride, "pad": pad}}

    yield Case("two images, three channels", draw((2, 3, 3, 4), (2, 3, 2, 3), (2, 2)))
    yield Case("pad 1", draw((3, 2, 3, 2), (2, 2, 3, 3), (3, 2), pad=1))
    yield Case("stride 2", draw((2, 1, 3, 5), (3, 1, 3, 3), (1, 2), stride=2))
    yield Case(
        "one example, float32", draw((1, 2, 3, 3), (4, 2, 2, 2), (2, 2), "float32"), "float32"
    )


_MODULE = "cs231n.layers.columns"
_PRODUCT = FRAMEWORKS + tuple(name for name in FAST_LAYERS if name not in _IM2COL)

EXERCISES = (
    Exercise(
        "im2col_naive",
        _MODULE,
        (Probe("columns", _im2col),),
        _column_cases,
        without=FRAMEWORKS + FAST_LAYERS,
    ),
    Exercise(
        "col2im_naive",
        _MODULE,
        (Probe("images", _col2im),),
        _column_cases,
        without=FRAMEWORKS + FAST_LAYERS,
    ),
    Exercise(
        "conv_forward_matmul",
        _MODULE,
        (Probe("forward", _forward),),
        _product_cases,
        without=_PRODUCT,
    ),
    Exercise(
        "conv_backward_matmul",
        _MODULE,
        (Probe("given cache", _backward), Probe("own cache", _backward_own_cache)),
        _product_cases,
        without=_PRODUCT,
    ),
)
