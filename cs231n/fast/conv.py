"""Convolution through the compiled kernels: what they need to know, and when they may not run."""

from math import prod
from typing import NamedTuple

import numpy as np

from ..window_geometry import check_dout
from .arrays import compiled, floating, keep_plan, plain
from .conv_numpy import conv_backward_strides, conv_forward_strides, planar
from .extensions import kernels, target
from .threads import warn_once, threads_for

MAX_PIXELS = (
    2**30
)  # kernels count the entries of one image, padded, in 32 bits, and round its rows up
MAX_PHASES = 2**12  # kernels keep tables for each remainder of rows and columns modulo the stride

_winograd = True
_plans = {}


def use_winograd(on):
    """Allow (the default) or forbid Winograd's algorithm for 3x3 filters with stride 1.

    It takes a quarter of the multiplications; errors are up to 2e-5 of the largest
    output in float32 and 1e-13 in float64, ten to twenty times those of the direct
    kernel. Where the terms of all outputs cancel, it is their sum without signs that
    counts: 2e-6 of the largest. It steps back by itself from images with entries that are not finite, huge,
    or 4096 times larger than is usual in their image.
    """
    global _winograd
    _winograd = bool(on)


def _fits(x, w, geometry):
    """Whether the kernels can take this convolution; NumPy takes what is left."""
    if not compiled(x.dtype) or x.size == 0 or w.size == 0 or kernels() is None:
        return False
    rows, columns = (
        size + sum(pads) + reach
        for size, pads, reach in zip(x.shape[2:], geometry.pads, geometry.reach)
    )
    most = max(x[0].size, w.size, len(w) * prod(geometry.out), rows * columns)
    return most < MAX_PIXELS and prod(geometry.stride) <= MAX_PHASES


def _sizes(x, w, geometry, groups):
    """The sizes as kernels/common.h names them: channels and filters are those of one group."""
    (N, C, H, W), (F, _, HH, WW), (out_H, out_W) = x.shape, w.shape, geometry.out
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
        sizes["x"], sizes["out"] = _long_rows(sizes["x"], x.itemsize)
    return kernels().Sizes(sizes)


def _long_rows(sizes, itemsize):
    """A 1x1 filter does not see where a row ends: as few rows as the cache and the threads allow."""
    N, C, H, W = sizes
    for rows in range(1, H + 1):
        if H % rows == 0 and (
            rows == H or (C * (H // rows) * W * itemsize <= 2**19 and N * rows >= 8)
        ):
            return (N, C, rows, H // rows * W), (rows, H // rows * W)


class _Plan(NamedTuple):
    """What is known of a convolution before its numbers are."""

    sizes: object  # of the kernels; None where NumPy must take over
    out: tuple  # the shape of the output
    work: int  # multiply-adds


def _plan(name, x, w, b, conv_param):
    """Check the arguments of a convolution, and give x and w as floats of one dtype, like b, and the plan.

    Plans are kept: a network asks for the same few again and again, and to make one takes 0.1 ms where other work has
    emptied the caches, a twentieth of S1.
    """
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    key = x.shape, w.shape, b.shape, x.dtype, w.dtype, b.dtype, repr(conv_param), _winograd
    plan = _plans.get(key) if kernels() is not None else None
    if plan is None:
        x, w, b = floating(name, x=x, w=w, b=b)
        x4, w4, _, geometry, groups = planar(name, x, w, b, conv_param)
        out = (len(x), len(w), *geometry.out[4 - x.ndim :])
        fits = _fits(x4, w4, geometry)
        plan = _Plan(
            _sizes(x4, w4, geometry, groups) if fits else None, out, prod(out) * w[:1].size
        )
        if fits and key[3:6] == (x.dtype,) * 3:
            keep_plan(_plans, key, plan)
    return x, w, b, plan


def conv_forward_fast(x, w, b, conv_param):
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
    cache = x, w, b, conv_param
    x, w, b, plan = _plan("conv_forward_fast", *cache)
    if plan.sizes is None:
        warn_once()
        return conv_forward_strides(*cache)
    out = kernels().empty(plan.out, x.dtype)
    kernels().conv_forward(
        plan.sizes, plain(x), plain(w), plain(b), out, threads_for(plan.work), target()
    )
    return out, cache


def conv_backward_fast(dout, cache, need=("dx", "dw", "db")):
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
    need = {need} if isinstance(need, str) else set(need)
    if not need <= {"dx", "dw", "db"}:
        raise ValueError(f"conv_backward_fast: need may hold 'dx', 'dw' and 'db'; got {need!r}.")
    x, w, _, plan = _plan("conv_backward_fast", *cache)
    dout = np.asarray(dout)
    check_dout("conv_backward_fast", dout, plan.out)
    if dout.dtype != x.dtype:
        dout, x, w = floating("conv_backward_fast", dout=dout, x=cache[0], w=cache[1])
    if plan.sizes is None or not compiled(dout.dtype):
        warn_once()
        gradients = zip(("dx", "dw", "db"), conv_backward_strides(dout, cache))
        return tuple(gradient if name in need else None for name, gradient in gradients)
    x, w, dout, threads = plain(x), plain(w), plain(dout), threads_for(plan.work)
    dx = kernels().empty(x.shape, x.dtype) if "dx" in need else None
    dw = np.empty_like(w) if "dw" in need else None
    db = np.empty(len(w), dtype=w.dtype) if "db" in need else None
    if dx is not None and not kernels().conv_dx(plan.sizes, dout, w, dx, threads, target()):
        dx = conv_backward_strides(dout, cache)[0]
    if (dw is not None or db is not None) and not kernels().conv_dw(
        plan.sizes, x, dout, dw, db, threads, target()
    ):
        dw = conv_backward_strides(dout, cache)[1]
    return dx, dw, db
