"""Exercises of ``cs231n/features.py``."""

from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Probe, Quantities, Rng


def _hog(im: Array) -> Quantities:
    from cs231n.features import hog_feature

    return {"feature": hog_feature(im)}


def _histogram(im: Array, **options: Any) -> Quantities:
    from cs231n.features import color_histogram_hsv

    return {"imhist": color_histogram_hsv(im, **options)}


def _pixels(rng: Rng, *shape: int) -> Array:
    return 255 * rng.rand(*shape)


def _hog_cases(rng: Rng) -> Cases:
    yield Case("a gray image", {"im": _pixels(rng, 16, 24)})
    yield Case("a color image", {"im": _pixels(rng, 24, 16, 3)})
    yield Case("sides that are no multiples of 8", {"im": _pixels(rng, 21, 30)})
    down, right = np.mgrid[:16, :16]
    yield Case("a brightness ramp", {"im": 3.0 * right + (2 + rng.rand()) * down})
    yield Case("float32", {"im": _pixels(rng, 8, 17, 3).astype(np.float32)}, "float32")


def _histogram_cases(rng: Rng) -> Cases:
    yield Case("default settings", {"im": _pixels(rng, 9, 12, 3)})
    yield Case("numbers of pixels", {"im": _pixels(rng, 7, 8, 3), "nbin": 7, "normalized": False})
    yield Case("pixels from 0 to 1", {"im": rng.rand(6, 5, 3), "nbin": 4, "xmax": 1})
    yield Case("a part of the circle", {"im": _pixels(rng, 10, 6, 3), "nbin": 5, "xmin": 80})
    yield Case("float32", {"im": _pixels(rng, 5, 7, 3).astype(np.float32), "nbin": 3}, "float32")


EXERCISES = (
    Exercise("hog_feature", "cs231n.features", (Probe("feature", _hog),), _hog_cases),
    Exercise(
        "color_histogram_hsv",
        "cs231n.features",
        (Probe("histogram", _histogram),),
        _histogram_cases,
    ),
)
