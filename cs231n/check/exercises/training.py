"""Training goals: what counts is how well the saved weights classify images that nobody has seen."""

import numpy as np

from ..exercise import Case, Probe, TrainingGoal

WEIGHTS = "weights/train_fully_connected.npz"
_LIMIT_BYTES = 16 << 20


def _weights(X=None, weights=None):
    from pathlib import Path

    import cs231n
    from cs231n.checkpoint import load_params

    path = Path(cs231n.__file__).parents[1] / WEIGHTS
    if not path.is_file():
        raise NotImplementedError(f"{WEIGHTS} is not there yet")
    return load_params(path, max_bytes=_LIMIT_BYTES)


def _scores(X, weights=None):
    """Scores of the fully connected net with these weights; the depth is the number of weight matrices."""
    from cs231n.classifiers import FullyConnectedNet

    weights = weights or _weights()
    depth = sum(name.startswith("W") for name in weights)
    names = {f"{kind}{layer}" for layer in range(1, depth + 1) for kind in "Wb"}
    if set(weights) != names or depth == 0:
        raise ValueError(f"{WEIGHTS} must hold W1, b1, ... of a net without normalization; got {sorted(weights)[:12]}")
    hidden_dims = [weights[f"b{layer}"].size for layer in range(1, depth)]
    input_dim = int(np.prod(X.shape[1:]))
    model = FullyConnectedNet(hidden_dims, input_dim=input_dim, num_classes=weights[f"b{depth}"].size)
    for name, value in weights.items():
        if value.shape != model.params[name].shape:
            raise ValueError(f"{WEIGHTS}: {name} has shape {value.shape}, expected {model.params[name].shape}")
        model.params[name] = value
    return {"scores": model.loss(X)}


def _cases(rng):
    from cs231n.data_utils import load_dataset

    data = load_dataset("shapes10", num_validation=0, seed=int.from_bytes(rng.bytes(6), "big"))
    yield Case("1,000 images that the net has not seen", {"X": data["X_test"]}, "float32", data["y_test"])


EXERCISES = (
    TrainingGoal(
        "train_fully_connected", "", (Probe("scores", _scores), Probe("weights", _weights)), _cases,
        weights=WEIGHTS, goals=((0.40, 0.5), (0.50, 1.0)),
    ),
)
