"""Runs beside the judge: the reference classifies hidden images with trained weights, for one
submission after another.

The images are the same each time. Features that do not depend on the weights are computed once; for
the visual words, only the comparison with the submission's words is left to do.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from cs231n.bag_of_words import BagOfVisualWords, image_patches, normalize_patches
from cs231n.check.exercises import training
from cs231n.check.exercises.training import pixels
from cs231n.check.process import worker
from cs231n.features import color_histogram_hsv, extract_features, hog_feature

BATCH = 20
MAX_KEPT_BYTES = 1 << 27


def main() -> None:
    """Answer questions as `cs231n.check.process.worker` does; this adds nothing but speed."""
    kept: list[Images] = []

    def images(X: np.ndarray) -> Images:
        if not kept or kept[0].X is not X:
            kept[:] = [Images(X)]
        return kept[0]

    training.pixels = lambda X: images(X).pixels
    training.features = lambda X, bag: images(X).features(bag)
    worker.main()


class Images:
    """Images that are described again and again, by one vocabulary of visual words after another.

    Parameters
    ----------
    X : ndarray of shape (N, C, H, W)
    """

    def __init__(self, X: np.ndarray) -> None:
        self.X = X
        self._images = X.transpose(0, 2, 3, 1)
        self._settings: tuple[int, int] | None = None
        self._patches: list[np.ndarray] = []

    @cached_property
    def pixels(self) -> np.ndarray:
        """ndarray : what `cs231n.check.exercises.training.pixels` gives, once for all weights."""
        rows = pixels(self.X)
        rows.flags.writeable = False
        return rows

    @cached_property
    def _fixed(self) -> np.ndarray:
        return extract_features(self._images, [hog_feature, color_histogram_hsv])

    def features(self, bag: Any) -> np.ndarray:
        """What `cs231n.check.exercises.training.features` gives, in a tenth of the time.

        Parameters
        ----------
        bag : BagOfVisualWords

        Returns
        -------
        features : ndarray of shape (N, F)
        """
        bag(self._images[0])  # refuses what does not fit
        fields = _fields(bag.word_map(self._images[0]).shape, bag.grid)
        words = self._word_maps(bag).reshape(len(self._images), fields.size)
        count = len(bag.words)
        sizes = np.bincount(fields)
        slots = (np.arange(len(words))[:, np.newaxis] * len(sizes) + fields) * count + words
        histograms = np.bincount(slots.ravel(), minlength=len(words) * len(sizes) * count)
        shares = histograms.reshape(len(words), len(sizes), count) / sizes[:, np.newaxis]
        return np.hstack([self._fixed, shares.reshape(len(words), -1)])

    def _word_maps(self, bag: BagOfVisualWords) -> np.ndarray:
        """The nearest words to all patches of all images.

        For these ``|word|^2 - 2 whitened(patch) . word`` is smallest.
        """
        dtype = np.result_type(bag.words, bag.mean, bag.whitening, np.float32)
        exact = bag.words.astype(np.float64)
        filters = bag.whitening.astype(np.float64) @ exact.T
        constant = np.sum(exact**2, axis=1) + 2 * bag.mean.astype(np.float64) @ filters
        constant = constant.astype(dtype)
        filters = (-2 * filters).astype(dtype)
        nearest = []
        for part in self._batches(bag):
            distances = part @ filters
            distances += constant  # in place: another array of this size takes longer than the sums
            nearest.append(distances.argmin(axis=1))
        return np.concatenate(nearest)

    def _batches(self, bag: BagOfVisualWords) -> Iterable[np.ndarray]:
        """The normalized patches of a few images at a time.

        They are kept until other ones are asked for, if there is room.
        """
        settings = (bag.patch_size, bag.stride)
        if settings == self._settings:
            return self._patches
        parts = np.array_split(self._images, max(1, len(self._images) // BATCH))
        batches = (_patches_of(part, *settings) for part in parts)
        kept_bytes = len(self._images) * _patches(self._images[0], *settings).nbytes
        if kept_bytes > MAX_KEPT_BYTES:
            return batches
        self._settings = settings
        self._patches = list(batches)
        return self._patches


def _patches_of(images: np.ndarray, size: int, stride: int) -> np.ndarray:
    return np.concatenate([_patches(image, size, stride) for image in images])


def _patches(image: np.ndarray, size: int, stride: int) -> np.ndarray:
    return normalize_patches(image_patches(image, size, stride))


def _fields(shape: tuple[int, ...], grid: int) -> np.ndarray:
    """ndarray : for each place in a map of words, the number of the field that it lies in."""
    rows, columns = (_parts(side, grid) for side in shape)
    return (rows[:, np.newaxis] * grid + columns).ravel()


def _parts(side: int, grid: int) -> np.ndarray:
    """ndarray : for each place along a side, the number of the part that it lies in."""
    lengths = [len(part) for part in np.array_split(range(side), grid)]
    return np.repeat(np.arange(grid), lengths)
