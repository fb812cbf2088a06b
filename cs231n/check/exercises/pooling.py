"""Exercises of ``cs231n/layers/pooling.py``."""

from collections.abc import Callable, Iterator
from typing import Any

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack
from .off_limits import FAST_LAYERS, FRAMEWORKS

_MODULE = "cs231n.layers.pooling"


def _exercises(kind: str) -> Iterator[Exercise]:
    forward = f"{kind}_pool_forward_naive"
    backward = f"{kind}_pool_backward_naive"

    def there(x: Array, pool_param: Inputs, windows: str, dout: Array | None = None) -> Quantities:
        from cs231n import layers

        found = unpack(forward, getattr(layers, forward)(x, pool_param), "out", "cache")
        return {f"out, {windows}": found["out"]}

    def back(x: Array, pool_param: Inputs, windows: str, dout: Array) -> Quantities:
        from cs231n import layers

        return {f"dx, {windows}": getattr(layers, backward)(dout, (x, pool_param))}

    def back_own_cache(x: Array, pool_param: Inputs, windows: str, dout: Array) -> Quantities:
        from cs231n import layers

        _, cache = getattr(layers, forward)(x, pool_param)
        return {f"dx, {windows}": getattr(layers, backward)(dout, cache)}

    probes = {
        forward: (Probe("forward", there),),
        backward: (Probe("given cache", back), Probe("own cache", back_own_cache)),
    }
    for name, ways in probes.items():
        yield Exercise(name, _MODULE, ways, _cases, without=FRAMEWORKS + FAST_LAYERS)


def _cases(rng: Rng) -> Cases:
    def draw(
        shape: tuple[int, ...],
        window: tuple[int, ...],
        stride: Any,
        out: tuple[int, ...],
        values: Callable[..., Any] = rng.randn,
        dtype: str = "float64",
    ) -> Inputs:
        pool_param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
        steps = stride if isinstance(stride, list) else [stride, stride]
        kind = "side by side" if steps == list(window) else "apart or overlapping"
        arrays = {"x": values(*shape), "dout": rng.randn(*shape[:2], *out)}
        return cast(arrays, dtype) | {
            "pool_param": pool_param,
            "windows": kind,
        }

    yield Case("windows of 2x2, side by side", draw((2, 3, 4, 6), (2, 2), 2, (2, 3)))
    high = draw((1, 2, 6, 2), (3, 1), [3, 1], (2, 2), dtype="float32")
    yield Case("one example, high windows side by side, float32", high, "float32")
    yield Case(
        "all entries negative",
        draw((2, 1, 4, 4), (2, 2), 2, (2, 2), lambda *s: -0.1 - rng.rand(*s)),
    )
    yield Case("windows of 3x2 that overlap", draw((2, 2, 5, 4), (3, 2), 1, (3, 3)))
    yield Case("windows of 2x3 with stride 2", draw((1, 3, 6, 7), (2, 3), 2, (3, 3)))
    yield Case("stride larger than the window", draw((2, 1, 5, 8), (2, 2), 3, (2, 3)))
    yield Case(
        "ties", draw((1, 2, 4, 5), (2, 3), [2, 1], (2, 3), lambda *s: rng.randint(2, size=s))
    )


EXERCISES = (*_exercises("max"), *_exercises("avg"))
