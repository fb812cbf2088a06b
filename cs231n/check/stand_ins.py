"""Layers and classifiers that are wrong on purpose, but wired like the right ones.

A net is right when it passes the right things to its layers and hands on what they return. To see that apart from
whether the layers are right, the layers are replaced by functions with the same arguments and shapes that compute
something else: any change of an argument changes the result, and nothing here says how a layer works.
The expected results come from the reference net on the same stand-ins.
"""

import sys
import types
from contextlib import contextmanager

import numpy as np


@contextmanager
def replaced(module, **functions):
    """Replace functions of a module for a while, so that mistakes in them do not count against their caller."""
    before = {name: getattr(module, name) for name in functions}
    module.__dict__.update(functions)
    try:
        yield
    finally:
        module.__dict__.update(before)


def install():
    """Put the stand-ins where the package looks its modules up. Call it before any of them is imported."""
    for package, modules in (
        ("cs231n.layers", _MODULES),
        ("cs231n.classifiers", _CLASSIFIERS),
        ("cs231n", _FAST),
    ):
        for name, contents in modules.items():
            module = types.ModuleType(f"{package}.{name}")
            module.__dict__.update(contents)
            sys.modules[module.__name__] = module


def _mix(shape, *arrays):
    """An array of this shape that depends on every element of the others."""
    ramp = np.sin(1.0 + np.arange(np.prod(shape, dtype=int))).reshape(shape)
    total = sum((k + 2) * _summary(a) for k, a in enumerate(arrays))
    return (ramp * np.cos(total) + 0.1 * total).astype(arrays[0].dtype)


def _summary(array):
    """A number that changes with any element of an array and with their order."""
    flat = np.asarray(array, np.float64).ravel()
    return float(flat @ np.cos(np.arange(flat.size))) / (1 + flat.size)


def _affine_forward(x, w, b):
    return _mix((x.shape[0], w.shape[1]), x, w, b), ("affine", x, w, b)


def _affine_backward(dout, cache):
    _, x, w, b = cache
    return _mix(x.shape, dout, x), _mix(w.shape, dout, w, x), _mix(b.shape, dout, b)


def _elementwise_forward(x):
    return _mix(x.shape, x) + 0.5 * x, x


def _elementwise_backward(dout, cache):
    return _mix(cache.shape, dout, cache) + 0.5 * dout


def _loss(x, y):
    return abs(_summary(x)) + 0.1 * float(np.mean(y)), _mix(x.shape, x, np.asarray(y, x.dtype))


def _conv_forward(x, w, b, conv_param):
    from cs231n.window_geometry import conv_geometry

    geometry = conv_geometry("conv_forward", x, w, b, conv_param)
    settings = np.array([geometry.stride, *geometry.pads], x.dtype)
    return _mix((len(x), len(w), *geometry.out), x, w, b, settings), ("conv", x, w, b)


def _conv_backward(dout, cache, need=None):
    return _affine_backward(dout, cache)


def _pool_forward(x, pool_param):
    from cs231n.window_geometry import pool_geometry

    return _mix((*x.shape[:2], *pool_geometry("pool_forward", x, pool_param).out), x), x


def _pool_backward(dout, cache):
    return _mix(cache.shape, dout, cache)


_ELEMENTWISE = ("relu", "leaky_relu", "sigmoid", "tanh")
_MODULES = {
    "affine": {"affine_forward": _affine_forward, "affine_backward": _affine_backward},
    "activations": {f"{n}_forward": _elementwise_forward for n in _ELEMENTWISE}
    | {f"{n}_backward": _elementwise_backward for n in _ELEMENTWISE},
    "losses": {"softmax_loss": _loss, "svm_loss": _loss},
    "convolution": {"conv_forward_naive": _conv_forward, "conv_backward_naive": _conv_backward},
    "pooling": {f"{kind}_pool_forward_naive": _pool_forward for kind in ("max", "avg")}
    | {f"{kind}_pool_backward_naive": _pool_backward for kind in ("max", "avg")},
}
_FAST = {
    "fast_layers": {
        name.replace("naive", "fast"): function
        for module in ("convolution", "pooling")
        for name, function in _MODULES[module].items()
    }
}
"""The fast layers are given and right, but a net may just as well call the naive ones: both must give the same."""


class _KNearestNeighbor:
    """Labels that depend on k, on the metric and on every training and test image, but not on who is near."""

    def __init__(self, metric="l2", max_bytes=0):
        self.metric = metric

    def train(self, X, y):
        self.X_train, self.y_train = np.asarray(X), np.asarray(y)

    def predict(self, X, k=1, num_loops=0):
        return self.predict_each(X, [k])[k]

    def predict_each(self, X, ks, num_loops=0):
        total = (
            _summary(self.X_train)
            + _summary(self.y_train)
            + len(self.metric) * (self.metric == "l1")
        )
        rows = [100 * abs(_summary(x) + total) for x in np.asarray(X)]
        return {
            k: np.array([self.y_train[int(k * row) % len(self.y_train)] for row in rows])
            for k in ks
        }


def _linear_loss(W, X, y, reg):
    return abs(_summary(X @ W)) + reg * _summary(W) + float(np.mean(y)), _mix(
        W.shape, W, X, np.asarray(y, X.dtype)
    ) + reg


_CLASSIFIERS = {
    "k_nearest_neighbor": {"KNearestNeighbor": _KNearestNeighbor},
    "linear_svm": {"svm_loss_naive": _linear_loss, "svm_loss_vectorized": _linear_loss},
    "softmax": {"softmax_loss_naive": _linear_loss, "softmax_loss_vectorized": _linear_loss},
}
