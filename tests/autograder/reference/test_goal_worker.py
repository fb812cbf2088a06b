"""The fast way to features of hidden images equals the reference, whatever the vocabulary."""

import numpy as np
import pytest

from autograder.reference import goal_worker
from autograder.reference import process as reference
from cs231n.bag_of_words import BagOfVisualWords
from cs231n.check.exercise import Case
from cs231n.check.exercises import EXERCISES, training

RNG = np.random.default_rng(3)
X = RNG.integers(0, 256, (45, 3, 32, 32)).astype(np.float32)


def vocabulary(words=9, patch_size=5, stride=3, grid=2, dtype=np.float32):
    bag, D = BagOfVisualWords(words, patch_size, stride, grid), 3 * patch_size**2
    bag.words, bag.mean = (RNG.standard_normal(shape).astype(dtype) for shape in ((words, D), D))
    bag.whitening = RNG.standard_normal((D, D)).astype(dtype)
    return bag


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": np.float64},
        {"patch_size": 4, "stride": 1, "grid": 1},
        {"patch_size": 7, "stride": 2, "grid": 4},
        {"words": 1},
    ],
    ids=str,
)
def test_features_are_those_that_the_package_takes_from_each_image(options):
    bag = vocabulary(**options)
    np.testing.assert_array_equal(goal_worker.Images(X).features(bag), training.features(X, bag))


def test_another_vocabulary_gets_its_own_patches_and_the_next_one_those_that_are_kept():
    images = goal_worker.Images(X)
    for options in ({}, {"patch_size": 6}, {"patch_size": 6}, {}):
        bag = vocabulary(**options)
        np.testing.assert_array_equal(images.features(bag), training.features(X, bag))


def test_patches_that_take_too_much_memory_are_not_kept(monkeypatch):
    monkeypatch.setattr(goal_worker, "MAX_KEPT_BYTES", 1000)
    images, bag = goal_worker.Images(X), vocabulary()
    for _ in range(2):
        np.testing.assert_array_equal(images.features(bag), training.features(X, bag))
    assert images._patches == []


def test_a_grid_that_does_not_fit_is_refused_as_the_package_refuses_it():
    bag = vocabulary(patch_size=31, stride=2)
    with pytest.raises(ValueError, match="a grid of 2 fields each way needs as many patches"):
        goal_worker.Images(X).features(bag)


def test_the_goal_worker_beside_the_judge_gives_the_scores_of_the_package():
    bag = vocabulary()
    found = training.features(X, bag)
    weights = {
        "W": RNG.standard_normal((found.shape[1] + 1, 10)),
        "mean": found.mean(axis=0),
        "std": found.std(axis=0) + 1e-3,
        "words": bag.words,
        "words_mean": bag.mean,
        "whitening": bag.whitening,
        "settings": np.array([5, 3, 2]),
    }
    expected = EXERCISES["train_features"].probe("scores").run(X=X, weights=weights)["scores"]
    with reference.goal_worker({"X": X}, ["cs231n.features"]) as worker:
        for _ in range(2):
            (answer,) = worker.ask(
                "train_features", "scores", [Case("hidden", {"weights": weights})]
            )
            np.testing.assert_array_equal(answer.arrays["scores"], expected)
        wrong = weights | {
            "settings": np.array([31, 2, 2]),
            "words": np.ones((9, 2883)),
            "words_mean": np.ones(2883),
            "whitening": np.eye(2883),
        }
        (answer,) = worker.ask("train_features", "scores", [Case("hidden", {"weights": wrong})])
        assert answer.status == "raised" and "a grid of 2 fields" in answer.error.message
    assert len(set(expected.argmax(axis=1))) > 1


def test_weights_for_pixels_are_scored_like_one_after_the_other():
    with reference.goal_worker({"X": X}, ["cs231n.classifiers.linear_classifier"]) as worker:
        for _ in range(2):
            weights = {"W": RNG.standard_normal((3073, 10))}
            (answer,) = worker.ask("train_linear", "scores", [Case("hidden", {"weights": weights})])
            expected = EXERCISES["train_linear"].probe("scores").run(X=X, weights=weights)["scores"]
            np.testing.assert_array_equal(answer.arrays["scores"], expected)
    assert len(set(expected.argmax(axis=1))) > 1


def test_weights_that_take_too_much_memory_are_refused_and_the_next_ones_scored(monkeypatch):
    monkeypatch.setattr(reference, "GOAL_WORKER_BYTES", 3 << 29)
    many = np.zeros((6000, 3, 32, 32), np.float32)
    wide = {
        "W1": np.zeros((3072, 1)),
        "b1": np.zeros(1),
        "W2": np.zeros((1, 40_000)),
        "b2": np.zeros(40_000),
    }
    with reference.goal_worker({"X": many}, ["cs231n.classifiers.fc_net"]) as worker:
        (answer,) = worker.ask(
            "train_fully_connected", "scores", [Case("hidden", {"weights": wide})]
        )
        assert answer.status == "raised" and "a limit: memory" in answer.error.message
        process, small = worker._process, {"W1": np.zeros((3072, 10)), "b1": np.zeros(10)}
        (answer,) = worker.ask(
            "train_fully_connected", "scores", [Case("hidden", {"weights": small})]
        )
        assert answer.arrays["scores"].shape == (6000, 10) and worker._process is process
