"""The three-layer convolutional net of the assignments."""

import numpy as np

from .._lazy import old_names
from ..compat.saved import SavedWeights
from ..initializers import initial_weights
from ..layer_utils import (
    affine_relu_backward,
    affine_relu_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from ..layers import affine_backward, affine_forward, softmax_loss
from ..seeding import random_generator
from ..window_geometry import slide

__getattr__ = old_names(__name__)


class ThreeLayerConvNet(SavedWeights):
    """conv - relu - 2x2 max pool - affine - relu - affine - softmax.

    Works on minibatches of shape (N, C, H, W). The convolution has stride 1 and pad
    ``(filter_size - 1) // 2``, so that an odd filter keeps height and width.

    Parameters
    ----------
    input_dim : tuple of int
        (C, H, W), the shape of one image.
    num_filters, filter_size : int
        Number, and height and width, of the convolution's filters.
    hidden_dim : int
        Units of the hidden affine layer.
    num_classes : int
    weight_scale : float or {"xavier", "he"}
        Standard deviation of the initial weights, see `initial_weights`.
    reg : float
        Strength of the L2 penalty ``0.5 * reg * sum(W ** 2)`` on W1, W2 and W3.
    dtype : type
        Of all computations: float32 for speed, float64 for numerical gradients.
    seed : int or numpy.random.Generator, optional
        Where the initial weights are drawn from.

    Attributes
    ----------
    params : dict
        ``W1`` (F, C, filter_size, filter_size), ``b1`` (F,), ``W2`` (F * H' * W', hidden_dim),
        ``b2`` (hidden_dim,), ``W3`` (hidden_dim, num_classes), ``b3`` (num_classes,), where H' and
        W' are the sizes after
        pooling.

    Raises
    ------
    ValueError
        If the pooling windows do not cover the convolution's output; the message says which sizes
        would.
    """

    def __init__(
        self,
        input_dim=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=np.float32,
        seed=None,
    ):
        self.params = {}
        self.reg = reg
        self.dtype = dtype
        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        rng = random_generator(seed)
        C, H, W = input_dim
        window = (filter_size, filter_size)
        got = f"input_dim {input_dim} and filter_size {filter_size}"
        maps = slide("ThreeLayerConvNet", (H, W), window, **self.conv_param, got=got).out
        pooled_H, pooled_W = slide("ThreeLayerConvNet", maps, (2, 2), 2, None, got=got).out
        ### BEGIN SOLUTION
        shapes = {
            "1": (num_filters, C, filter_size, filter_size),
            "2": (num_filters * pooled_H * pooled_W, hidden_dim),
            "3": (hidden_dim, num_classes),
        }
        for layer, units in zip("123", (num_filters, hidden_dim, num_classes)):
            self.params["W" + layer] = initial_weights(rng, shapes[layer], weight_scale)
            self.params["b" + layer] = np.zeros(units)
        ### END SOLUTION
        for name, value in self.params.items():
            self.params[name] = value.astype(dtype)

    def loss(self, X, y=None):
        """Evaluate the net, and at training time its loss and gradients.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
        y : ndarray of int of shape (N,), optional
            Labels.

        Returns
        -------
        scores : ndarray of shape (N, num_classes)
            If y is None.
        loss, grads : float and dict
            Otherwise: the regularized loss and its gradient for each entry of `params`.
        """
        W1 = self.params["W1"]
        b1 = self.params["b1"]
        W2 = self.params["W2"]
        b2 = self.params["b2"]
        W3 = self.params["W3"]
        b3 = self.params["b3"]
        X = X.astype(self.dtype, copy=False)
        scores = None
        ### BEGIN SOLUTION
        pooled, conv_cache = conv_relu_pool_forward(X, W1, b1, self.conv_param, self.pool_param)
        hidden, hidden_cache = affine_relu_forward(pooled, W2, b2)
        scores, scores_cache = affine_forward(hidden, W3, b3)
        ### END SOLUTION
        if y is None:
            return scores
        loss = 0.0
        grads = {}
        ### BEGIN SOLUTION
        loss, dscores = softmax_loss(scores, y)
        dhidden, grads["W3"], grads["b3"] = affine_backward(dscores, scores_cache)
        dpooled, grads["W2"], grads["b2"] = affine_relu_backward(dhidden, hidden_cache)
        _, grads["W1"], grads["b1"] = conv_relu_pool_backward(dpooled, conv_cache)
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
            grads[name] += self.reg * self.params[name]
        ### END SOLUTION
        return loss, grads
