"""Convolution through the compiled kernels: what they need to know, and when they may not run."""

from collections.abc import Collection, Hashable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..window_geometry import Geometry, check_dout
from .arrays import compiled, floating, keep_plan, plain
from .conv_numpy import conv_backward_strides, conv_forward_strides, planar
from .extensions import kernels, target
from .threads import threads_for, warn_once

MAX_PIXELS = 2**30
"""Kernels count the entries of one image, padded, in 32 bits, and round its rows up."""
MAX_PHASES = 2**12
"""Kernels keep tables for each remainder of rows and columns modulo the stride."""

GRADIENTS = ("dx", "dw", "db")

_winograd = True
_plans: dict[Hashable, "_Plan"] = {}


class _Plan(NamedTuple):
    """What is known of a convolution before its numbers are."""

    sizes: Any  # of the kernels; None where NumPy must take over
    out: tuple[int, ...]  # the shape of the output
    work: int  # multiply-adds


def use_winograd(on: bool) -> None:
    """Allow (the default) or forbid Winograd's algorithm for 3x3 filters with stride 1.

    It takes a quarter of the multiplications; errors are up to 2e-5 of the largest
    output in float32 and 1e-13 in float64, ten to twenty times those of the direct
    kernel. Where the terms of all outputs cancel, it is their sum without signs that
    counts: 2e-6 of the largest. It steps back by itself from images with entries that
    are not finite, huge, or 4096 times larger than is usual in their image.

    Parameters
    ----------
    on : bool
    """
    global _winograd
    _winograd = bool(on)


def _fits(x: np.ndarray, w: np.ndarray, geometry: Geometry) -> bool:
    """Whether the kernels can take this convolution; NumPy takes what is left."""
    if not compiled(x.dtype) or x.size == 0 or w.size == 0 or kernels() is None:
        return False
    axes = zip(x.shape[2:], geometry.pads, geometry.reach)
    padded = prod(size + sum(pads) + reach for size, pads, reach in axes)
    largest = max(x[0].size, w.size, len(w) * prod(geometry.out), padded)
    return largest < MAX_PIXELS and prod(geometry.stride) <= MAX_PHASES


def _sizes(x: np.ndarray, w: np.ndarray, geometry: Geometry, groups: int) -> Any:
    """The sizes as kernels/common.h names them: channels and filters are those of one group."""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out_H, out_W = geometry.out
    sizes = {
        "groups": groups,
        "x": (N, C // groups, H, W),
        "w": (F // groups, HH, WW),
        "out": geometry.out,
        "stride": geometry.stride,
        "corner": (geometry.pads[0][0], geometry.pads[1][0]),
        "dilation": geometry.dilation,
        "steps": (C * H * W, F * out_H * out_W),
        "winograd": _winograd,
    }
    if (HH, WW) == geometry.stride == (1, 1) and geometry.pads == ((0, 0), (0, 0)):
        rows = _long_rows(N, C // groups, H, W, x.itemsize)
        sizes["x"] = (N, C // groups, rows, H // rows * W)
        sizes["out"] = (rows, H // rows * W)
    return kernels().Sizes(sizes)


def _long_rows(N: int, C: int, H: int, W: int, itemsize: int) -> int:
    """As few rows as the cache and the threads allow: a 1x1 filter does not see where one ends."""
    for rows in range(1, H):
        fits_cache = C * (H // rows) * W * itemsize <= 2**19
        if H % rows == 0 and fits_cache and N * rows >= 8:
            return rows
    return H


def _plan(
    name: str, x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, _Plan]:
    """Check a convolution's arguments; return x, w and b as floats of one dtype, and the plan.

    Plans are kept: a network asks for the same few again and again. To make one takes 0.1 ms
    where other work has emptied the caches, a twentieth of a layer of 25 filters of 3x3 with
    stride 2 on 100 images of 3x31x31.
    """
    x = np.asarray(x)
    w = np.asarray(w)
    b = np.asarray(b)
    key = x.shape, w.shape, b.shape, x.dtype, w.dtype, b.dtype, repr(conv_param), _winograd
    plan = _plans.get(key) if kernels() is not None else None
    if plan is None:
        x, w, b = floating(name, x=x, w=w, b=b)
        x4, w4, _, geometry, groups = planar(name, x, w, b, conv_param)
        out = (len(x), len(w), *geometry.out[4 - x.ndim :])
        fits = _fits(x4, w4, geometry)
        sizes = _sizes(x4, w4, geometry, groups) if fits else None
        plan = _Plan(sizes, out, prod(out) * w[:1].size)
        converted = key[3:6] != (x.dtype, x.dtype, x.dtype)
        if fits and not converted:
            keep_plan(_plans, key, plan)
    return x, w, b, plan


def conv_forward_fast(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> tuple[np.ndarray, tuple]:
    """Convolution, forward, with the contract of `cs231n.layers.conv_forward_naive`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W) or (N, C, W)
        float32 or float64; any memory layout.
    w : ndarray of shape (F, C / groups, HH, WW) or (F, C / groups, WW)
    b : ndarray of shape (F,)
    conv_param : dict
        ``stride``, ``pad``, ``groups``, ``dilation``, as for the naive layer.

    Returns
    -------
    out : ndarray of shape (N, F, H', W') or (N, F, W')
    cache : tuple
        ``(x, w, b, conv_param)``: the images themselves, no columns.

    Raises
    ------
    ValueError
        When shapes do not belong together or the window does not fit.
    TypeError
        When an array does not hold real numbers.
    """
    cache = (x, w, b, conv_param)
    x, w, b, plan = _plan("conv_forward_fast", *cache)
    if plan.sizes is None:
        warn_once()
        return conv_forward_strides(*cache)
    out = kernels().empty(plan.out, x.dtype)
    threads = threads_for(plan.work)
    kernels().conv_forward(plan.sizes, plain(x), plain(w), plain(b), out, threads, target())
    return out, cache


def conv_backward_fast(
    dout: np.ndarray, cache: tuple, need: str | Collection[str] = GRADIENTS
) -> tuple[np.ndarray | None, ...]:
    """Convolution, backward, with the contract of `cs231n.layers.conv_backward_naive`.

    Parameters
    ----------
    dout : ndarray of the shape of the output
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.
    need : str or collection of str
        The gradients to compute; the others come back as None. The first layer of a
        network needs no dx.

    Returns
    -------
    dx, dw, db : ndarray of the shapes of x, w, b, or None

    Raises
    ------
    ValueError
        When dout does not have the shape of the output, or need holds another word.
    """
    wanted = {need} if isinstance(need, str) else set(need)
    if not wanted <= set(GRADIENTS):
        raise ValueError(f"conv_backward_fast: need may hold 'dx', 'dw' and 'db'; got {wanted!r}.")
    x, w, _, plan = _plan("conv_backward_fast", *cache)
    dout = np.asarray(dout)
    check_dout("conv_backward_fast", dout, plan.out)
    if dout.dtype != x.dtype:
        dout, x, w = floating("conv_backward_fast", dout=dout, x=cache[0], w=cache[1])
    if plan.sizes is None or not compiled(dout.dtype):
        warn_once()
        gradients = zip(GRADIENTS, conv_backward_strides(dout, cache))
        return tuple(gradient if name in wanted else None for name, gradient in gradients)
    return _gradients(plain(x), plain(w), plain(dout), plan, cache, wanted)


def _gradients(
    x: np.ndarray, w: np.ndarray, dout: np.ndarray, plan: _Plan, cache: tuple, wanted: set[str]
) -> tuple[np.ndarray | None, ...]:
    """The gradients that are wanted: from the kernels, or from NumPy where they decline."""
    threads = threads_for(plan.work)
    dx = kernels().empty(x.shape, x.dtype) if "dx" in wanted else None
    dw = np.empty_like(w) if "dw" in wanted else None
    db = np.empty(len(w), dtype=w.dtype) if "db" in wanted else None
    if dx is not None:
        done = kernels().conv_dx(plan.sizes, dout, w, dx, threads, target())
        if not done:
            dx = conv_backward_strides(dout, cache)[0]
    if dw is not None or db is not None:
        done = kernels().conv_dw(plan.sizes, x, dout, dw, db, threads, target())
        if not done:
            dw = conv_backward_strides(dout, cache)[1]
    return dx, dw, db
