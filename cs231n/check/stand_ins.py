"""Layers and classifiers that are wrong on purpose, but wired like the right ones.

A net is right when it passes the right things to its layers and hands on what they return. To see
that apart from whether the layers are right, the layers are replaced by functions with the same
arguments and shapes that compute something else: any change of an argument changes the result, and
nothing here says how a layer works. The expected results come from the reference net on the same
stand-ins.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray
Result = tuple[Array, Any]
"""The output of a forward pass, and a cache."""


@contextmanager
def replaced(module: ModuleType, **functions: Callable[..., Any]) -> Iterator[None]:
    """Replace functions of a module for a while: mistakes in them do not count against a caller."""
    before = {name: getattr(module, name) for name in functions}
    module.__dict__.update(functions)
    try:
        yield
    finally:
        module.__dict__.update(before)


def install() -> None:
    """Put the stand-ins where modules are looked up. Call it before any of these is imported."""
    for name, contents in _MODULES.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        sys.modules[name] = module


def _mix(shape: Sequence[int], *arrays: np.ndarray) -> np.ndarray:
    """An array of this shape that depends on every element of the others."""
    ramp = np.sin(1.0 + np.arange(np.prod(shape, dtype=int))).reshape(shape)
    total = sum((k + 2) * _summary(array) for k, array in enumerate(arrays))
    mixed: np.ndarray = ramp * np.cos(total) + 0.1 * total
    return mixed.astype(arrays[0].dtype)


def _summary(array: Any) -> float:
    """A number that changes with any element of an array and with their order."""
    flat = np.asarray(array, np.float64).ravel()
    return float(flat @ np.cos(np.arange(flat.size))) / (1 + flat.size)


def _affine_forward(x: Array, w: Array, b: Array) -> Result:
    return _mix((x.shape[0], w.shape[1]), x, w, b), ("affine", x, w, b)


def _affine_backward(dout: Array, cache: Any) -> tuple[Array, ...]:
    _, x, w, b = cache
    return _mix(x.shape, dout, x), _mix(w.shape, dout, w, x), _mix(b.shape, dout, b)


def _elementwise_forward(x: Array) -> Result:
    return _mix(x.shape, x) + 0.5 * x, x


def _elementwise_backward(dout: Array, cache: Array) -> Array:
    return _mix(cache.shape, dout, cache) + 0.5 * dout


def _loss(x: Array, y: Array) -> tuple[float, Array]:
    return abs(_summary(x)) + 0.1 * float(np.mean(y)), _mix(x.shape, x, np.asarray(y, x.dtype))


def _conv_forward(x: Array, w: Array, b: Array, conv_param: dict[str, Any]) -> Result:
    from cs231n.window_geometry import conv_geometry

    geometry = conv_geometry("conv_forward", x, w, b, conv_param)
    settings = np.array([geometry.stride, *geometry.pads], x.dtype)
    return _mix((len(x), len(w), *geometry.out), x, w, b, settings), ("conv", x, w, b)


def _conv_backward(dout: Array, cache: Any, need: object = None) -> tuple[Array, ...]:
    return _affine_backward(dout, cache)


def _pool_forward(x: Array, pool_param: dict[str, Any]) -> Result:
    from cs231n.window_geometry import pool_geometry

    geometry = pool_geometry("pool_forward", x, pool_param)
    return _mix((*x.shape[:2], *geometry.out), x), x


def _pool_backward(dout: Array, cache: Array) -> Array:
    return _mix(cache.shape, dout, cache)


class _KNearestNeighbor:
    """Labels that depend on k, the metric and every image, but not on who is near."""

    def __init__(self, metric: str = "l2", max_bytes: int = 0) -> None:
        self.metric = metric

    def train(self, X: Array, y: Array) -> None:
        self.X_train = np.asarray(X)
        self.y_train = np.asarray(y)

    def predict(self, X: Array, k: int = 1, num_loops: int = 0) -> Array:
        return self.predict_each(X, [k])[k]

    def predict_each(self, X: Array, ks: Sequence[int], num_loops: int = 0) -> dict[int, Array]:
        total = _summary(self.X_train) + _summary(self.y_train)
        if self.metric == "l1":
            total += len(self.metric)
        rows = [100 * abs(_summary(x) + total) for x in np.asarray(X)]
        return {k: self._labels(rows, k) for k in ks}

    def _labels(self, rows: Sequence[float], k: int) -> Array:
        return np.array([self.y_train[int(k * row) % len(self.y_train)] for row in rows])


def _linear_loss(W: Array, X: Array, y: Array, reg: float) -> tuple[float, Array]:
    loss = abs(_summary(X @ W)) + reg * _summary(W) + float(np.mean(y))
    return loss, _mix(W.shape, W, X, np.asarray(y, X.dtype)) + reg


def _layers() -> dict[str, dict[str, Callable[..., Any]]]:
    """Return the functions that stand in for those of the package ``cs231n.layers``, by module."""
    activations: dict[str, Callable[..., Any]] = {}
    for name in ("relu", "leaky_relu", "sigmoid", "tanh"):
        activations[f"{name}_forward"] = _elementwise_forward
        activations[f"{name}_backward"] = _elementwise_backward
    pooling: dict[str, Callable[..., Any]] = {}
    for kind in ("max", "avg"):
        pooling[f"{kind}_pool_forward_naive"] = _pool_forward
        pooling[f"{kind}_pool_backward_naive"] = _pool_backward
    return {
        "affine": {"affine_forward": _affine_forward, "affine_backward": _affine_backward},
        "activations": activations,
        "losses": {"softmax_loss": _loss, "svm_loss": _loss},
        "convolution": {
            "conv_forward_naive": _conv_forward,
            "conv_backward_naive": _conv_backward,
        },
        "pooling": pooling,
    }


def _modules() -> dict[str, dict[str, Callable[..., Any]]]:
    """Return the contents of all modules that are replaced, by full name."""
    layers = _layers()
    modules = {f"cs231n.layers.{name}": contents for name, contents in layers.items()}
    # The fast layers are given and right, but a net may just as well call the naive ones:
    # both must give the same.
    naive = layers["convolution"] | layers["pooling"]
    fast = {name.replace("naive", "fast"): function for name, function in naive.items()}
    modules["cs231n.fast_layers"] = fast
    modules["cs231n.classifiers.linear_svm"] = {
        "svm_loss_naive": _linear_loss,
        "svm_loss_vectorized": _linear_loss,
    }
    modules["cs231n.classifiers.softmax"] = {
        "softmax_loss_naive": _linear_loss,
        "softmax_loss_vectorized": _linear_loss,
    }
    modules["cs231n.classifiers.k_nearest_neighbor"] = {"KNearestNeighbor": _KNearestNeighbor}
    return modules


_MODULES = _modules()
