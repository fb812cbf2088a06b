"""Exercises of ``cs231n/layers/normalization.py`` on arrays of shape (N, D)."""

from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack

# Columns of mean zero, with a number that may be their standard deviation for some eps.
_COLUMNS = {
    1: ((0,), 0.1),
    4: ((3, -1, -1, -1), 2.0),
    5: ((2, 1, 0, -1, -2), 1.5),
    6: ((5, -1, -1, -1, -1, -1), 3.0),
}


def _batchnorm_forward(
    batches: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    settings: Inputs,
) -> Quantities:
    from cs231n.layers import batchnorm_forward

    def run(x: Array, bn_param: Inputs) -> Array:
        result = batchnorm_forward(x, gamma, beta, bn_param)
        out: Array = unpack("batchnorm_forward", result, "out", "cache")["out"]
        return out

    bn_param = dict(settings, mode="train")
    outs = [run(x, bn_param) for x in batches]
    test = dict(
        settings, mode="test", running_mean=running_mean.copy(), running_var=running_var.copy()
    )
    return {
        "out, training": np.stack(outs),
        "running_mean": bn_param["running_mean"],
        "running_var": bn_param["running_var"],
        "out, testing": run(batches[0], test),
    }


def _batchnorm_forward_cases(rng: Rng) -> Cases:
    def draw(
        N: int, D: int, dtype: str = "float64", settings: Inputs | None = None, shift: float = 1.0
    ) -> Inputs:
        batches = shift * rng.randn(1, 1, D) + (0.5 + rng.rand(D)) * rng.randn(2, N, D)
        arrays = {
            "batches": batches,
            "gamma": rng.randn(D),
            "beta": rng.randn(D),
            "running_mean": rng.randn(D),
            "running_var": 0.5 + rng.rand(D),
        }
        return cast(arrays, dtype) | {"settings": settings or {}}

    yield Case("two batches", draw(6, 4))
    yield Case("other settings", draw(5, 3, settings={"eps": 0.01, "momentum": 0.7}))
    yield Case("one example", draw(1, 3))
    constant = draw(4, 5)
    constant["batches"][:, :, 2] = 1.5
    yield Case("a feature that is always the same", constant)
    yield Case("large means, float32", draw(8, 3, "float32", shift=5), "float32")


def _batchnorm_backward(name: str) -> Exercise:
    def given_cache(
        x_centered: Array, std: Array, gamma: Array, mean: Array, dout: Array, mode: str
    ) -> Quantities:
        from cs231n import layers

        result = getattr(layers, name)(dout, (x_centered, std, gamma, mode))
        return unpack(name, result, "dx", "dgamma", "dbeta")

    def own_cache(
        x_centered: Array, std: Array, gamma: Array, mean: Array, dout: Array, mode: str
    ) -> Quantities:
        from cs231n import layers

        bn_param = {"mode": mode, "running_mean": mean.copy(), "running_var": np.square(std)}
        _, cache = layers.batchnorm_forward(
            x_centered + mean, gamma, np.zeros_like(gamma), bn_param
        )
        return unpack(name, getattr(layers, name)(dout, cache), "dx", "dgamma", "dbeta")

    probes = (Probe("given cache", given_cache), Probe("own cache", own_cache))
    return Exercise(name, "cs231n.layers.normalization", probes, _batchnorm_backward_cases)


def _batchnorm_backward_cases(rng: Rng) -> Cases:
    def draw(N: int, D: int, mode: str = "train", dtype: str = "float64") -> Inputs:
        x_centered, std = _centered(rng, N, D)
        arrays = {
            "x_centered": x_centered,
            "std": std,
            "gamma": rng.randn(D),
            "mean": rng.randn(D),
            "dout": rng.randn(N, D),
        }
        return cast(arrays, dtype) | {"mode": mode}

    yield Case("a batch", draw(4, 3))
    yield Case("more features than examples", draw(5, 7))
    yield Case("one example", draw(1, 2))
    yield Case("test mode, where the statistics are constants", draw(4, 5, "test"))
    yield Case("float32", draw(6, 2, dtype="float32"), "float32")


def _layernorm_forward(x: Array, gamma: Array, beta: Array, settings: Inputs) -> Quantities:
    from cs231n.layers import layernorm_forward

    result = layernorm_forward(x, gamma, beta, dict(settings))
    return {"out": unpack("layernorm_forward", result, "out", "cache")["out"]}


def _layernorm_forward_cases(rng: Rng) -> Cases:
    def draw(N: int, D: int, dtype: str = "float64", **settings: Any) -> Inputs:
        arrays = {
            "x": rng.randn(N, 1) + (0.5 + rng.rand(N, 1)) * rng.randn(N, D),
            "gamma": rng.randn(D),
            "beta": rng.randn(D),
        }
        return cast(arrays, dtype) | {"settings": settings}

    yield Case("a batch", draw(4, 6))
    yield Case("square, other eps", draw(5, 5, eps=0.01))
    yield Case("one example", draw(1, 4))
    constant = draw(3, 5)
    constant["x"][1] = 2.5
    yield Case("an example whose features are all the same", constant)
    yield Case("float32", draw(2, 7, "float32"), "float32")


def _layernorm_backward_given(
    x_centered: Array, std: Array, gamma: Array, mean: Array, dout: Array
) -> Quantities:
    from cs231n.layers import layernorm_backward

    result = layernorm_backward(dout, (x_centered, std, gamma))
    return unpack("layernorm_backward", result, "dx", "dgamma", "dbeta")


def _layernorm_backward_own(
    x_centered: Array, std: Array, gamma: Array, mean: Array, dout: Array
) -> Quantities:
    from cs231n.layers import layernorm_backward, layernorm_forward

    _, cache = layernorm_forward(x_centered + mean, gamma, np.zeros_like(gamma), {})
    return unpack("layernorm_backward", layernorm_backward(dout, cache), "dx", "dgamma", "dbeta")


def _layernorm_backward_cases(rng: Rng) -> Cases:
    def draw(N: int, D: int, dtype: str = "float64") -> Inputs:
        x_centered, std = _centered(rng, D, N)
        arrays = {
            "x_centered": x_centered.T.copy(),
            "std": std[:, None],
            "gamma": rng.randn(D),
            "mean": rng.randn(N, 1),
            "dout": rng.randn(N, D),
        }
        return cast(arrays, dtype)

    yield Case("a batch", draw(3, 4))
    yield Case("square", draw(5, 5))
    yield Case("one example", draw(1, 6))
    yield Case("float32", draw(7, 4, "float32"), "float32")


def _centered(rng: Rng, N: int, D: int) -> tuple[Array, Array]:
    """Columns of mean zero, each of its own size, and a standard deviation for each."""
    column, std = _COLUMNS[N]
    size = 0.5 + rng.rand(D)
    columns = [rng.permutation(column) for _ in range(D)]
    return size * np.stack(columns, axis=1), size * std


_MODULE = "cs231n.layers.normalization"
EXERCISES = (
    Exercise(
        "batchnorm_forward",
        _MODULE,
        (Probe("forward", _batchnorm_forward),),
        _batchnorm_forward_cases,
    ),
    _batchnorm_backward("batchnorm_backward"),
    _batchnorm_backward("batchnorm_backward_alt"),
    Exercise(
        "layernorm_forward",
        _MODULE,
        (Probe("forward", _layernorm_forward),),
        _layernorm_forward_cases,
    ),
    Exercise(
        "layernorm_backward",
        _MODULE,
        (
            Probe("given cache", _layernorm_backward_given),
            Probe("own cache", _layernorm_backward_own),
        ),
        _layernorm_backward_cases,
    ),
)
