"""Random initial weights: fixed scale, Xavier and He."""

import math

import numpy as np


def initial_weights(
    rng: np.random.Generator, shape: tuple[int, ...], scale: float | str
) -> np.ndarray:
    """Draw initial weights from a normal distribution with mean 0.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    shape : tuple of int
        (D, M) for an affine layer or (F, C, HH, WW) for a convolution.
    scale : float or {'xavier', 'he'}
        Standard deviation; 'xavier' is ``sqrt(2 / (fan_in + fan_out))``,
        'he' is ``sqrt(2 / fan_in)``.

    Returns
    -------
    w : ndarray of the given shape, float64
        The weights.

    Raises
    ------
    ValueError
        If the scale is an unknown name or a negative number.

    References
    ----------
    Glorot, Bengio, "Understanding the Difficulty of Training Deep Feedforward Neural Networks",
    2010. He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", 2015.
    """
    return rng.normal(scale=standard_deviation(shape, scale), size=shape)


def standard_deviation(shape: tuple[int, ...], scale: float | str) -> float:
    """The standard deviation that `initial_weights` uses, with the same arguments."""
    fan_in, fan_out = _fans(shape)
    if scale == "xavier":
        return math.sqrt(2 / (fan_in + fan_out))
    if scale == "he":
        return math.sqrt(2 / fan_in)
    if isinstance(scale, str) or not scale >= 0:
        raise ValueError(
            f"initial_weights: scale must be a number >= 0, 'xavier' or 'he'; got {scale!r}."
        )
    return scale


def _fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many numbers go into one output, and how many outputs one number goes into."""
    if len(shape) == 2:
        fan_in, fan_out = shape
        return fan_in, fan_out
    F, C, *window = shape
    area = int(np.prod(window))
    return C * area, F * area
