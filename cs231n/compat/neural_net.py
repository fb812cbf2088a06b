"""The two-layer net of the first assignment from 2016 to 2020, which trained itself."""

from typing import Any

import numpy as np

from .. import optim
from ..classifiers import fc_net
from ..seeding import legacy_generator, random_generator


class TwoLayerNet:
    """A net with one hidden layer: affine - relu - affine - softmax.

    Loss and gradients are those of `cs231n.classifiers.fc_net.TwoLayerNet`, which students write.

    Parameters
    ----------
    input_size, hidden_size, output_size : int
        D, H and C.
    std : float
        Standard deviation of the initial weights. After ``np.random.seed`` they are those of
        ``np.random.randn``: notebooks print the scores that belong to their seed.

    Attributes
    ----------
    params : dict of str to ndarray
        W1 of shape (D, H), b1 (H,), W2 (H, C), b2 (C,).
    penalty : float
        What ``reg * sum(W**2)`` is multiplied by: 1, as since 2017. In 2016 it was 0.5.
    """

    penalty = 1.0

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int, std: float = 1e-4
    ) -> None:
        rng = legacy_generator()
        self._net = fc_net.TwoLayerNet(input_size, hidden_size, output_size, seed=0)
        self._net.params = {
            "W1": std * rng.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": std * rng.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The weights and biases by name."""
        return self._net.params

    @params.setter
    def params(self, params: dict[str, np.ndarray]) -> None:
        self._net.params = params

    def loss(self, X: np.ndarray, y: np.ndarray | None = None, reg: float = 0.0) -> Any:
        """Compute the scores of a minibatch, or its loss and gradients.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,), optional
            Integer labels.
        reg : float
            Strength of the L2 regularization.

        Returns
        -------
        scores : ndarray of shape (N, C)
            Only if y is None.
        loss, grads : float and dict of str to ndarray
            If y is given.
        """
        self._net.reg = 2 * self.penalty * reg  # that net halves it
        return self._net.loss(X, y)

    def train(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_val: np.ndarray,
        y_val: np.ndarray,
        learning_rate: float = 1e-3,
        learning_rate_decay: float = 0.95,
        reg: float = 5e-6,
        num_iters: int = 100,
        batch_size: int = 200,
        verbose: bool = False,
    ) -> dict[str, list[float]]:
        """Train by stochastic gradient descent.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,)
        X_val, y_val : ndarrays of shape (M, D) and (M,)
            Examples for validation.
        learning_rate, learning_rate_decay : float
            Length of a step, and its factor after each epoch.
        reg : float
        num_iters, batch_size : int
            Number of steps, and examples in each, drawn with replacement.
        verbose : bool
            If true, print the loss every 100 steps.

        Returns
        -------
        history : dict of str to list of float
            loss_history, train_acc_history and val_acc_history.
        """
        rng = random_generator()
        steps_per_epoch = max(len(X) // batch_size, 1)
        history: dict[str, list[float]] = {
            "loss_history": [],
            "train_acc_history": [],
            "val_acc_history": [],
        }
        for step in range(num_iters):
            chosen = rng.integers(0, len(X), batch_size)
            loss, grads = self.loss(X[chosen], y[chosen], reg)
            for name, gradient in grads.items():
                config = {"learning_rate": learning_rate}
                self.params[name], _ = optim.sgd(self.params[name], gradient, config)
            history["loss_history"].append(float(loss))
            if verbose and step % 100 == 0:
                print(f"iteration {step} / {num_iters}: loss {loss:f}")
            if step % steps_per_epoch == 0:
                history["train_acc_history"].append(self._accuracy(X[chosen], y[chosen]))
                history["val_acc_history"].append(self._accuracy(X_val, y_val))
                learning_rate *= learning_rate_decay
        return history

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Label each example with the class of the highest score.

        Parameters
        ----------
        X : ndarray of shape (N, D)

        Returns
        -------
        labels : ndarray of shape (N,)
        """
        return np.argmax(self.loss(X), axis=1)

    def _accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean(self.predict(X) == y))
