"""In the original kit empty functions returned zeros, and zeros against zeros printed "Good!"."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.preprocessors import ClearSolutions

import cs231n

X, y = np.ones((4, 3)), np.array([0, 1, 2, 1])
W, b = np.ones((3, 3)), np.ones(3)
image = np.zeros((8, 8, 3))


def untouched(name):
    """A module of the package as the student's kit holds it, without its solutions."""
    path = Path(cs231n.__file__).parent.joinpath(*name.split(".")).with_suffix(".py")
    clear = ClearSolutions(enforce_metadata=False)
    cell, _ = clear.preprocess_cell(new_code_cell(path.read_text()), {"language": "python"}, 0)
    assert "SOLUTION" not in cell.source
    module = ModuleType(f"cs231n.{name}")
    module.__package__ = module.__name__.rpartition(".")[0]
    exec(compile(cell.source, str(path), "exec"), vars(module))
    return module


def nearest(module):
    classifier = module.KNearestNeighbor()
    classifier.train(X, y)
    return classifier


def bag(module):
    words = module.BagOfVisualWords(num_words=2, patch_size=4, whiten=False)
    words.words, words.mean, words.whitening = np.ones((2, 48)), np.zeros(48), np.eye(48)
    return words


def counting_bag(module):
    words = bag(module)
    words.word_map = lambda im: np.zeros((5, 5), int)
    return words


EXERCISES = {
    "compute_distances_two_loops": (
        "classifiers.k_nearest_neighbor",
        lambda m: nearest(m).compute_distances_two_loops(X),
    ),
    "compute_distances_one_loop": (
        "classifiers.k_nearest_neighbor",
        lambda m: nearest(m).compute_distances_one_loop(X),
    ),
    "compute_distances_no_loops": (
        "classifiers.k_nearest_neighbor",
        lambda m: nearest(m).compute_distances_no_loops(X),
    ),
    "predict_labels": (
        "classifiers.k_nearest_neighbor",
        lambda m: nearest(m).predict_labels(np.ones((2, 4))),
    ),
    "photo_filters": ("filters", lambda m: m.photo_filters()),
    "make_folds": ("cross_validation", lambda m: m.make_folds(4, 2)),
    "svm_loss_naive": ("classifiers.linear_svm", lambda m: m.svm_loss_naive(W, X, y, 0.1)),
    "svm_loss_vectorized": (
        "classifiers.linear_svm",
        lambda m: m.svm_loss_vectorized(W, X, y, 0.1),
    ),
    "softmax_loss_naive": ("classifiers.softmax", lambda m: m.softmax_loss_naive(W, X, y, 0.1)),
    "softmax_loss_vectorized": (
        "classifiers.softmax",
        lambda m: m.softmax_loss_vectorized(W, X, y, 0.1),
    ),
    "l1_penalty": ("classifiers.linear_classifier", lambda m: m.l1_penalty(W, 0.1)),
    "train": ("classifiers.linear_classifier", lambda m: m.Softmax().train(X, y)),
    "predict": ("classifiers.linear_classifier", lambda m: m.Softmax().predict(X)),
    "perceptron_update": (
        "classifiers.perceptron",
        lambda m: m.perceptron_update(W, b, X[0], b, 1.0),
    ),
    "adaline_update": ("classifiers.adaline", lambda m: m.adaline_update(W, b, X[0], b, 1.0)),
    "hog_feature": ("features", lambda m: m.hog_feature(image)),
    "color_histogram_hsv": ("features", lambda m: m.color_histogram_hsv(image)),
    "image_patches": ("bag_of_words", lambda m: m.image_patches(image, 3)),
    "normalize_patches": ("bag_of_words", lambda m: m.normalize_patches(W)),
    "zca_matrix": ("bag_of_words", lambda m: m.zca_matrix(W)),
    "word_map": ("bag_of_words", lambda m: bag(m).word_map(image)),
    "histogram": ("bag_of_words", lambda m: counting_bag(m)(image)),
}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_untouched_exercise_says_so_and_returns_no_zeros(exercise):
    name, call = EXERCISES[exercise]
    with pytest.raises(NotImplementedError):
        call(untouched(name))


def test_cross_validation_left_untouched_says_so_after_the_folds_are_done():
    module = untouched("cross_validation")
    module.make_folds = lambda *_: [np.array([0, 1]), np.array([2, 3])]
    with pytest.raises(NotImplementedError):
        module.cross_validate_k(X, y, k_choices=[1], num_folds=2)
