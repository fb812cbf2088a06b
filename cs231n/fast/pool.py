"""Pooling through the compiled kernels, and through NumPy where they may not run."""

from collections.abc import Hashable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..window_geometry import Geometry, check_dout, pool_geometry
from .arrays import compiled, floating, keep_plan, plain
from .extensions import kernels, target
from .pool_numpy import (
    avg_pool_backward_im2col,
    avg_pool_forward_im2col,
    max_pool_backward_im2col,
    max_pool_backward_reshape,
    max_pool_forward_im2col,
    max_pool_forward_reshape,
)
from .threads import threads_for, warn_once

_plans: dict[Hashable, "_Plan"] = {}


class _Plan(NamedTuple):
    """What is known of pooling before its numbers are."""

    windows: Any  # of the kernels; None where NumPy must take over
    out: tuple[int, ...]  # the shape of the output
    entries: int  # of a window
    places: type  # of winners in their windows; kernels for single sizes count on it
    tiles: bool  # whether the windows lie side by side
    work: int  # in multiply-adds; see `_plan`


def _plan(name: str, x: np.ndarray, pool_param: dict[str, Any]) -> _Plan:
    """Check the arguments of a pooling layer. Plans are kept, as those of convolutions are."""
    key = x.shape, repr(pool_param)
    plan = _plans.get(key) if kernels() is not None else None
    if plan is None:
        geometry = pool_geometry(name, x, pool_param)
        out = (*x.shape[:2], *geometry.out)
        entries = prod(geometry.reach)
        fits = kernels() is not None and x.size > 0 and prod(x.shape[2:]) < 2**31
        plan = _Plan(
            windows=_windows(x.shape, geometry) if fits else None,
            out=out,
            entries=entries,
            places=np.uint8 if entries <= 256 else np.int32,
            tiles=geometry.stride == geometry.reach,
            # Memory is the limit of pooling, so a second thread pays later than in a convolution:
            # an entry counts as two multiply-adds.
            work=2 * prod(out) * entries,
        )
        if fits:
            keep_plan(_plans, key, plan)
    return plan


def _windows(x_shape: tuple[int, ...], geometry: Geometry) -> Any:
    """The sizes of pooling as the kernels take them.

    Where there is one window no step is taken: a stride of any length is allowed, and kernels
    need not cope with it.
    """
    steps = []
    for stride, count, reach in zip(geometry.stride, geometry.out, geometry.reach):
        steps.append(stride if count > 1 else reach)
    return kernels().Windows(x_shape, geometry.reach, steps, geometry.out)


def _runs(plan: _Plan, a: np.ndarray) -> bool:
    """Whether the kernels can take this array; NumPy takes what is left."""
    if plan.windows is None:
        warn_once()
        return False
    return compiled(a.dtype)


def _forward(plan: _Plan, x: np.ndarray, winner: np.ndarray | None) -> np.ndarray:
    out = kernels().empty(plan.out, x.dtype)
    kernels().pool_forward(plan.windows, plain(x), out, winner, threads_for(plan.work), target())
    return out


def _backward(
    plan: _Plan, dout: np.ndarray, winner: np.ndarray | None, shape: tuple[int, ...]
) -> np.ndarray:
    dx = kernels().empty(shape, dout.dtype)
    kernels().pool_backward(plan.windows, plain(dout), dx, winner, threads_for(plan.work), target())
    return dx


def _belongs(winner: np.ndarray, plan: _Plan) -> bool:
    """Whether winners from a cache name entries of these windows: kernels write where they say."""
    if winner.shape != plan.out or winner.dtype != plan.places:
        return False
    unsigned = winner.view(f"u{winner.itemsize}")  # what is below 0 is large
    return bool(unsigned.max() < plan.entries)


def max_pool_forward_fast(x: np.ndarray, pool_param: dict[str, Any]) -> tuple[np.ndarray, tuple]:
    """Max pooling, forward, with the contract of `cs231n.layers.max_pool_forward_naive`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        ``pool_height``, ``pool_width``, ``stride``.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
        A window with NaN gives NaN.
    cache : tuple
        ``(x, pool_param, winner)``; winner is the place of the maximum in its window,
        one byte each for windows of up to 256 entries, or None without compiled kernels.

    Raises
    ------
    ValueError
        When the windows do not cover x exactly.
    """
    x = np.asarray(x)
    plan = _plan("max_pool_forward_fast", x, pool_param)
    if not _runs(plan, x):
        slower = max_pool_forward_reshape if plan.tiles else max_pool_forward_im2col
        return slower(x, pool_param)[0], (x, pool_param, None)
    winner = kernels().empty(plan.out, plan.places)
    return _forward(plan, x, winner), (x, pool_param, winner)


def max_pool_backward_fast(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """Max pooling, backward, with the contract of `cs231n.layers.max_pool_backward_naive`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param, winner)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        The first maximum of a window in row-major order receives all of its gradient.
        Where winner does not belong to the windows, it is sought in x again.

    Raises
    ------
    ValueError
        When dout does not have the shape of the output.
    """
    x, pool_param, *rest = cache
    winner = rest[0] if rest else None  # the naive layer's cache has none
    plan = _plan("max_pool_backward_fast", x, pool_param)
    (dout,) = floating("max_pool_backward_fast", dout=dout)
    check_dout("max_pool_backward_fast", dout, plan.out)
    if not _runs(plan, dout) or winner is None or not _belongs(winner, plan):
        slower = max_pool_backward_reshape if plan.tiles else max_pool_backward_im2col
        return slower(dout, (x, pool_param))
    return _backward(plan, dout, plain(winner), x.shape)


def avg_pool_forward_fast(x: np.ndarray, pool_param: dict[str, Any]) -> tuple[np.ndarray, tuple]:
    """Average pooling, forward, with the contract of `cs231n.layers.avg_pool_forward_naive`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        ``pool_height``, ``pool_width``, ``stride``.

    Returns
    -------
    out : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param)``.

    Raises
    ------
    ValueError
        When the windows do not cover x exactly.
    """
    x = np.asarray(x)
    plan = _plan("avg_pool_forward_fast", x, pool_param)
    if not _runs(plan, x):
        return avg_pool_forward_im2col(x, pool_param)
    return _forward(plan, x, None), (x, pool_param)


def avg_pool_backward_fast(dout: np.ndarray, cache: tuple) -> np.ndarray:
    """Average pooling, backward, with the contract of `cs231n.layers.avg_pool_backward_naive`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H', W')
    cache : tuple
        ``(x, pool_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)

    Raises
    ------
    ValueError
        When dout does not have the shape of the output.
    """
    x, pool_param = cache
    plan = _plan("avg_pool_backward_fast", x, pool_param)
    (dout,) = floating("avg_pool_backward_fast", dout=dout)
    check_dout("avg_pool_backward_fast", dout, plan.out)
    if not _runs(plan, dout):
        return avg_pool_backward_im2col(dout, cache)
    return _backward(plan, dout, None, x.shape)
