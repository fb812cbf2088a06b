"""Exercises of ``cs231n/bag_of_words.py``."""

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng
from ..stand_ins import replaced

MODULE = "cs231n.bag_of_words"


def _patches(im: Array, size: int, stride: int) -> Quantities:
    from cs231n.bag_of_words import image_patches

    return {"patches": image_patches(im, size, stride)}


def _normalized(patches: Array, eps: float) -> Quantities:
    from cs231n.bag_of_words import normalize_patches

    return {"normalized": normalize_patches(patches, eps)}


def _whitening(centered: Array, eps: float) -> Quantities:
    from cs231n.bag_of_words import zca_matrix

    return {"whitening": zca_matrix(centered, eps)}


def _word_map(im: Array, words: Array, patches: Array, size: int, stride: int) -> Quantities:
    """The patches are given, so that mistakes in other functions of the file do not count here."""
    from cs231n import bag_of_words

    bag = bag_of_words.BagOfVisualWords(len(words), size, stride, whiten=False)
    bag.words = words
    bag.mean = np.zeros(words.shape[1])
    bag.whitening = np.eye(words.shape[1])
    given = {
        "image_patches": lambda *_, **__: patches,
        "normalize_patches": lambda patches, *_: patches,
    }
    with replaced(bag_of_words, **given):
        return {"nearest": bag.word_map(im)}


def _bag(nearest: Array, num_words: int, grid: int) -> Quantities:
    from cs231n.bag_of_words import BagOfVisualWords

    bag = BagOfVisualWords(num_words, grid=grid)
    bag.word_map = lambda im: nearest  # type: ignore[method-assign]
    return {"histogram": bag(np.zeros((*nearest.shape, 3)))}


def _patch_cases(rng: Rng) -> Cases:
    yield Case("every patch", {"im": 255 * rng.rand(5, 7, 3), "size": 3, "stride": 1})
    yield Case("stride 2", {"im": 255 * rng.rand(8, 11, 2), "size": 4, "stride": 2})
    yield Case(
        "a stride that leaves a rest", {"im": 255 * rng.rand(9, 7, 1), "size": 2, "stride": 3}
    )
    yield Case(
        "one patch, float32",
        {"im": rng.rand(4, 4, 3).astype(np.float32), "size": 4, "stride": 1},
        "float32",
    )


def _normalize_cases(rng: Rng) -> Cases:
    yield Case(
        "patches of all contrasts",
        {"patches": 128 + rng.randn(5, 1) * 50 * rng.rand(5, 12), "eps": 10.0},
    )
    yield Case("flat patches", {"patches": 40 + 0.5 * rng.randn(3, 8), "eps": 10.0})
    yield Case("another eps", {"patches": rng.randn(4, 6), "eps": 0.01})
    yield Case(
        "one patch, float32",
        {"patches": (255 * rng.rand(1, 27)).astype(np.float32), "eps": 10.0},
        "float32",
    )


def _whitening_cases(rng: Rng) -> Cases:
    def draw(P: int, D: int, eps: float) -> Inputs:
        patches = rng.randn(P, D) @ rng.randn(D, D)
        return {"centered": patches - patches.mean(axis=0), "eps": eps}

    yield Case("correlated pixels", draw(40, 6, 0.1))
    yield Case("another eps", draw(25, 4, 0.8))
    yield Case("fewer patches than pixels", draw(5, 8, 0.1))


def _word_cases(rng: Rng) -> Cases:
    def draw(H: int, W: int, num_words: int, size: int, stride: int) -> Inputs:
        rows = (H - size) // stride + 1
        columns = (W - size) // stride + 1
        return {
            "im": np.zeros((H, W, 3)),
            "words": rng.randn(num_words, 5) * (1 + 2 * rng.rand(num_words, 1)),
            "patches": rng.randn(rows * columns, 5),
            "size": size,
            "stride": stride,
        }

    yield Case("every patch", draw(6, 9, 7, 3, 1))
    yield Case("stride 2", draw(9, 7, 4, 2, 2))
    yield Case("one patch", draw(4, 4, 6, 4, 1))


def _bag_cases(rng: Rng) -> Cases:
    yield Case(
        "the whole image", {"nearest": rng.randint(6, size=(5, 7)), "num_words": 6, "grid": 1}
    )
    yield Case(
        "quarters of several sizes",
        {"nearest": rng.randint(4, size=(7, 9)), "num_words": 4, "grid": 2},
    )
    yield Case(
        "words that do not occur",
        {"nearest": rng.randint(3, size=(6, 6)), "num_words": 9, "grid": 3},
    )


EXERCISES = (
    Exercise("image_patches", MODULE, (Probe("patches", _patches),), _patch_cases),
    Exercise("normalize_patches", MODULE, (Probe("normalized", _normalized),), _normalize_cases),
    Exercise("zca_matrix", MODULE, (Probe("whitening", _whitening),), _whitening_cases),
    Exercise("word_map", MODULE, (Probe("words", _word_map),), _word_cases),
    Exercise("BagOfVisualWords", MODULE, (Probe("histogram", _bag),), _bag_cases),
)
