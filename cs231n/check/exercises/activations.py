"""Exercises of ``cs231n/layers/activations.py``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack


def _pair(
    name: str, cases: Callable[[Rng], Cases], cache: Sequence[str] = ("x",)
) -> tuple[Exercise, Exercise]:
    """The exercises of one activation; ``cache`` names the inputs that its documented cache has."""

    def forward(
        x: Array, dout: Array | None = None, out: Array | None = None, **settings: Any
    ) -> Quantities:
        from cs231n import layers

        result = getattr(layers, f"{name}_forward")(x, **settings)
        return {"out": unpack(f"{name}_forward", result, "out", "cache")["out"]}

    def backward_own_cache(
        x: Array, dout: Array, out: Array | None = None, **settings: Any
    ) -> Quantities:
        from cs231n import layers

        _, own = getattr(layers, f"{name}_forward")(x, **settings)
        return {"dx": getattr(layers, f"{name}_backward")(dout, own)}

    def backward(dout: Array, **given: Any) -> Quantities:
        from cs231n import layers

        values = tuple(given[key] for key in cache)
        documented = values if len(values) > 1 else values[0]
        return {"dx": getattr(layers, f"{name}_backward")(dout, documented)}

    probes = (Probe("given cache", backward), Probe("own cache", backward_own_cache))
    module = "cs231n.layers.activations"
    return (
        Exercise(f"{name}_forward", module, (Probe("forward", forward),), cases),
        Exercise(f"{name}_backward", module, probes, cases),
    )


def _cases(rng: Rng, **settings: float) -> Cases:
    yield Case("a batch of vectors", {"x": rng.randn(4, 7), "dout": rng.randn(4, 7)} | settings)
    yield Case(
        "a batch of images", {"x": rng.randn(2, 3, 4, 5), "dout": rng.randn(2, 3, 4, 5)} | settings
    )
    yield Case("all negative", {"x": -0.1 - rng.rand(3, 5), "dout": rng.randn(3, 5)} | settings)
    single = {"x": rng.randn(1, 9).astype(np.float32), "dout": rng.randn(1, 9).astype(np.float32)}
    yield Case("one example, float32", single | settings, "float32")


def _leaky_cases(rng: Rng) -> Cases:
    yield from _cases(rng, alpha=0.01)
    yield Case("a steeper slope", {"x": rng.randn(3, 4), "dout": rng.randn(3, 4), "alpha": 0.2})


def _saturating(low: float) -> Callable[[Rng], Cases]:
    """Cases for outputs between ``low`` and 1, with inputs at which they saturate."""

    def cases(rng: Rng) -> Cases:
        def draw(shape: tuple[int, ...], dtype: str = "float64") -> Inputs:
            arrays = {
                "x": rng.randn(*shape),
                "dout": rng.randn(*shape),
                "out": low + (1 - low) * rng.rand(*shape),
            }
            return cast(arrays, dtype)

        yield Case("a batch of vectors", draw((4, 7)))
        yield Case("a batch of images", draw((2, 3, 4, 5)))
        large = np.array([[-800.0, -30, -0.2], [0.3, 30, 800]])
        yield Case("large inputs", draw((2, 3)) | {"x": large})
        yield Case("one example, float32", draw((1, 9), "float32"), "float32")

    return cases


EXERCISES = (
    *_pair("relu", _cases),
    *_pair("leaky_relu", _leaky_cases, cache=("x", "alpha")),
    *_pair("sigmoid", _saturating(0), cache=("out",)),
    *_pair("tanh", _saturating(-1), cache=("out",)),
)
