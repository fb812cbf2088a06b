"""Exercises of ``cs231n/layers/dropout.py``.

The mask is random, and any good one is right: what is compared are properties that every such mask has. With 30,000
entries the share that is kept strays by less than 0.02 from p, so that no right answer fails by chance.
"""

import numpy as np

from ..exercise import Case, Exercise, Probe, unpack

SHAPE = (200, 150)


def _forward(x, p, mode, seed):
    from cs231n.layers import dropout_forward

    def run():
        result = dropout_forward(x, {"p": p, "mode": mode, "seed": seed})
        return unpack("dropout_forward", result, "out", "cache")["out"]

    return {"out": run(), "again": run()}


def _reduce_forward(inputs, arrays):
    x, p, out, again = inputs["x"], inputs["p"], arrays["out"], arrays["again"]
    if inputs["mode"] == "test" or p == 1:
        return {"out where nothing is dropped": out}
    if out.shape != x.shape or again.shape != x.shape:
        raise ValueError(f"out has shape {out.shape}, x has {x.shape}")
    kept = out != 0
    scale = out[kept] * p / x[kept] if kept.any() else np.zeros(1)
    alike = (kept[1:] == kept[0]).all(axis=1).sum(), (kept.T[1:] == kept.T[0]).all(axis=1).sum()
    return {
        "smallest and largest out / (x / p) where out is not zero, share that is kept": np.array(
            [scale.min(), scale.max(), np.round(kept.mean(), 1)]
        ),
        "rows and columns that drop what the first drops, masks that differ for one seed": np.array(
            [*alike, not np.array_equal(kept, again != 0)], dtype=int
        ),
    }


def _forward_cases(rng):
    def draw(shape, p, mode, dtype="float64"):
        x = rng.choice((-1, 1), size=shape) * (0.5 + rng.rand(*shape))
        return {"x": x.astype(dtype), "p": p, "mode": mode, "seed": int(rng.randint(1 << 30))}

    yield Case("training, p = 0.3", draw(SHAPE, 0.3, "train"))
    yield Case("training, p = 0.8, float32", draw(SHAPE, 0.8, "train", "float32"), "float32")
    yield Case("training, p = 1", draw((3, 2, 4), 1.0, "train"))
    yield Case("testing, images", draw((2, 3, 4, 5), 0.4, "test"))


def _backward_given(x, mask, dout, mode):
    from cs231n.layers import dropout_backward

    cache = ({"p": 0.25, "mode": mode}, mask if mode == "train" else None)
    return {"dx": dropout_backward(dout, cache)}


def _backward_own(x, mask, dout, mode):
    from cs231n.layers import dropout_backward, dropout_forward

    out, cache = dropout_forward(x, {"p": 0.25, "mode": mode, "seed": 5})
    return {"out": out, "dx": dropout_backward(dout, cache)}


def _reduce_backward(inputs, arrays):
    """With a mask of one's own, dx is right when it belongs to the output of the same mask."""
    if "out" not in arrays:
        return arrays
    x, out, dx = inputs["x"], arrays["out"], arrays["dx"]
    if out.shape != x.shape or dx.shape != x.shape:
        raise ValueError(f"dx has shape {dx.shape}, x has {x.shape}")
    return {"dx, from the mask of the output": dx - inputs["dout"] * (out / x - 1)}


def _backward_cases(rng):
    def draw(shape, mode, dtype="float64"):
        arrays = {
            "x": 1 + rng.rand(*shape),
            "mask": rng.choice((0.0, 4.0), size=shape),
            "dout": rng.randn(*shape),
        }
        return {name: array.astype(dtype) for name, array in arrays.items()} | {"mode": mode}

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
    ),
    Exercise(
        "dropout_backward",
        "cs231n.layers.dropout",
        (Probe("given cache", _backward_given), Probe("own cache", _backward_own)),
        _backward_cases,
        reduce=_reduce_backward,
    ),
)
