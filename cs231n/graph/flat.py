"""Flat backpropagation: the steps of a formula one by one, then the same lines backward.

No graph, no gates.
"""

import numpy as np


def sigmoid_neuron(w, x):
    """Compute a neuron with two inputs, and its gradients.

    ``out = sigmoid(w0 * x0 + w1 * x1 + w2)``

    Parameters
    ----------
    w : ndarray of shape (3,)
        Two weights and a bias.
    x : ndarray of shape (2,)
        The inputs.

    Returns
    -------
    out : float
        The output, in (0, 1).
    dw : ndarray of shape (3,)
        d(out)/dw.
    dx : ndarray of shape (2,)
        d(out)/dx.
    """
    w0, w1, w2 = w
    x0, x1 = x
    ### BEGIN SOLUTION
    score = w0 * x0 + w1 * x1 + w2
    out = 1 / (1 + np.exp(-score))
    dscore = out * (1 - out)
    dw0 = dscore * x0
    dw1 = dscore * x1
    dw2 = dscore
    dx0 = dscore * w0
    dx1 = dscore * w1
    ### END SOLUTION
    return out, np.array([dw0, dw1, dw2]), np.array([dx0, dx1])


def least_squares(x, w, y):
    """Compute how far ``x @ w`` is from targets, and the gradients.

    The loss is the sum of the squared entries of ``x @ w - y``, divided by 2 N.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        One example a row.
    w : ndarray of shape (D, M)
        Weights.
    y : ndarray of shape (N, M)
        Targets.

    Returns
    -------
    loss : float
    dx : ndarray of shape (N, D)
        Gradient of the loss with respect to x.
    dw : ndarray of shape (D, M)
        Gradient of the loss with respect to w.
    """
    N = len(x)
    ### BEGIN SOLUTION
    error = x @ w - y
    loss = np.sum(error**2) / (2 * N)
    derror = error / N
    dx = derror @ w.T
    dw = x.T @ derror
    ### END SOLUTION
    return loss, dx, dw
