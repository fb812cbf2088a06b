"""Layers that are wrong on purpose, but wired like the right ones.

A net is right when it passes the right things to its layers and hands on what they return. To see that apart from
whether the layers are right, the layers are replaced by functions with the same arguments and shapes that compute
something else: any change of an argument changes the result, and nothing here says how a layer works.
The expected results come from the reference net on the same stand-ins.
"""

import sys
import types

import numpy as np


def install():
    """Put the stand-ins where ``cs231n.layers`` looks its modules up. Call it before any of them is imported."""
    for name, functions in _MODULES.items():
        module = types.ModuleType(f"cs231n.layers.{name}")
        module.__dict__.update(functions)
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


_ELEMENTWISE = ("relu", "leaky_relu", "sigmoid", "tanh")
_MODULES = {
    "affine": {"affine_forward": _affine_forward, "affine_backward": _affine_backward},
    "activations": {f"{n}_forward": _elementwise_forward for n in _ELEMENTWISE}
    | {f"{n}_backward": _elementwise_backward for n in _ELEMENTWISE},
    "losses": {"softmax_loss": _loss, "svm_loss": _loss},
}
