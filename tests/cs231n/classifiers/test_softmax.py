"""Numbers of the softmax loss; what both linear losses keep: test_linear_losses.py."""

import numpy as np
import pytest

from cs231n.classifiers.softmax import softmax_loss_naive, softmax_loss_vectorized

SOFTMAX = [softmax_loss_naive, softmax_loss_vectorized]


def scores_problem(scores, y):
    """A problem whose weights are the scores themselves."""
    return np.array([scores], dtype=float), np.ones((1, 1)), np.array([y])


@pytest.mark.parametrize("loss_function", SOFTMAX)
def test_softmax_gives_the_lecture_s_worked_numbers(loss_function):
    # CS231n notes: scores -2.85, 0.86, 0.28 and class 2 give 1.04.
    assert loss_function(*scores_problem([-2.85, 0.86, 0.28], 2), 0.0)[0] == pytest.approx(
        1.04, abs=5e-3
    )
    # CS231n slides: 3.2, 5.1, -1.7 and class 0 give -log(0.13) = 2.04.
    assert loss_function(*scores_problem([3.2, 5.1, -1.7], 0), 0.0)[0] == pytest.approx(
        2.04, abs=5e-3
    )


@pytest.mark.parametrize("loss_function", SOFTMAX)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_do_not_overflow_in_defect_softmax_without_max_shift(loss_function, dtype):
    W = np.array([[5000.0, 4999.0, -5000.0]], dtype)
    loss, dW = loss_function(W, np.ones((2, 1), dtype), np.array([1, 2]), 0.0)
    assert loss == pytest.approx((np.log1p(np.exp(1.0)) + 10000 + np.log1p(np.exp(-1.0))) / 2)
    p = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(dW, [[p, 1 - p - 0.5, -0.5]], rtol=1e-6)


@pytest.mark.parametrize("loss_function", SOFTMAX)
def test_softmax_shifts_each_example_by_its_own_maximum(loss_function):
    W, X = np.array([[1000.0, 999.0]]), np.array([[1.0], [-1.0]])
    loss, dW = loss_function(W, X, np.array([0, 1]), 0.0)
    p = 1 / (1 + np.exp(-1.0))
    assert loss == pytest.approx(-np.log(p))
    np.testing.assert_allclose(dW, [[p - 1, 1 - p]], rtol=1e-9)
