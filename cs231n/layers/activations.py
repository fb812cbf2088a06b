"""Elementwise activations: ReLU, leaky ReLU, sigmoid, tanh."""

import numpy as np

from ._validate import require_shape


def relu_forward(x):
    """Compute ``out = max(0, x)`` elementwise.

    Parameters
    ----------
    x : ndarray of any shape
        The inputs.

    Returns
    -------
    out : ndarray of the shape of x
        The outputs.
    cache : ndarray of the shape of x
        x, for the backward pass.
    """
    ### BEGIN SOLUTION
    out = np.maximum(x, 0)
    ### END SOLUTION
    cache = x
    return out, cache


def relu_backward(dout, cache):
    """Push the upstream gradient through a ReLU; at exactly 0 the gradient is 0.

    Parameters
    ----------
    dout : ndarray of the shape of x
        Gradient of the loss with respect to out.
    cache : ndarray of the shape of dout
        x from `relu_forward`.

    Returns
    -------
    dx : ndarray of the shape of x
        Gradient with respect to x.

    Raises
    ------
    ValueError
        If dout does not have the shape of x.
    """
    x = cache
    require_shape("relu_backward", "dout", dout, x.shape)
    ### BEGIN SOLUTION
    dx = dout * (x > 0)
    ### END SOLUTION
    return dx


def leaky_relu_forward(x, alpha=0.01):
    """Compute ``out = x`` where x > 0, else ``alpha * x``, elementwise.

    Parameters
    ----------
    x : ndarray of any shape
        The inputs.
    alpha : float
        Slope on the negative side.

    Returns
    -------
    out : ndarray of the shape of x
        The outputs.
    cache : tuple
        ``(x, alpha)``, for the backward pass.

    References
    ----------
    Maas, Hannun, Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
    """
    alpha = float(alpha)
    ### BEGIN SOLUTION
    out = np.where(x > 0, x, alpha * x)
    ### END SOLUTION
    cache = (x, alpha)
    return out, cache


def leaky_relu_backward(dout, cache):
    """Push the upstream gradient through a leaky ReLU; at exactly 0 the slope is alpha.

    Parameters
    ----------
    dout : ndarray of the shape of x
        Gradient of the loss with respect to out.
    cache : tuple
        ``(x, alpha)`` from `leaky_relu_forward`.

    Returns
    -------
    dx : ndarray of the shape of x
        Gradient with respect to x.

    Raises
    ------
    ValueError
        If dout does not have the shape of x.
    """
    x, alpha = cache
    require_shape("leaky_relu_backward", "dout", dout, x.shape)
    ### BEGIN SOLUTION
    dx = np.where(x > 0, dout, alpha * dout)
    ### END SOLUTION
    return dx


def sigmoid_forward(x):
    """Compute ``out = 1 / (1 + exp(-x))`` elementwise, without overflow for any x.

    Parameters
    ----------
    x : ndarray of any shape
        The inputs.

    Returns
    -------
    out : ndarray of the shape of x
        The outputs, in [0, 1].
    cache : ndarray of the shape of x
        out, from which the derivative is computed.
    """
    ### BEGIN SOLUTION
    out = np.exp(-np.logaddexp(0, -x))
    ### END SOLUTION
    cache = out
    return out, cache


def sigmoid_backward(dout, cache):
    """Push the upstream gradient through a sigmoid.

    Parameters
    ----------
    dout : ndarray of the shape of out
        Gradient of the loss with respect to out.
    cache : ndarray of the shape of dout
        out from `sigmoid_forward`.

    Returns
    -------
    dx : ndarray of the shape of out
        Gradient with respect to x.

    Raises
    ------
    ValueError
        If dout does not have the shape of out.
    """
    out = cache
    require_shape("sigmoid_backward", "dout", dout, out.shape)
    ### BEGIN SOLUTION
    dx = dout * out * (1 - out)
    ### END SOLUTION
    return dx


def tanh_forward(x):
    """Compute the hyperbolic tangent elementwise.

    Parameters
    ----------
    x : ndarray of any shape
        The inputs.

    Returns
    -------
    out : ndarray of the shape of x
        The outputs, in [-1, 1].
    cache : ndarray of the shape of x
        out, from which the derivative is computed.
    """
    ### BEGIN SOLUTION
    out = np.tanh(x)
    ### END SOLUTION
    cache = out
    return out, cache


def tanh_backward(dout, cache):
    """Push the upstream gradient through a hyperbolic tangent.

    Parameters
    ----------
    dout : ndarray of the shape of out
        Gradient of the loss with respect to out.
    cache : ndarray of the shape of dout
        out from `tanh_forward`.

    Returns
    -------
    dx : ndarray of the shape of out
        Gradient with respect to x.

    Raises
    ------
    ValueError
        If dout does not have the shape of out.
    """
    out = cache
    require_shape("tanh_backward", "dout", dout, out.shape)
    ### BEGIN SOLUTION
    dx = dout * (1 - out**2)
    ### END SOLUTION
    return dx
