import numpy as np
import pytest

from cs231n.classifiers.neural_net import TwoLayerNet
from cs231n.gradient_check import eval_numerical_gradient, rel_error


@pytest.fixture
def toy(unseeded):
    """The toy net and data of the notebook of 2017 to 2020, with its two seeds."""
    np.random.seed(0)
    net = TwoLayerNet(4, 10, 3, std=1e-1)
    np.random.seed(1)
    return net, 10 * np.random.randn(5, 4), np.array([0, 1, 2, 2, 1])


def test_scores_and_loss_are_those_that_the_notebook_prints(toy):
    net, X, y = toy
    np.testing.assert_allclose(net.loss(X)[0], [-0.81233741, -1.27654624, -0.70335995], atol=1e-8)
    assert net.loss(X, y, reg=0.05)[0] == pytest.approx(1.30378789133, abs=1e-11)


def test_penalty_of_2016_has_one_half(toy):
    net, X, y = toy
    net.penalty = 0.5
    assert net.loss(X, y, reg=0.1)[0] == pytest.approx(1.30378789133, abs=1e-11)


def test_gradients_are_those_of_the_loss(toy):
    net, X, y = toy
    _, grads = net.loss(X, y, reg=0.05)
    for name, gradient in grads.items():
        numerical = eval_numerical_gradient(
            lambda _: net.loss(X, y, reg=0.05)[0], net.params[name], verbose=False
        )
        assert rel_error(numerical, gradient) < 1e-7


def test_training_ends_below_the_loss_that_the_notebook_names(toy, capsys):
    net, X, y = toy
    history = net.train(X, y, X, y, learning_rate=1e-1, reg=5e-6, num_iters=100, verbose=True)
    assert history["loss_history"][-1] < 0.03
    assert len(history["loss_history"]) == len(history["val_acc_history"]) == 100
    assert capsys.readouterr().out.startswith("iteration 0 / 100: loss 1.")
    np.testing.assert_array_equal(net.predict(X), y)
