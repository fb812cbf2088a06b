"""Where a sliding window stops: strides, paddings and output sizes, checked once for all layers."""

from operator import index
from typing import NamedTuple

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

    stride: tuple
    pads: tuple
    dilation: tuple
    reach: tuple
    out: tuple


def conv_geometry(name, x, w, b, conv_param):
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


def pool_geometry(name, x, pool_param):
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
    if missing := sorted(keys - set(pool_param)):
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


def slide(name, sizes, window, stride=1, pad=0, dilation=1, what="window", got=""):
    """Return the `Geometry` of a window that slides over axes of the given sizes.

    Parameters
    ----------
    name, what, got : str
        The calling function, the name of the window and the offending argument, for error messages.
    sizes, window : tuple of int
        Extents of the array and of the window, one per axis.
    stride, dilation : int or tuple of int
        At least 1; a single number holds for every axis.
    pad : int, tuple of int, "same", "valid" or None
        Zeros on either side. ``"valid"`` is 0; so is None, for windows that have no padding to advise on.
        ``"same"`` pads so that the output has ``ceil(size / stride)`` positions, with the odd zero at the
        end; it always fits.

    Returns
    -------
    Geometry

    Raises
    ------
    ValueError
        If the window is larger than the padded array or its last step would leave it; the message lists
        sizes and pads that fit.
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
    for axis, size, r, s, p in zip(axes, sizes, reach, stride, pads):
        padded = size + sum(p)
        if r < 1 or r > padded:
            padded = f"padded {axis} {padded}" if pad is not None else f"{axis} {padded}"
            raise ValueError(
                f"{name}: {what} {axis} {r} exceeds {padded}; got {got}. "
                f"{'Use' if pad is None else 'Increase pad or use'} a smaller {what}."
            )
        if pad != "same" and (padded - r) % s:
            padding = "" if pad is None else f" and pad {p[0]}"
            raise ValueError(
                f"{name}: {what} {axis} {r} with stride {s}{padding} does not fit "
                f"{axis} {size}: ({padded} - {r}) / {s} is not a whole number; got {got}. "
                f"{_what_fits(axis, size, r, s, None if pad is None else p[0])}"
            )
    out = tuple(1 + (size + sum(p) - r) // s for size, r, s, p in zip(sizes, reach, stride, pads))
    return Geometry(stride, pads, dilation, reach, out)


def check_dout(name, dout, shape):
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


def _same(size, reach, stride):
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _what_fits(axis, size, reach, stride, pad):
    """Name the nearest sizes and the smallest pads for which the last step ends at the border."""
    smaller = size - (size + 2 * (pad or 0) - reach) % stride
    sizes = " or ".join(str(fit) for fit in (smaller, smaller + stride) if fit > 0)
    if pad is None:
        return f"Crop or grow the {axis} to {sizes}, or use another stride."
    missing, period = reach - size, stride if stride % 2 else stride // 2
    least, right = (
        max(0, -(-missing // 2)),
        (missing + stride * (missing % 2)) // 2,
    )  # twice the right one leaves no rest
    first = least + (right - least) % period
    pads = [
        p
        for p in (first, first + period)
        if p < reach + stride and (size + 2 * p - reach) % stride == 0
    ]
    fits = (
        f"pad {' or '.join(map(str, pads))} fits" if pads else "no number fits but pad 'same' does"
    )
    return f"With this pad {axis} {sizes} fits; for {axis} {size} {fits}."


def _check_keys(name, label, param, known):
    if not isinstance(param, dict):
        raise TypeError(f"{name}: {label} must be a dict; got {param!r}.")
    if unknown := sorted(set(param) - known):
        raise ValueError(f"{name}: {label} has unknown keys {unknown}; known are {sorted(known)}.")


def _per_axis(name, label, value, count, least):
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if len(values) != count:
        raise ValueError(f"{name}: {label} needs one number or {count} of them; got {value!r}.")
    return tuple(_whole(name, label, v, least) for v in values)


def _whole(name, label, value, least):
    try:
        number = index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(
            f"{name}: {label} must be a whole number of at least {least}; got {value!r}."
        )
    return number
