import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from cs231n.cross_validation import cross_validate_k, make_folds


@given(N=st.integers(2, 60), data=st.data())
def test_folds_are_an_exact_partition(N, data):
    num_folds = data.draw(st.integers(2, N))
    folds = make_folds(N, num_folds, seed=0)
    assert len(folds) == num_folds
    assert sorted(np.concatenate(folds).tolist()) == list(range(N))
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


def test_folds_are_shuffled_by_the_seed_alone():
    first, again, other = (
        make_folds(50, 5, seed=1),
        make_folds(50, 5, seed=1),
        make_folds(50, 5, seed=2),
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other))
    assert not np.array_equal(np.concatenate(first), np.arange(50))
    from_generator = make_folds(50, 5, seed=np.random.default_rng(1))
    assert all(np.array_equal(a, b) for a, b in zip(first, from_generator))


@pytest.mark.parametrize("num_folds", [1, 0, 6])
def test_a_number_of_folds_that_does_not_fit_is_refused(num_folds):
    with pytest.raises(ValueError, match=f"examples, 5; got {num_folds}"):
        make_folds(5, num_folds)


@pytest.mark.parametrize("metric, p", [("l1", 1), ("l2", 2)])
def test_accuracies_match_scikit_learn_on_the_same_folds(metric, p):
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=53)
    X = rng.normal(size=(53, 6)) + y[:, np.newaxis]
    result = cross_validate_k(X, y, k_choices=[1, 4, 9], num_folds=4, metric=metric, seed=5)
    assert list(result) == [1, 4, 9]
    folds = make_folds(53, 4, seed=5)
    for k, accuracies in result.items():
        expected = []
        for fold in folds:
            rest = np.setdiff1d(np.arange(53), fold)
            model = KNeighborsClassifier(k, p=p, algorithm="brute").fit(X[rest], y[rest])
            expected.append(model.score(X[fold], y[fold]))
        assert accuracies == pytest.approx(expected)


def test_labels_drawn_at_random_are_predicted_at_chance():
    # A held-out example that leaked into its own training set would be found again with k = 1.
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(400, 3)), rng.integers(10, size=400)
    assert np.mean(cross_validate_k(X, y, k_choices=[1], seed=0)[1]) < 0.2
