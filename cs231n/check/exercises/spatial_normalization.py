"""Exercises of ``cs231n/layers/normalization.py`` on images."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, cast, unpack
from ..stand_ins import replaced

_MODULE = "cs231n.layers.normalization"


def _other_forward(x: Array, gamma: Array, beta: Array, bn_param: Inputs) -> tuple[Array, Any]:
    """What takes the arguments of batch normalization; by columns, for any order of the rows."""
    mean = bn_param.get("running_mean", np.zeros_like(gamma)) + x.mean(axis=0)
    bn_param["running_mean"] = mean
    bn_param["running_var"] = 2 * mean
    out = 0.5 * x + gamma * np.cos(mean) + beta
    return out.astype(x.dtype), (x, gamma)


def _other_backward(dout: Array, cache: object) -> tuple[Array, Array, Array]:
    total = dout.sum(axis=0)
    dx = 0.5 * dout + np.sin(total)
    dgamma = total * np.arange(1, 1 + len(total), dtype=dout.dtype)
    return dx.astype(dout.dtype), dgamma, 2 * total


def _others() -> AbstractContextManager[Any]:
    """Replace batch normalization: a slip in it does not count against the spatial layers."""
    return replaced(
        import_module(_MODULE),
        batchnorm_forward=_other_forward,
        batchnorm_backward=_other_backward,
        batchnorm_backward_alt=_other_backward,
    )


def _batchnorm_forward(
    context: Callable[[], AbstractContextManager[Any]],
) -> Callable[..., Quantities]:
    def run(
        x: Array, gamma: Array, beta: Array, settings: Inputs, dout: Array | None = None
    ) -> Quantities:
        from cs231n.layers import spatial_batchnorm_forward

        with context():
            training = dict(settings, mode="train")
            result = spatial_batchnorm_forward(x, gamma, beta, training)
            out = unpack("spatial_batchnorm_forward", result, "out", "cache")["out"]
            testing = {
                **settings,
                "mode": "test",
                "running_mean": 0.5 * beta,
                "running_var": np.square(gamma) + 1,
            }
            test_out = spatial_batchnorm_forward(x, gamma, beta, testing)[0]
        statistics = {key: training[key] for key in ("running_mean", "running_var")}
        return {"out, training": out, "out, testing": test_out} | statistics

    return run


def _batchnorm_backward_other(
    x: Array, gamma: Array, beta: Array, settings: Inputs, dout: Array
) -> Quantities:
    from cs231n.layers import spatial_batchnorm_backward

    with _others():
        result = spatial_batchnorm_backward(dout, None)
        return unpack("spatial_batchnorm_backward", result, "dx", "dgamma", "dbeta")


def _batchnorm_backward_own(
    x: Array, gamma: Array, beta: Array, settings: Inputs, dout: Array
) -> Quantities:
    from cs231n.layers import spatial_batchnorm_backward, spatial_batchnorm_forward

    _, cache = spatial_batchnorm_forward(x, gamma, beta, dict(settings, mode="train"))
    result = spatial_batchnorm_backward(dout, cache)
    return unpack("spatial_batchnorm_backward", result, "dx", "dgamma", "dbeta")


def _batchnorm_cases(rng: Rng) -> Cases:
    def draw(N: int, C: int, H: int, W: int, dtype: str = "float64", **settings: Any) -> Inputs:
        arrays = {
            "x": rng.randn(1, C, 1, 1) + rng.randn(N, C, H, W),
            "gamma": rng.randn(C),
            "beta": rng.randn(C),
            "dout": rng.randn(N, C, H, W),
        }
        return cast(arrays, dtype) | {"settings": settings}

    yield Case("a batch of images", draw(2, 3, 4, 5))
    yield Case("as many channels as rows and columns", draw(3, 4, 4, 4, eps=0.01, momentum=0.6))
    yield Case("one image, float32", draw(1, 2, 5, 3, "float32"), "float32")


def _groupnorm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    G: int,
    gn_param: Inputs,
    dout: Array | None = None,
    x_hat: Array | None = None,
    std: Array | None = None,
) -> Quantities:
    from cs231n.layers import spatial_groupnorm_forward

    result = spatial_groupnorm_forward(x, gamma, beta, G, gn_param)
    return {"out": unpack("spatial_groupnorm_forward", result, "out", "cache")["out"]}


def _groupnorm_backward(
    x: Array,
    gamma: Array,
    beta: Array,
    G: int,
    gn_param: Inputs,
    dout: Array,
    x_hat: Array,
    std: Array,
) -> Quantities:
    from cs231n.layers import spatial_groupnorm_backward

    result = spatial_groupnorm_backward(dout, (x_hat, std, gamma, G))
    return unpack("spatial_groupnorm_backward", result, "dx", "dgamma", "dbeta")


def _groupnorm_backward_own(
    x: Array,
    gamma: Array,
    beta: Array,
    G: int,
    gn_param: Inputs,
    dout: Array,
    x_hat: Array,
    std: Array,
) -> Quantities:
    from cs231n.layers import spatial_groupnorm_backward, spatial_groupnorm_forward

    _, cache = spatial_groupnorm_forward(x, gamma, beta, G, gn_param)
    result = spatial_groupnorm_backward(dout, cache)
    return unpack("spatial_groupnorm_backward", result, "dx", "dgamma", "dbeta")


def _groupnorm_cases(rng: Rng) -> Cases:
    def draw(
        N: int, C: int, H: int, W: int, G: int, dtype: str = "float64", **gn_param: Any
    ) -> Inputs:
        arrays = {
            "x": rng.randn(N, C, 1, 1) + rng.randn(N, C, H, W),
            "dout": rng.randn(N, C, H, W),
            "gamma": rng.randn(1, C, 1, 1),
            "beta": rng.randn(1, C, 1, 1),
            "std": 0.5 + rng.rand(N, G, 1),
        }
        # As many 1 as -1 in each group: mean zero and variance one, without normalizing anything.
        signs = np.repeat([1.0, -1.0], C // G * H * W // 2)
        rows = [rng.permutation(signs) for _ in range(N * G)]
        arrays["x_hat"] = np.stack(rows).reshape(N, C, H, W)
        return cast(arrays, dtype) | {
            "G": G,
            "gn_param": gn_param,
        }

    yield Case("two groups", draw(2, 6, 2, 3, 2))
    yield Case("a group for each channel", draw(3, 4, 2, 5, 4, eps=0.1))
    yield Case("one group, one example, float32", draw(1, 3, 4, 2, 1, "float32"), "float32")
    yield Case("three groups", draw(2, 6, 4, 1, 3))


def _exercise(
    name: str,
    probes: Sequence[tuple[str, Callable[..., Quantities]]],
    cases: Callable[[Rng], Cases],
) -> Exercise:
    return Exercise(name, _MODULE, tuple(Probe(*probe) for probe in probes), cases)


EXERCISES = (
    _exercise(
        "spatial_batchnorm_forward",
        [
            ("own batch normalization", _batchnorm_forward(nullcontext)),
            ("stand-in", _batchnorm_forward(_others)),
        ],
        _batchnorm_cases,
    ),
    _exercise(
        "spatial_batchnorm_backward",
        [
            ("own batch normalization", _batchnorm_backward_own),
            ("stand-in", _batchnorm_backward_other),
        ],
        _batchnorm_cases,
    ),
    _exercise("spatial_groupnorm_forward", [("forward", _groupnorm_forward)], _groupnorm_cases),
    _exercise(
        "spatial_groupnorm_backward",
        [("given cache", _groupnorm_backward), ("own cache", _groupnorm_backward_own)],
        _groupnorm_cases,
    ),
)
