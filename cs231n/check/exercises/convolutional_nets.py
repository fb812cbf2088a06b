"""Exercises of ``cs231n/classifiers/cnn.py`` and ``chain_net.py``."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, unpack
from .fully_connected import probe_net


def _three_layer_net(**inputs: Any) -> Quantities:
    from cs231n.classifiers import ThreeLayerConvNet

    options = {key: inputs[key] for key in ("num_filters", "filter_size", "hidden_dim")}
    options |= {"input_dim": tuple(inputs["input_dim"]), "dtype": np.dtype(inputs["dtype"]).type}
    return probe_net(ThreeLayerConvNet, "ThreeLayerConvNet", options, inputs)


def _chain_net(
    pattern: str,
    input_dim: Sequence[int],
    num_filters: int | list[int],
    hidden_dim: Any,
    num_classes: Any,
    reg: float,
    dtype: str,
    X: Array,
    y: Array,
    **given: Any,
) -> Quantities:
    from cs231n.classifiers import PatternNet

    model = PatternNet(
        pattern,
        tuple(input_dim),
        num_filters,
        3,
        hidden_dim,
        num_classes,
        reg=reg,
        dtype=np.dtype(dtype).type,
    )
    model.params.update({key.removeprefix("param_"): value for key, value in given.items()})
    found = unpack("ChainNet.loss", model.loss(X, y), "loss", "grads")
    grads = found["grads"]
    missing = sorted(set(model.params) - set(grads))
    if missing:
        raise KeyError(f"the gradients of ChainNet.loss lack {missing[0]}")
    return {"loss": found["loss"]} | {f"grads[{key}]": grads[key] for key in model.params}


def _parameters(rng: Rng, shapes: Sequence[Sequence[int]], dtype: str) -> Inputs:
    found = {}
    for layer, shape in enumerate(shapes, start=1):
        if len(shape) == 2:
            fan_in, units = shape
        else:
            fan_in = math.prod(shape[1:])
            units = shape[0]
        found[f"param_W{layer}"] = (rng.randn(*shape) / np.sqrt(fan_in)).astype(dtype)
        found[f"param_b{layer}"] = (0.3 * rng.randn(units)).astype(dtype)
    return found


def _three_layer_cases(rng: Rng) -> Cases:
    def draw(
        N: int,
        input_dim: Sequence[int],
        F: int,
        size: int,
        hidden: int,
        classes: int,
        reg: float,
        dtype: str = "float64",
    ) -> Inputs:
        C, H, W = input_dim
        shapes = (F, C, size, size), (F * (H // 2) * (W // 2), hidden), (hidden, classes)
        return {
            "input_dim": list(input_dim),
            "num_filters": F,
            "filter_size": size,
            "hidden_dim": hidden,
            "num_classes": classes,
            "reg": reg,
            "weight_scale": 0.03,
            "dtype": dtype,
            "X": rng.randn(N, *input_dim).astype(dtype),
            "y": rng.randint(classes, size=N),
        } | _parameters(rng, shapes, dtype)

    yield Case("without regularization", draw(3, (3, 4, 6), 4, 3, 7, 5, 0.0))
    yield Case("with regularization", draw(2, (2, 6, 4), 5, 3, 6, 7, 0.6))
    yield Case(
        "one example, filters of 5x5, float32",
        draw(1, (1, 4, 4), 4, 5, 7, 6, 0.2, "float32"),
        "float32",
    )


def _chain_cases(rng: Rng) -> Cases:
    def draw(
        pattern: str,
        N: int,
        input_dim: Sequence[int],
        filters: int | list[int],
        hidden: int | list[int],
        classes: int,
        reg: float,
        shapes: Any,
        dtype: str = "float64",
    ) -> Inputs:
        return {
            "pattern": pattern,
            "input_dim": list(input_dim),
            "num_filters": filters,
            "hidden_dim": hidden,
            "num_classes": classes,
            "reg": reg,
            "dtype": dtype,
            "X": rng.randn(N, *input_dim).astype(dtype),
            "y": rng.randint(classes, size=N),
        } | _parameters(rng, shapes, dtype)

    one = (2, 3, 3, 3), (12, 4), (4, 5)
    yield Case(
        "without regularization",
        draw("[(CONV-RELU)*1-POOL]*1-(FC-RELU)*1-SOFTMAX", 3, (3, 4, 6), 2, 4, 5, 0.0, one),
    )
    two = (2, 1, 3, 3), (3, 2, 3, 3), (18, 4)
    yield Case(
        "two convolutions", draw("[(CONV-RELU)*1]*2-SOFTMAX", 2, (1, 2, 3), [2, 3], [], 4, 0.7, two)
    )
    yield Case(
        "float32",
        draw(
            "[(CONV-RELU)*1-POOL]*1-(FC-RELU)*1-SOFTMAX", 1, (3, 4, 6), 2, 4, 5, 0.3, one, "float32"
        ),
        "float32",
    )


def _exercise(
    name: str, module: str, probe: Callable[..., Quantities], cases: Callable[[Rng], Cases]
) -> Exercise:
    probes = (Probe("own layers", probe), Probe("stand-in layers", probe, stand_ins=True))
    return Exercise(name, f"cs231n.classifiers.{module}", probes, cases)


EXERCISES = (
    _exercise("ThreeLayerConvNet", "cnn", _three_layer_net, _three_layer_cases),
    _exercise("ChainNet", "chain_net", _chain_net, _chain_cases),
)
