"""Filters made by hand, for photographs: what people drew up before nets learned theirs."""

import numpy as np

LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue appear to the eye (ITU-R BT.601)."""

NAMES = ("blur", "edges from left to right", "edges from top to bottom", "sharpen")
"""What the four filters of `photo_filters` do, in their order."""


def photo_filters(gray=LUMA):
    """Four filters of 3 x 3 that turn a color photograph into gray maps.

    Each is a plane of 3 x 3 numbers; channel c of the filter is that plane times ``gray[c]``.

    ``blur`` is the mean of the nine pixels. ``edges from left to right`` is large where the right
    is brighter: the pixels of the right column count 1, 2, 1, those of the left one -1, -2, -1, the
    middle ones nothing. ``edges from top to bottom`` is large where the bottom is brighter, in the
    same way. ``sharpen`` is twice the pixel in the middle, minus the blur.

    Parameters
    ----------
    gray : sequence of C numbers
        The part of each channel in the gray image.

    Returns
    -------
    w : ndarray of shape (4, C, 3, 3), float64
        In the order of `NAMES`, for a convolution that does not flip its filters.

    Notes
    -----
    The edge filters are those of Irwin Sobel and Gary Feldman (1968).
    """
    gray = np.asarray(gray, dtype=np.float64)
    ### BEGIN SOLUTION
    blur = np.full((3, 3), 1 / 9)
    rightwards = np.outer([1, 2, 1], [-1, 0, 1])
    sharpen = -blur
    sharpen[1, 1] += 2
    planes = np.stack([blur, rightwards, rightwards.T, sharpen])
    w = planes[:, None] * gray[:, None, None]
    ### END SOLUTION
    return w
