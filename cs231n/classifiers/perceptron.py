"""Rosenblatt's perceptron, the first machine that learned from its mistakes."""

import numpy as np


def perceptron_update(W, b, x, target, learning_rate):
    """One step of the perceptron rule, in place.

    The unit answers ``1 if x.w + b > 0 else 0``; then
    ``w += learning_rate * (target - answer) * x``. A right answer changes nothing.

    Parameters
    ----------
    W : ndarray of shape (D, C)
        Weights of C units, one per column; changed in place.
    b : ndarray of shape (C,)
        Thresholds with their sign turned; changed in place.
    x : ndarray of shape (D,)
        One example.
    target : ndarray of shape (C,)
        Answer wanted from each unit, 0 or 1.
    learning_rate : float

    Returns
    -------
    error : ndarray of shape (C,)
        target - answer of each unit before the step.
    """
    ### BEGIN SOLUTION
    error = target - (x @ W + b > 0)
    W += learning_rate * np.outer(x, error)
    b += learning_rate * error
    ### END SOLUTION
    return error


class Perceptron:
    """Threshold units trained one example at a time.

    Two classes need one unit; more need one unit per class, each trained to tell its class from the
    rest, and the highest score decides. If the two classes can be separated by a plane with margin
    gamma, and no example is longer than R, one unit makes at most (R / gamma)**2 mistakes before it
    never errs again (Novikoff 1962); otherwise it never comes to rest.

    Attributes
    ----------
    W : ndarray of shape (D, C) or None
        One column per unit; None before the first call of `train`.
    b : ndarray of shape (C,) or None
    classes : ndarray of shape (C,), or (2,) for a single unit
        The labels seen in training, in order.

    References
    ----------
    F. Rosenblatt, "The perceptron: a perceiving and recognizing automaton", Cornell Aeronautical
    Laboratory, 1957; "The perceptron: a probabilistic model for information storage and
    organization in the brain", Psychological Review, 1958. A. Novikoff, "On convergence proofs on
    perceptrons", Symposium on the Mathematical Theory of Automata, 1962.
    """

    targets = (0.0, 1.0)

    def __init__(self):
        self.W = self.b = self.classes = None

    def train(self, X, y, learning_rate=1.0, num_epochs=10, seed=None):
        """Go through the examples in a new random order in each epoch; a second call goes on.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,)
            Labels of at least two classes, such as 0 and 1 or -1 and 1.
        learning_rate : float
        num_epochs : int
        seed : int or numpy.random.Generator, optional
            Source of the order.

        Returns
        -------
        error_history : list of float
            Mean over the examples of the squared error of each epoch, measured before each step and
            summed over the units. For a single perceptron unit this is the share of wrong answers.

        Raises
        ------
        ValueError
            If X and y do not fit together, or not to the weights of an earlier call.
        """
        X = np.asarray(X)
        y = np.asarray(y)
        self._start(X, y)
        wanted = self._wanted(y)
        rng = np.random.default_rng(seed)
        error_history = []
        for _ in range(num_epochs):
            total = 0.0
            for i in rng.permutation(len(X)):
                error = self.update(X[i], wanted[i], learning_rate)
                total += float(np.vdot(error, error))
            error_history.append(total / len(X))
        return error_history

    def update(self, x, target, learning_rate):
        """One step on one example; see `perceptron_update`.

        Parameters
        ----------
        x : ndarray of shape (D,)
        target : ndarray of shape (C,)
        learning_rate : float

        Returns
        -------
        error : ndarray of shape (C,)
        """
        return perceptron_update(self.W, self.b, x, target, learning_rate)

    def scores(self, X):
        """Sums before the threshold.

        Parameters
        ----------
        X : ndarray of shape (N, D)

        Returns
        -------
        scores : ndarray of shape (N, C)
        """
        return X @ self.W + self.b

    def predict(self, X):
        """Label each example: by the sign of the one unit, or by the unit with the highest score.

        Parameters
        ----------
        X : ndarray of shape (N, D)

        Returns
        -------
        y_pred : ndarray of shape (N,)
        """
        scores = self.scores(X)
        if scores.shape[1] == 1:
            return self.classes[(scores[:, 0] > 0).astype(int)]
        return self.classes[np.argmax(scores, axis=1)]

    def _start(self, X, y):
        name = type(self).__name__
        if X.ndim != 2 or y.shape != X.shape[:1]:
            raise ValueError(
                f"{name}.train: X must have shape (N, D) and y (N,); got {X.shape} and {y.shape}."
            )
        classes = np.unique(y)
        if self.W is None:
            if len(classes) < 2:
                raise ValueError(
                    f"{name}.train: y must hold at least two classes; got only {classes.tolist()}."
                )
            units = 1 if len(classes) == 2 else len(classes)
            dtype = np.result_type(X, np.float32)
            self.classes = classes
            self.W = np.zeros((X.shape[1], units), dtype)
            self.b = np.zeros(units, dtype)
        elif self.W.shape[0] != X.shape[1] or not np.isin(classes, self.classes).all():
            raise ValueError(
                f"{name}.train: the weights of an earlier call have shape {self.W.shape} and know "
                f"the classes {self.classes.tolist()}; got X of shape {X.shape} with "
                f"{classes.tolist()}. Make a new one."
            )

    def _wanted(self, y):
        """The answer wanted from each unit to each example, of shape (N, C)."""
        low, high = self.targets
        # A single unit answers for the second of two classes.
        own = self.classes[1:] if len(self.classes) == 2 else self.classes
        members = y[:, np.newaxis] == own
        return np.where(members, high, low).astype(self.W.dtype)
