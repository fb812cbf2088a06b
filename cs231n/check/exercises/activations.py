"""Exercises of ``cs231n/layers/activations.py``."""

import numpy as np

from ..exercise import Case, Exercise, Probe, unpack


def _forward(x, dout=None):
    from cs231n.layers import relu_forward

    out, _ = unpack("relu_forward", relu_forward(x), "out", "cache").values()
    return {"out": out}


def _backward_own_cache(x, dout):
    from cs231n.layers import relu_backward, relu_forward

    _, cache = relu_forward(x)
    return {"dx": relu_backward(dout, cache)}


def _backward(x, dout):
    from cs231n.layers import relu_backward

    return {"dx": relu_backward(dout, x)}


def _cases(rng):
    yield Case("a batch of vectors", {"x": rng.randn(4, 7), "dout": rng.randn(4, 7)})
    yield Case("a batch of images", {"x": rng.randn(2, 3, 4, 5), "dout": rng.randn(2, 3, 4, 5)})
    yield Case("all negative", {"x": -0.1 - rng.rand(3, 5), "dout": rng.randn(3, 5)})
    single = {"x": rng.randn(1, 9).astype(np.float32), "dout": rng.randn(1, 9).astype(np.float32)}
    yield Case("one example, float32", single, "float32")


EXERCISES = (
    Exercise("relu_forward", "cs231n.layers.activations", (Probe("forward", _forward),), _cases),
    Exercise(
        "relu_backward", "cs231n.layers.activations",
        (Probe("given cache", _backward), Probe("own cache", _backward_own_cache)), _cases,
    ),
)
