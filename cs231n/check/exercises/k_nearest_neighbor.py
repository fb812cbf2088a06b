"""Exercises of ``cs231n/classifiers/k_nearest_neighbor.py``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast
from ..loop_check import EXTRA_STEPS, extra_steps

MODULE = "cs231n.classifiers.k_nearest_neighbor"


def _classifier(X_train: Array, y_train: Array, metric: str = "l2") -> Any:
    from cs231n.classifiers import KNearestNeighbor

    classifier = KNearestNeighbor(metric)
    classifier.train(X_train, y_train)
    return classifier


def _distances(
    method: str, cases: Callable[[Rng], Cases], grows: Sequence[str] | None = None, **options: Any
) -> Exercise:
    """Distances; where `grows` says which images become more, also whether a loop visits them."""

    def run(X: Array, X_train: Array, metric: str) -> Quantities:
        def distances(X: Array, X_train: Array) -> Any:
            return getattr(_classifier(X_train, np.zeros(len(X_train), int), metric), method)(X)

        answer = {"dists": distances(X, X_train)}
        if grows is not None:
            more_X = np.repeat(X, 4, axis=0) if "X" in grows else X
            more_X_train = np.repeat(X_train, 4, axis=0)
            steps = extra_steps(distances, (X, X_train), (more_X, more_X_train))
            answer[f"{EXTRA_STEPS} for more {' and '.join(grows)}"] = steps
        return answer

    return Exercise(method, MODULE, (Probe("distances", run),), cases, **options)


def _labels(dists: Array, y_train: Array, k: int) -> Quantities:
    return {"y_pred": _classifier(np.zeros((len(y_train), 1)), y_train).predict_labels(dists, k=k)}


def _distance_cases(rng: Rng, metrics: Sequence[str] = ("l2", "l1")) -> Cases:
    def draw(num_test: int, num_train: int, D: int, metric: str, dtype: str = "float64") -> Inputs:
        arrays = {"X": rng.randn(num_test, D), "X_train": rng.randn(num_train, D)}
        return cast(arrays, dtype) | {"metric": metric}

    yield Case("a few images", draw(4, 7, 5, "l2"))
    yield Case("one test image", draw(1, 6, 3, "l2"))
    yield Case("more test than training images, float32", draw(8, 3, 6, "l2", "float32"), "float32")
    if "l1" in metrics:
        yield Case("metric l1", draw(3, 5, 4, "l1"))
    else:
        X_train = 10 * rng.randn(40, 9)
        same = {"X": X_train[:30].copy(), "X_train": X_train, "metric": "l2"}
        yield Case("the training images themselves", same)


def _label_cases(rng: Rng) -> Cases:
    def draw(num_test: int, num_train: int, classes: int, k: int, dtype: str = "float64") -> Inputs:
        dists = rng.rand(num_test, num_train).astype(dtype)
        return {"dists": dists, "y_train": rng.randint(classes, size=num_train), "k": k}

    yield Case("k = 1", draw(5, 8, 4, 1))
    yield Case("k = 5", draw(6, 30, 3, 5))
    yield Case("k = 4, float32, one test image", draw(1, 12, 3, 4, "float32"), "float32")
    dists = np.array([[0.1, 0.2, 0.3, 0.4, 0.9], [0.4, 0.3, 0.2, 0.1, 0.9]]) + 0.01 * rng.rand(2, 5)
    ties = {"dists": dists, "y_train": np.array([7, 2, 2, 7, 5]), "k": 4}
    yield Case("as many votes for two labels", ties)
    equal = {
        "dists": rng.randint(3, size=(7, 40)).astype(float),
        "y_train": rng.randint(4, size=40),
        "k": 9,
    }
    yield Case("many equal distances", equal)


def _two_metrics(rng: Rng) -> Cases:
    return _distance_cases(rng)


def _one_metric(rng: Rng) -> Cases:
    return _distance_cases(rng, ("l2",))


# The root turns the rounding of |a|**2 + |b|**2 - 2 a.b, harmless elsewhere, into errors of 1e-8
# at equal images.
_LIMITS = {"dists": 1e-6}

EXERCISES = (
    _distances("compute_distances_two_loops", _two_metrics),
    _distances("compute_distances_one_loop", _two_metrics, ("X_train",)),
    _distances("compute_distances_no_loops", _one_metric, ("X", "X_train"), limits=_LIMITS),
    Exercise("predict_labels", MODULE, (Probe("labels", _labels),), _label_cases),
)
