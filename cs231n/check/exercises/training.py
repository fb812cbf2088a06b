"""Training goals: what counts is how well the saved weights classify images that nobody has seen."""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from ..exercise import Case, Probe, TrainingGoal

_LIMIT_BYTES = 16 << 20
_MOST_WORDS, _LARGEST_GRID, _MOST_CLASSES = 400, 4, 1000
_MOST_UNITS = 50_000
_MOST_MULTIPLY_ADDS, _MOST_ACTIVATIONS, _BATCH = 100_000_000, 1_000_000, 100


def _goal(name, classify, half, full, **options):
    """A goal for ``weights/NAME.npz``.

    Parameters
    ----------
    name : str
    classify : callable
        ``classify(X, weights)`` returns scores of shape (N, classes), or raises `ValueError` where the weights do not fit.
    half, full : float
        Accuracies that earn half of the points and all of them.
    **options
        Of `load_dataset`.
    """
    file = f"weights/{name}.npz"

    def read():
        import cs231n
        from cs231n.checkpoint import load_params

        path = Path(cs231n.__file__).parents[1] / file
        if not path.is_file():
            raise NotImplementedError(f"{file} is not there yet")
        return load_params(path, max_bytes=_LIMIT_BYTES)

    def scores(X, weights=None):
        try:
            return {"scores": classify(X, read() if weights is None else weights)}
        except ValueError as problem:
            raise ValueError(f"{file}: {problem}") from None

    probes = Probe("scores", scores), Probe("weights", read)
    return TrainingGoal(
        name, "", probes, partial(_cases, options), weights=file, goals=((half, 0.5), (full, 1.0))
    )


def _cases(options, rng):
    from cs231n.data_utils import load_dataset

    data = load_dataset(
        "shapes10", num_validation=0, seed=int.from_bytes(rng.bytes(6), "big"), **options
    )
    yield Case(
        "1,000 images that it has not seen", {"X": data["X_test"]}, "float32", data["y_test"]
    )


def _linear(X, weights):
    """A linear classifier: `W` has a row for each pixel and channel, divided by 64, and one for a constant 1."""
    return _votes(pixels(X), weights)


def pixels(X):
    """Describe images of shape (N, C, H, W) by their pixels and a constant 1, one row each."""
    return _with_constant(X.reshape(len(X), -1) / 64)


def features(X, bag):
    """Describe images of shape (N, C, H, W) by gradients, hues and visual words, one row each."""
    from cs231n.features import color_histogram_hsv, extract_features, hog_feature

    return extract_features(X.transpose(0, 2, 3, 1), [hog_feature, color_histogram_hsv, bag])


def _features(X, weights):
    """A linear classifier of these features, standardized, and a constant 1."""
    from cs231n.bag_of_words import BagOfVisualWords

    _require_names(weights, "W", "mean", "std", "words", "words_mean", "whitening", "settings")
    settings, words = weights["settings"], weights["words"]
    if (
        settings.shape != (3,)
        or settings.dtype.kind != "i"
        or not 1 <= settings.min() <= settings.max() <= X.shape[2]
    ):
        raise ValueError(
            f"settings must hold patch_size, stride and grid as whole numbers; got {settings}"
        )
    if words.ndim != 2 or len(words) > _MOST_WORDS or settings[2] > _LARGEST_GRID:
        raise ValueError(
            f"at most {_MOST_WORDS} words and a grid of {_LARGEST_GRID} are allowed; got {words.shape} and {settings}"
        )
    patch_size, stride, grid = settings.tolist()
    bag = BagOfVisualWords(len(words), patch_size, stride, grid)
    bag.words, bag.mean, bag.whitening = words, weights["words_mean"], weights["whitening"]
    D, F = 3 * patch_size**2, weights["mean"].size
    # Every shape is checked before it is used: what does not fit could broadcast to more memory than there is.
    for name, shape in {
        "words": (len(words), D),
        "words_mean": (D,),
        "whitening": (D, D),
        "mean": (F,),
        "std": (F,),
    }.items():
        if weights[name].shape != shape:
            raise ValueError(f"{name} must have shape {shape}; got {weights[name].shape}")
    return _votes(
        _with_constant((features(X, bag) - weights["mean"]) / weights["std"]), {"W": weights["W"]}
    )


def _with_constant(x):
    return np.hstack([x, np.ones((len(x), 1))])


def _votes(rows, weights):
    """Scores that are 1 for the label that the student's `predict` gives."""
    from cs231n.classifiers import LinearClassifier

    _require_names(weights, "W")
    model = LinearClassifier()
    model.W = weights["W"]
    if model.W.ndim != 2 or len(model.W) != rows.shape[1] or model.W.shape[1] > _MOST_CLASSES:
        raise ValueError(f"W must have shape ({rows.shape[1]}, classes); got {model.W.shape}")
    return np.eye(model.W.shape[1])[model.predict(rows)]


def _fully_connected(X, weights):
    """A fully connected net; the depth is the number of weight matrices."""
    depth = max(sum(name.startswith("W") for name in weights), 1)
    _require_names(weights, *(f"{kind}{layer}" for layer in range(1, depth + 1) for kind in "Wb"))
    sizes = [
        int(np.prod(X.shape[1:])),
        *(weights[f"b{layer}"].size for layer in range(1, depth + 1)),
    ]
    if sum(sizes) > _MOST_UNITS:
        raise ValueError(
            f"at most {_MOST_UNITS:,} inputs and units in all layers together are allowed; got {sum(sizes):,}"
        )
    # Before a net is made: biases that claim a wide layer would have it take more memory than there is.
    for layer, (D, M) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
        for name, shape in ((f"W{layer}", (D, M)), (f"b{layer}", (M,))):
            if weights[name].shape != shape or weights[name].dtype.kind != "f":
                raise ValueError(
                    f"{name} has shape {weights[name].shape} and dtype {weights[name].dtype}, expected {shape}, floats"
                )
    model = _fully_connected_net(*sizes)
    model.params = dict(weights)
    return model.loss(X)


@lru_cache(maxsize=4)
def _fully_connected_net(D, *sizes):
    """FullyConnectedNet : kept, as drawing the first weights takes as long as classifying."""
    from cs231n.classifiers import FullyConnectedNet

    return FullyConnectedNet(sizes[:-1], input_dim=D, num_classes=sizes[-1])


def _convolutional(X, weights):
    """A net of the pattern [CONV-RELU-POOL]*M-(FC-RELU)*K-SOFTMAX; M and K are read off the shapes."""
    from cs231n.analysis import Affine, Conv, Pool, analyze
    from cs231n.classifiers import PatternNet

    depth = max(sum(name.startswith("W") for name in weights), 1)
    _require_names(weights, *(f"{kind}{layer}" for layer in range(1, depth + 1) for kind in "Wb"))
    shapes = [weights[f"W{layer}"].shape for layer in range(1, depth + 1)]
    convs, affines = [s for s in shapes if len(s) == 4], [s for s in shapes if len(s) == 2]
    if shapes != convs + affines or not convs or not affines:
        raise ValueError(f"W1, W2, ... must be filters with four axes, then matrices; got {shapes}")
    if {s[2:] for s in convs} != {(convs[0][2], convs[0][2])}:
        raise ValueError(f"all filters must be square and of one size; got {convs}")
    layers = [layer for F, _, HH, WW in convs for layer in (Conv(F, (HH, WW), pad=HH // 2), Pool())]
    layers += [Affine(M) for _, M in affines]
    # The sums come first: what does not fit could ask for more memory than there is.
    table = analyze(layers, X.shape[1:])
    if table.parameters != sum(value.size for value in weights.values()):
        raise ValueError(
            f"the shapes do not make a net for images of shape {X.shape[1:]}; got {shapes}"
        )
    if table.multiply_adds > _MOST_MULTIPLY_ADDS or table.activations > _MOST_ACTIVATIONS:
        raise ValueError(
            f"at most {_MOST_MULTIPLY_ADDS:,} multiply-adds and {_MOST_ACTIVATIONS:,} activations for one image "
            f"are allowed; got {table.multiply_adds:,} and {table.activations:,}"
        )
    pattern = f"[(CONV-RELU)*1-POOL]*{len(convs)}-(FC-RELU)*{len(affines) - 1}-SOFTMAX"
    hidden_dims = [M for _, M in affines[:-1]]
    model = PatternNet(
        pattern, X.shape[1:], [s[0] for s in convs], convs[0][2], hidden_dims, affines[-1][1]
    )
    for name, value in weights.items():
        if value.shape != model.params[name].shape or value.dtype.kind != "f":
            raise ValueError(
                f"{name} has shape {value.shape} and dtype {value.dtype}, expected {model.params[name].shape}, floats"
            )
    model.params.update(weights)
    return np.concatenate([model.loss(part) for part in np.array_split(X, -(-len(X) // _BATCH))])


def _require_names(weights, *names):
    if set(weights) != set(names):
        raise ValueError(
            f"must hold {', '.join(names)} and nothing else; got {', '.join(sorted(weights)[:12])}"
        )


EXERCISES = (
    _goal("train_linear", _linear, 0.30, 0.35),
    _goal("train_features", _features, 0.45, 0.60, subtract_mean=False),
    _goal("train_fully_connected", _fully_connected, 0.40, 0.50),
    _goal("train_convolutional_net", _convolutional, 0.60, 0.70),
)
