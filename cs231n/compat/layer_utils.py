"""Sandwiches of an affine layer, a normalization and a ReLU, which 2018 to 2020 knew by name."""

import numpy as np

from .. import layers


def affine_bn_relu_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    bn_param: dict,
) -> tuple[np.ndarray, tuple]:
    """Compute an affine layer, batch normalization and a ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, d1, ..., dk)
    w : ndarray of shape (D, M)
    b, gamma, beta : ndarrays of shape (M,)
    bn_param : dict
        As for `batchnorm_forward`.

    Returns
    -------
    out : ndarray of shape (N, M)
    cache : tuple
        ``(fc_cache, bn_cache, relu_cache)``.
    """
    affine, fc_cache = layers.affine_forward(x, w, b)
    normal, bn_cache = layers.batchnorm_forward(affine, gamma, beta, bn_param)
    out, relu_cache = layers.relu_forward(normal)
    return out, (fc_cache, bn_cache, relu_cache)


def affine_bn_relu_backward(dout: np.ndarray, cache: tuple) -> tuple:
    """Push the upstream gradient through `affine_bn_relu_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
    cache : tuple

    Returns
    -------
    dx, dw, db, dgamma, dbeta : ndarrays of the shapes of x, w, b, gamma and beta
    """
    fc_cache, bn_cache, relu_cache = cache
    dnormal = layers.relu_backward(dout, relu_cache)
    daffine, dgamma, dbeta = layers.batchnorm_backward(dnormal, bn_cache)
    return (*layers.affine_backward(daffine, fc_cache), dgamma, dbeta)


def affine_ln_relu_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    ln_param: dict,
) -> tuple[np.ndarray, tuple]:
    """Compute an affine layer, layer normalization and a ReLU.

    Parameters and results are as for `affine_bn_relu_forward`.
    """
    affine, fc_cache = layers.affine_forward(x, w, b)
    normal, ln_cache = layers.layernorm_forward(affine, gamma, beta, ln_param)
    out, relu_cache = layers.relu_forward(normal)
    return out, (fc_cache, ln_cache, relu_cache)


def affine_ln_relu_backward(dout: np.ndarray, cache: tuple) -> tuple:
    """Push the upstream gradient through `affine_ln_relu_forward`.

    Parameters and results are as for `affine_bn_relu_backward`.
    """
    fc_cache, ln_cache, relu_cache = cache
    dnormal = layers.relu_backward(dout, relu_cache)
    daffine, dgamma, dbeta = layers.layernorm_backward(dnormal, ln_cache)
    return (*layers.affine_backward(daffine, fc_cache), dgamma, dbeta)
