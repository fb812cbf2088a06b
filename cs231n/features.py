"""Image features from before networks learned them: gradients, colors, and how to join them."""

import numpy as np

from ._lazy import old_names

__getattr__ = old_names(__name__)


def extract_features(imgs, feature_fns, verbose=False):
    """Apply feature functions to every image and join their results.

    Parameters
    ----------
    imgs : ndarray of shape (N, H, W, C)
        Images; (N, H, W) also serves, if every function takes gray images.
    feature_fns : list of callables
        Each takes one image and returns a vector whose length is the same for all images.
    verbose : bool
        If true, show a progress bar.

    Returns
    -------
    features : ndarray of shape (N, F1 + ... + Fk)
        One row per image: the results of all functions side by side, in float64.

    Raises
    ------
    ValueError
        If a function does not return a vector, or one of another length than before.
    """
    from tqdm import tqdm

    rows = []
    for image in tqdm(imgs, desc="features", disable=not verbose):
        parts = [np.asarray(feature(image)) for feature in feature_fns]
        if any(part.ndim != 1 for part in parts):
            raise ValueError(
                "extract_features: feature functions must be one-dimensional, that is, return a "
                f"vector; got shapes {[part.shape for part in parts]}. Use ravel()."
            )
        numbers = [part.astype(np.float64, copy=False) for part in parts]
        # Without any function a row is empty.
        row = np.concatenate([np.zeros(0), *numbers])
        if rows and row.shape != rows[0].shape:
            raise ValueError(
                f"extract_features: image {len(rows)} gives {len(row)} numbers but image 0 gave "
                f"{len(rows[0])}. Each function must return vectors of one length."
            )
        rows.append(row)
    if not rows:
        return np.zeros((0, 0))
    return np.array(rows)


def rgb2gray(rgb):
    """Luminance of a color image: 0.299 red + 0.587 green + 0.114 blue.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3)
        Red, green and blue last. Further channels are ignored.

    Returns
    -------
    gray : ndarray of shape (...)
        Floating, and in the same units; gray pixels keep their value, since the weights add up to
        one.

    References
    ----------
    Recommendation ITU-R BT.601.
    """
    rgb = np.asarray(rgb)
    dtype = np.result_type(rgb, np.float32)
    return rgb[..., :3].astype(dtype, copy=False) @ np.array([0.299, 0.587, 0.114], dtype)


def rgb_to_hsv(rgb):
    """Hue, saturation and value of colors.

    The value is the largest of the three channels, the saturation the share of it that is not gray,
    and the hue the place on the color circle: red at 0, green at 1/3, blue at 2/3. Gray has hue and
    saturation 0.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3)
        Red, green and blue from 0 to 1.

    Returns
    -------
    hsv : ndarray of shape (..., 3)
        From 0 to 1, hue below 1; in float32 or float64.

    References
    ----------
    A. R. Smith, "Color gamut transform pairs", SIGGRAPH 1978.
    """
    rgb = np.asarray(rgb)
    rgb = rgb.astype(np.result_type(rgb, np.float32), copy=False)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    value = np.maximum(np.maximum(red, green), blue)
    chroma = value - np.minimum(np.minimum(red, green), blue)
    span = chroma + (chroma == 0)
    # Red is tried first, so that of two equally large channels the earlier one counts.
    turns = np.where(value == green, 2 + (blue - red) / span, 4 + (red - green) / span)
    turns = np.where(value == red, (green - blue) / span, turns)
    hue = np.where(turns < 0, turns + 6, turns) / 6
    saturation = chroma / (value + (value == 0))
    return np.stack([hue, saturation, value], axis=-1)


def hog_feature(im):
    """Histogram of oriented gradients: which edge directions stand in which part of the image.

    Gradients are differences ``im[i, j + 1] - im[i, j]`` to the right and
    ``im[i + 1, j] - im[i, j]`` down, zero in the last column and the last row. Each pixel votes for
    one of 9 bins of 20 degrees, from 0 to 180 without the sign of the direction, with the length of
    its gradient. Votes are averaged over cells of 8x8 pixels; pixels beyond the last whole cell are
    left out.

    Parameters
    ----------
    im : ndarray of shape (H, W) or (H, W, 3)
        Gray or color image of at least 8x8 pixels.

    Returns
    -------
    feature : ndarray of shape (H // 8 * (W // 8) * 9,)
        Mean votes; the bin runs fastest, then the column of the cell, then its row.

    Raises
    ------
    ValueError
        If the image is smaller than a cell or has other dimensions.

    References
    ----------
    N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005; here
    without the normalization of blocks.
    """
    im = np.asarray(im)
    orientations = 9
    cell = 8
    if im.ndim not in (2, 3) or min(im.shape[:2]) < cell:
        raise ValueError(
            f"hog_feature: im must be an image of shape (H, W) or (H, W, 3) with at least {cell} "
            f"rows and columns; got {im.shape}."
        )
    if im.ndim == 3:
        gray = rgb2gray(im)
    else:
        gray = im.astype(np.result_type(im, np.float32))
    rows = gray.shape[0] // cell
    columns = gray.shape[1] // cell
    ### BEGIN SOLUTION
    gx = np.zeros_like(gray)
    gx[:, :-1] = gray[:, 1:] - gray[:, :-1]
    gy = np.zeros_like(gray)
    gy[:-1] = gray[1:] - gray[:-1]
    magnitude = np.sqrt(gx**2 + gy**2)[: rows * cell, : columns * cell]
    angle = np.degrees(np.arctan2(gy, gx))[: rows * cell, : columns * cell] % 180
    # A tiny negative angle comes out of the remainder as 180 itself.
    bins = np.minimum(angle / (180 / orientations), orientations - 1).astype(int)
    cell_rows = np.arange(rows * cell) // cell
    cell_columns = np.arange(columns * cell) // cell
    where = (cell_rows[:, np.newaxis] * columns + cell_columns) * orientations + bins
    count = rows * columns * orientations
    votes = np.bincount(where.ravel(), weights=magnitude.ravel(), minlength=count)
    feature = votes / cell**2
    ### END SOLUTION
    return feature


def color_histogram_hsv(im, nbin=10, xmin=0, xmax=255, normalized=True):
    """Histogram of the hue of a color image.

    Parameters
    ----------
    im : ndarray of shape (H, W, 3)
        Red, green and blue, from 0 to `xmax`.
    nbin : int
        Number of bins.
    xmin, xmax : float
        Range of the histogram; hue is scaled so that the whole circle ends at `xmax`.
    normalized : bool
        If true, the bins add up to one; otherwise they hold numbers of pixels.

    Returns
    -------
    imhist : ndarray of shape (nbin,)
    """
    im = np.asarray(im)
    ### BEGIN SOLUTION
    hue = rgb_to_hsv(im / xmax)[..., 0] * xmax
    imhist = np.histogram(hue, bins=nbin, range=(xmin, xmax))[0].astype(float)
    if normalized:
        imhist /= max(1.0, imhist.sum())
    ### END SOLUTION
    return imhist
