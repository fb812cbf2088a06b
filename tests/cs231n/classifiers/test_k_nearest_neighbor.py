import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier

from cs231n.classifiers.k_nearest_neighbor import KNearestNeighbor
from cs231n.data_utils import load_dataset

METHODS = [
    "compute_distances_two_loops",
    "compute_distances_one_loop",
    "compute_distances_no_loops",
]
SCIPY_NAMES = {"l1": "cityblock", "l2": "euclidean"}


def trained(X, y=None, metric="l2", **settings):
    classifier = KNearestNeighbor(metric, **settings)
    classifier.train(X, np.zeros(len(X), dtype=int) if y is None else y)
    return classifier


@pytest.mark.parametrize("metric", ["l1", "l2"])
@pytest.mark.parametrize("method", METHODS)
@given(
    num_test=st.integers(0, 6),
    num_train=st.integers(1, 7),
    D=st.integers(1, 9),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None)
def test_distances_match_scipy(metric, method, num_test, num_train, D, seed):
    rng = np.random.default_rng(seed)
    X_train, X = rng.normal(size=(num_train, D)), rng.normal(size=(num_test, D))
    dists = getattr(trained(X_train, metric=metric), method)(X)
    assert dists.shape == (num_test, num_train)
    np.testing.assert_allclose(
        dists, cdist(X, X_train, SCIPY_NAMES[metric]), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("metric", ["l1", "l2"])
def test_three_implementations_agree_to_the_last_bit_on_pixels(metric):
    rng = np.random.default_rng(0)
    X_train = rng.integers(256, size=(40, 3072)).astype(np.float32)
    X = rng.integers(256, size=(15, 3072)).astype(np.float32)
    classifier = trained(X_train, metric=metric)
    two, one, none = (getattr(classifier, method)(X) for method in METHODS)
    assert np.array_equal(two, one) and np.array_equal(two, none)


@pytest.mark.parametrize("metric", ["l1", "l2"])
@pytest.mark.parametrize("method", METHODS)
def test_8_bit_pixels_do_not_wrap_around(metric, method):
    X_train, X = np.array([[0, 255, 10]], np.uint8), np.array([[255, 0, 11]], np.uint8)
    expected = 511.0 if metric == "l1" else np.sqrt(2 * 255.0**2 + 1)
    dists = getattr(trained(X_train, metric=metric), method)(X)
    assert dists.dtype == np.float32
    np.testing.assert_allclose(dists, [[expected]], rtol=1e-7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distances_keep_the_floating_dtype_and_the_input(method, dtype):
    X = np.random.default_rng(1).normal(size=(5, 4)).astype(dtype)
    before = X.copy()
    assert getattr(trained(X[:3]), method)(X).dtype == dtype
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_no_square_root_of_a_negative_number_for_nearly_equal_images(scale):
    X = scale * (1 + 1e-9 * np.random.default_rng(0).normal(size=(40, 50)))
    squares = (X * X).sum(1)[:, np.newaxis] + (X * X).sum(1) - 2 * X @ X.T
    assert squares.min() < 0
    dists = trained(X).compute_distances_no_loops(X)
    np.testing.assert_allclose(dists, cdist(X, X), atol=1e-6 * scale)


def test_a_tie_goes_to_the_smaller_label():
    classifier = trained(np.zeros((4, 1)), y=np.array([7, 2, 2, 7]))
    dists = np.array([[1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 1.0, 2.0]])
    assert classifier.predict_labels(dists, k=2).tolist() == [2, 2]
    assert classifier.predict_labels(dists, k=4).tolist() == [2, 2]
    assert classifier.predict_labels(dists, k=3).tolist() == [2, 7]
    assert classifier.predict_labels(dists, k=1).tolist() == [7, 2]


def test_among_equal_distances_the_first_images_vote():
    classifier = trained(np.zeros((5, 1)), y=np.array([3, 3, 1, 1, 1]))
    assert classifier.predict_labels(np.ones((1, 5)), k=2).tolist() == [3]
    assert classifier.predict_labels(np.ones((1, 5)), k=5).tolist() == [1]


@pytest.mark.process
@given(
    num_train=st.integers(3, 30),
    k=st.integers(1, 3),
    p=st.sampled_from([1, 2]),
    seed=st.integers(0, 999),
)
@settings(max_examples=25, deadline=None)
def test_predictions_match_scikit_learn(num_train, k, p, seed):
    # No two distances are equal here, and scikit-learn's vote also goes to the smaller label.
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(num_train, 5)), rng.integers(-1, 3, size=num_train)
    X_test = rng.normal(size=(11, 5))
    expected = KNeighborsClassifier(k, p=p, algorithm="brute").fit(X, y).predict(X_test)
    y_pred = trained(X, y, metric=f"l{p}").predict(X_test, k=k)
    np.testing.assert_array_equal(y_pred, expected)
    assert y_pred.dtype == y.dtype


@pytest.mark.parametrize("metric", ["l1", "l2"])
@pytest.mark.parametrize("num_loops", [0, 1, 2])
def test_small_chunks_change_no_prediction(metric, num_loops):
    rng = np.random.default_rng(2)
    X, y, X_test = (
        rng.integers(256, size=(23, 12)),
        rng.integers(4, size=23),
        rng.integers(256, size=(9, 12)),
    )
    whole = trained(X, y, metric).predict(X_test, k=5)
    for max_bytes in (1, 2000, 5000):
        chunked = trained(X, y, metric, max_bytes=max_bytes).predict(
            X_test, k=5, num_loops=num_loops
        )
        np.testing.assert_array_equal(chunked, whole)


@pytest.mark.parametrize("num_loops", [0, 1])
def test_memory_of_predict_stays_below_its_bound_on_50000_images(num_loops):
    rng = np.random.default_rng(3)
    X = rng.integers(256, size=(50_000, 48), dtype=np.uint8)
    classifier = trained(X, rng.integers(10, size=50_000), max_bytes=24 * 2**20)
    X_test = rng.integers(256, size=(40 if num_loops else 150, 48), dtype=np.uint8)
    tracemalloc.start()
    try:
        classifier.predict(X_test, k=5, num_loops=num_loops)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < classifier.max_bytes


def test_memory_of_predict_stays_below_its_bound_on_wide_images():
    rng = np.random.default_rng(4)
    X = rng.integers(256, size=(3000, 3072), dtype=np.uint8)
    classifier = trained(X, max_bytes=16 * 2**20)
    tracemalloc.start()
    try:
        classifier.predict(X[:500])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < classifier.max_bytes


def test_one_computation_serves_several_k():
    rng = np.random.default_rng(5)
    X, y, X_test = rng.normal(size=(30, 4)), rng.integers(3, size=30), rng.normal(size=(8, 4))
    classifier = trained(X, y)
    predictions = classifier.predict_each(X_test, (1, 3, 10))
    assert list(predictions) == [1, 3, 10]
    for k, y_pred in predictions.items():
        np.testing.assert_array_equal(y_pred, classifier.predict(X_test, k))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda c: KNearestNeighbor("cosine"), "metric must be one of"),
        (lambda c: c.train(np.zeros((2, 3, 3)), np.zeros(2)), "reshape"),
        (lambda c: c.train(np.zeros((2, 3)), np.zeros(3)), r"got \(2, 3\) and \(3,\)"),
        (lambda c: c.train(np.zeros((0, 3)), np.zeros(0)), "at least one image"),
        (lambda c: c.predict(np.zeros((2, 4))), r"\(num_test, 3\)"),
        (lambda c: c.predict(np.zeros((2, 3)), num_loops=3), "Invalid value 3 for num_loops"),
        (
            lambda c: c.predict(np.zeros((2, 3)), k=0),
            "k must lie between 1 and num_train = 4; got 0",
        ),
        (lambda c: c.predict(np.zeros((2, 3)), k=5), "got 5"),
        (lambda c: c.predict(np.full((2, 3), np.nan)), "dists holds nan"),
        (lambda c: c.predict_labels(np.zeros((2, 5))), "one column per training"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(call, message):
    with pytest.raises(ValueError, match=f"(?i){message}"):
        call(trained(np.ones((4, 3))))


def test_real_images_are_labeled_as_well_as_the_course_promises(real_data):
    data = load_dataset("cifar10", 20_000, 0, 1000, subtract_mean=False)
    classifier = trained(data["X_train"].reshape(20_000, -1), data["y_train"])
    y_pred = classifier.predict(data["X_test"].reshape(1000, -1), k=5)
    assert np.mean(y_pred == data["y_test"]) >= 0.27


def test_the_implementations_do_not_differ_on_real_images(real_data):
    # The course's notebook asks for a Frobenius norm below 0.001: too little in single precision.
    data = load_dataset("cifar10", 500, 0, 100, subtract_mean=False)
    classifier = trained(data["X_train"].reshape(500, -1))
    two, one, none = (
        getattr(classifier, method)(data["X_test"].reshape(100, -1)) for method in METHODS
    )
    assert np.linalg.norm(two - one, ord="fro") == np.linalg.norm(two - none, ord="fro") == 0
