"""Numbers of the multiclass SVM loss; what both linear losses keep: test_linear_losses.py."""

import numpy as np
import pytest

from cs231n.classifiers.linear_svm import svm_loss_naive, svm_loss_vectorized

SVM = [svm_loss_naive, svm_loss_vectorized]


def scores_problem(scores, y):
    """A problem whose weights are the scores themselves."""
    return np.array([scores], dtype=float), np.ones((1, 1)), np.array([y])


@pytest.mark.parametrize("loss_function", SVM)
def test_svm_gives_the_lecture_s_worked_numbers(loss_function):
    # CS231n notes, with margin 10: scores 13, -7, 11 give
    # max(0, -7 - 13 + 10) + max(0, 11 - 13 + 10) = 8.
    W, X, y = scores_problem([1.3, -0.7, 1.1], 0)
    assert loss_function(W, X, y, 0.0)[0] * 10 == pytest.approx(8)
    # CS231n slides: cat 3.2, car 5.1, frog -1.7 with margin 1 give 2.9 for the cat, 0 and 12.9.
    W, X, y = (
        np.array([[3.2, 1.3, 2.2], [5.1, 4.9, 2.5], [-1.7, 2.0, -3.1]]).T,
        np.eye(3),
        np.arange(3),
    )
    losses = [loss_function(W, X[i : i + 1], y[i : i + 1], 0.0)[0] for i in range(3)]
    assert losses == pytest.approx([2.9, 0, 12.9])
    assert loss_function(W, X, y, 0.0)[0] == pytest.approx(np.mean(losses))


@pytest.mark.parametrize("loss_function", SVM)
def test_a_margin_of_exactly_zero_has_no_gradient(loss_function):
    loss, dW = loss_function(*scores_problem([2.0, 1.0, -3.0], 0), 0.0)
    assert loss == 0
    np.testing.assert_array_equal(dW, np.zeros((1, 3)))
