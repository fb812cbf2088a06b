"""The base of nets that are a chain of layers."""

import numpy as np

from ..fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)
from ..initializers import initial_weights
from ..layers import (
    affine_backward,
    affine_forward,
    batchnorm_backward_alt,
    batchnorm_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
)
from ..window_geometry import slide
from .chain import Layer, chain_backward, chain_forward


class ChainNet:
    """Base of nets that are a chain of layers, ending in class scores for the softmax loss.

    A subclass appends its layers with the methods `append_conv`, `append_affine`, ... in its
    constructor; they draw the parameters and number them W1 b1 gamma1 beta1, W2 ... in the order of
    the calls.

    Parameters
    ----------
    input_dim : tuple of int
        (C, H, W), the shape of one image.
    reg : float
        Strength of the L2 penalty ``0.5 * reg * sum(W ** 2)`` on every W.
    weight_scale : float or {"xavier", "he"}
        Standard deviation of the initial weights, see `initial_weights`.
    normalization : None or "batchnorm"
        Whether every affine and convolutional layer except the last is followed by batch
        normalization.
    dtype : type
        Of all computations.
    seed : int or numpy.random.Generator, optional
        Where the initial weights are drawn from.

    Attributes
    ----------
    params : dict
        The parameters by name.
    bn_params : list of dict
        Modes and running statistics of the normalizations, in the order of gamma1, gamma2, ...
    layers : list
        The chain.

    Raises
    ------
    ValueError
        If the normalization is unknown.
    """

    def __init__(
        self, input_dim, reg=0.0, weight_scale="he", normalization=None, dtype=np.float32, seed=None
    ):
        if normalization not in (None, "batchnorm"):
            raise ValueError(
                f"{type(self).__name__}: normalization must be None or 'batchnorm'; "
                f"got {normalization!r}."
            )
        self.reg = reg
        self.weight_scale = weight_scale
        self.normalization = normalization
        self.dtype = dtype
        self.params = {}
        self.bn_params = []
        self.layers = []
        self._rng = np.random.default_rng(seed)
        self._shape = tuple(input_dim)
        self._count = 0

    def forward(self, X, mode="test"):
        """Pass a batch through the chain.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
        mode : "train" or "test"
            What the normalizations do.

        Returns
        -------
        scores : ndarray of shape (N, num_classes)
        caches : list
            One entry per layer, for `backward`.
        """
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        return chain_forward(self.layers, X.astype(self.dtype, copy=False), self)

    def backward(self, dscores, caches, need_dx=True):
        """Pass a gradient of the scores back to the parameters and to the image.

        Parameters
        ----------
        dscores : ndarray of shape (N, num_classes)
        caches : list
            From `forward`.
        need_dx : bool
            Whether the gradient of the images is wanted; training does without.

        Returns
        -------
        dX : ndarray of shape (N, C, H, W), or None
            None if it is not needed and the first layer is a convolution.
        grads : dict
            Gradient of each entry of `params`, without the penalty.
        """
        return chain_backward(self.layers, dscores, caches, need_dx)

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
        mode = "test" if y is None else "train"
        scores, caches = self.forward(X, mode)
        if y is None:
            return scores
        ### BEGIN SOLUTION
        loss, dscores = softmax_loss(scores, y)
        _, grads = self.backward(dscores, caches, need_dx=False)
        for name in self.params:
            if name.startswith("W"):
                loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)
                grads[name] += self.reg * self.params[name]
        ### END SOLUTION
        return loss, grads

    def append_conv(self, num_filters, filter_size, stride=1, pad=0):
        """Append a convolution, and its normalization if the net has one.

        Parameters
        ----------
        num_filters, filter_size : int
        stride, pad
            As in a conv_param.
        """
        self.layers += self._conv(num_filters, filter_size, stride, pad)

    def append_max_pool(self, size=2, stride=2):
        """Append max pooling with square windows.

        Parameters
        ----------
        size, stride : int
        """
        C, H, W = self._shape
        pool_param = {"pool_height": size, "pool_width": size, "stride": stride}
        name = type(self).__name__
        got = f"maps of shape {self._shape} before layer {len(self.layers) + 1}"
        out = slide(name, (H, W), (size, size), stride, None, got=got).out
        self._shape = (C, *out)
        layer = Layer(max_pool_forward_fast, max_pool_backward_fast, settings=(pool_param,))
        self.layers.append(layer)

    def append_relu(self):
        """Append a rectifier."""
        self.layers.append(Layer(relu_forward, relu_backward))

    def append_affine(self, units, normalize=True):
        """Append an affine layer, which flattens its input.

        It is followed by its normalization if the net has one.

        Parameters
        ----------
        units : int
        normalize : bool
            False for the last layer, the scores.
        """
        D = int(np.prod(self._shape))
        names = self._new_weights((D, units), units)
        self.layers.append(Layer(affine_forward, affine_backward, names))
        self._shape = (units,)
        if normalize and self.normalization:
            layer = self._normalization(batchnorm_forward, batchnorm_backward_alt, units)
            self.layers.append(layer)

    def _conv(self, num_filters, filter_size, stride, pad):
        C, H, W = self._shape
        conv_param = {"stride": stride, "pad": pad}
        window = (filter_size, filter_size)
        name = type(self).__name__
        got = f"maps of shape {self._shape} before layer {len(self.layers) + 1}"
        out = slide(name, (H, W), window, stride, pad, what="filter", got=got).out
        names = self._new_weights((num_filters, C, *window), num_filters)
        self._shape = (num_filters, *out)
        layers = [Layer(conv_forward_fast, conv_backward_fast, names, (conv_param,))]
        if self.normalization:
            layer = self._normalization(
                spatial_batchnorm_forward, spatial_batchnorm_backward, num_filters
            )
            layers.append(layer)
        return layers

    def _new_weights(self, shape, units):
        self._count += 1
        W = f"W{self._count}"
        b = f"b{self._count}"
        weights = initial_weights(self._rng, shape, self.weight_scale)
        self.params[W] = weights.astype(self.dtype)
        self.params[b] = np.zeros(units, dtype=self.dtype)
        return W, b

    def _normalization(self, forward, backward, units):
        gamma = f"gamma{self._count}"
        beta = f"beta{self._count}"
        self.params[gamma] = np.ones(units, dtype=self.dtype)
        self.params[beta] = np.zeros(units, dtype=self.dtype)
        self.bn_params.append({"mode": "train"})
        return Layer(forward, backward, (gamma, beta), bn_index=len(self.bn_params) - 1)
