"""Training goals: what counts is how well saved weights classify images that nobody has seen."""

import math
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..exercise import Array, Arrays, Case, Cases, Inputs, Probe, Quantities, Rng, TrainingGoal

_LIMIT_BYTES = 16 << 20
MAX_WORDS = 400
MAX_GRID = 4
MAX_CLASSES = 1000
MAX_UNITS = 50_000
MAX_MULTIPLY_ADDS = 100_000_000
MAX_ACTIVATIONS = 1_000_000
_BATCH = 100


def _goal(
    name: str,
    classify: Callable[[Array, Arrays], Array],
    half: float,
    full: float,
    modules: Sequence[str],
    **options: Any,
) -> TrainingGoal:
    """A goal for ``weights/NAME.npz``.

    Parameters
    ----------
    name : str
    classify : callable
        ``classify(X, weights)`` returns scores of shape (N, classes), or raises `ValueError` where
        the weights do not fit.
    half, full : float
        Accuracies that earn half of the points and all of them.
    modules : sequence of str
        Those that students write and that decide what the weights compute.
    **options
        Of `load_dataset`.
    """
    file = f"weights/{name}.npz"

    def read() -> Quantities:
        import cs231n
        from cs231n.checkpoint import load_params

        path = Path(cs231n.__file__).parents[1] / file
        if not path.is_file():
            raise NotImplementedError(f"{file} is not there yet")
        return load_params(path, max_bytes=_LIMIT_BYTES)

    def scores(X: Array, weights: Arrays | None = None) -> Quantities:
        if weights is None:
            weights = read()
            _warn_if_older(file, modules)
        from cs231n.checkpoint import not_finite

        name = not_finite(weights)
        if name:
            raise ValueError(
                f"{file}: {name} holds nan or inf: training diverged. "
                "Train again at a lower learning rate and save again"
            )
        try:
            return {"scores": classify(X, weights)}
        except ValueError as problem:
            raise ValueError(f"{file}: {problem}") from None

    probes = Probe("scores", scores), Probe("weights", read)
    goals = ((half, 0.5), (full, 1.0))
    return TrainingGoal(name, "", probes, partial(_cases, options), weights=file, goals=goals)


def _warn_if_older(file: str, modules: Sequence[str]) -> None:
    """Warn where weights were saved before the code that uses them was last changed."""
    import cs231n

    package = Path(cs231n.__file__).parent
    saved = (package.parent / file).stat().st_mtime
    newer = []
    for module in modules:
        path = package / f"{module}.py"
        if path.is_file() and path.stat().st_mtime > saved:
            newer.append(f"cs231n/{module}.py")
    if newer:
        warnings.warn(
            f"{file} is older than {', '.join(newer)}; if what they compute has changed, "
            "run the training cell again",
            stacklevel=2,
        )


def _cases(options: Inputs, rng: Rng) -> Cases:
    from cs231n.data_utils import load_dataset

    seed = int.from_bytes(rng.bytes(6), "big")
    data = load_dataset("shapes10", num_validation=0, seed=seed, **options)
    images = {"X": data["X_test"]}
    yield Case("1,000 images that it has not seen", images, "float32", data["y_test"])


def _linear(X: Array, weights: Arrays) -> Array:
    """A linear classifier of pixels, divided by 64, and a constant 1; `W` has a row for each."""
    return _votes(pixels(X), weights)


def pixels(X: Array) -> Array:
    """Describe images by their pixels and a constant 1.

    Parameters
    ----------
    X : ndarray of shape (N, C, H, W)

    Returns
    -------
    rows : ndarray of shape (N, C * H * W + 1)
    """
    return _with_constant(X.reshape(len(X), -1) / 64)


def features(X: Array, bag: Callable[[Array], Array]) -> Array:
    """Describe images by gradients, hues and visual words.

    Parameters
    ----------
    X : ndarray of shape (N, C, H, W)
    bag : BagOfVisualWords

    Returns
    -------
    rows : ndarray of shape (N, F)
    """
    from cs231n.features import color_histogram_hsv, extract_features, hog_feature

    rows: Array = extract_features(X.transpose(0, 2, 3, 1), [hog_feature, color_histogram_hsv, bag])
    return rows


def _features(X: Array, weights: Arrays) -> Array:
    """A linear classifier of these features, standardized, and a constant 1."""
    _require_names(weights, "W", "mean", "std", "words", "words_mean", "whitening", "settings")
    bag = _bag(weights, X.shape[2])
    _check_feature_shapes(weights)
    standardized = (features(X, bag) - weights["mean"]) / weights["std"]
    return _votes(_with_constant(standardized), {"W": weights["W"]})


def _bag(weights: Arrays, height: int) -> Callable[[Array], Array]:
    """BagOfVisualWords : the one of these weights, for images of this height."""
    from cs231n.bag_of_words import BagOfVisualWords

    settings = weights["settings"]
    words = weights["words"]
    is_whole = settings.shape == (3,) and settings.dtype.kind == "i"
    if not is_whole or not 1 <= settings.min() <= settings.max() <= height:
        raise ValueError(
            f"settings must hold patch_size, stride and grid as whole numbers; got {settings}"
        )
    if words.ndim != 2 or len(words) > MAX_WORDS or settings[2] > MAX_GRID:
        raise ValueError(
            f"at most {MAX_WORDS} words and a grid of {MAX_GRID} are allowed; "
            f"got {words.shape} and {settings}"
        )
    bag: Any = BagOfVisualWords(len(words), *settings.tolist())
    bag.words = words
    bag.mean = weights["words_mean"]
    bag.whitening = weights["whitening"]
    return bag


def _check_feature_shapes(weights: Arrays) -> None:
    """Check every shape before it is used: what does not fit could broadcast to a huge array."""
    D = 3 * int(weights["settings"][0]) ** 2
    F = weights["mean"].size
    shapes = {
        "words": (len(weights["words"]), D),
        "words_mean": (D,),
        "whitening": (D, D),
        "mean": (F,),
        "std": (F,),
    }
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise ValueError(f"{name} must have shape {shape}; got {weights[name].shape}")


def _with_constant(x: Array) -> Array:
    return np.hstack([x, np.ones((len(x), 1))])


def _votes(rows: Array, weights: Arrays) -> Array:
    """Scores that are 1 for the label that the student's `predict` gives."""
    from cs231n.classifiers import LinearClassifier

    _require_names(weights, "W")
    W = weights["W"]
    if W.ndim != 2 or len(W) != rows.shape[1] or W.shape[1] > MAX_CLASSES:
        raise ValueError(f"W must have shape ({rows.shape[1]}, classes); got {W.shape}")
    model: Any = LinearClassifier()
    model.W = W
    return np.eye(W.shape[1])[model.predict(rows)]


def _require_layers(weights: Arrays) -> int:
    """Count the layers of a net; there must be W1, b1, W2, b2 and so on, and nothing else."""
    depth = max(sum(name.startswith("W") for name in weights), 1)
    names = []
    for layer in range(1, depth + 1):
        names += [f"W{layer}", f"b{layer}"]
    _require_names(weights, *names)
    return depth


def _fully_connected(X: Array, weights: Arrays) -> Array:
    """A fully connected net; the depth is the number of weight matrices."""
    depth = _require_layers(weights)
    sizes = [math.prod(X.shape[1:])]
    sizes += [weights[f"b{layer}"].size for layer in range(1, depth + 1)]
    if sum(sizes) > MAX_UNITS:
        raise ValueError(
            f"at most {MAX_UNITS:,} inputs and units in all layers together are allowed; "
            f"got {sum(sizes):,}"
        )
    # Before a net is made: biases that claim a wide layer would have it take too much memory.
    for layer, (D, M) in enumerate(pairwise(sizes), start=1):
        _require_floats(f"W{layer}", weights[f"W{layer}"], (D, M))
        _require_floats(f"b{layer}", weights[f"b{layer}"], (M,))
    model = _fully_connected_net(*sizes)
    model.params = dict(weights)
    scores: Array = model.loss(X)
    return scores


@lru_cache(maxsize=4)
def _fully_connected_net(D: int, *sizes: int) -> Any:
    """FullyConnectedNet : kept, as drawing the first weights takes as long as classifying."""
    from cs231n.classifiers import FullyConnectedNet

    return FullyConnectedNet(sizes[:-1], input_dim=D, num_classes=sizes[-1])


def _convolutional(X: Array, weights: Arrays) -> Array:
    """A net of the pattern [CONV-RELU-POOL]*M-(FC-RELU)*K-SOFTMAX, with M and K from the shapes."""
    from cs231n.classifiers import PatternNet

    depth = _require_layers(weights)
    shapes = [weights[f"W{layer}"].shape for layer in range(1, depth + 1)]
    convs = [shape for shape in shapes if len(shape) == 4]
    affines = [shape for shape in shapes if len(shape) == 2]
    if shapes != convs + affines or not convs or not affines:
        raise ValueError(f"W1, W2, ... must be filters with four axes, then matrices; got {shapes}")
    size = convs[0][2]
    if {shape[2:] for shape in convs} != {(size, size)}:
        raise ValueError(f"all filters must be square and of one size; got {convs}")
    # The sums come first: what does not fit could ask for more memory than there is.
    _refuse_large_nets(X.shape[1:], shapes, sum(value.size for value in weights.values()))
    pattern = f"[(CONV-RELU)*1-POOL]*{len(convs)}-(FC-RELU)*{len(affines) - 1}-SOFTMAX"
    filters = [shape[0] for shape in convs]
    hidden = [shape[1] for shape in affines[:-1]]
    model = PatternNet(pattern, X.shape[1:], filters, size, hidden, affines[-1][1])
    for name, value in weights.items():
        _require_floats(name, value, model.params[name].shape)
    model.params.update(weights)
    parts = np.array_split(X, -(-len(X) // _BATCH))
    return np.concatenate([model.loss(part) for part in parts])


def _refuse_large_nets(
    input_dim: tuple[int, ...], shapes: Sequence[tuple[int, ...]], parameters: int
) -> None:
    """Count what a net of these filters and matrices has and does, before it is made."""
    from cs231n.analysis import Affine, Conv, Pool, analyze

    layers: list[Any] = []
    for shape in shapes:
        if len(shape) == 4:
            F, _, HH, WW = shape
            layers += [Conv(F, (HH, WW), pad=HH // 2), Pool()]
        else:
            layers.append(Affine(shape[1]))
    table = analyze(layers, input_dim)
    if table.parameters != parameters:
        raise ValueError(
            f"the shapes do not make a net for images of shape {input_dim}; got {list(shapes)}"
        )
    if table.multiply_adds > MAX_MULTIPLY_ADDS or table.activations > MAX_ACTIVATIONS:
        raise ValueError(
            f"at most {MAX_MULTIPLY_ADDS:,} multiply-adds and {MAX_ACTIVATIONS:,} activations "
            f"for one image are allowed; "
            f"got {table.multiply_adds:,} and {table.activations:,}"
        )


def _require_floats(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape or value.dtype.kind != "f":
        raise ValueError(
            f"{name} has shape {value.shape} and dtype {value.dtype}, expected {shape}, floats"
        )


def _require_names(weights: Arrays, *names: str) -> None:
    if set(weights) != set(names):
        raise ValueError(
            f"must hold {', '.join(names)} and nothing else; got {', '.join(sorted(weights)[:12])}"
        )


_LINEAR = ("classifiers/linear_classifier", "classifiers/softmax", "classifiers/linear_svm")
_DENSE = ("layers/affine", "layers/activations", "layers/losses")
_FULL = ("classifiers/fc_net", *_DENSE)
_CONVOLUTIONAL = ("classifiers/chain_net", *_DENSE, "layers/convolution", "layers/pooling")

EXERCISES = (
    _goal("train_linear", _linear, 0.30, 0.35, _LINEAR),
    _goal(
        "train_features",
        _features,
        0.45,
        0.60,
        (*_LINEAR, "features", "bag_of_words"),
        subtract_mean=False,
    ),
    _goal("train_fully_connected", _fully_connected, 0.40, 0.50, _FULL),
    _goal("train_convolutional_net", _convolutional, 0.60, 0.70, _CONVOLUTIONAL),
)
