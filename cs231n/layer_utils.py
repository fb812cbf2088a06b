"""Sandwich layers: common chains of layers, each with one cache.

The convolutions and poolings are the fast ones. Layers are looked up by name
in ``cs231n.layers`` at the time of the call, so a file that does not import
breaks only the sandwiches that need it.
"""

import numpy as np

from . import layers
from ._lazy import old_names
from .layers import affine_backward, affine_forward, relu_backward, relu_forward

__getattr__ = old_names(__name__)


def affine_relu_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Compute an affine layer followed by a ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, d1, ..., dk)
        The inputs, D = d1 * ... * dk.
    w : ndarray of shape (D, M)
        Weights.
    b : ndarray of shape (M,)
        Biases.

    Returns
    -------
    out : ndarray of shape (N, M)
        The outputs.
    cache : tuple
        ``(fc_cache, relu_cache)``.
    """
    a, fc_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (fc_cache, relu_cache)


def affine_relu_backward(dout: np.ndarray, cache: tuple) -> tuple:
    """Push the upstream gradient through `affine_relu_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
        Gradient of the loss with respect to out.
    cache : tuple
        From `affine_relu_forward`.

    Returns
    -------
    dx, dw, db : ndarrays of the shapes of x, w and b
        The gradients.
    """
    fc_cache, relu_cache = cache
    return affine_backward(relu_backward(dout, relu_cache), fc_cache)


def conv_relu_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict
) -> tuple[np.ndarray, tuple]:
    """Compute a convolution followed by a ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        The images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    conv_param : dict
        ``{'stride', 'pad'}``.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
        The outputs, ``H' = 1 + (H + 2 * pad - HH) / stride``, W' likewise.
    cache : tuple
        ``(conv_cache, relu_cache)``.
    """
    from .fast_layers import conv_forward_fast

    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(a)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout: np.ndarray, cache: tuple) -> tuple:
    """Push the upstream gradient through `conv_relu_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Gradient of the loss with respect to out.
    cache : tuple
        From `conv_relu_forward`.

    Returns
    -------
    dx, dw, db : ndarrays of the shapes of x, w and b
        The gradients.
    """
    from .fast_layers import conv_backward_fast

    conv_cache, relu_cache = cache
    return conv_backward_fast(relu_backward(dout, relu_cache), conv_cache)


def conv_bn_relu_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    conv_param: dict,
    bn_param: dict,
) -> tuple[np.ndarray, tuple]:
    """Compute a convolution, spatial batch normalization and a ReLU.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        The images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    gamma, beta : ndarrays of shape (F,)
        Scale and shift of the normalization.
    conv_param, bn_param : dict
        As for the convolution and for `spatial_batchnorm_forward`.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
        The outputs.
    cache : tuple
        ``(conv_cache, bn_cache, relu_cache)``.
    """
    from .fast_layers import conv_forward_fast

    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    an, bn_cache = layers.spatial_batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(an)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout: np.ndarray, cache: tuple) -> tuple:
    """Push the upstream gradient through `conv_bn_relu_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Gradient of the loss with respect to out.
    cache : tuple
        From `conv_bn_relu_forward`.

    Returns
    -------
    dx, dw, db, dgamma, dbeta : ndarrays of the shapes of x, w, b, gamma and beta
        The gradients.
    """
    from .fast_layers import conv_backward_fast

    conv_cache, bn_cache, relu_cache = cache
    dan = relu_backward(dout, relu_cache)
    da, dgamma, dbeta = layers.spatial_batchnorm_backward(dan, bn_cache)
    dx, dw, db = conv_backward_fast(da, conv_cache)
    return dx, dw, db, dgamma, dbeta


def conv_relu_pool_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, conv_param: dict, pool_param: dict
) -> tuple[np.ndarray, tuple]:
    """Compute a convolution, a ReLU and a max pooling.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        The images.
    w : ndarray of shape (F, C, HH, WW)
        Filters.
    b : ndarray of shape (F,)
        Biases.
    conv_param : dict
        ``{'stride', 'pad'}``.
    pool_param : dict
        ``{'pool_height', 'pool_width', 'stride'}``.

    Returns
    -------
    out : ndarray of shape (N, F, H', W')
        The pooled outputs.
    cache : tuple
        ``(conv_cache, relu_cache, pool_cache)``.
    """
    from .fast_layers import conv_forward_fast, max_pool_forward_fast

    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    s, relu_cache = relu_forward(a)
    out, pool_cache = max_pool_forward_fast(s, pool_param)
    return out, (conv_cache, relu_cache, pool_cache)


def conv_relu_pool_backward(dout: np.ndarray, cache: tuple) -> tuple:
    """Push the upstream gradient through `conv_relu_pool_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H', W')
        Gradient of the loss with respect to out.
    cache : tuple
        From `conv_relu_pool_forward`.

    Returns
    -------
    dx, dw, db : ndarrays of the shapes of x, w and b
        The gradients.
    """
    from .fast_layers import conv_backward_fast, max_pool_backward_fast

    conv_cache, relu_cache, pool_cache = cache
    ds = max_pool_backward_fast(dout, pool_cache)
    return conv_backward_fast(relu_backward(ds, relu_cache), conv_cache)
