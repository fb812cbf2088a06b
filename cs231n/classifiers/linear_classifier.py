"""Linear classifiers trained by minibatch stochastic gradient descent."""

import numpy as np

from ..compat.saved import SavedWeights
from ..seeding import random_generator
from .linear_svm import svm_loss_vectorized
from .softmax import softmax_loss_vectorized


def l1_penalty(W, reg):
    """Lasso penalty ``reg * sum(|W|)``, which pushes small weights to zero.

    At a weight of zero, where the penalty has a kink, the gradient is taken as zero.

    Parameters
    ----------
    W : ndarray of shape (D, C)
    reg : float

    Returns
    -------
    loss : float
    dW : ndarray of shape (D, C)
    """
    ### BEGIN SOLUTION
    loss = reg * np.sum(np.abs(W))
    dW = reg * np.sign(W)
    ### END SOLUTION
    return loss, dW


class LinearClassifier(SavedWeights):
    """Scores ``X W``, regularization and training; subclasses give the loss.

    The regularization is ``reg * ((1 - l1_ratio) * sum(W**2) + l1_ratio * sum(|W|))``, so that one
    number leads from L2 (0, the default) by way of the elastic net to L1 (1).

    Parameters
    ----------
    l1_ratio : float
        Share of L1 in the regularization, from 0 to 1.

    Attributes
    ----------
    W : ndarray of shape (D, C) or None
        Weights; None before the first call of `train`.

    References
    ----------
    H. Zou and T. Hastie, "Regularization and variable selection via the elastic net", Journal of
    the Royal Statistical Society B, 2005.
    """

    def __init__(self, l1_ratio=0.0):
        if not 0 <= l1_ratio <= 1:
            name = type(self).__name__
            raise ValueError(
                f"{name}: l1_ratio must lie between 0 (L2) and 1 (L1); got {l1_ratio}."
            )
        self.l1_ratio = l1_ratio
        self.W = None

    def train(
        self,
        X,
        y,
        learning_rate=1e-3,
        reg=1e-5,
        num_iters=100,
        batch_size=200,
        verbose=False,
        seed=None,
    ):
        """Train by stochastic gradient descent.

        A second call goes on from the weights of the first. Training stops at the first loss that
        is not finite, says so, and keeps the weights from before that step.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,)
            Integer labels from 0 to C - 1.
        learning_rate : float
        reg : float
            Strength of the regularization.
        num_iters : int
            Number of steps.
        batch_size : int
            Examples in each step, drawn with replacement.
        verbose : bool
            If true, print the loss every 100 steps.
        seed : int or numpy.random.Generator, optional
            Source of the first weights and of the batches.

        Returns
        -------
        loss_history : list of float
            Loss of each batch before its step.

        Raises
        ------
        ValueError
            If X, y and the weights from an earlier call do not fit together.
        """
        X, y = self._checked(X, y)
        rng = random_generator(seed)
        if self.W is None:
            W = 1e-3 * rng.standard_normal((X.shape[1], int(np.max(y)) + 1))
            self.W = W.astype(np.result_type(X, np.float32), copy=False)
        loss_history = []
        for it in range(num_iters):
            before = self.W.copy()
            ### BEGIN SOLUTION
            batch = rng.integers(len(X), size=batch_size)
            loss, grad = self.loss(X[batch], y[batch], reg)
            self.W -= learning_rate * grad
            ### END SOLUTION
            loss_history.append(float(loss))
            if not np.isfinite(loss):
                self.W = before
                print(
                    f"Training stopped at step {it + 1} of {num_iters}: the loss is {float(loss)}. "
                    f"Most likely the learning rate {learning_rate:.3g} is too large; "
                    "train a new classifier at a lower one."
                )
                break
            if verbose and it % 100 == 0:
                print(f"iteration {it} / {num_iters}: loss {loss:f}")
        return loss_history

    def predict(self, X):
        """Label each example with the class of the highest score.

        Parameters
        ----------
        X : ndarray of shape (N, D)

        Returns
        -------
        y_pred : ndarray of shape (N,)
        """
        ### BEGIN SOLUTION
        y_pred = np.argmax(X @ self.W, axis=1)
        ### END SOLUTION
        return y_pred

    def loss(self, X_batch, y_batch, reg):
        """Loss and gradient on a batch; subclasses give it.

        Parameters
        ----------
        X_batch : ndarray of shape (N, D)
        y_batch : ndarray of shape (N,)
        reg : float

        Returns
        -------
        loss : float
        dW : ndarray of shape (D, C)
        """
        raise NotImplementedError(
            "LinearClassifier has no loss of its own; use LinearSVM or Softmax."
        )

    def _regularized(self, loss_function, X, y, reg):
        loss, dW = loss_function(self.W, X, y, (1 - self.l1_ratio) * reg)
        if self.l1_ratio > 0:
            loss_l1, dW_l1 = l1_penalty(self.W, self.l1_ratio * reg)
            loss = loss + loss_l1
            dW = dW + dW_l1
        return loss, dW

    def _checked(self, X, y):
        X = np.asarray(X)
        y = np.asarray(y)
        name = f"{type(self).__name__}.train"
        if X.ndim != 2 or y.shape != X.shape[:1] or not len(X):
            raise ValueError(
                f"{name}: X must have shape (N, D) and y (N,) with at least one example; got "
                f"{X.shape} and {y.shape}. Reshape images with X.reshape(len(X), -1)."
            )
        if not np.issubdtype(y.dtype, np.integer) or np.min(y) < 0:
            raise ValueError(
                f"{name}: y must hold integers from 0 to C - 1; got dtype {y.dtype} and minimum "
                f"{np.min(y)}."
            )
        if self.W is None:
            return X, y
        D, C = self.W.shape
        if D != X.shape[1] or np.max(y) >= C:
            raise ValueError(
                f"{name}: the weights of an earlier call have shape {self.W.shape}, which does not "
                f"fit X of shape {X.shape} and labels up to {np.max(y)}. Make a new classifier."
            )
        return X, y


class LinearSVM(LinearClassifier):
    """Linear classifier with the multiclass SVM loss."""

    def loss(self, X_batch, y_batch, reg):
        return self._regularized(svm_loss_vectorized, X_batch, y_batch, reg)


class Softmax(LinearClassifier):
    """Linear classifier with the softmax and cross-entropy loss."""

    def loss(self, X_batch, y_batch, reg):
        return self._regularized(softmax_loss_vectorized, X_batch, y_batch, reg)
