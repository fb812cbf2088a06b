"""Fully connected nets: two layers, and any number of them."""

import numpy as np

from .. import layers
from .._lazy import old_names
from ..compat.keywords import net_settings
from ..compat.saved import SavedWeights
from ..initializers import initial_weights
from ..layer_utils import affine_relu_backward, affine_relu_forward
from ..layers import affine_backward, affine_forward, relu_backward, relu_forward, softmax_loss
from ..seeding import random_generator

__getattr__ = old_names(__name__)


class TwoLayerNet(SavedWeights):
    """A net with one hidden layer: affine - relu - affine - softmax.

    Parameters
    ----------
    input_dim : int
        D, the number of features of an example.
    hidden_dim : int
        H, the number of hidden units.
    num_classes : int
        C, the number of classes.
    weight_scale : float or {'xavier', 'he'}
        Standard deviation of the initial weights, see `initial_weights`.
    reg : float
        Strength of the L2 regularization ``0.5 * reg * (sum(W1**2) + sum(W2**2))``.
    seed : int or numpy.random.Generator, optional
        Source of the initial weights.

    Attributes
    ----------
    params : dict of str to ndarray
        W1 of shape (D, H), b1 (H,), W2 (H, C), b2 (C,); biases start at zero.
    """

    def __init__(
        self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0, seed=None
    ):
        self.params = {}
        self.reg = reg
        rng = random_generator(seed)
        ### BEGIN SOLUTION
        self.params["W1"] = initial_weights(rng, (input_dim, hidden_dim), weight_scale)
        self.params["b1"] = np.zeros(hidden_dim)
        self.params["W2"] = initial_weights(rng, (hidden_dim, num_classes), weight_scale)
        self.params["b2"] = np.zeros(num_classes)
        ### END SOLUTION

    def loss(self, X, y=None):
        """Compute the scores of a minibatch, or its loss and gradients.

        Parameters
        ----------
        X : ndarray of shape (N, d1, ..., dk)
            Examples with D = d1 * ... * dk features.
        y : ndarray of shape (N,), optional
            Integer labels.

        Returns
        -------
        scores : ndarray of shape (N, C)
            Only if y is None.
        loss : float
            Softmax loss plus regularization, if y is given.
        grads : dict of str to ndarray
            Gradient of the loss by parameter name, if y is given.
        """
        ### BEGIN SOLUTION
        hidden, hidden_cache = affine_relu_forward(X, self.params["W1"], self.params["b1"])
        scores, scores_cache = affine_forward(hidden, self.params["W2"], self.params["b2"])
        ### END SOLUTION
        if y is None:
            return scores

        grads = {}
        ### BEGIN SOLUTION
        loss, dscores = softmax_loss(scores, y)
        dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, scores_cache)
        _, grads["W1"], grads["b1"] = affine_relu_backward(dhidden, hidden_cache)
        for name in ("W1", "W2"):
            loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
            grads[name] = grads[name] + self.reg * self.params[name]
        ### END SOLUTION
        return loss, grads


class FullyConnectedNet(SavedWeights):
    """A net of any depth.

    ``{affine - [normalization] - relu - [dropout]} x (L - 1) - affine - softmax``

    Parameters
    ----------
    hidden_dims : sequence of int
        Sizes of the L - 1 hidden layers.
    input_dim : int
        D, the number of features of an example.
    num_classes : int
        C, the number of classes.
    dropout_keep_ratio : float
        Probability of keeping a unit, in (0, 1]; 1 means no dropout.
    normalization : {None, 'batchnorm', 'layernorm'}
        What follows each hidden affine layer.
    reg : float
        Strength of the L2 regularization, ``0.5 * reg * sum(W**2)`` for every W;
        biases, gammas and betas are not regularized.
    weight_scale : float or {'xavier', 'he'}
        Standard deviation of the initial weights, see `initial_weights`.
    dtype : dtype
        Of the parameters and of all computation. float64 for exact gradient checks.
    seed : int or numpy.random.Generator, optional
        Source of the initial weights. An int also fixes the dropout masks,
        which makes the loss a plain function of the parameters.
    dropout, use_batchnorm : float and bool, optional
        Older keywords, see `cs231n.compat.keywords`.

    Attributes
    ----------
    params : dict of str to ndarray
        W1, b1, ..., WL, bL; with normalization also gamma1, beta1, ..., gamma(L-1), beta(L-1).
    bn_params : list of dict
        Mode and running statistics of each batch normalization.
    """

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        dropout_keep_ratio=1,
        normalization=None,
        reg=0.0,
        weight_scale=1e-2,
        dtype=np.float32,
        seed=None,
        dropout=None,
        use_batchnorm=None,
    ):
        keep, normalization = net_settings(
            dropout_keep_ratio, normalization, dropout, use_batchnorm
        )
        _check_settings(keep, normalization)
        self.normalization = normalization
        self.use_dropout = keep != 1
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.dtype = dtype
        self.rng = random_generator(seed)
        self.params = {}
        dims = [input_dim, *hidden_dims, num_classes]
        ### BEGIN SOLUTION
        for i in range(1, self.num_layers + 1):
            self.params[f"W{i}"] = initial_weights(self.rng, (dims[i - 1], dims[i]), weight_scale)
            self.params[f"b{i}"] = np.zeros(dims[i])
        ### END SOLUTION
        if normalization is not None:
            for i, width in enumerate(hidden_dims, start=1):
                self.params[f"gamma{i}"] = np.ones(width)
                self.params[f"beta{i}"] = np.zeros(width)
        self.params = {name: value.astype(dtype) for name, value in self.params.items()}
        self.bn_params = []
        if normalization == "batchnorm":
            self.bn_params = [{"mode": "train"} for _ in hidden_dims]
        self.dropout_param = {"mode": "train", "p": keep, "rng": self.rng}
        if seed is not None and not isinstance(seed, np.random.Generator):
            self.dropout_param["seed"] = seed

    def loss(self, X, y=None):
        """Compute the scores of a minibatch, or its loss and gradients.

        Without labels the net runs in test mode: running statistics, no dropout.

        Parameters
        ----------
        X : ndarray of shape (N, d1, ..., dk)
            Examples with D = d1 * ... * dk features.
        y : ndarray of shape (N,), optional
            Integer labels.

        Returns
        -------
        scores : ndarray of shape (N, C)
            Only if y is None.
        loss : float
            Softmax loss plus regularization, if y is given.
        grads : dict of str to ndarray
            Gradient of the loss by parameter name, if y is given.
        """
        mode = "test" if y is None else "train"
        for param in (*self.bn_params, self.dropout_param):
            param["mode"] = mode
        scores, caches = self._forward(np.asarray(X).astype(self.dtype, copy=False))
        if y is None:
            return scores
        return self._loss_and_grads(scores, y, caches)

    def _forward(self, x):
        """Run all layers; ``caches[i]`` holds what the backward pass of layer i needs."""
        caches = {}
        ### BEGIN SOLUTION
        for i in range(1, self.num_layers):
            x, fc_cache = affine_forward(x, self.params[f"W{i}"], self.params[f"b{i}"])
            x, norm_cache = self._norm_forward(x, i)
            x, relu_cache = relu_forward(x)
            x, drop_cache = self._dropout_forward(x)
            caches[i] = (fc_cache, norm_cache, relu_cache, drop_cache)
        last = self.num_layers
        scores, caches[last] = affine_forward(x, self.params[f"W{last}"], self.params[f"b{last}"])
        ### END SOLUTION
        return scores, caches

    def _loss_and_grads(self, scores, y, caches):
        """Compute the loss with regularization, and the gradient of every parameter."""
        grads = {}
        ### BEGIN SOLUTION
        loss, dout = softmax_loss(scores, y)
        last = self.num_layers
        dout, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dout, caches[last])
        for i in range(last - 1, 0, -1):
            fc_cache, norm_cache, relu_cache, drop_cache = caches[i]
            dout = relu_backward(self._dropout_backward(dout, drop_cache), relu_cache)
            dout = self._norm_backward(dout, norm_cache, i, grads)
            dout, grads[f"W{i}"], grads[f"b{i}"] = affine_backward(dout, fc_cache)
        if self.reg:
            for i in range(1, last + 1):
                W = self.params[f"W{i}"]
                loss += 0.5 * self.reg * np.sum(W**2, dtype=np.float64)
                grads[f"W{i}"] = grads[f"W{i}"] + self.reg * W
        ### END SOLUTION
        return loss, grads

    def _norm_forward(self, x, i):
        """Normalize after affine layer i, if the net normalizes; returns (out, cache)."""
        if self.normalization is None:
            return x, None
        gamma = self.params[f"gamma{i}"]
        beta = self.params[f"beta{i}"]
        if self.normalization == "batchnorm":
            return layers.batchnorm_forward(x, gamma, beta, self.bn_params[i - 1])
        return layers.layernorm_forward(x, gamma, beta, {})

    def _norm_backward(self, dout, cache, i, grads):
        """Return dx; put the gradients of gamma and beta of layer i into grads."""
        if self.normalization is None:
            return dout
        if self.normalization == "batchnorm":
            backward = layers.batchnorm_backward
        else:
            backward = layers.layernorm_backward
        dx, grads[f"gamma{i}"], grads[f"beta{i}"] = backward(dout, cache)
        return dx

    def _dropout_forward(self, x):
        """Drop units, if the net drops any; returns (out, cache)."""
        if not self.use_dropout:
            return x, None
        return layers.dropout_forward(x, self.dropout_param)

    def _dropout_backward(self, dout, cache):
        """Return the gradient with respect to the input of the dropout layer."""
        if not self.use_dropout:
            return dout
        return layers.dropout_backward(dout, cache)


def _check_settings(keep, normalization):
    if normalization not in (None, "batchnorm", "layernorm"):
        raise ValueError(
            "FullyConnectedNet: normalization must be None, 'batchnorm' or 'layernorm'; "
            f"got {normalization!r}."
        )
    if not 0 < keep <= 1:
        raise ValueError(
            "FullyConnectedNet: dropout_keep_ratio is the probability of keeping a unit, in "
            f"(0, 1]; got {keep!r}. Use 1 for no dropout."
        )
