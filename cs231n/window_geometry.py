"""Where a sliding window stops: strides, paddings and output sizes, checked once for all layers."""

from collections.abc import Sequence
from operator import index
from typing import Any, NamedTuple

import numpy as np

PerAxis = int | Sequence[int]
"""One number for every axis, or one for each."""

AXES = {1: ("width",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Geometry(NamedTuple):
    """How a window slides over the spatial axes of an array; each field holds one entry per axis.

    Attributes
    ----------
    stride : tuple of int
        Steps of the window.
    pads : tuple of (int, int)
        Zeros added before and after; they differ only for an odd total with ``"same"``.
    dilation : tuple of int
        Distance between two neighboring filter entries.
    reach : tuple of int
        Extent of the dilated window, ``dilation * (size - 1) + 1``.
    out : tuple of int
        Number of positions, ``1 + (size + padding - reach) / stride``.
    """

    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    reach: tuple[int, ...]
    out: tuple[int, ...]


def check_images(name: str, x: np.ndarray) -> None:
    """Raise ValueError unless x is a batch of images.

    Parameters
    ----------
    name : str
        The calling function, for the error message.
    x : ndarray of shape (N, C, H, W)
    """
    if np.ndim(x) != 4:
        raise ValueError(f"{name}: x must have shape (N, C, H, W); got shape {np.shape(x)}.")


def conv_geometry(
    name: str, x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict[str, Any]
) -> Geometry:
    """Check the arguments of a convolution and return how its filters slide.

    Parameters
    ----------
    name : str
        The calling function, for error messages.
    x : ndarray of shape (N, C, *sizes)
        One, two or three spatial axes.
    w : ndarray of shape (F, C / groups, *filter_sizes)
    b : ndarray of shape (F,)
    conv_param : dict
        ``stride``, ``pad``, ``groups``, ``dilation``; see `conv_forward_naive`.

    Returns
    -------
    Geometry

    Raises
    ------
    ValueError
        If shapes or parameters do not belong together, or the filter does not fit.
    """
    _check_keys(name, "conv_param", conv_param, {"stride", "pad", "groups", "dilation"})
    if x.ndim != w.ndim or x.ndim - 2 not in AXES:
        raise ValueError(
            f"{name}: x and w need the same number of axes, 3 to 5; "
            f"got x of shape {x.shape} and w of shape {w.shape}."
        )
    groups = _whole(name, "groups", conv_param.get("groups", 1), 1)
    F, C_group = w.shape[:2]
    if C_group * groups != x.shape[1]:
        raise ValueError(
            f"{name}: the filters see {C_group} channels in each of {groups} groups, "
            f"x has {x.shape[1]}; got x of shape {x.shape} and w of shape {w.shape}. "
            "Give w C / groups channels."
        )
    if F % groups:
        raise ValueError(
            f"{name}: {F} filters cannot be shared among {groups} groups; "
            f"got w of shape {w.shape}. Use a multiple of {groups} filters."
        )
    if b.shape != (F,):
        raise ValueError(f"{name}: b needs one number per filter, shape ({F},); got {b.shape}.")
    return slide(
        name,
        x.shape[2:],
        w.shape[2:],
        conv_param.get("stride", 1),
        conv_param.get("pad", 0),
        conv_param.get("dilation", 1),
        what="filter",
        got=f"w of shape {w.shape}",
    )


def pool_geometry(name: str, x: np.ndarray, pool_param: dict[str, Any]) -> Geometry:
    """Check the arguments of a pooling layer and return how its windows slide.

    Parameters
    ----------
    name : str
        The calling function, for error messages.
    x : ndarray of shape (N, C, H, W)
    pool_param : dict
        ``pool_height``, ``pool_width``, ``stride`` (a number or a pair).

    Returns
    -------
    Geometry

    Raises
    ------
    ValueError
        If a key is missing or the windows do not cover x exactly.
    """
    keys = {"pool_height", "pool_width", "stride"}
    _check_keys(name, "pool_param", pool_param, keys)
    missing = sorted(keys - set(pool_param))
    if missing:
        raise ValueError(f"{name}: pool_param lacks {', '.join(missing)}; got {pool_param}.")
    if x.ndim != 4:
        raise ValueError(f"{name}: x needs the shape (N, C, H, W); got {x.shape}.")
    window = tuple(_whole(name, key, pool_param[key], 1) for key in ("pool_height", "pool_width"))
    return slide(
        name,
        x.shape[2:],
        window,
        pool_param["stride"],
        pad=None,
        got=f"x of shape {x.shape} and pool_param {pool_param}",
    )


def slide(
    name: str,
    sizes: Sequence[int],
    window: Sequence[int],
    stride: PerAxis = 1,
    pad: PerAxis | str | None = 0,
    dilation: PerAxis = 1,
    what: str = "window",
    got: str = "",
) -> Geometry:
    """Return the `Geometry` of a window that slides over axes of the given sizes.

    Parameters
    ----------
    name, what, got : str
        The calling function, the name of the window and the offending argument, for error
        messages.
    sizes, window : sequence of int
        Extents of the array and of the window, one per axis.
    stride, dilation : int or sequence of int
        At least 1; a single number holds for every axis.
    pad : int, sequence of int, "same", "valid" or None
        Zeros on either side. ``"valid"`` is 0; so is None, for windows that have no padding to
        advise on. ``"same"`` pads so that the output has ``ceil(size / stride)`` positions, with
        the odd zero at the end; it always fits.

    Returns
    -------
    Geometry

    Raises
    ------
    ValueError
        If the window is larger than the padded array or its last step would leave it; the message
        lists sizes and pads that fit.
    """
    axes = AXES[len(sizes)]
    stride = _per_axis(name, "stride", stride, len(axes), 1)
    dilation = _per_axis(name, "dilation", dilation, len(axes), 1)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(window, dilation))
    if pad == "same":
        pads = tuple(_same(size, r, s) for size, r, s in zip(sizes, reach, stride))
    else:
        zeros = 0 if pad in (None, "valid") else pad
        pads = tuple((p, p) for p in _per_axis(name, "pad", zeros, len(axes), 0))
    out = []
    for axis, size, r, s, (before, after) in zip(axes, sizes, reach, stride, pads):
        padded = size + before + after
        if r < 1 or r > padded:
            raise ValueError(f"{name}: {what} {_exceeds(axis, r, padded, what, pad, got)}")
        if pad != "same" and (padded - r) % s:
            given = None if pad is None else before
            raise ValueError(f"{name}: {what} {_does_not_fit(axis, size, r, s, given, got)}")
        out.append(1 + (padded - r) // s)
    return Geometry(stride, pads, dilation, reach, tuple(out))


def _exceeds(axis: str, reach: int, padded: int, what: str, pad: Any, got: str) -> str:
    """What is wrong with a window that is larger than the array."""
    if pad is None:
        return f"{axis} {reach} exceeds {axis} {padded}; got {got}. Use a smaller {what}."
    return (
        f"{axis} {reach} exceeds padded {axis} {padded}; got {got}. "
        f"Increase pad or use a smaller {what}."
    )


def _does_not_fit(axis: str, size: int, reach: int, stride: int, pad: int | None, got: str) -> str:
    """What is wrong with a window whose last step leaves the array."""
    padding = "" if pad is None else f" and pad {pad}"
    padded = size + 2 * (pad or 0)
    return (
        f"{axis} {reach} with stride {stride}{padding} does not fit {axis} {size}: "
        f"({padded} - {reach}) / {stride} is not a whole number; got {got}. "
        f"{_what_fits(axis, size, reach, stride, pad)}"
    )


def check_dout(name: str, dout: np.ndarray, shape: Sequence[int]) -> None:
    """Raise ValueError unless the upstream gradient has the shape of the layer's output.

    Parameters
    ----------
    name : str
        The calling function.
    dout : ndarray of any shape
    shape : tuple of int
        What the forward pass returned.
    """
    if dout.shape != tuple(shape):
        raise ValueError(
            f"{name}: dout needs the shape of the layer's output, {tuple(shape)}; got {dout.shape}."
        )


def _same(size: int, reach: int, stride: int) -> tuple[int, int]:
    """The zeros on either side with which the output has ceil(size / stride) positions."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _what_fits(axis: str, size: int, reach: int, stride: int, pad: int | None) -> str:
    """Name the nearest sizes and the smallest pads for which the last step ends at the border."""
    smaller = size - (size + 2 * (pad or 0) - reach) % stride
    sizes = " or ".join(str(fit) for fit in (smaller, smaller + stride) if fit > 0)
    if pad is None:
        return f"Crop or grow the {axis} to {sizes}, or use another stride."
    pads = " or ".join(map(str, _pads_that_fit(size, reach, stride)))
    fits = f"pad {pads} fits" if pads else "no number fits but pad 'same' does"
    return f"With this pad {axis} {sizes} fits; for {axis} {size} {fits}."


def _pads_that_fit(size: int, reach: int, stride: int) -> list[int]:
    """The two smallest pads with which ``size + 2 * pad - reach`` is a multiple of the stride."""
    missing = reach - size
    smallest = max(0, -(-missing // 2))
    # Twice this pad leaves no rest, if any does; so do all that are a multiple of a period away.
    exact = (missing + stride * (missing % 2)) // 2
    period = stride if stride % 2 else stride // 2
    first = smallest + (exact - smallest) % period
    found = []
    for pad in (first, first + period):
        if pad < reach + stride and (size + 2 * pad - reach) % stride == 0:
            found.append(pad)
    return found


def _check_keys(name: str, label: str, param: Any, known: set[str]) -> None:
    if not isinstance(param, dict):
        raise TypeError(f"{name}: {label} must be a dict; got {param!r}.")
    unknown = sorted(set(param) - known)
    if unknown:
        raise ValueError(f"{name}: {label} has unknown keys {unknown}; known are {sorted(known)}.")


def _per_axis(name: str, label: str, value: Any, count: int, smallest: int) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * count
    if len(values) != count:
        raise ValueError(f"{name}: {label} needs one number or {count} of them; got {value!r}.")
    return tuple(_whole(name, label, v, smallest) for v in values)


def _whole(name: str, label: str, value: Any, smallest: int) -> int:
    try:
        number = index(value)
    except TypeError:
        number = smallest - 1
    if number < smallest:
        raise ValueError(
            f"{name}: {label} must be a whole number of at least {smallest}; got {value!r}."
        )
    return number
