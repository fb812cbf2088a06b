"""Augmentation: small changes of an image that do not change its class, drawn anew in every epoch.

The pair used here, flips and shifts of up to two pixels, is that of A. Karpathy's ConvNetJS
CIFAR-10 demo.
"""

import numpy as np


def random_flip(x: np.ndarray, rng: np.random.Generator | int, p: float = 0.5) -> np.ndarray:
    """Mirror some images left to right.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    rng : Generator or int
        Where the random numbers come from: a `numpy.random.Generator`, or a seed.
    p : float
        The probability that an image is mirrored.

    Returns
    -------
    out : ndarray of shape (N, C, H, W), of the type of `x`
        A copy.

    Raises
    ------
    ValueError
        If `x` has another number of dimensions, or `p` is no probability.
    """
    _require_images("random_flip", x)
    if not 0 <= p <= 1:
        raise ValueError(f"random_flip: p must lie between 0 and 1; got {p}.")
    flipped = np.random.default_rng(rng).random(len(x)) < p
    out = x.copy()
    out[flipped] = x[flipped, :, :, ::-1]
    return out


def random_shift(x: np.ndarray, rng: np.random.Generator | int, max_shift: int = 2) -> np.ndarray:
    """Move every image by a random whole number of pixels, across and down.

    What comes in from outside is 0. With the mean image subtracted, 0 is the average color.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    rng : Generator or int
        Where the random numbers come from: a `numpy.random.Generator`, or a seed.
    max_shift : int
        Shifts are drawn from -max_shift to max_shift, both included, on each axis.

    Returns
    -------
    out : ndarray of shape (N, C, H, W), of the type of `x`
        A copy.

    Raises
    ------
    ValueError
        If `x` has another number of dimensions, or `max_shift` is negative.
    """
    _require_images("random_shift", x)
    if max_shift < 0:
        raise ValueError(f"random_shift: max_shift must not be negative; got {max_shift}.")
    N, C, H, W = x.shape
    tops, lefts = np.random.default_rng(rng).integers(0, 2 * max_shift + 1, size=(2, N, 1, 1, 1))
    padded = np.pad(x, ((0, 0), (0, 0), (max_shift, max_shift), (max_shift, max_shift)))
    # Four index arrays that broadcast to (N, C, H, W): every image has its own corner.
    n = np.arange(N)[:, None, None, None]
    c = np.arange(C)[:, None, None]
    rows = tops + np.arange(H)[:, None]
    columns = lefts + np.arange(W)
    return padded[n, c, rows, columns]


def augment(
    x: np.ndarray, rng: np.random.Generator | int, max_shift: int = 2, flip: bool = True
) -> np.ndarray:
    """Mirror half of the images and shift all of them, see `random_flip` and `random_shift`.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    rng : Generator or int
        Where the random numbers come from: a `numpy.random.Generator`, or a seed.
    max_shift : int
        The largest shift in pixels.
    flip : bool
        Whether to mirror; leave it out where left and right matter, as in digits.

    Returns
    -------
    out : ndarray of shape (N, C, H, W), of the type of `x`
        A copy.
    """
    rng = np.random.default_rng(rng)
    if flip:
        x = random_flip(x, rng)
    return random_shift(x, rng, max_shift)


def _require_images(name: str, x: np.ndarray) -> None:
    if x.ndim != 4:
        raise ValueError(f"{name}: x must have the shape (N, C, H, W); got {x.shape}.")
