"""Exercises of ``cs231n/cross_validation.py``."""

from typing import Any

import numpy as np

from ..exercise import Array, Arrays, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng
from ..stand_ins import replaced

MODULE = "cs231n.cross_validation"


def _folds(num_examples: int, num_folds: int, seed: int) -> Quantities:
    """Three divisions: two from one seed, one from another."""
    from cs231n.cross_validation import make_folds

    answer = {}
    for name, own_seed in (("first", seed), ("again", seed), ("other", seed + 1)):
        folds = make_folds(num_examples, num_folds, own_seed)
        answer[f"{name} order"] = np.concatenate(folds)
        answer[f"{name} sizes"] = np.array([len(fold) for fold in folds])
    return answer


def _properties(inputs: Inputs, arrays: Arrays) -> Arrays:
    """What every right division has in common."""
    first, again, other = (arrays[f"{name} order"] for name in ("first", "again", "other"))
    return {
        "sizes of the folds, sorted": np.sort(arrays["first sizes"]),
        "all examples, sorted": np.sort(first),
        "shuffled": np.asarray(int(not np.array_equal(first, np.sort(first)))),
        "the same seed gives the same folds": np.asarray(int(np.array_equal(first, again))),
        "another seed gives other folds": np.asarray(int(not np.array_equal(first, other))),
    }


def _fold_sizes(inputs: Inputs) -> dict[str, int]:
    sizes = {}
    for name in ("first", "again", "other"):
        sizes[f"{name} order"] = inputs["num_examples"]
        sizes[f"{name} sizes"] = inputs["num_folds"]
    return sizes


def _accuracies(
    X: Array, y: Array, k_choices: Any, num_folds: int, metric: str, order: Array
) -> Quantities:
    """The folds are given, so that neither the shuffle nor a mistake in `make_folds` matters."""
    from cs231n import cross_validation

    folds = np.array_split(order, num_folds)
    with replaced(cross_validation, make_folds=lambda *_, **__: [fold.copy() for fold in folds]):
        found = cross_validation.cross_validate_k(X, y, tuple(k_choices), num_folds, metric, seed=0)
    return {f"accuracies for k = {k}": np.asarray(found[k], np.float64) for k in k_choices}


def _fold_cases(rng: Rng) -> Cases:
    for name, N, num_folds in (
        ("folds of one size", 60, 5),
        ("sizes that differ by one", 47, 4),
        ("two folds", 31, 2),
    ):
        yield Case(
            name, {"num_examples": N, "num_folds": num_folds, "seed": int(rng.randint(1000))}
        )


def _accuracy_cases(rng: Rng) -> Cases:
    def draw(
        N: int, D: int, classes: int, ks: list[int], num_folds: int, metric: str = "l2"
    ) -> Inputs:
        y = rng.randint(classes, size=N)
        X = rng.randn(N, D) + 0.8 * y[:, np.newaxis]
        order = rng.permutation(N)
        return {
            "X": X,
            "y": y,
            "k_choices": ks,
            "num_folds": num_folds,
            "metric": metric,
            "order": order,
        }

    yield Case("five folds", draw(60, 3, 4, [1, 3, 8], 5))
    yield Case("folds of several sizes, metric l1", draw(53, 5, 3, [2, 5], 4, "l1"))
    yield Case("two folds", draw(30, 2, 3, [1, 4], 2))


EXERCISES = (
    Exercise(
        "make_folds",
        MODULE,
        (Probe("folds", _folds),),
        _fold_cases,
        reduce=_properties,
        sizes=_fold_sizes,
    ),
    Exercise(
        "cross_validate_k",
        MODULE,
        (
            Probe("own neighbors", _accuracies),
            Probe("stand-in neighbors", _accuracies, stand_ins=True),
        ),
        _accuracy_cases,
    ),
)
