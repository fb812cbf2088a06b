"""What titles and text of the notebooks say about their figures, held to the numbers behind them."""

from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest

from cs231n.classifiers import KNearestNeighbor

ROOT = Path(__file__).parents[2] / "assignments"

pytestmark = pytest.mark.slow


def run_cells(path, *ids):
    """The names that some cells of a notebook define."""
    matplotlib.use("Agg")
    names = {}
    for cell in nbformat.read(ROOT / path, as_version=4).cells:
        if cell.id in ids:
            lines = [line for line in cell.source.splitlines() if not line.startswith("%")]
            exec("\n".join(lines), names)
            names["show"] = lambda fig, alt: matplotlib.pyplot.close(fig)
    return names


def test_random_starts_grow_and_shrink_as_the_text_says():
    names = run_cells("assignment2/normalization_and_dropout.ipynb", "setup", "figure-growth", "figure-normalized")
    growth = {scale: stds[-1] / stds[0] for scale, stds in names["lines"].items()}
    assert 1e5 < growth[0.2] < 1e7 and 0.3 < growth["he"] < 3 and growth[0.01] < 1e-15
    assert 1e-4 < growth["xavier"] < 1e-2
    level, same = names["pairs"]["0.2, normalized"], names["pairs"]["0.01, normalized"]
    assert np.allclose(level, same, rtol=0.05) and max(level) < 2 * min(level)


def test_batch_normalization_trains_at_three_rates_and_needs_a_batch():
    ids = ("setup", "small-nets", "figure-rates", "figure-batch-size")
    names = run_cells("assignment2/normalization_and_dropout.ipynb", *ids)
    last = {kind: [np.mean(s.loss_history[-8:]) for s in solvers] for kind, solvers in names["runs"].items()}
    assert last[None][0] < 2.1 and last[None][1] > 2.1 and not last[None][2] < 2.3
    assert max(last["batchnorm"]) < 2.1
    small, large = names["reached"]["batchnorm"][0], names["reached"]["batchnorm"][-1]
    assert small < 0.25 < large and names["reached"]["layernorm"][0] > 0.35


def test_dropout_narrows_the_gap():
    names = run_cells("assignment2/normalization_and_dropout.ipynb", "setup", "figure-rates", "figure-gap")
    gaps = {keep: s.train_acc_history[-1] - s.val_acc_history[-1] for keep, s in names["solvers"].items()}
    assert gaps[1] > 0.6 and gaps[0.3] < gaps[1] - 0.03


def test_two_hidden_units_cannot_follow_a_spiral_and_fifty_can():
    ids = ("setup", "figure-boundaries", "figure-hidden-units")
    names = run_cells("assignment2/two_layer_net.ipynb", *ids)
    right = {units: np.mean(net.loss(names["X"]).argmax(axis=1) == names["y"]) for units, net in names["nets"].items()}
    assert right[2] < 0.85 and right[6] > 0.9 and right[50] > 0.97


def test_numerical_gradients_are_best_at_a_middling_step():
    names = run_cells("assignment2/two_layer_net.ipynb", "setup", "figure-step-size")
    errors = dict(zip(np.round(np.log10(names["steps"])), names["errors"], strict=True))
    assert errors[-5] < 1e-8 < min(errors[-12], errors[-1])


def test_most_of_a_jacobian_is_zero():
    names = run_cells("assignment2/computational_graphs.ipynb", "setup", "figure-jacobian")
    assert len(names["wholes"]) == 3 and all(np.mean(J != 0) < 0.5 for J in names["wholes"].values())


def test_neighbors_suffice_for_digits_and_not_for_shapes():
    names = run_cells("assignment1/k_nearest_neighbors.ipynb", "setup", "figure-images")
    model = KNearestNeighbor()
    model.train(names["X_train"], names["y_train"])
    for k, predicted in model.predict_each(names["X_test"][:500], (12, 35)).items():
        assert 0.25 < np.mean(predicted == names["y_test"][:500]) < 0.34, k
    digits = names["load_dataset"]("digits", subtract_mean=False)
    model.train(names["rows"](digits["X_train"]), digits["y_train"])
    assert 0.97 <= np.mean(model.predict(names["rows"](digits["X_test"]), 3) == digits["y_test"]) <= 0.99


def test_linear_classifiers_reach_what_the_text_expects_and_l1_leaves_few_large_weights():
    ids = ("setup", "rows", "figure-surface", "figure-losses", "figure-templates")
    names = run_cells("assignment1/linear_classifiers.ipynb", *ids)
    assert all(34 <= accuracy <= 40 for _, _, accuracy in names["fits"].values())
    starts = {name: history[0] for name, (_, history, _) in names["fits"].items()}
    assert starts["Softmax"] == pytest.approx(np.log(10), rel=0.01) and starts["LinearSVM"] == pytest.approx(9, rel=0.02)
    small, usual = (np.median(np.abs(W)) for W in (names["sparse"].W, names["fits"]["Softmax"][0].W))
    assert small < usual / 10


def test_long_steps_jump_over_kinks_and_short_ones_agree():
    names = run_cells("assignment1/linear_classifiers.ipynb", "setup", "rows", "figure-gradient-check")
    errors = {h: np.median([check.error for check in found]) for h, found in names["points"].items()}
    assert errors[1e-5] < 1e-6 and errors[3.0] > 0.05


def test_features_see_more_than_pixels():
    names = run_cells("assignment1/image_features.ipynb", "setup", "vocabulary", "extract", "figure-accuracy")
    for name, low, high in (("hues", 10, 18), ("gradients", 34, 44), ("words", 54, 66), ("all features", 60, 70)):
        assert low <= names["scores"][name] <= high, name
    assert names["scores"]["pixels"] < names["scores"]["all features"] - 20


def test_perceptron_rests_on_what_a_line_separates_and_adaline_has_a_largest_rate():
    ids = ("setup", "figure-boundary", "figure-rest", "figure-error", "figure-digits")
    names = run_cells("assignment1/perceptron_and_adaline.ipynb", *ids)
    assert 6 < len(names["moves"]) < 60
    rests = {task: history[-5:] for task, history in names["histories"].items()}
    assert not any(rests["and"]) and not any(rests["or"]) and all(rests["exclusive or"])
    last = {rate: np.mean(history[-5:]) for rate, history in names["errors"].items()}
    assert last[0.01] < last[0.1] < last[0.2] and names["errors"][0.001][4] > 1.1 * names["errors"][0.01][4]
    assert all(88 <= accuracy <= 96 for history in names["reached"].values() for accuracy in history[-5:])
