"""Exercises of ``cs231n/layers/affine.py``."""

import math

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack


def _forward(x: Array, w: Array, b: Array, dout: Array | None = None) -> Quantities:
    from cs231n.layers import affine_forward

    found = unpack("affine_forward", affine_forward(x, w, b), "out", "cache")
    return {"out": found["out"]}


def _backward_own_cache(x: Array, w: Array, b: Array, dout: Array) -> Quantities:
    from cs231n.layers import affine_backward, affine_forward

    _, cache = affine_forward(x, w, b)
    return unpack("affine_backward", affine_backward(dout, cache), "dx", "dw", "db")


def _backward(x: Array, w: Array, b: Array, dout: Array) -> Quantities:
    from cs231n.layers import affine_backward

    return unpack("affine_backward", affine_backward(dout, (x, w, b)), "dx", "dw", "db")


def _cases(rng: Rng) -> Cases:
    def draw(N: int, shape: tuple[int, ...], M: int, dtype: str = "float64") -> Inputs:
        D = math.prod(shape)
        arrays = {
            "x": rng.randn(N, *shape),
            "w": rng.randn(D, M),
            "b": rng.randn(M),
            "dout": rng.randn(N, M),
        }
        return cast(arrays, dtype)

    yield Case("a batch of vectors", draw(4, (6,), 3))
    yield Case("a batch of images", draw(3, (2, 4, 5), 7))
    yield Case("one example", draw(1, (5,), 2))
    yield Case("more outputs than inputs, float32", draw(2, (3,), 8, "float32"), "float32")


EXERCISES = (
    Exercise("affine_forward", "cs231n.layers.affine", (Probe("forward", _forward),), _cases),
    Exercise(
        "affine_backward",
        "cs231n.layers.affine",
        (Probe("given cache", _backward), Probe("own cache", _backward_own_cache)),
        _cases,
    ),
)
