"""Exercises of ``cs231n/layers/normalization.py`` on arrays of shape (N, D)."""

import numpy as np

from ..exercise import Case, Exercise, Probe, unpack

# Columns of mean zero, with a number that may be their standard deviation for some eps.
_COLUMNS = {
    1: ((0,), 0.1),
    4: ((3, -1, -1, -1), 2.0),
    5: ((2, 1, 0, -1, -2), 1.5),
    6: ((5, -1, -1, -1, -1, -1), 3.0),
}


def _batchnorm_forward(batches, gamma, beta, running_mean, running_var, settings):
    from cs231n.layers import batchnorm_forward

    def run(x, bn_param):
        return unpack(
            "batchnorm_forward", batchnorm_forward(x, gamma, beta, bn_param), "out", "cache"
        )["out"]

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


def _batchnorm_forward_cases(rng):
    def draw(N, D, dtype="float64", settings=(), shift=1.0):
        batches = shift * rng.randn(1, 1, D) + (0.5 + rng.rand(D)) * rng.randn(2, N, D)
        arrays = {
            "batches": batches,
            "gamma": rng.randn(D),
            "beta": rng.randn(D),
            "running_mean": rng.randn(D),
            "running_var": 0.5 + rng.rand(D),
        }
        return {name: array.astype(dtype) for name, array in arrays.items()} | {
            "settings": dict(settings)
        }

    yield Case("two batches", draw(6, 4))
    yield Case("other settings", draw(5, 3, settings={"eps": 0.01, "momentum": 0.7}))
    yield Case("one example", draw(1, 3))
    constant = draw(4, 5)
    constant["batches"][:, :, 2] = 1.5
    yield Case("a feature that is always the same", constant)
    yield Case("large means, float32", draw(8, 3, "float32", shift=5), "float32")


def _batchnorm_backward(name):
    def given_cache(x_centered, std, gamma, mean, dout, mode):
        from cs231n import layers

        return unpack(
            name,
            getattr(layers, name)(dout, (x_centered, std, gamma, mode)),
            "dx",
            "dgamma",
            "dbeta",
        )

    def own_cache(x_centered, std, gamma, mean, dout, mode):
        from cs231n import layers

        bn_param = {"mode": mode, "running_mean": mean.copy(), "running_var": np.square(std)}
        _, cache = layers.batchnorm_forward(
            x_centered + mean, gamma, np.zeros_like(gamma), bn_param
        )
        return unpack(name, getattr(layers, name)(dout, cache), "dx", "dgamma", "dbeta")

    probes = (Probe("given cache", given_cache), Probe("own cache", own_cache))
    return Exercise(name, "cs231n.layers.normalization", probes, _batchnorm_backward_cases)


def _batchnorm_backward_cases(rng):
    def draw(N, D, mode="train", dtype="float64"):
        x_centered, std = _centered(rng, N, D)
        arrays = {
            "x_centered": x_centered,
            "std": std,
            "gamma": rng.randn(D),
            "mean": rng.randn(D),
            "dout": rng.randn(N, D),
        }
        return {name: array.astype(dtype) for name, array in arrays.items()} | {"mode": mode}

    yield Case("a batch", draw(4, 3))
    yield Case("more features than examples", draw(5, 7))
    yield Case("one example", draw(1, 2))
    yield Case("test mode, where the statistics are constants", draw(4, 5, "test"))
    yield Case("float32", draw(6, 2, dtype="float32"), "float32")


def _layernorm_forward(x, gamma, beta, settings):
    from cs231n.layers import layernorm_forward

    return {
        "out": unpack(
            "layernorm_forward", layernorm_forward(x, gamma, beta, dict(settings)), "out", "cache"
        )["out"]
    }


def _layernorm_forward_cases(rng):
    def draw(N, D, dtype="float64", **settings):
        arrays = {
            "x": rng.randn(N, 1) + (0.5 + rng.rand(N, 1)) * rng.randn(N, D),
            "gamma": rng.randn(D),
            "beta": rng.randn(D),
        }
        return {name: array.astype(dtype) for name, array in arrays.items()} | {
            "settings": settings
        }

    yield Case("a batch", draw(4, 6))
    yield Case("square, other eps", draw(5, 5, eps=0.01))
    yield Case("one example", draw(1, 4))
    constant = draw(3, 5)
    constant["x"][1] = 2.5
    yield Case("an example whose features are all the same", constant)
    yield Case("float32", draw(2, 7, "float32"), "float32")


def _layernorm_backward_given(x_centered, std, gamma, mean, dout):
    from cs231n.layers import layernorm_backward

    return unpack(
        "layernorm_backward",
        layernorm_backward(dout, (x_centered, std, gamma)),
        "dx",
        "dgamma",
        "dbeta",
    )


def _layernorm_backward_own(x_centered, std, gamma, mean, dout):
    from cs231n.layers import layernorm_backward, layernorm_forward

    _, cache = layernorm_forward(x_centered + mean, gamma, np.zeros_like(gamma), {})
    return unpack("layernorm_backward", layernorm_backward(dout, cache), "dx", "dgamma", "dbeta")


def _layernorm_backward_cases(rng):
    def draw(N, D, dtype="float64"):
        x_centered, std = _centered(rng, D, N)
        arrays = {
            "x_centered": x_centered.T.copy(),
            "std": std[:, None],
            "gamma": rng.randn(D),
            "mean": rng.randn(N, 1),
            "dout": rng.randn(N, D),
        }
        return {name: array.astype(dtype) for name, array in arrays.items()}

    yield Case("a batch", draw(3, 4))
    yield Case("square", draw(5, 5))
    yield Case("one example", draw(1, 6))
    yield Case("float32", draw(7, 4, "float32"), "float32")


def _centered(rng, N, D):
    """Columns of mean zero, each of its own size, and a standard deviation for each."""
    column, std = _COLUMNS[N]
    size = 0.5 + rng.rand(D)
    return size * np.stack([rng.permutation(column) for _ in range(D)], axis=1), size * std


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
