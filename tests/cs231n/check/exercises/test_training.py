"""Training goals: weights are read as numbers, tried on new images, refused if they fit no net."""

import numpy as np
import pytest

from cs231n.analysis import Affine, Conv, Pool, analyze
from cs231n.bag_of_words import BagOfVisualWords
from cs231n.check import EXERCISES
from cs231n.check.exercises import training
from cs231n.classifiers import FullyConnectedNet, LinearClassifier, PatternNet
from cs231n.features import color_histogram_hsv, extract_features, hog_feature

RNG = np.random.default_rng(0)
X = RNG.standard_normal((7, 3, 32, 32)).astype(np.float32)


def scores(name, weights, x=X):
    return EXERCISES[name].probe("scores").run(X=x, weights=weights)["scores"]


def linear(classes=5):
    return {"W": RNG.standard_normal((3 * 32 * 32 + 1, classes))}


def features(**changes):
    words, side, D = 6, 5, 75
    F = 144 + 10 + words * 4
    return {
        "W": RNG.standard_normal((F + 1, 10)),
        "mean": RNG.standard_normal(F),
        "std": np.ones(F),
        "words": RNG.standard_normal((words, D)),
        "words_mean": np.zeros(D),
        "whitening": np.eye(D),
        "settings": np.array([side, 3, 2]),
    } | changes


def fully_connected(*sizes):
    layers = enumerate(zip(sizes, sizes[1:]), start=1)
    return {
        f"{k}{i}": RNG.standard_normal(s)
        for i, (D, M) in layers
        for k, s in (("W", (D, M)), ("b", (M,)))
    }


def convolutional(filters=(4, 6), size=3, hidden=(9,), classes=10):
    pattern = f"[(CONV-RELU)*1-POOL]*{len(filters)}-(FC-RELU)*{len(hidden)}-SOFTMAX"
    return PatternNet(pattern, X.shape[1:], filters, size, hidden, classes).params


def test_a_fully_connected_net_of_too_many_units_is_refused_before_it_takes_memory():
    for weights in (
        fully_connected(3072, 1, 60_000),
        fully_connected(3072, 1, *[8_000, 1] * 6, 10),
    ):
        with pytest.raises(ValueError, match="at most 50,000 inputs and units"):
            scores("train_fully_connected", weights)


def test_linear_weights_vote_as_the_classifier_of_the_student_predicts():
    weights = linear()
    model = LinearClassifier()
    model.W = weights["W"]
    rows = np.hstack([X.reshape(7, -1) / 64, np.ones((7, 1))])
    found = scores("train_linear", weights)
    np.testing.assert_array_equal(found.argmax(axis=1), model.predict(rows))
    assert found.shape == (7, 5) and set(found.ravel()) == {0, 1}


def test_features_are_taken_from_the_images_with_the_words_that_were_saved():
    images = RNG.integers(0, 256, X.shape).astype(np.float32)
    weights = features()
    bag = BagOfVisualWords(6, 5, 3, 2)
    bag.words, bag.mean, bag.whitening = (
        weights["words"],
        weights["words_mean"],
        weights["whitening"],
    )
    found = extract_features(images.transpose(0, 2, 3, 1), [hog_feature, color_histogram_hsv, bag])
    weights |= {"mean": found.mean(axis=0), "std": found.std(axis=0) + 1e-3}
    rows = np.hstack([(found - weights["mean"]) / weights["std"], np.ones((7, 1))])
    expected = (rows @ weights["W"]).argmax(axis=1)
    assert len(set(expected)) > 1
    np.testing.assert_array_equal(
        scores("train_features", weights, images).argmax(axis=1), expected
    )


def test_a_fully_connected_net_is_as_deep_as_it_has_weights():
    weights = fully_connected(3072, 8, 6, 4)
    net = FullyConnectedNet([8, 6], num_classes=4)
    net.params.update(weights)
    np.testing.assert_array_equal(scores("train_fully_connected", weights), net.loss(X))


def test_a_convolutional_net_is_read_off_the_shapes_of_its_weights():
    weights = convolutional()
    net = PatternNet("[(CONV-RELU)*1-POOL]*2-(FC-RELU)*1-SOFTMAX", X.shape[1:], (4, 6), 3, (9,), 10)
    net.params.update(weights)
    np.testing.assert_allclose(scores("train_convolutional_net", weights), net.loss(X), rtol=1e-6)


def changed(weights, **changes):
    return {k: v for k, v in (weights | changes).items() if v is not None}


REFUSED = {
    "another name": (
        "train_linear",
        changed(linear(), V=np.ones(2)),
        "must hold W and nothing else",
    ),
    "too few rows": (
        "train_linear",
        {"W": np.ones((3072, 10))},
        r"W must have shape \(3073, classes\)",
    ),
    "one axis": ("train_linear", {"W": np.ones(3073)}, "W must have shape"),
    "a million classes": (
        "train_linear",
        {"W": np.broadcast_to(1.0, (3073, 1_000_000))},
        "W must have shape",
    ),
    "settings of one number": (
        "train_features",
        features(settings=np.array([5])),
        "settings must hold",
    ),
    "patches larger than the images": (
        "train_features",
        features(settings=np.array([99, 3, 2])),
        "settings must hold",
    ),
    "settings with fractions": (
        "train_features",
        features(settings=np.array([5.0, 3.0, 2.0])),
        "settings must hold",
    ),
    "a grid too fine": (
        "train_features",
        features(settings=np.array([5, 3, 9])),
        "at most 400 words and a grid of 4",
    ),
    "words of another patch": (
        "train_features",
        features(words=np.ones((6, 74))),
        r"words must have shape \(6, 75\)",
    ),
    "a wide whitening": (
        "train_features",
        features(whitening=np.ones((75, 9))),
        "whitening must have shape",
    ),
    "no words": (
        "train_features",
        changed(features(), words=None),
        "must hold W, mean, std, words",
    ),
    "wide biases": (
        "train_fully_connected",
        changed(fully_connected(3072, 4), b1=np.ones(9)),
        r"W1 has shape",
    ),
    "whole numbers": (
        "train_fully_connected",
        changed(fully_connected(3072, 4), b1=np.ones(4, int)),
        "b1 has shape",
    ),
    "a layer left out": (
        "train_fully_connected",
        changed(fully_connected(3072, 5, 4), W1=None, b1=None),
        "must hold W1, b1",
    ),
    "matrices before filters": (
        "train_convolutional_net",
        {"W1": np.ones((3, 3)), "b1": np.ones(3), "W2": np.ones((4, 3, 3, 3)), "b2": np.ones(4)},
        "must be filters with four axes, then matrices",
    ),
    "filters of two sizes": (
        "train_convolutional_net",
        changed(convolutional(), W2=np.ones((6, 4, 5, 5))),
        "square and of one size",
    ),
    "filters that do not follow each other": (
        "train_convolutional_net",
        changed(convolutional(), W2=np.ones((6, 5, 3, 3))),
        "do not make a net",
    ),
    "biases that change places": (
        "train_convolutional_net",
        changed(convolutional(), b1=np.ones(6), b2=np.ones(4)),
        "b1 has shape",
    ),
}


@pytest.mark.parametrize("name, weights, text", REFUSED.values(), ids=REFUSED)
def test_weights_that_fit_no_net_are_refused_with_a_sentence(name, weights, text):
    with pytest.raises(ValueError, match=f"weights/{name}.npz: .*{text}"):
        scores(name, weights)


def test_a_net_that_would_take_too_long_is_refused_before_it_runs():
    filters = (210, 210)
    table = analyze(
        [Conv(210, 3, pad=1), Pool(), Conv(210, 3, pad=1), Pool(), Affine(10)], X.shape[1:]
    )
    assert table.multiply_adds > training.MAX_MULTIPLY_ADDS
    with pytest.raises(ValueError, match="at most 100,000,000 multiply-adds"):
        scores("train_convolutional_net", convolutional(filters, hidden=()))


def test_the_hidden_images_of_two_seeds_differ_and_labels_stay_with_the_judge():
    (first,), (second,) = (EXERCISES["train_linear"].draw(seed) for seed in (1, 2))
    assert first.inputs["X"].shape == (1000, 3, 32, 32) and set(first.inputs) == {"X"}
    assert np.bincount(first.labels).min() > 50
    assert not np.array_equal(first.inputs["X"], second.inputs["X"])
