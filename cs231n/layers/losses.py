"""Losses on class scores: softmax (cross-entropy) and multiclass SVM (hinge)."""

import numpy as np

from ._validate import float_dtype, require_scores_and_labels


def softmax_loss(x, y):
    """Compute the mean cross-entropy of a softmax classifier, and its gradient.

    ``loss = mean over i of -log(exp(x[i, y[i]]) / sum over j of exp(x[i, j]))``,
    for scores of any size without overflow.

    Parameters
    ----------
    x : ndarray of shape (N, C)
        Scores of C classes for N examples.
    y : ndarray of shape (N,)
        Integer labels, ``0 <= y[i] < C``.

    Returns
    -------
    loss : float
        The loss.
    dx : ndarray of shape (N, C)
        Gradient of the loss with respect to x, in the dtype of x.

    Raises
    ------
    ValueError
        If the shapes do not fit, N is 0, or a label is not an integer in range.
    """
    require_scores_and_labels("softmax_loss", x, y)
    # A copy in double precision: the loss keeps the digits that finite differences need.
    scores = x.astype(np.result_type(x, np.float64))
    ### BEGIN SOLUTION
    rows = np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[rows, y].mean()
    dx = np.exp(log_probs)
    dx[rows, y] -= 1
    dx /= len(scores)
    ### END SOLUTION
    return loss, dx.astype(float_dtype(x), copy=False)


def svm_loss(x, y):
    """Compute the mean multiclass hinge loss with margin 1, and its gradient.

    ``loss = mean over i of sum over j != y[i] of max(0, x[i, j] - x[i, y[i]] + 1)``;
    a margin of exactly 0 has gradient 0.

    Parameters
    ----------
    x : ndarray of shape (N, C)
        Scores of C classes for N examples.
    y : ndarray of shape (N,)
        Integer labels, ``0 <= y[i] < C``.

    Returns
    -------
    loss : float
        The loss.
    dx : ndarray of shape (N, C)
        Gradient of the loss with respect to x, in the dtype of x.

    Raises
    ------
    ValueError
        If the shapes do not fit, N is 0, or a label is not an integer in range.

    References
    ----------
    Weston, Watkins, "Support Vector Machines for Multi-Class Pattern Recognition", 1999.
    """
    require_scores_and_labels("svm_loss", x, y)
    # A copy in double precision: the loss keeps the digits that finite differences need.
    scores = x.astype(np.result_type(x, np.float64))
    ### BEGIN SOLUTION
    rows = np.arange(len(scores))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / len(scores)
    dx = (margins > 0).astype(scores.dtype)
    dx[rows, y] -= dx.sum(axis=1)
    dx /= len(scores)
    ### END SOLUTION
    return loss, dx.astype(float_dtype(x), copy=False)
