"""The perceptron, and what Adaline shares with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron as SklearnPerceptron

from cs231n.classifiers.adaline import Adaline
from cs231n.classifiers.perceptron import Perceptron, perceptron_update


def separable(N=60, D=3, seed=0, margin=0.2):
    """Points in the unit ball, on both sides of a plane through 0, none closer than margin."""
    rng = np.random.default_rng(seed)
    w = rng.normal(size=D)
    w /= np.linalg.norm(w)
    X = rng.normal(size=(50 * N, D))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    X = X[np.abs(X @ w) > margin][:N]
    assert len(X) == N
    return X, (X @ w > 0).astype(int)


def test_one_step_of_the_perceptron_by_hand():
    W, b = np.array([[1.0, -1.0, 0.0]]), np.array([0.0, 0.0, 0.0])
    error = perceptron_update(W, b, np.array([2.0]), np.array([0.0, 1.0, 0.0]), 0.5)
    assert error.tolist() == [-1.0, 1.0, 0.0]
    assert W.tolist() == [[0.0, 0.0, 0.0]] and b.tolist() == [-0.5, 0.5, 0.0]


@given(seed=st.integers(0, 9999), D=st.integers(2, 5))
@settings(max_examples=20, deadline=None)
def test_mistakes_on_separable_data_stay_within_novikoff_s_bound(seed, D):
    X, y = separable(D=D, seed=seed)
    perceptron = Perceptron()
    # Every epoch before the last one without a mistake uses up one of the 50.
    errors = perceptron.train(X, y, num_epochs=51, seed=seed)
    # The bias is the weight of a constant input 1, so R**2 = 1 + 1; the separating plane has none.
    assert sum(errors) * len(X) <= 2 / 0.2**2
    assert errors[-1] == 0
    np.testing.assert_array_equal(perceptron.predict(X), y)


@given(seed=st.integers(0, 9999), learning_rate=st.sampled_from([0.5, 1.0, 2.0]))
@settings(max_examples=20, deadline=None)
def test_single_unit_takes_the_same_steps_as_scikit_learn(seed, learning_rate):
    # No sum is exactly zero here, where the two would treat the threshold differently.
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(25, 4)), np.arange(25) % 2
    perceptron = Perceptron()
    perceptron.train(X, y, num_epochs=0)
    start_W, start_b = rng.normal(size=(4, 1)), rng.normal(size=1)
    perceptron.W[:], perceptron.b[:] = start_W, start_b
    for _ in range(3):
        for x, target in zip(X, y):
            perceptron.update(x, np.array([target]), learning_rate)
    other = SklearnPerceptron(eta0=learning_rate, shuffle=False, max_iter=3, tol=None)
    other.fit(X, y, coef_init=start_W.T, intercept_init=start_b)
    np.testing.assert_allclose(perceptron.W.T, other.coef_, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(perceptron.b, other.intercept_, rtol=1e-10, atol=1e-12)


def test_the_exclusive_or_never_comes_to_rest():
    X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
    assert min(Perceptron().train(X, y, num_epochs=200, seed=0)) > 0


@pytest.mark.parametrize("cls, learning_rate", [(Perceptron, 1.0), (Adaline, 5e-3)])
def test_one_unit_per_class_tells_three_clusters_apart(cls, learning_rate):
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=150)
    X = 6 * np.array([[1.0, 0], [-0.5, 0.9], [-0.5, -0.9]])[y] + rng.normal(size=(150, 2))
    classifier = cls()
    errors = classifier.train(X, y + 5, learning_rate, num_epochs=20, seed=0)
    assert classifier.W.shape == (2, 3) and classifier.b.shape == (3,)
    assert np.mean(classifier.predict(X) == y + 5) > 0.97
    assert errors[-1] < errors[0]


@pytest.mark.parametrize("cls", [Perceptron, Adaline])
@pytest.mark.parametrize("labels", [(0, 1), (-1, 1)])
def test_two_classes_need_one_unit_whatever_their_labels(cls, labels):
    X, y = separable()
    classifier = cls()
    classifier.train(X, np.array(labels)[y], num_epochs=60, seed=0)
    assert classifier.W.shape == (3, 1)
    assert np.mean(classifier.predict(X) == np.array(labels)[y]) > 0.95


@pytest.mark.parametrize("cls", [Perceptron, Adaline])
def test_order_comes_from_the_seed_and_dtype_from_the_images(cls):
    X, y = separable()
    models = [cls() for _ in range(3)]
    for model, seed in zip(models, (3, 3, 4)):
        model.train(X.astype(np.float32), y, num_epochs=1, seed=seed)
    assert models[0].W.dtype == models[0].b.dtype == np.float32
    np.testing.assert_array_equal(models[0].W, models[1].W)
    assert not np.array_equal(models[0].W, models[2].W)


@pytest.mark.parametrize("cls", [Perceptron, Adaline])
def test_data_that_does_not_fit_is_refused(cls):
    name = cls.__name__
    with pytest.raises(
        ValueError, match=rf"{name}.train: X must have shape .* got \(2, 3\) and \(3,\)"
    ):
        cls().train(np.zeros((2, 3)), np.zeros(3))
    with pytest.raises(ValueError, match=r"at least two classes; got only \[4\]"):
        cls().train(np.zeros((2, 3)), np.array([4, 4]))
    classifier = cls()
    classifier.train(np.zeros((2, 3)), np.array([0, 1]))
    for X, y in [(np.zeros((2, 4)), np.array([0, 1])), (np.zeros((2, 3)), np.array([0, 2]))]:
        with pytest.raises(ValueError, match="Make a new one"):
            classifier.train(X, y)
