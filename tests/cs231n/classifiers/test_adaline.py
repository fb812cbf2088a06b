"""What Adaline does by its own rule; what it shares with the perceptron: test_perceptron.py."""

import numpy as np
import pytest

from cs231n.classifiers.adaline import Adaline, adaline_update
from cs231n.classifiers.perceptron import perceptron_update


def test_one_step_of_adaline_by_hand():
    W, b = np.array([[1.0], [0.5]]), np.array([0.25])
    error = adaline_update(W, b, np.array([1.0, -2.0]), np.array([1.0]), 0.1)
    assert error.tolist() == [0.75]
    np.testing.assert_allclose(W, [[1.075], [0.35]])
    np.testing.assert_allclose(b, [0.325])


def test_adaline_finds_the_least_squares_solution():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 3)), rng.integers(3, size=200)
    X[:, 0] += y
    adaline = Adaline()
    for learning_rate in (1e-2, 1e-3, 1e-4):
        adaline.train(X, y, learning_rate=learning_rate, num_epochs=40, seed=1)
    targets = np.where(y[:, np.newaxis] == np.arange(3), 1.0, -1.0)
    solution = np.linalg.lstsq(np.hstack([X, np.ones((200, 1))]), targets, rcond=None)[0]
    np.testing.assert_allclose(adaline.W, solution[:3], atol=1e-2)
    np.testing.assert_allclose(adaline.b, solution[3], atol=1e-2)


def test_adaline_goes_on_learning_from_right_answers():
    W, b = np.array([[0.1]]), np.array([0.0])
    perceptron_update(W, b, np.array([1.0]), np.array([1.0]), 0.1)
    assert W[0, 0] == 0.1
    adaline_update(W, b, np.array([1.0]), np.array([1.0]), 0.1)
    assert W[0, 0] == pytest.approx(0.19)
