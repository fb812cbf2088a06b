"""Exercises of ``cs231n/classifiers/k_nearest_neighbor.py``."""

import numpy as np

from ..exercise import Case, Exercise, Probe
from ..steps import extra_steps

MODULE = "cs231n.classifiers.k_nearest_neighbor"


def _classifier(X_train, y_train, metric="l2"):
    from cs231n.classifiers import KNearestNeighbor

    classifier = KNearestNeighbor(metric)
    classifier.train(X_train, y_train)
    return classifier


def _distances(method, grows=None):
    """Distances and, where `grows` says which images become more, whether there is a loop over them."""

    def run(X, X_train, metric):
        def distances(X, X_train):
            return getattr(_classifier(X_train, np.zeros(len(X_train), int), metric), method)(X)

        answer = {"dists": distances(X, X_train)}
        if grows is not None:
            more = tuple(np.repeat(a, 4, axis=0) if name in grows else a for name, a in (("X", X), ("X_train", X_train)))
            answer[f"extra Python steps for more {' and '.join(grows)}"] = extra_steps(distances, (X, X_train), more)
        return answer

    return (Probe("distances", run),)


def _labels(dists, y_train, k):
    return {"y_pred": _classifier(np.zeros((len(y_train), 1)), y_train).predict_labels(dists, k=k)}


def _distance_cases(rng, metrics=("l2", "l1")):
    def draw(num_test, num_train, D, metric, dtype="float64"):
        return {"X": rng.randn(num_test, D).astype(dtype), "X_train": rng.randn(num_train, D).astype(dtype), "metric": metric}

    yield Case("a few images", draw(4, 7, 5, "l2"))
    yield Case("one test image", draw(1, 6, 3, "l2"))
    yield Case("more test than training images, float32", draw(8, 3, 6, "l2", "float32"), "float32")
    if "l1" in metrics:
        yield Case("metric l1", draw(3, 5, 4, "l1"))
    else:
        X_train = 10 * rng.randn(40, 9)
        yield Case("the training images themselves", {"X": X_train[:30].copy(), "X_train": X_train, "metric": "l2"})


def _label_cases(rng):
    def draw(num_test, num_train, classes, k, dtype="float64"):
        return {"dists": rng.rand(num_test, num_train).astype(dtype), "y_train": rng.randint(classes, size=num_train), "k": k}

    yield Case("k = 1", draw(5, 8, 4, 1))
    yield Case("k = 5", draw(6, 30, 3, 5))
    yield Case("k = 4, float32, one test image", draw(1, 12, 3, 4, "float32"), "float32")
    ties = {"dists": np.array([[0.1, 0.2, 0.3, 0.4, 0.9], [0.4, 0.3, 0.2, 0.1, 0.9]]) + 0.01 * rng.rand(2, 5),
            "y_train": np.array([7, 2, 2, 7, 5]), "k": 4}
    yield Case("as many votes for two labels", ties)
    equal = {"dists": rng.randint(3, size=(7, 40)).astype(float), "y_train": rng.randint(4, size=40), "k": 9}
    yield Case("many equal distances", equal)


def _two_metrics(rng):
    return _distance_cases(rng)


def _one_metric(rng):
    return _distance_cases(rng, ("l2",))


# The root turns the rounding of |a|**2 + |b|**2 - 2 a.b, harmless elsewhere, into errors of 1e-8 at equal images.
_LIMITS = {"dists": 1e-6}

EXERCISES = (
    Exercise("compute_distances_two_loops", MODULE, _distances("compute_distances_two_loops"), _two_metrics),
    Exercise("compute_distances_one_loop", MODULE, _distances("compute_distances_one_loop", ("X_train",)), _two_metrics),
    Exercise(
        "compute_distances_no_loops", MODULE, _distances("compute_distances_no_loops", ("X", "X_train")), _one_metric,
        limits=_LIMITS,
    ),
    Exercise("predict_labels", MODULE, (Probe("labels", _labels),), _label_cases),
)
