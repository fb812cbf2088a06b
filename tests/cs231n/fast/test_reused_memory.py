"""Large results of the fast layers lie in memory that is used again."""

import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cs231n import fast_layers
from cs231n.fast.extensions import kernels

pytestmark = pytest.mark.skipif(kernels() is None, reason="the extension is not built")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "x_shape, w_shape, conv_param",
    [
        ((5, 40, 97, 101), (45, 40, 3, 3), {"pad": 1}),
        ((9, 41, 97, 101), (99, 41, 5, 5), {"stride": 2, "pad": 2}),
        ((3, 64, 101, 97), (65, 64, 1, 1), {}),
        ((6, 64, 84, 80), (64, 8, 3, 3), {"pad": 2, "dilation": 2, "groups": 8}),
    ],
)
def test_convolution_writes_every_number_of_memory_that_is_used_again(
    x_shape, w_shape, conv_param, dtype
):
    rng = np.random.default_rng(0)
    x, w, b = (
        rng.standard_normal(shape).astype(dtype) for shape in (x_shape, w_shape, w_shape[:1])
    )
    kernels().give_back()
    out, cache = fast_layers.conv_forward_fast(x, w, b, conv_param)
    dx = fast_layers.conv_backward_fast(out, cache, "dx")[0]
    fresh, dout = (out.copy(), dx.copy()), out.copy()
    out[...] = dx[...] = np.nan
    places = {out.ctypes.data, dx.ctypes.data}
    del out, dx
    again = (
        fast_layers.conv_forward_fast(x, w, b, conv_param)[0],
        fast_layers.conv_backward_fast(dout, cache, "dx")[0],
    )
    assert {a.ctypes.data for a in again} == places and min(a.nbytes for a in again) >= 6 << 20
    for a, right in zip(again, fresh):
        np.testing.assert_array_equal(a, right)


@pytest.mark.parametrize("window, stride", [(2, 2), (3, 2), (3, 1), (4, 4), (5, 3)])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_pooling_writes_every_number_of_memory_that_is_used_again(kind, window, stride):
    forward, backward = (
        getattr(fast_layers, f"{kind}_pool_{way}_fast") for way in ("forward", "backward")
    )
    pool_param = {"pool_height": window, "pool_width": window, "stride": stride}
    x = (
        np.random.default_rng(0)
        .standard_normal((9, 64, *[60 * stride + window] * 2))
        .astype(np.float32)
    )
    kernels().give_back()
    out, cache = forward(x, pool_param)
    dout, dx = out.copy(), backward(out, cache)
    fresh = dout, dx.copy()
    out[...] = dx[...] = np.nan
    del out, dx
    again = forward(x, pool_param)[0], backward(dout, cache)
    assert again[1].nbytes >= 6 << 20
    for a, right in zip(again, fresh):
        np.testing.assert_array_equal(a, right)


def _resident():
    """Bytes of memory that this process holds, when the C library has given back what it can."""
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory in use")
def test_no_more_memory_waits_than_was_in_use():
    x, w, b = np.ones((60, 1, 128, 128)), np.ones((8, 1, 1, 1)), np.zeros(8)

    def layer(images):
        return fast_layers.conv_forward_fast(x[:images], w, b, {})[0]

    kernels().give_back()
    before = _resident()
    for images in range(60, 20, -1):
        layer(images)  # 1 MB for each image, of another size each time
    assert _resident() - before < (60 + 20) << 20
    kept = [layer(40) for _ in range(9)]  # 360 MB
    kept.clear()
    assert _resident() - before < (256 + 20) << 20
    kernels().give_back()
    assert _resident() - before < 20 << 20


def test_arrays_of_reused_memory_can_grow_and_are_freed_by_other_threads():
    out = kernels().empty((1 << 20,), np.float64)
    out[:] = 7
    out.resize(3 << 20, refcheck=False)
    assert (out[: 1 << 20] == 7).all() and not out[1 << 20 :].any()
    del out

    def churn(seed):
        rng = np.random.default_rng(seed)
        for _ in range(300):
            a = kernels().empty((int(rng.integers(1, 4)) << 20,), np.float64)
            a[::4096] = seed
            assert (a[::4096] == seed).all()

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(churn, range(8)))
