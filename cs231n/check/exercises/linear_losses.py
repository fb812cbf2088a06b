"""Exercises of ``linear_svm.py``, ``softmax.py`` and the penalty of ``linear_classifier.py``."""

from collections.abc import Iterator
from importlib import import_module

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Probe, Quantities, Rng, cast, unpack
from ..loop_check import EXTRA_STEPS, extra_steps


def _loss(name: str, module: str, vectorized: bool) -> tuple[Probe, ...]:
    def run(W: Array, X: Array, y: Array, reg: float) -> Quantities:
        function = getattr(import_module(module), name)
        answer = unpack(name, function(W, X, y, reg), "loss", "dW")
        if vectorized:
            more = (np.tile(W, 3), np.repeat(X, 4, axis=0), np.repeat(y, 4), reg)
            steps = extra_steps(function, (W, X, y, reg), more)
            answer[f"{EXTRA_STEPS} for more examples and classes"] = steps
        return answer

    return (Probe("loss", run),)


def _penalty(W: Array, reg: float) -> Quantities:
    from cs231n.classifiers.linear_classifier import l1_penalty

    return unpack("l1_penalty", l1_penalty(W, reg), "loss", "dW")


def _draw(
    rng: Rng, N: int, D: int, C: int, reg: float, scale: float = 1.0, dtype: str = "float64"
) -> Quantities:
    arrays = {"W": scale * rng.randn(D, C), "X": rng.randn(N, D)}
    return cast(arrays, dtype) | {"y": rng.randint(C, size=N), "reg": reg}


def _cases(rng: Rng) -> Cases:
    yield Case("without regularization", _draw(rng, 6, 5, 4, 0.0))
    yield Case("with regularization", _draw(rng, 5, 7, 3, 0.6))
    yield Case("one example, many classes", _draw(rng, 1, 4, 9, 0.1))
    yield Case("large scores", _draw(rng, 4, 6, 5, 0.0, scale=700.0))
    yield Case("float32", _draw(rng, 7, 6, 3, 0.05, dtype="float32"), "float32")


def _penalty_cases(rng: Rng) -> Cases:
    yield Case("weights of both signs", {"W": rng.randn(5, 3), "reg": 0.3})
    sparse = rng.randn(4, 6) * rng.randint(2, size=(4, 6))
    yield Case("some weights are zero", {"W": sparse, "reg": 2.0})
    single = rng.randn(8, 1).astype(np.float32)
    yield Case("one class, float32", {"W": single, "reg": 0.05}, "float32")


def _exercises(kind: str, module: str) -> Iterator[Exercise]:
    for way in ("naive", "vectorized"):
        name = f"{kind}_loss_{way}"
        yield Exercise(name, module, _loss(name, module, way == "vectorized"), _cases)


EXERCISES = (
    *_exercises("svm", "cs231n.classifiers.linear_svm"),
    *_exercises("softmax", "cs231n.classifiers.softmax"),
    Exercise(
        "l1_penalty",
        "cs231n.classifiers.linear_classifier",
        (Probe("penalty", _penalty),),
        _penalty_cases,
    ),
)
