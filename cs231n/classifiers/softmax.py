"""Softmax classifier: cross-entropy loss and gradient, with loops and without."""

import numpy as np


def softmax_loss_naive(W, X, y, reg):
    """Cross-entropy loss of a linear classifier, with a loop over examples and classes.

    ``L = -1/N sum_i log(exp(s_{y_i}) / sum_j exp(s_j)) + reg * sum(W**2)`` with scores
    ``s = x_i W``. The largest score is subtracted first, which changes nothing but keeps the
    exponentials finite. There is no one half before the regularization.

    Parameters
    ----------
    W : ndarray of shape (D, C)
    X : ndarray of shape (N, D)
    y : ndarray of shape (N,)
        Integer labels, 0 <= y[i] < C.
    reg : float
        Strength of the L2 regularization.

    Returns
    -------
    loss : float
    dW : ndarray of shape (D, C)

    References
    ----------
    CS231n lecture notes, "Linear classification": softmax classifier and its numeric stability.
    """
    ### BEGIN SOLUTION
    loss = 0.0
    dW = np.zeros_like(W)
    N = len(X)
    C = W.shape[1]
    for i in range(N):
        scores = X[i] @ W
        scores = scores - np.max(scores)
        total = np.sum(np.exp(scores))
        loss += (np.log(total) - scores[y[i]]) / N
        for j in range(C):
            probability = np.exp(scores[j]) / total
            dW[:, j] += (probability - (j == y[i])) * X[i] / N
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    ### END SOLUTION
    return loss, dW


def softmax_loss_vectorized(W, X, y, reg):
    """Cross-entropy loss without explicit loops; see `softmax_loss_naive`.

    Parameters
    ----------
    W : ndarray of shape (D, C)
    X : ndarray of shape (N, D)
    y : ndarray of shape (N,)
    reg : float

    Returns
    -------
    loss : float
    dW : ndarray of shape (D, C)
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(X))
    scores = X @ W
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_totals = np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    dscores = np.exp(scores - log_totals)
    dscores[rows, y] -= 1
    loss = np.mean(log_totals[:, 0] - scores[rows, y]) + reg * np.sum(W * W)
    dW = X.T @ (dscores / len(X)) + 2 * reg * W
    ### END SOLUTION
    return loss, dW
