"""Exercises of ``cs231n/classifiers/perceptron.py`` and ``adaline.py``."""

from collections.abc import Callable
from importlib import import_module

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng


def _steps(name: str, module: str) -> tuple[Probe, ...]:
    def run(W: Array, b: Array, X: Array, targets: Array, learning_rate: float) -> Quantities:
        """Follow several examples; W and b change in place, so the probe works on copies."""
        update = getattr(import_module(module), name)
        W = W.copy()
        b = b.copy()
        errors = []
        first: list[Array] = []
        for x, target in zip(X, targets):
            errors.append(np.array(update(W, b, x, target, learning_rate), dtype=W.dtype))
            if not first:
                first = [W.copy(), b.copy()]
        return {
            "error": np.stack(errors),
            "W, first step": first[0],
            "b, first step": first[1],
            "W, all steps": W,
            "b, all steps": b,
        }

    return (Probe("steps", run),)


def _cases(low: float) -> Callable[[Rng], Cases]:
    def cases(rng: Rng) -> Cases:
        def draw(N: int, D: int, C: int, rate: float, dtype: str = "float64") -> Inputs:
            targets = np.where(rng.rand(N, C) < 0.5, low, 1.0)
            return {
                "W": rng.randn(D, C).astype(dtype),
                "b": rng.randn(C).astype(dtype),
                "X": rng.randn(N, D).astype(dtype),
                "targets": targets.astype(dtype),
                "learning_rate": rate,
            }

        yield Case("one unit", draw(6, 4, 1, 1.0))
        yield Case("several units", draw(7, 5, 3, 0.05))
        yield Case("one example, float32", draw(1, 3, 4, 0.2, "float32"), "float32")
        zeros = draw(2, 3, 2, 0.5)
        yield Case("weights zero", zeros | {"W": np.zeros((3, 2)), "b": np.zeros(2)})

    return cases


def _exercise(name: str, module: str, low: float) -> Exercise:
    return Exercise(name, module, _steps(name, module), _cases(low))


EXERCISES = (
    _exercise("perceptron_update", "cs231n.classifiers.perceptron", 0.0),
    _exercise("adaline_update", "cs231n.classifiers.adaline", -1.0),
)
