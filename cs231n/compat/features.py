"""Histograms of color channels, which the course of 2025 and 2026 has beside that of the hue."""

import numpy as np


def color_histogram(
    im: np.ndarray, nbin: int = 10, xmin: float = 0, xmax: float = 255, normalized: bool = True
) -> np.ndarray:
    """Histogram of each channel of an image, one after another.

    Parameters
    ----------
    im : ndarray of shape (H, W) or (H, W, C)
    nbin : int
        Bins for each channel.
    xmin, xmax : float
        Range of the histogram.
    normalized : bool
        If true, the bins of a channel of a color image add up to one, and a gray image gives a
        density.

    Returns
    -------
    imhist : ndarray of shape (nbin,) or (C * nbin,)
    """
    edges = np.linspace(xmin, xmax, nbin + 1)
    if im.ndim == 2:
        return np.histogram(im, edges, density=normalized)[0]
    parts = []
    for channel in np.moveaxis(im, -1, 0):
        heights, _ = np.histogram(channel, edges, density=normalized)
        parts.append(heights * np.diff(edges))
    return np.concatenate(parts)


def color_histogram_cross(img: np.ndarray, nbin: int = 5, normalized: bool = True) -> np.ndarray:
    """Joint histogram of all channels: how often colors lie in each box of the color space.

    Parameters
    ----------
    img : ndarray of shape (H, W, C)
    nbin : int
        Boxes along each channel, from its smallest to its largest value.
    normalized : bool
        If true, the histogram is a density.

    Returns
    -------
    imhist : ndarray of shape (nbin**C,)
    """
    colors = img.reshape(-1, img.shape[-1])
    return np.histogramdd(colors, nbin, density=normalized)[0].ravel()


def color_histogram_spatial(img: np.ndarray, levels: int = 3, nbin: int = 4) -> np.ndarray:
    """Joint histograms of the parts of an image: the whole, 2x2 parts, 3x3 parts and so on.

    Parameters
    ----------
    img : ndarray of shape (H, W, C)
    levels : int
        Level l has l x l parts.
    nbin : int
        As for `color_histogram_cross`.

    Returns
    -------
    imhist : ndarray of shape (P * nbin**C,)
        P is the number of all parts.
    """
    histograms = []
    for level in range(1, levels + 1):
        for band in np.array_split(img, level, axis=0):
            for part in np.array_split(band, level, axis=1):
                histograms.append(color_histogram_cross(part, nbin))
    return np.concatenate(histograms)
