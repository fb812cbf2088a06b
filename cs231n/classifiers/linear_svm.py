"""Multiclass support vector machine: loss and gradient, with loops and without."""

import numpy as np


def svm_loss_naive(W, X, y, reg):
    """Multiclass SVM loss of a linear classifier, with loops over examples and classes.

    ``L = 1/N sum_i sum_{j != y_i} max(0, s_j - s_{y_i} + 1) + reg * sum(W**2)`` with scores
    ``s = x_i W``. There is no one half before the regularization.

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
    J. Weston and C. Watkins, "Support vector machines for multi-class pattern recognition", ESANN
    1999.
    """
    ### BEGIN SOLUTION
    loss = 0.0
    dW = np.zeros_like(W)
    N = len(X)
    C = W.shape[1]
    for i in range(N):
        scores = X[i] @ W
        for j in range(C):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin / N
                dW[:, j] += X[i] / N
                dW[:, y[i]] -= X[i] / N
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    ### END SOLUTION
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    """Multiclass SVM loss without explicit loops; see `svm_loss_naive`.

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
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(scores.dtype)
    dscores[rows, y] = -np.sum(dscores, axis=1)
    loss = np.sum(margins) / len(X) + reg * np.sum(W * W)
    dW = X.T @ (dscores / len(X)) + 2 * reg * W
    ### END SOLUTION
    return loss, dW
