"""k nearest neighbors: remember everything, compare with everything."""

import numpy as np

METRICS = ("l1", "l2")


class KNearestNeighbor:
    """Classify an image by a vote among the k most similar training images.

    Distances are computed in float64 and returned in the floating dtype of the images (float32 for
    float32 and for 8-bit pixels). With whole-numbered pixels every sum is then exact, so that the
    three implementations agree to the last bit and no 8-bit difference wraps around.

    Parameters
    ----------
    metric : {"l2", "l1"}
        Euclidean distance sqrt(sum((a - b)**2)), or Manhattan distance sum(|a - b|).
    max_bytes : int
        Bound on the working memory of `predict` beyond the images given to it, as long as it leaves
        room for one test image; the default is 256 MiB, and is enough for 50,000 training images of
        3,072 numbers. Test images are taken in chunks and training images in blocks to stay below
        it.

    References
    ----------
    T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
    Information Theory, 1967.
    """

    def __init__(self, metric="l2", max_bytes=256 * 2**20):
        if metric not in METRICS:
            raise ValueError(f"KNearestNeighbor: metric must be one of {METRICS}; got {metric!r}.")
        self.metric = metric
        self.max_bytes = max_bytes

    def train(self, X, y):
        """Remember the training images; nothing is computed.

        Parameters
        ----------
        X : ndarray of shape (num_train, D)
        y : ndarray of shape (num_train,)
            Integer labels.

        Raises
        ------
        ValueError
            If X is not two-dimensional or y does not have one label per row.
        """
        X = np.asarray(X)
        y = np.asarray(y)
        if X.ndim != 2 or y.shape != X.shape[:1] or not len(X):
            raise ValueError(
                "KNearestNeighbor.train: X must have shape (num_train, D) and y (num_train,) with "
                f"at least one image; got {X.shape} and {y.shape}. Reshape images with "
                "X.reshape(len(X), -1)."
            )
        self.X_train = X
        self.y_train = y

    def predict(self, X, k=1, num_loops=0):
        """Label test images by the vote of their k nearest training images.

        Parameters
        ----------
        X : ndarray of shape (num_test, D)
        k : int
            Number of neighbors that vote.
        num_loops : {0, 1, 2}
            Which implementation computes the distances.

        Returns
        -------
        y_pred : ndarray of shape (num_test,)
        """
        return self.predict_each(X, [k], num_loops)[k]

    def predict_each(self, X, ks, num_loops=0):
        """Labels for several k from one computation of the distances.

        Parameters
        ----------
        X : ndarray of shape (num_test, D)
        ks : sequence of int
        num_loops : {0, 1, 2}

        Returns
        -------
        predictions : dict of int to ndarray of shape (num_test,)
            One entry for each k.
        """
        names = {0: "no_loops", 1: "one_loop", 2: "two_loops"}
        if num_loops not in names:
            raise ValueError(
                f"KNearestNeighbor: Invalid value {num_loops} for num_loops; use 0, 1 or 2."
            )
        X = self._checked(X)
        predictions = {k: np.empty(len(X), dtype=self.y_train.dtype) for k in ks}
        for rows in _blocks(len(X), self._rows_per_chunk()):
            dists = self._distances_by_blocks(X[rows], "compute_distances_" + names[num_loops])
            for k in predictions:
                predictions[k][rows] = self.predict_labels(dists, k=k)
        return predictions

    def compute_distances_two_loops(self, X):
        """Distances with a loop over the test images and one over the training images.

        Parameters
        ----------
        X : ndarray of shape (num_test, D)

        Returns
        -------
        dists : ndarray of shape (num_test, num_train)
            dists[i, j] is the distance between the i-th test and the j-th training image.
        """
        X, X_train, dtype = self._in_float64(X)
        dists = np.zeros((len(X), len(X_train)))
        ### BEGIN SOLUTION
        for i in range(len(X)):
            for j in range(len(X_train)):
                difference = X[i] - X_train[j]
                if self.metric == "l1":
                    dists[i, j] = np.sum(np.abs(difference))
                else:
                    dists[i, j] = np.sqrt(np.sum(difference**2))
        ### END SOLUTION
        return dists.astype(dtype, copy=False)

    def compute_distances_one_loop(self, X):
        """Distances with one loop, over the test images; see `compute_distances_two_loops`.

        Parameters
        ----------
        X : ndarray of shape (num_test, D)

        Returns
        -------
        dists : ndarray of shape (num_test, num_train)
        """
        X, X_train, dtype = self._in_float64(X)
        dists = np.zeros((len(X), len(X_train)))
        ### BEGIN SOLUTION
        for i in range(len(X)):
            difference = X_train - X[i]
            if self.metric == "l1":
                dists[i] = np.sum(np.abs(difference), axis=1)
            else:
                dists[i] = np.sqrt(np.sum(difference**2, axis=1))
        ### END SOLUTION
        return dists.astype(dtype, copy=False)

    def compute_distances_no_loops(self, X):
        """Distances without a loop: for L2, one matrix product holds nearly all the work.

        ``|a - b|**2 = |a|**2 + |b|**2 - 2 a.b``. Rounding can leave this slightly below zero where
        a and b are (almost) equal, so it is cut off at zero before the root. Manhattan distances
        have no such product; they come from SciPy's compiled ``cdist``.

        Parameters
        ----------
        X : ndarray of shape (num_test, D)

        Returns
        -------
        dists : ndarray of shape (num_test, num_train)
        """
        X, X_train, dtype = self._in_float64(X)
        if self.metric == "l1":
            from scipy.spatial.distance import cdist

            return cdist(X, X_train, "cityblock").astype(dtype, copy=False)
        ### BEGIN SOLUTION
        squares = X @ X_train.T
        squares *= -2
        squares += np.einsum("ij,ij->i", X, X)[:, np.newaxis]
        squares += np.einsum("ij,ij->i", X_train, X_train)
        dists = np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
        ### END SOLUTION
        return dists.astype(dtype, copy=False)

    def predict_labels(self, dists, k=1):
        """Vote among the k nearest training images of each test image.

        Where several labels have the most votes, the smallest of them wins. Where several images
        share the k-th smallest distance, those that come first in the training set vote.

        Parameters
        ----------
        dists : ndarray of shape (num_test, num_train)
        k : int

        Returns
        -------
        y_pred : ndarray of shape (num_test,)

        Raises
        ------
        ValueError
            If k is not between 1 and num_train, or a distance is not a number.
        """
        dists = np.asarray(dists)
        num_train = len(self.y_train)
        if dists.ndim != 2 or dists.shape[1] != num_train:
            raise ValueError(
                f"predict_labels: dists must have shape (num_test, {num_train}), one column per "
                f"training image; got {dists.shape}."
            )
        if not 1 <= k <= num_train:
            raise ValueError(
                f"predict_labels: k must lie between 1 and num_train = {num_train}; got {k}."
            )
        if np.isnan(dists).any():
            raise ValueError(
                "predict_labels: dists holds nan; look for images that are not finite."
            )
        y_pred = np.zeros(len(dists), dtype=self.y_train.dtype)
        for i in range(len(dists)):
            ### BEGIN SOLUTION
            # Sorting only what is no farther than the k-th neighbor is several times faster than
            # sorting the row, and a stable sort keeps the order of the training set among equals.
            limit = np.partition(dists[i], k - 1)[k - 1]
            near = np.flatnonzero(dists[i] <= limit)
            near = near[np.argsort(dists[i, near], kind="stable")[:k]]
            labels = self.y_train[near]
            lowest = labels.min()
            votes = np.bincount(labels - lowest)
            y_pred[i] = lowest + np.argmax(votes)
            ### END SOLUTION
        return y_pred

    def _checked(self, X):
        X = np.asarray(X)
        D = self.X_train.shape[1]
        if X.ndim != 2 or X.shape[1] != D:
            raise ValueError(
                f"KNearestNeighbor: X must have shape (num_test, {D}) like the training images; "
                f"got {X.shape}. Reshape images with X.reshape(len(X), -1)."
            )
        return X

    def _in_float64(self, X):
        """Return the test and the training images in float64, and the dtype of the distances."""
        X = self._checked(X)
        X_train = self.X_train
        dtype = np.result_type(X, X_train, np.float32)
        return X.astype(np.float64, copy=False), X_train.astype(np.float64, copy=False), dtype

    def _rows_per_chunk(self):
        # One half of the memory is for a chunk of test images in float64 and its distances to all
        # training images: up to 8 bytes each, 1 for the nan mask, 1 in reserve for the candidates
        # of one row.
        num_train, D = self.X_train.shape
        return max(1, self.max_bytes // 2 // (10 * num_train + 8 * D))

    def _distances_by_blocks(self, X, method):
        # The other half is for a block of training images in float64, two temporaries of its size
        # (one_loop needs them), its distances in float64 and these again in the dtype of the
        # result.
        block = max(1, self.max_bytes // 2 // (24 * X.shape[1] + 16 * len(X)))
        dtype = np.result_type(X, self.X_train, np.float32)
        dists = np.empty((len(X), len(self.X_train)), dtype)
        for rows in _blocks(len(self.X_train), block):
            part = type(self)(self.metric, self.max_bytes)
            part.train(self.X_train[rows], self.y_train[rows])
            dists[:, rows] = getattr(part, method)(X)
        return dists


def _blocks(length, size):
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]
