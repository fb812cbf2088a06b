"""Exercises of ``cs231n/classifiers/fc_net.py``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..exercise import Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, unpack


def _two_layer_net(**inputs: Any) -> Quantities:
    from cs231n.classifiers import TwoLayerNet

    sizes = {"input_dim": inputs["input_dim"], "hidden_dim": inputs["hidden_dims"][0]}
    return probe_net(TwoLayerNet, "TwoLayerNet", sizes, inputs)


def _fully_connected_net(**inputs: Any) -> Quantities:
    from cs231n.classifiers import FullyConnectedNet

    dtype = np.dtype(inputs["dtype"]).type
    options = {
        "hidden_dims": inputs["hidden_dims"],
        "input_dim": inputs["input_dim"],
        "dtype": dtype,
    }
    return probe_net(FullyConnectedNet, "FullyConnectedNet", options, inputs)


def probe_net(net: Callable[..., Any], name: str, options: Inputs, inputs: Inputs) -> Quantities:
    """The initial parameters as shapes and spreads; scores, loss, gradients from given ones."""
    shared = {key: inputs[key] for key in ("num_classes", "weight_scale", "reg")}
    model = net(**options, **shared)
    given = {}
    for key, value in inputs.items():
        if key.startswith("param_"):
            given[key.removeprefix("param_")] = value
    missing = sorted(set(given) - set(model.params))
    if missing:
        raise KeyError(
            f"{name}.params has no {missing[0]}; it has {', '.join(sorted(model.params))}"
        )
    initial = {key: np.asarray(model.params[key]) for key in given}
    answer = {"initial shapes": np.concatenate([value.shape for value in initial.values()])}
    for kind in "Wb":
        spreads = [np.std(value) for key, value in initial.items() if key.startswith(kind)]
        # Rounded, because random weights scatter around their scale.
        # A forgotten scale is off by far more.
        rounded = np.round(np.array(spreads) / inputs["weight_scale"])
        answer[f"initial {kind}, spread / weight_scale"] = rounded
    model.params.update(given)
    answer["scores"] = model.loss(inputs["X"])
    found = unpack(f"{name}.loss", model.loss(inputs["X"], inputs["y"]), "loss", "grads")
    answer["loss"] = found["loss"]
    grads = found["grads"]
    for key in given:
        if key not in grads:
            raise KeyError(f"the gradients of {name}.loss lack {key}")
        answer[f"grads[{key}]"] = grads[key]
    return answer


def _draw(
    rng: Rng,
    N: int,
    sizes: Sequence[int],
    reg: float,
    dtype: str = "float64",
    shape: Sequence[int] | None = None,
) -> Quantities:
    inputs = {
        "input_dim": sizes[0],
        "hidden_dims": list(sizes[1:-1]),
        "num_classes": sizes[-1],
        "reg": reg,
        "weight_scale": 0.03,
        "dtype": dtype,
        "X": rng.randn(N, *(shape or sizes[:1])).astype(dtype),
        "y": rng.randint(sizes[-1], size=N),
    }
    for layer, (D, M) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
        inputs[f"param_W{layer}"] = (rng.randn(D, M) / np.sqrt(D)).astype(dtype)
        inputs[f"param_b{layer}"] = (0.3 * rng.randn(M)).astype(dtype)
    return inputs


def _two_layer_cases(rng: Rng) -> Cases:
    yield Case("without regularization", _draw(rng, 5, (14, 12, 7), 0.0))
    yield Case("with regularization", _draw(rng, 4, (13, 11, 6), 0.7))
    yield Case("images, one example", _draw(rng, 1, (30, 9, 5), 0.2, shape=(2, 3, 5)))


def _deep_cases(rng: Rng) -> Cases:
    yield Case("three layers", _draw(rng, 5, (12, 13, 11, 6), 0.0))
    yield Case(
        "three layers, with regularization", _draw(rng, 3, (32, 9, 11, 5), 0.5, shape=(2, 4, 4))
    )
    yield Case("four layers, float32", _draw(rng, 4, (10, 11, 9, 12, 7), 0.3, "float32"), "float32")
    yield Case("one layer", _draw(rng, 6, (16, 8), 0.1))


def _exercise(
    net: str, probe: Callable[..., Quantities], cases: Callable[[Rng], Cases]
) -> Exercise:
    probes = (Probe("own layers", probe), Probe("stand-in layers", probe, stand_ins=True))
    return Exercise(net, "cs231n.classifiers.fc_net", probes, cases)


EXERCISES = (
    _exercise("TwoLayerNet", _two_layer_net, _two_layer_cases),
    _exercise("FullyConnectedNet", _fully_connected_net, _deep_cases),
)
