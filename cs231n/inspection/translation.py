"""What a shift of the image changes: equivariance and invariance, measured.

A layer f is equivariant to translation if shifting its input shifts its output, f(T x) = T f(x),
and invariant if shifting its input changes nothing, f(T x) = f(x).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..vis_utils import SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def translate(x: np.ndarray, right: int, down: int = 0) -> np.ndarray:
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


def _overlap(step: int, size: int) -> tuple[slice, slice]:
    """Where along an axis the shifted pixels arrive, and where they come from."""
    step = max(-size, min(size, step))
    to = slice(max(step, 0), size + min(step, 0))
    source = slice(max(-step, 0), size - max(step, 0))
    return to, source


def equivariance_errors(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, shifts: Sequence[int], stride: int = 1
) -> np.ndarray:
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
    errors = []
    for shift in shifts:
        wanted = translate(maps, round(shift / stride))
        errors.append(_relative(f(translate(x, shift)), wanted))
    return np.array(errors)


def invariance_errors(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, shifts: Sequence[int]
) -> np.ndarray:
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


def _relative(got: np.ndarray, wanted: np.ndarray) -> np.floating:
    return np.linalg.norm(got - wanted) / np.linalg.norm(wanted)


def plot_translation(
    shifts: Sequence[int],
    curves: Mapping[str, np.ndarray],
    title: str,
    ylabel: str = "relative change",
) -> "tuple[Figure, Axes]":
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
            f"plot_translation: at most {len(SERIES)} curves can be told apart; "
            f"got {len(curves)}. Draw two figures."
        )
    fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    for (name, errors), (color, line, marker) in zip(curves.items(), SERIES):
        (curve,) = ax.plot(shifts, errors, color=color, linestyle=line, label=name)
        curve.set(marker=marker, markersize=5)
    ax.set(xlabel="shift to the right (pixels)", ylabel=ylabel, title=title, ylim=(-0.05, None))
    ax.locator_params(axis="x", integer=True)
    fig.legend(loc="outside right upper")
    return fig, ax
