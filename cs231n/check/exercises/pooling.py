"""Exercises of ``cs231n/layers/pooling.py``."""

from ..exercise import Case, Exercise, Probe, unpack
from .off_limits import FAST_LAYERS, FRAMEWORKS


def _exercises(kind):
    forward, backward = f"{kind}_pool_forward_naive", f"{kind}_pool_backward_naive"

    def there(x, pool_param, windows, dout=None):
        from cs231n import layers

        out, _ = unpack(forward, getattr(layers, forward)(x, pool_param), "out", "cache").values()
        return {f"out, {windows}": out}

    def back(x, pool_param, windows, dout):
        from cs231n import layers

        return {f"dx, {windows}": getattr(layers, backward)(dout, (x, pool_param))}

    def back_own_cache(x, pool_param, windows, dout):
        from cs231n import layers

        _, cache = getattr(layers, forward)(x, pool_param)
        return {f"dx, {windows}": getattr(layers, backward)(dout, cache)}

    both = Probe("given cache", back), Probe("own cache", back_own_cache)
    for name, probes in ((forward, (Probe("forward", there),)), (backward, both)):
        yield Exercise(
            name, "cs231n.layers.pooling", probes, _cases, without=FRAMEWORKS + FAST_LAYERS
        )


def _cases(rng):
    def draw(shape, window, stride, out, values=rng.randn, dtype="float64"):
        pool_param = {"pool_height": window[0], "pool_width": window[1], "stride": stride}
        steps = stride if isinstance(stride, list) else [stride, stride]
        kind = "side by side" if steps == list(window) else "apart or overlapping"
        arrays = {"x": values(*shape), "dout": rng.randn(*shape[:2], *out)}
        return {n: a.astype(dtype) for n, a in arrays.items()} | {
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
