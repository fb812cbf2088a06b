"""Right, untouched and broken copies of the package, as `check` finds them."""

import os

import numpy as np
import pytest

from autograder.reference.package_files import package_files
from autograder.release.solution_regions import clear
from cs231n.check import EXERCISES, check_with
from cs231n.check.exercise import TrainingGoal
from cs231n.check.report import result_text
from cs231n.checkpoint import save_params

pytestmark = pytest.mark.process

LAYERS = [e for e in EXERCISES if not isinstance(EXERCISES[e], TrainingGoal)]


def cleared():
    """The modules as students get them."""
    files = {name: path for name, path in package_files().items() if path.suffix == ".py"}
    return {name: clear(path.read_text(encoding="utf-8"), name) for name, path in files.items()}


def test_the_reference_passes_every_exercise(tree):
    worker = tree()
    failed = [
        result_text(r)
        for r in (check_with(worker, EXERCISES[name]) for name in LAYERS)
        if r.status != "pass"
    ]
    assert not failed, "\n".join(failed)


def test_untouched_files_are_not_started_in_defect_untouched_code_looks_right(tree):
    worker = tree(cleared())
    assert {check_with(worker, exercise).status for exercise in EXERCISES.values()} == {
        "not started"
    }


ZEROS = {
    "untouched_knn_prints_good": (
        "cs231n/classifiers/k_nearest_neighbor.py",
        ("two_loops", "one_loop", "no_loops"),
        """
def _zeros(self, X, metric="l2"):
    return np.zeros((len(X), len(self.X_train)))
""",
        "KNearestNeighbor.compute_distances_{0} = _zeros\n",
        "compute_distances_{0}",
    ),
    "untouched_softmax_gradients_differ_by_zero": (
        "cs231n/classifiers/softmax.py",
        ("naive", "vectorized"),
        """
def _zeros(W, X, y, reg):
    return 0.0, np.zeros_like(W)
""",
        "softmax_loss_{0} = _zeros\n",
        "softmax_loss_{0}",
    ),
}


@pytest.mark.parametrize("file, kinds, zeros, assignment, exercise", ZEROS.values(), ids=ZEROS)
def test_implementations_that_agree_on_zeros_fail_in_defect(
    tree, file, kinds, zeros, assignment, exercise, source
):
    worker = tree({file: source(file) + zeros + "".join(assignment.format(kind) for kind in kinds)})
    results = [check_with(worker, EXERCISES[exercise.format(kind)]) for kind in kinds]
    assert [(result.status, result.share) for result in results] == [("fail", 0)] * len(kinds)


def test_a_broken_forward_does_not_sink_the_backward(tree, changed):
    worker = tree(changed("cs231n/layers/affine.py", "w.shape[0]) @ w + b\n", "w.shape[0]) @ w\n"))
    assert check_with(worker, EXERCISES["affine_forward"]).status == "fail"
    assert check_with(worker, EXERCISES["affine_backward"]).status == "pass"
    assert check_with(worker, EXERCISES["TwoLayerNet"]).status == "pass"


def test_a_cache_of_ones_own_layout_is_fine(tree, source):
    text = source("cs231n/layers/affine.py")
    text = text.replace("cache = (x, w, b)\n", "cache = (b, w, x)\n").replace(
        "x, w, b = cache", "b, w, x = cache"
    )
    assert (
        check_with(tree({"cs231n/layers/affine.py": text}), EXERCISES["affine_backward"]).status
        == "pass"
    )


def test_changing_an_input_in_place_is_named(tree, broken):
    result = check_with(tree(broken("x[x < 0] = 0; return x, x")), EXERCISES["relu_forward"])
    assert result.status == "fail" and "x was changed in place" in result_text(result)


def test_a_warning_costs_nothing_and_is_shown(tree, broken):
    body = "np.array([1.0]) / np.array([0.0]); return np.maximum(x, 0), x"
    result = check_with(tree(broken(body)), EXERCISES["relu_forward"])
    assert result.status == "pass" and "divide by zero" in result_text(result)


def test_saved_weights_are_judged_by_their_accuracy(tree, tmp_path):
    worker, goal = tree(), EXERCISES["train_fully_connected"]
    assert check_with(worker, goal).status == "not started"
    (tmp_path / "weights").mkdir()
    save_params(tmp_path / goal.weights, {"W1": np.zeros((3072, 10)), "b1": np.zeros(10)})
    result = check_with(worker, goal)
    assert result.status == "fail" and result.share == 0 and "accuracy 10.0%" in result_text(result)


def test_weights_that_are_older_than_the_code_cost_nothing_but_a_warning(tree, tmp_path):
    worker, goal = tree(), EXERCISES["train_fully_connected"]
    (tmp_path / "weights").mkdir()
    save_params(tmp_path / goal.weights, {"W1": np.zeros((3072, 10)), "b1": np.zeros(10)})
    assert "older" not in result_text(check_with(worker, goal))
    os.utime(tmp_path / goal.weights, (0, 0))
    result = check_with(worker, goal)
    (text,) = result.warnings
    assert text.startswith("weights/train_fully_connected.npz is older than cs231n/classifiers/")
    assert "layers/affine.py" in text and "training.py" not in text
    assert "pooling" not in text


def test_weights_of_a_diverged_training_are_named(tree, tmp_path):
    worker, goal = tree(), EXERCISES["train_linear"]
    (tmp_path / "weights").mkdir()
    save_params(tmp_path / goal.weights, {"W": np.full((3073, 10), np.nan)})
    result = check_with(worker, goal)
    assert "W holds nan or inf: training diverged" in result_text(result)
    assert result.status == "fail" and result.share == 0


@pytest.mark.parametrize(
    "params",
    [
        {"W1": np.zeros((3072, 10))},
        {"W1": np.zeros((3072, 10)), "b1": np.zeros(10), "gamma1": np.ones(10)},
        {"W1": np.zeros((5, 10)), "b1": np.zeros(10)},
        {"W1": np.full((3072, 10), np.nan), "b1": np.zeros(10)},
        {},
    ],
)
def test_weights_that_fit_no_net_are_explained(tree, tmp_path, params):
    worker, goal = tree(), EXERCISES["train_fully_connected"]
    (tmp_path / "weights").mkdir()
    save_params(tmp_path / goal.weights, params)
    result = check_with(worker, goal)
    assert result.status == "fail" and result.share == 0 and result.problems
