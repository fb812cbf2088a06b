"""What the notebooks say about their figures, held to the numbers behind them."""

from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest

from cs231n import fast_layers
from cs231n.check.exercises import EXERCISES
from cs231n.classifiers import FullyConnectedNet, KNearestNeighbor
from cs231n.layers import conv_forward_matmul
from cs231n.solver import Solver

ROOT = Path(__file__).parents[2] / "assignments"

pytestmark = pytest.mark.slow


def run_cells(path, *ids, **given):
    """The names that some cells of a notebook define, given those of earlier cells."""
    matplotlib.use("Agg")
    names = dict(given)
    for cell in nbformat.read(ROOT / path, as_version=4).cells:
        if cell.id in ids:
            lines = [line for line in cell.source.splitlines() if not line.startswith("%")]
            exec("\n".join(lines), names)
            names["show"] = lambda fig, alt: matplotlib.pyplot.close(fig)
    return names


def test_random_starts_grow_and_shrink_as_the_text_says():
    names = run_cells(
        "assignment2/normalization_and_dropout.ipynb", "setup", "figure-growth", "figure-normalized"
    )
    growth = {scale: stds[-1] / stds[0] for scale, stds in names["lines"].items()}
    assert 1e5 < growth[0.2] < 1e7 and 0.3 < growth["he"] < 3 and growth[0.01] < 1e-15
    assert 1e-4 < growth["xavier"] < 1e-2
    level, same = names["pairs"]["0.2, normalized"], names["pairs"]["0.01, normalized"]
    assert np.allclose(level, same, rtol=0.05) and max(level) < 2 * min(level)


def test_batch_normalization_trains_at_three_rates_and_needs_a_batch():
    ids = ("setup", "small-nets", "figure-rates", "figure-batch-size")
    names = run_cells("assignment2/normalization_and_dropout.ipynb", *ids)
    last = {
        kind: [np.mean(s.loss_history[-8:]) for s in solvers]
        for kind, solvers in names["runs"].items()
    }
    assert last[None][0] < 2.1 and last[None][1] > 2.1 and not last[None][2] < 2.3
    assert max(last["batchnorm"]) < 2.1
    small, large = names["reached"]["batchnorm"][0], names["reached"]["batchnorm"][-1]
    assert small < 0.25 < large and names["reached"]["layernorm"][0] > 0.35


def test_dropout_narrows_the_gap():
    names = run_cells(
        "assignment2/normalization_and_dropout.ipynb", "setup", "small-nets", "figure-gap"
    )
    gaps = {
        keep: s.train_acc_history[-1] - s.val_acc_history[-1]
        for keep, s in names["solvers"].items()
    }
    assert gaps[1] > 0.6 and gaps[0.4] < gaps[1] - 0.03


def test_two_hidden_units_cannot_follow_a_spiral_and_fifty_can():
    ids = ("setup", "figure-boundaries", "figure-hidden-units")
    names = run_cells("assignment2/two_layer_net.ipynb", *ids)
    right = {
        units: np.mean(net.loss(names["X"]).argmax(axis=1) == names["y"])
        for units, net in names["nets"].items()
    }
    assert right[2] < 0.85 and right[6] > 0.9 and right[50] > 0.97


def test_numerical_gradients_are_best_at_a_middling_step():
    names = run_cells("assignment2/two_layer_net.ipynb", "setup", "figure-step-size")
    errors = dict(zip(np.round(np.log10(names["steps"])), names["errors"], strict=True))
    assert errors[-5] < 1e-8 < min(errors[-12], errors[-1])


def test_plain_descent_zigzags_and_comes_last():
    names = run_cells("assignment2/fully_connected_nets.ipynb", "setup", "figure-paths")
    turns = {
        rule: np.count_nonzero(np.diff(np.sign(np.array(path)[:, 1])))
        for rule, path in names["paths"].items()
    }
    assert turns["sgd"] > 15 and turns["rmsprop"] <= 1
    given = {"FullyConnectedNet": FullyConnectedNet, "Solver": Solver}
    names = run_cells(
        "assignment2/fully_connected_nets.ipynb", "setup", "figure-optimizers", **given
    )
    last = {rule: np.mean(losses[-8:]) for rule, losses in names["losses"].items()}
    assert last["sgd"] > max(loss for rule, loss in last.items() if rule != "sgd") + 0.2


def test_most_of_a_jacobian_is_zero():
    names = run_cells("assignment2/computational_graphs.ipynb", "setup", "figure-jacobian")
    assert len(names["wholes"]) == 3 and all(
        np.mean(J != 0) < 0.5 for J in names["wholes"].values()
    )


def test_neighbors_suffice_for_digits_and_not_for_shapes():
    names = run_cells("assignment1/k_nearest_neighbors.ipynb", "setup", "figure-images")
    model = KNearestNeighbor()
    model.train(names["X_train"], names["y_train"])
    for k, predicted in model.predict_each(names["X_test"][:500], (12, 35)).items():
        assert 0.25 < np.mean(predicted == names["y_test"][:500]) < 0.34, k
    digits = names["load_dataset"]("digits", subtract_mean=False)
    model.train(names["rows"](digits["X_train"]), digits["y_train"])
    assert (
        0.97
        <= np.mean(model.predict(names["rows"](digits["X_test"]), 3) == digits["y_test"])
        <= 0.99
    )


def test_linear_classifiers_reach_what_the_text_expects_and_l1_leaves_few_large_weights():
    ids = ("setup", "rows", "figure-surface", "figure-losses", "figure-templates")
    names = run_cells("assignment1/linear_classifiers.ipynb", *ids)
    assert all(34 <= accuracy <= 40 for _, _, accuracy in names["fits"].values())
    starts = {name: history[0] for name, (_, history, _) in names["fits"].items()}
    assert starts["Softmax"] == pytest.approx(np.log(10), rel=0.01) and starts[
        "LinearSVM"
    ] == pytest.approx(9, rel=0.02)
    small, usual = (
        np.median(np.abs(W)) for W in (names["sparse"].W, names["fits"]["Softmax"][0].W)
    )
    assert small < usual / 10


def test_long_steps_jump_over_kinks_and_short_ones_agree():
    names = run_cells(
        "assignment1/linear_classifiers.ipynb", "setup", "rows", "figure-gradient-check"
    )
    errors = {
        h: np.median([check.error for check in found]) for h, found in names["points"].items()
    }
    assert errors[1e-5] < 1e-6 and errors[3.0] > 0.05


def test_features_see_more_than_pixels():
    names = run_cells(
        "assignment1/image_features.ipynb", "setup", "vocabulary", "extract", "figure-accuracy"
    )
    for name, low, high in (
        ("hues", 10, 18),
        ("gradients", 34, 44),
        ("words", 54, 66),
        ("all features", 60, 70),
    ):
        assert low <= names["scores"][name] <= high, name
    assert names["scores"]["pixels"] < names["scores"]["all features"] - 20


def test_perceptron_rests_on_what_a_line_separates_and_adaline_has_a_largest_rate():
    ids = ("setup", "figure-boundary", "figure-rest", "figure-error", "figure-digits")
    names = run_cells("assignment1/perceptron_and_adaline.ipynb", *ids)
    assert 6 < len(names["moves"]) < 60
    rests = {task: history[-5:] for task, history in names["histories"].items()}
    assert not any(rests["and"]) and not any(rests["or"]) and all(rests["exclusive or"])
    last = {rate: np.mean(history[-5:]) for rate, history in names["errors"].items()}
    assert (
        last[0.01] < last[0.1] < last[0.2]
        and names["errors"][0.001][4] > 1.1 * names["errors"][0.01][4]
    )
    assert all(
        88 <= accuracy <= 96 for history in names["reached"].values() for accuracy in history[-5:]
    )


def test_sizes_filters_and_groups_are_as_the_text_says():
    ids = ("setup", "figure-sizes", "figure-photo", "figure-groups")
    names = run_cells("assignment3/convolution.ipynb", *ids)
    fits = np.isfinite(names["sizes"])
    assert fits.sum(axis=1).tolist() == [5, 0, 1, 0, 1]
    assert names["x"][0, 0].size == 8_256
    blurred, *edges, _ = names["maps"][0]
    sky = np.s_[:15, :30]  # to the left of the roof
    assert blurred[sky].mean() > 0.5 and all(
        np.abs(edge[sky]).max() < 0.05 < np.abs(edge).mean() for edge in edges
    )
    plain, grouped, split = names["tables"]
    assert grouped.parameters / plain.parameters == pytest.approx(1 / 4, rel=0.01)
    assert split.parameters / plain.parameters == pytest.approx(1 / 8, abs=0.01)
    assert split.multiply_adds / plain.multiply_adds == pytest.approx(1 / 8, abs=0.01)


def test_three_of_five_parts_of_the_convolution_need_no_groups_or_dilation():
    kinds = {case.inputs["kind"] for case in EXERCISES["conv_forward_naive"].draw()}
    assert len(kinds) == 5 and kinds >= {"with groups", "with dilation"}


def test_receptive_fields_grow_as_the_text_says():
    names = run_cells(
        "assignment3/convolutional_nets.ipynb",
        "setup",
        "lenet-table",
        "figure-cost",
        "figure-growth",
    )
    analyze, Conv, Pool = (names[name] for name in ("analyze", "Conv", "Pool"))

    def field(layers):
        return analyze(layers, (1, 256, 256)).rows[-1].receptive_field[0]

    assert field([Conv(1, 3, pad=1)] * 3) == field([Conv(1, 7, pad=3)]) == 7
    assert field([Conv(1, 3, pad=d, dilation=d) for d in (1, 2, 4)]) == 15
    assert field([Conv(1, 3, pad=1), Pool()] * 2) == 10
    assert [field(block * 5) for block in names["stacks"].values()] == [11, 31, 94]
    for table in names["tables"][1:]:
        convolutions = [row for row in table.rows if row.name.startswith("conv")]
        assert sum(row.parameters for row in convolutions) < 0.15 * table.parameters
        assert sum(row.multiply_adds for row in convolutions) > 0.9 * table.multiply_adds


def test_pooling_moves_along_by_whole_strides_and_buys_a_little_invariance():
    names = run_cells("assignment3/pooling.ipynb", "setup", "digit", "figure-equivariance")
    exact, two, four, mean = names["curves"].values()
    assert max(exact) < 1e-12 and max(*two[::2], *four[::4], *mean[::4]) < 1e-12
    assert min(*two[1::2], *four[1::4], *four[2::4], *mean[1::4], *mean[2::4]) > 0.2
    names = run_cells(
        "assignment3/pooling.ipynb", "setup", "digit", "figure-equivariance", "figure-invariance"
    )
    none, small, large, whole = map(np.array, names["curves"].values())
    assert (
        np.all(none[1:] > small[1:]) and np.all(small[1:] > large[1:]) and np.all(large[2:] > 0.1)
    )
    assert max(whole) < 1e-12 and 1.3 < none[-1] < 1.5


def test_columns_are_those_of_the_text_and_cost_the_memory_that_it_names():
    names = run_cells("assignment3/fast_layers.ipynb", "setup", "figure-columns", "figure-copies")
    assert names["cols"][2].tolist() == [3, 5, 13, 15] and np.all(
        np.any(names["cols"] == 13, axis=0)
    )
    assert names["counts"][3, 1].max() == 9 and set(np.unique(names["counts"][3, 2])) == {1, 2, 4}
    assert np.all(names["counts"][2, 2] == 1)
    rng = np.random.default_rng(0)
    x, w, b = (
        rng.standard_normal(shape, dtype=np.float32)
        for shape in ((2, 16, 32, 32), (16, 16, 3, 3), (16,))
    )
    ways = {
        "product": conv_forward_matmul,
        "view": fast_layers.conv_forward_strides,
        "compiled columns": fast_layers.conv_forward_cython,
        "fast layer": fast_layers.conv_forward_fast,
    }
    given = {"x": x, "w": w, "b": b, "param": {"stride": 1, "pad": 1}, "ways": ways}
    peaks = run_cells("assignment3/fast_layers.ipynb", "setup", "figure-memory", **given)["peaks"]
    copied = peaks["product"], peaks["view"], peaks["compiled columns"]
    assert min(copied) > 9 > max(peaks["loops"], peaks["fast layer"])
    assert peaks["product"] > peaks["compiled columns"]


def test_new_nets_know_nothing_learn_fifty_images_and_lenet_reads_digits():
    names = run_cells("assignment3/convolutional_nets.ipynb", "setup", "figure-overfit")
    few, solver = names["few"], names["solver"]
    fresh = type(solver.model)(
        num_filters=8, filter_size=5, hidden_dim=50, weight_scale=1e-2, seed=1
    )
    fresh.params["W1"] /= 64
    assert fresh.loss(few["X_train"], few["y_train"])[0] == pytest.approx(np.log(10), abs=0.05)
    assert solver.train_acc_history[-1] > 0.95 and solver.loss_history[-1] < 0.1
    names = run_cells(
        "assignment3/convolutional_nets.ipynb", "setup", "figure-lenet", Solver=Solver
    )
    assert len(names["parts"]["X_val"]) == 397 and names["solver"].val_acc_history[-1] > 0.9


def test_shared_filters_learn_less_by_heart_than_a_fully_connected_net(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gaps = {}
    for path, cell in (
        ("assignment2/fully_connected_nets.ipynb", "train-fully-connected"),
        ("assignment3/convolutional_nets.ipynb", "train-convolutional-net"),
    ):
        solver = run_cells(path, "setup", cell)["solver"]
        gaps[path] = solver.train_acc_history[-1] - solver.val_acc_history[-1]
    connected, shared = gaps.values()
    assert connected > 0.12 and shared < connected / 2


def test_batch_normalization_of_images_depends_on_the_others():
    names = run_cells(
        "assignment3/spatial_normalization.ipynb", "setup", "figure-channels", "figure-batch-size"
    )
    assert np.allclose(names["out"].mean(axis=(0, 2, 3)), 0, atol=1e-6)
    assert np.allclose(names["out"].std(axis=(0, 2, 3)), 1, atol=1e-3)
    assert names["drift"][0] > 3 * names["drift"][-1] > 0 and max(names["still"]) < 1e-12
