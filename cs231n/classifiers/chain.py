"""Layers as objects, so that a net can be a list of them."""

import numpy as np

from ..fast_layers import conv_backward_fast


class Layer:
    """One layer: its two functions, the names of its parameters and its settings.

    Parameters
    ----------
    forward, backward : callable
        ``forward(x, *params, *settings) -> out, cache`` and ``backward(dout, cache) -> dx``
        or ``(dx, *dparams)``.
    names : tuple of str
        Keys of the layer's parameters in the net's `params`.
    settings : tuple
        Further arguments of the forward pass, such as a conv_param.
    bn_index : int, optional
        For a normalization: where its bn_param stands in the net's `bn_params`.

    Attributes
    ----------
    functions : tuple of callable
        The two functions, to tell what kind of layer it is.
    """

    def __init__(self, forward, backward, names=(), settings=(), bn_index=None):
        self.functions = (forward, backward)
        self.names = names
        self.settings = settings
        self.bn_index = bn_index

    def forward(self, x, net):
        """Return the layer's output and cache for an input of shape (N, ...).

        The parameters are those that the net holds now.
        """
        params = [net.params[name] for name in self.names]
        settings = self.settings
        if self.bn_index is not None:
            settings = (net.bn_params[self.bn_index],)
        return self.functions[0](x, *params, *settings)

    def backward(self, dout, cache, need_dx=True):
        """Return the gradient of the input, in its shape, and a dict with those of the parameters.

        Where nobody needs the gradient of the input, a convolution leaves it out and returns None.
        """
        backward = self.functions[1]
        if not need_dx and backward is conv_backward_fast:
            gradients = backward(dout, cache, need=("dw", "db"))
        else:
            gradients = backward(dout, cache)
        if not self.names:
            return gradients, {}
        dx, *dparams = gradients
        return dx, dict(zip(self.names, dparams))


class Residual:
    """The sum of two ways from the same input: a body and a shortcut, both chains of layers.

    Parameters
    ----------
    body, shortcut : list of Layer
        An empty shortcut is the identity.

    Notes
    -----
    He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016).
    """

    def __init__(self, body, shortcut=()):
        self.body = list(body)
        self.shortcut = list(shortcut)

    def forward(self, x, net):
        """Return the sum of both ways, which give equal shapes, and their caches."""
        out, body_cache = chain_forward(self.body, x, net)
        passed, shortcut_cache = chain_forward(self.shortcut, x, net)
        return out + passed, (body_cache, shortcut_cache)

    def backward(self, dout, cache, need_dx=True):
        """Return the gradient of the input, in its shape, and those of the parameters.

        The gradient of the input is the sum over both ways.
        """
        dbody, grads = chain_backward(self.body, dout, cache[0])
        dshortcut, more = chain_backward(self.shortcut, dout, cache[1])
        return dbody + dshortcut, grads | more


def chain_forward(layers, x, net):
    """Pass x of shape (N, ...) through the layers in turn.

    Returns the last output and the list of caches.
    """
    caches = []
    for layer in layers:
        x, cache = layer.forward(x, net)
        caches.append(cache)
    return x, caches


def chain_backward(layers, dout, caches, need_dx=True):
    """Pass dout, in the shape of the output, back through the layers.

    Returns the gradient of the input, or None where a convolution was told that nobody needs it,
    and a dict with the gradients of the parameters.
    """
    grads = {}
    for index in reversed(range(len(layers))):
        dout, new = layers[index].backward(dout, caches[index], need_dx or index > 0)
        grads |= new
    return dout, grads


def global_avg_pool_forward(x):
    """Average each channel over all positions.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)

    Returns
    -------
    out : ndarray of shape (N, C)
    cache : tuple of int
        The shape of x.
    """
    return x.mean(axis=(2, 3)), x.shape


def global_avg_pool_backward(dout, cache):
    """Share the gradient of each channel equally among its positions.

    Parameters
    ----------
    dout : ndarray of shape (N, C)
    cache : tuple of int
        The shape of x.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    """
    _, _, H, W = cache
    return np.broadcast_to(dout[:, :, None, None] / (H * W), cache)
