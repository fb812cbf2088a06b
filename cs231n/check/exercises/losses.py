"""Exercises of ``cs231n/layers/losses.py``."""

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Probe, Quantities, Rng, unpack


def _softmax(x: Array, y: Array) -> Quantities:
    from cs231n.layers import softmax_loss

    return unpack("softmax_loss", softmax_loss(x, y), "loss", "dx")


def _svm(x: Array, y: Array) -> Quantities:
    from cs231n.layers import svm_loss

    return unpack("svm_loss", svm_loss(x, y), "loss", "dx")


def _cases(rng: Rng) -> Cases:
    yield Case("a batch of scores", {"x": rng.randn(6, 4), "y": rng.randint(4, size=6)})
    yield Case("one example", {"x": rng.randn(1, 5), "y": rng.randint(5, size=1)})
    yield Case("large scores", {"x": 800 * rng.randn(5, 3), "y": rng.randint(3, size=5)})
    yield Case(
        "float32", {"x": rng.randn(3, 8).astype(np.float32), "y": rng.randint(8, size=3)}, "float32"
    )


EXERCISES = (
    Exercise("softmax_loss", "cs231n.layers.losses", (Probe("loss", _softmax),), _cases),
    Exercise("svm_loss", "cs231n.layers.losses", (Probe("loss", _svm),), _cases),
)
