"""Exercises of ``cs231n/layers/dropout.py``.

The mask is random, and any good one is right: what is compared are properties that every such mask
has. With 30,000 entries the share that is kept strays by less than 0.02 from p, so that no right
answer fails by chance.
"""

import numpy as np

from ..exercise import (
    Array,
    Arrays,
    Case,
    Cases,
    Exercise,
    Inputs,
    Probe,
    Quantities,
    Rng,
    cast,
    unpack,
)

SHAPE = (200, 150)


def _forward(x: Array, p: float, mode: str, seed: int) -> Quantities:
    from cs231n.layers import dropout_forward

    def run() -> Quantities:
        result = dropout_forward(x, {"p": p, "mode": mode, "seed": seed})
        return unpack("dropout_forward", result, "out", "cache")["out"]

    return {"out": run(), "again": run()}


def _reduce_forward(inputs: Inputs, arrays: Arrays) -> Arrays:
    x = inputs["x"]
    p = inputs["p"]
    out = arrays["out"]
    again = arrays["again"]
    if inputs["mode"] == "test" or p == 1:
        return {"out where nothing is dropped": out}
    if out.shape != x.shape or again.shape != x.shape:
        raise ValueError(f"out has shape {out.shape}, x has {x.shape}")
    kept = out != 0
    scale = np.zeros(1)
    if kept.any():
        scale = out[kept] * p / x[kept]
    sizes = [scale.min(), scale.max(), np.round(kept.mean(), 1)]
    rows_alike = (kept[1:] == kept[0]).all(axis=1).sum()
    columns_alike = (kept.T[1:] == kept.T[0]).all(axis=1).sum()
    masks_differ = not np.array_equal(kept, again != 0)
    counts = [rows_alike, columns_alike, masks_differ]
    return {
        "smallest and largest out / (x / p) where out is not zero, share that is kept": np.array(
            sizes
        ),
        "rows and columns that drop what the first drops, masks that differ for one seed": np.array(
            counts, dtype=int
        ),
    }


def _forward_sizes(inputs: Inputs) -> dict[str, int]:
    return dict.fromkeys(("out", "again"), inputs["x"].size)


def _forward_cases(rng: Rng) -> Cases:
    def draw(shape: tuple[int, ...], p: float, mode: str, dtype: str = "float64") -> Inputs:
        x = rng.choice((-1, 1), size=shape) * (0.5 + rng.rand(*shape))
        return {"x": x.astype(dtype), "p": p, "mode": mode, "seed": int(rng.randint(1 << 30))}

    yield Case("training, p = 0.3", draw(SHAPE, 0.3, "train"))
    yield Case("training, p = 0.8, float32", draw(SHAPE, 0.8, "train", "float32"), "float32")
    yield Case("training, p = 1", draw((3, 2, 4), 1.0, "train"))
    yield Case("testing, images", draw((2, 3, 4, 5), 0.4, "test"))


def _backward_given(x: Array, mask: Array, dout: Array, mode: str) -> Quantities:
    from cs231n.layers import dropout_backward

    used = mask if mode == "train" else None
    cache = ({"p": 0.25, "mode": mode}, used)
    return {"dx": dropout_backward(dout, cache)}


def _backward_own(x: Array, mask: Array, dout: Array, mode: str) -> Quantities:
    from cs231n.layers import dropout_backward, dropout_forward

    out, cache = dropout_forward(x, {"p": 0.25, "mode": mode, "seed": 5})
    return {"out": out, "dx": dropout_backward(dout, cache)}


def _reduce_backward(inputs: Inputs, arrays: Arrays) -> Arrays:
    """With a mask of one's own, dx is right when it belongs to the output of the same mask."""
    if "out" not in arrays:
        return arrays
    x = inputs["x"]
    out = arrays["out"]
    dx = arrays["dx"]
    if out.shape != x.shape or dx.shape != x.shape:
        raise ValueError(f"dx has shape {dx.shape}, x has {x.shape}")
    return {"dx, from the mask of the output": dx - inputs["dout"] * (out / x - 1)}


def _backward_sizes(inputs: Inputs) -> dict[str, int]:
    return dict.fromkeys(("out", "dx"), inputs["x"].size)


def _backward_cases(rng: Rng) -> Cases:
    def draw(shape: tuple[int, ...], mode: str, dtype: str = "float64") -> Inputs:
        arrays = {
            "x": 1 + rng.rand(*shape),
            "mask": rng.choice((0.0, 4.0), size=shape),
            "dout": rng.randn(*shape),
        }
        return cast(arrays, dtype) | {"mode": mode}

    yield Case("training", draw((4, 7), "train"))
    yield Case("training on images", draw((2, 3, 4, 2), "train"))
    yield Case("testing", draw((3, 5), "test"))
    yield Case("training, float32", draw((6, 2), "train", "float32"), "float32")


EXERCISES = (
    Exercise(
        "dropout_forward",
        "cs231n.layers.dropout",
        (Probe("forward", _forward),),
        _forward_cases,
        reduce=_reduce_forward,
        sizes=_forward_sizes,
    ),
    Exercise(
        "dropout_backward",
        "cs231n.layers.dropout",
        (Probe("given cache", _backward_given), Probe("own cache", _backward_own)),
        _backward_cases,
        reduce=_reduce_backward,
        sizes=_backward_sizes,
    ),
)
