"""What titles and text of the notebooks say about their figures, held to the numbers behind them."""

from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest

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
    ids = ("setup", "figure-rates", "figure-batch-size")
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
