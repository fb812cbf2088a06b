"""Widrow and Hoff's Adaline: the perceptron's unit, with the error taken before the threshold."""

import numpy as np

from .perceptron import Perceptron


def adaline_update(W, b, x, target, learning_rate):
    """One step of the least mean squares rule, in place.

    ``w += learning_rate * (target - (x.w + b)) * x``: a gradient step on half the squared error of
    the sum itself, so that right answers go on teaching too.

    Parameters
    ----------
    W : ndarray of shape (D, C)
        Weights of C units, one per column; changed in place.
    b : ndarray of shape (C,)
        Changed in place.
    x : ndarray of shape (D,)
        One example.
    target : ndarray of shape (C,)
        Answer wanted from each unit, -1 or 1.
    learning_rate : float
        Steps shrink the error on x only if this is below ``2 / (1 + x.x)``.

    Returns
    -------
    error : ndarray of shape (C,)
        target - sum of each unit before the step.
    """
    ### BEGIN SOLUTION
    error = target - (x @ W + b)
    W += learning_rate * np.outer(x, error)
    b += learning_rate * error
    ### END SOLUTION
    return error


class Adaline(Perceptron):
    """Adaptive linear neurons with targets -1 and 1, trained one example at a time.

    Everything but the rule and the targets is shared with `Perceptron`. The error that `train`
    returns is the mean squared error of the sums. The learning rate must be small; see
    `adaline_update`.

    References
    ----------
    B. Widrow and M. E. Hoff, "Adaptive switching circuits", IRE WESCON Convention Record, 1960.
    """

    targets = (-1.0, 1.0)

    def train(self, X, y, learning_rate=1e-2, num_epochs=10, seed=None):
        """As `Perceptron.train`, with a smaller learning rate by default.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,)
        learning_rate : float
        num_epochs : int
        seed : int or numpy.random.Generator, optional

        Returns
        -------
        error_history : list of float
        """
        return super().train(X, y, learning_rate, num_epochs, seed)

    def update(self, x, target, learning_rate):
        """One step on one example; see `adaline_update`.

        Parameters
        ----------
        x : ndarray of shape (D,)
        target : ndarray of shape (C,)
        learning_rate : float

        Returns
        -------
        error : ndarray of shape (C,)
        """
        return adaline_update(self.W, self.b, x, target, learning_rate)
