"""What a shift of the image changes: equivariance and invariance, measured.

A layer f is equivariant to translation if shifting its input shifts its output, f(T x) = T f(x),
and invariant if shifting its input changes nothing, f(T x) = f(x).
"""

import numpy as np

from ..vis_utils import SERIES


def translate(x, right, down=0):
    """Shift images by whole pixels; what comes in at the border is zero.

    Parameters
    ----------
    x : ndarray of shape (..., H, W)
    right, down : int
        May be negative.

    Returns
    -------
    shifted : ndarray of the shape of x
    """
    shifted = np.zeros_like(x)
    H, W = x.shape[-2:]
    to_y, from_y = _overlap(down, H)
    to_x, from_x = _overlap(right, W)
    shifted[..., to_y, to_x] = x[..., from_y, from_x]
    return shifted


def _overlap(step, size):
    step = max(-size, min(size, step))
    return slice(max(step, 0), size + min(step, 0)), slice(max(-step, 0), size - max(step, 0))


def equivariance_errors(f, x, shifts, stride=1):
    """How far f(T x) is from T f(x), for shifts to the right.

    Leave a margin of zeros around the object, at least as wide as the largest shift: what is
    pushed over the border is lost, and no layer can bring it back.

    Parameters
    ----------
    f : callable
        From images of shape (N, C, H, W) to maps of shape (N, F, H', W').
    x : ndarray of shape (N, C, H, W)
    shifts : sequence of int
        In pixels of the image.
    stride : int
        Pixels of the image per position of the maps. A shift that is not a multiple is
        rounded to whole positions, since maps have no halves.

    Returns
    -------
    errors : ndarray of shape (len(shifts),)
        ||f(T x) - T f(x)|| / ||T f(x)||, with Euclidean norms. 0 is perfect equivariance.
    """
    maps = f(x)
    return np.array(
        [_relative(f(translate(x, s)), translate(maps, round(s / stride))) for s in shifts]
    )


def invariance_errors(f, x, shifts):
    """How far f(T x) is from f(x), for shifts to the right.

    Parameters
    ----------
    f : callable
        From images of shape (N, C, H, W) to anything of N rows.
    x : ndarray of shape (N, C, H, W)
        With a margin of zeros, see `equivariance_errors`.
    shifts : sequence of int
        In pixels of the image.

    Returns
    -------
    errors : ndarray of shape (len(shifts),)
        ||f(T x) - f(x)|| / ||f(x)||. 0 is perfect invariance; about sqrt(2) means that the two
        have nothing to do with each other.
    """
    out = f(x)
    return np.array([_relative(f(translate(x, s)), out) for s in shifts])


def _relative(got, wanted):
    return np.linalg.norm(got - wanted) / np.linalg.norm(wanted)


def plot_translation(shifts, curves, title, ylabel="relative change"):
    """Draw errors of equivariance or invariance over the shift.

    Parameters
    ----------
    shifts : sequence of int
    curves : dict of str -> ndarray of shape (len(shifts),)
        At most four, by name.
    title : str
        What the curves show.
    ylabel : str

    Returns
    -------
    fig : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    import matplotlib.pyplot as plt

    if len(curves) > len(SERIES):
        raise ValueError(
            f"plot_translation: at most {len(SERIES)} curves can be told apart; got {len(curves)}. Draw two figures."
        )
    fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    for (name, errors), (color, line, marker) in zip(curves.items(), SERIES):
        ax.plot(
            shifts, errors, color=color, linestyle=line, marker=marker, markersize=5, label=name
        )
    ax.set(xlabel="shift to the right (pixels)", ylabel=ylabel, title=title, ylim=(-0.05, None))
    ax.xaxis.get_major_locator().set_params(integer=True)
    fig.legend(loc="outside right upper")
    return fig, ax
