"""ThreeLayerConvNet: parameters, loss, gradients, and that it learns."""

import numpy as np
import pytest

from cs231n.classifiers import ThreeLayerConvNet
from cs231n.solver import Solver

TINY = {
    "input_dim": (2, 6, 10),
    "num_filters": 3,
    "filter_size": 3,
    "hidden_dim": 5,
    "num_classes": 4,
}


def batch(N=3, input_dim=(2, 6, 10), num_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, *input_dim)), rng.integers(num_classes, size=N)


def test_parameters_have_the_shapes_of_the_architecture():
    params = ThreeLayerConvNet(**TINY).params
    assert {name: value.shape for name, value in params.items()} == {
        "W1": (3, 2, 3, 3),
        "b1": (3,),
        "W2": (3 * 3 * 5, 5),
        "b2": (5,),
        "W3": (5, 4),
        "b3": (4,),
    }
    assert not any(params[name].any() for name in ("b1", "b2", "b3"))


def test_weights_have_the_scale_that_was_asked_for():
    params = ThreeLayerConvNet(weight_scale=0.02, seed=0).params
    # The smallest of the three holds 1,000 numbers, whose deviation has a standard error of 2.2 %.
    assert all(abs(params[name].std() / 0.02 - 1) < 0.1 for name in ("W1", "W2", "W3"))


def test_initial_loss_is_the_logarithm_of_the_number_of_classes():
    X, y = batch(50, (3, 32, 32), 10)
    loss, _ = ThreeLayerConvNet(seed=0).loss(X, y)
    assert abs(loss - np.log(10)) < 1e-3
    regularized, _ = ThreeLayerConvNet(seed=0, reg=0.5).loss(X, y)
    assert loss < regularized < loss + 0.5


@pytest.mark.parametrize("reg", [0.0, 0.3])
@pytest.mark.parametrize("filter_size", [1, 3, 5])
def test_gradients_match_numerical_ones(reg, filter_size, assert_net_gradients):
    settings = TINY | {
        "filter_size": filter_size,
        "reg": reg,
        "weight_scale": 0.3,
        "dtype": np.float64,
    }
    net = ThreeLayerConvNet(**settings, seed=1)
    assert_net_gradients(net, *batch())


def test_penalty_has_one_half_and_leaves_biases_alone():
    X, y = batch()
    settings = TINY | {"weight_scale": 0.3, "dtype": np.float64, "seed": 1}
    free, heavy = (ThreeLayerConvNet(**settings, reg=reg) for reg in (0, 2))
    for net in (free, heavy):
        for name in ("b1", "b2", "b3"):
            net.params[name] += 1
    (loss, grads), (heavy_loss, heavy_grads) = free.loss(X, y), heavy.loss(X, y)
    squares = sum(np.sum(free.params[name] ** 2) for name in ("W1", "W2", "W3"))
    assert heavy_loss - loss == pytest.approx(squares)
    for name, value in free.params.items():
        expected = grads[name] + (2 * value if name.startswith("W") else 0)
        np.testing.assert_allclose(heavy_grads[name], expected, rtol=1e-12, atol=1e-14)


def test_scores_come_without_labels_and_without_a_penalty():
    X, _ = batch()
    scores = [ThreeLayerConvNet(**TINY, reg=reg, seed=1).loss(X) for reg in (0, 2)]
    assert scores[0].shape == (3, 4)
    np.testing.assert_array_equal(*scores)


def test_single_precision_stays_single_whatever_the_input():
    X, y = batch()
    net = ThreeLayerConvNet(**TINY, seed=0)
    before = X.copy()
    _, grads = net.loss(X, y)
    arrays = net.loss(X), *grads.values(), *net.params.values()
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(X, before)


def test_equal_seeds_give_equal_weights_and_the_global_generator_is_left_alone(unseeded):
    state = np.random.get_state()[1].copy()
    first, again, other = (ThreeLayerConvNet(**TINY, seed=seed).params["W1"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"input_dim": (2, 6, 9)},
            "does not fit width 9.*input_dim .2, 6, 9.*Crop or grow the width to 8 or 10",
        ),
        ({"filter_size": 9}, None),
        ({"filter_size": 4}, "does not fit height 5"),
    ],
)
def test_sizes_that_the_pooling_cannot_cover_are_refused_when_the_net_is_made(changes, message):
    if message is None:
        assert ThreeLayerConvNet(**TINY | changes).loss(batch()[0]).shape == (3, 4)
        return
    with pytest.raises(ValueError, match=message):
        ThreeLayerConvNet(**TINY | changes)


def test_net_overfits_a_few_images():
    X, y = batch(20)
    net = ThreeLayerConvNet(**TINY | {"num_filters": 8, "hidden_dim": 20}, weight_scale=0.1, seed=0)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    solver = Solver(
        net,
        data,
        update_rule="adam",
        optim_config={"learning_rate": 5e-3},
        batch_size=10,
        num_epochs=40,
        verbose=False,
        seed=0,
    )
    solver.train()
    assert solver.check_accuracy(X, y) == 1
