"""n-fold cross-validation: choose a hyperparameter without touching the test images."""

import numpy as np

from .classifiers.k_nearest_neighbor import KNearestNeighbor


def make_folds(num_examples, num_folds=5, seed=None):
    """Split the numbers 0 .. num_examples - 1 at random into folds.

    Every example is in exactly one fold; sizes differ by at most one.

    Parameters
    ----------
    num_examples : int
    num_folds : int
        Between 2 and num_examples.
    seed : int or numpy.random.Generator, optional
        Source of the shuffle; the same number gives the same folds.

    Returns
    -------
    folds : list of ndarray of shape (fold_size,)
        Indices of the examples of each fold.

    Raises
    ------
    ValueError
        If there are fewer than two folds, or more folds than examples.
    """
    if not 2 <= num_folds <= num_examples:
        raise ValueError(
            f"make_folds: num_folds must lie between 2 and the number of examples, {num_examples}; "
            f"got {num_folds}."
        )
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(num_examples)
    folds = np.array_split(order, num_folds)
    ### END SOLUTION
    return folds


def cross_validate_k(
    X, y, k_choices=(1, 3, 5, 8, 10, 12, 15, 20, 50, 100), num_folds=5, metric="l2", seed=None
):
    """Accuracy of k nearest neighbors on each held-out fold, for each k.

    Parameters
    ----------
    X : ndarray of shape (N, D)
    y : ndarray of shape (N,)
        Integer labels.
    k_choices : sequence of int
    num_folds : int
    metric : {"l2", "l1"}
    seed : int or numpy.random.Generator, optional
        Source of the shuffle.

    Returns
    -------
    k_to_accuracies : dict of int to list of float
        For each k, the share of right answers on each fold when the others are the training set.
    """
    X = np.asarray(X)
    y = np.asarray(y)
    folds = make_folds(len(X), num_folds, seed)
    k_to_accuracies = {k: [] for k in k_choices}
    for held_out in range(num_folds):
        ### BEGIN SOLUTION
        rest = np.concatenate(folds[:held_out] + folds[held_out + 1 :])
        classifier = KNearestNeighbor(metric)
        classifier.train(X[rest], y[rest])
        predictions = classifier.predict_each(X[folds[held_out]], k_choices)
        for k in k_choices:
            accuracy = np.mean(predictions[k] == y[folds[held_out]])
            k_to_accuracies[k].append(float(accuracy))
        ### END SOLUTION
    return k_to_accuracies
