"""Bag of visual words: describe an image by how often typical small patches occur in it."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def image_patches(im, size, stride=1):
    """All square patches of an image, as rows.

    Parameters
    ----------
    im : ndarray of shape (H, W, C)
    size : int
        Side of a patch in pixels.
    stride : int
        Step between patches in both directions.

    Returns
    -------
    patches : ndarray of shape (P, size * size * C)
        ``P = ((H - size) // stride + 1) * ((W - size) // stride + 1)`` rows, patches of one image
        row after another; in a row, channels run fastest. Floating.

    Raises
    ------
    ValueError
        If the image is smaller than a patch.
    """
    im = np.asarray(im)
    if im.ndim != 3 or min(im.shape[:2]) < size:
        raise ValueError(
            "image_patches: im must have shape (H, W, C) with H and W at least the patch size "
            f"{size}; got {im.shape}."
        )
    ### BEGIN SOLUTION
    windows = sliding_window_view(im, (size, size), axis=(0, 1))[::stride, ::stride]
    patches = windows.transpose(0, 1, 3, 4, 2).reshape(-1, size * size * im.shape[2])
    ### END SOLUTION
    return patches.astype(np.result_type(im, np.float32))


def normalize_patches(patches, eps=10.0):
    """Take brightness and contrast out of each patch.

    Parameters
    ----------
    patches : ndarray of shape (P, D)
    eps : float
        Added to the variance, so that the noise of flat patches is not blown up; 10 suits pixels
        from 0 to 255.

    Returns
    -------
    normalized : ndarray of shape (P, D)
        Each row with mean zero and, if its variance is well above `eps`, variance one.
    """
    ### BEGIN SOLUTION
    centered = patches - patches.mean(axis=1, keepdims=True)
    normalized = centered / np.sqrt(centered.var(axis=1, keepdims=True) + eps)
    ### END SOLUTION
    return normalized


class BagOfVisualWords:
    """A vocabulary of patches found by k-means, and the histogram of its words in an image.

    An instance is a feature function for `cs231n.features.extract_features` once `fit` has been
    called.

    Parameters
    ----------
    num_words : int
        Size of the vocabulary.
    patch_size : int
    stride : int
        Step between the patches of an image that are counted.
    grid : int
        The histogram is taken in each field of a grid x grid division of the image; 1 counts over
        the whole image, 2 in its quarters.
    whiten : bool
        Remove the correlations of neighboring pixels (ZCA) before words are formed, so that edges
        and not blobs become words.
    num_patches : int
        Number of patches that `fit` draws to form the words.
    seed : int or numpy.random.Generator, optional
        Source of the patches drawn and of k-means' beginning.
    whiten_eps : float
        The `eps` of `zca_matrix`: the larger, the less of the noise is blown up, of which noisy
        images have more.

    Attributes
    ----------
    words : ndarray of shape (num_words, D)
        Centers of the clusters, in the whitened space.
    mean : ndarray of shape (D,)
    whitening : ndarray of shape (D, D)

    References
    ----------
    J. Sivic and A. Zisserman, "Video Google", ICCV 2003; S. Lazebnik, C. Schmid and J. Ponce,
    "Beyond bags of features", CVPR 2006 (the grid); A. Coates, H. Lee and A. Y. Ng, "An analysis of
    single-layer networks in unsupervised feature learning", AISTATS 2011 (patches, whitening,
    k-means).
    """

    def __init__(
        self,
        num_words=100,
        patch_size=6,
        stride=1,
        grid=1,
        whiten=True,
        num_patches=50_000,
        seed=None,
        whiten_eps=0.1,
    ):
        self.num_words = num_words
        self.patch_size = patch_size
        self.stride = stride
        self.grid = grid
        self.whiten = whiten
        self.num_patches = num_patches
        self.seed = seed
        self.whiten_eps = whiten_eps

    def fit(self, imgs):
        """Form the vocabulary.

        Parameters
        ----------
        imgs : ndarray of shape (N, H, W, C)
            Training images with pixels from 0 to 255.

        Returns
        -------
        self : BagOfVisualWords
        """
        from sklearn.cluster import KMeans

        rng = np.random.default_rng(self.seed)
        patches = normalize_patches(self._random_patches(np.asarray(imgs), rng))
        self.mean = patches.mean(axis=0)
        self.whitening = np.eye(patches.shape[1])
        if self.whiten:
            self.whitening = zca_matrix(patches - self.mean, self.whiten_eps)
        start = int(rng.integers(2**31))
        kmeans = KMeans(self.num_words, n_init=1, max_iter=20, random_state=start)
        self.words = kmeans.fit(self._whitened(patches)).cluster_centers_
        return self

    def word_map(self, im):
        """The nearest word to each patch of an image.

        Parameters
        ----------
        im : ndarray of shape (H, W, C)

        Returns
        -------
        nearest : ndarray of shape ((H - patch_size) // stride + 1, (W - patch_size) // stride + 1)
            Numbers of words.
        """
        patches = image_patches(im, self.patch_size, self.stride)
        patches = self._whitened(normalize_patches(patches))
        shape = [(side - self.patch_size) // self.stride + 1 for side in np.shape(im)[:2]]
        ### BEGIN SOLUTION
        # The squared length of the patch is the same for all words and cannot change which is
        # nearest.
        distances = np.sum(self.words**2, axis=1) - 2 * patches @ self.words.T
        nearest = np.argmin(distances, axis=1).reshape(shape)
        ### END SOLUTION
        return nearest

    def __call__(self, im):
        """Share of each word among the patches of each field of the grid.

        Parameters
        ----------
        im : ndarray of shape (H, W, C)

        Returns
        -------
        histogram : ndarray of shape (grid * grid * num_words,)
            Adds up to one in each field; the word runs fastest, then the column of the field.
        """
        nearest = self.word_map(im)
        if min(nearest.shape) < self.grid:
            raise ValueError(
                f"BagOfVisualWords: a grid of {self.grid} fields each way needs as many patches "
                f"each way; got {nearest.shape} from an image of shape {np.shape(im)}. Use a "
                "smaller grid or stride."
            )
        fields = []
        for rows in _bands(nearest.shape[0], self.grid):
            for columns in _bands(nearest.shape[1], self.grid):
                fields.append(nearest[rows, columns])
        ### BEGIN SOLUTION
        shares = []
        for field in fields:
            counts = np.bincount(field.ravel(), minlength=self.num_words)
            shares.append(counts / field.size)
        histogram = np.concatenate(shares)
        ### END SOLUTION
        return histogram

    def _random_patches(self, imgs, rng):
        size = self.patch_size
        images = rng.integers(len(imgs), size=self.num_patches)
        tops = rng.integers(imgs.shape[1] - size + 1, size=self.num_patches)
        lefts = rng.integers(imgs.shape[2] - size + 1, size=self.num_patches)
        windows = sliding_window_view(imgs, (size, size), axis=(1, 2))
        patches = windows[images, tops, lefts].transpose(0, 2, 3, 1).reshape(self.num_patches, -1)
        return patches.astype(np.result_type(imgs, np.float32))

    def _whitened(self, patches):
        return (patches - self.mean) @ self.whitening


def _bands(length, grid):
    """Divide a length like `np.array_split`, which takes longer than all the counting."""
    size, longer = divmod(length, grid)
    edges = [k * size + min(k, longer) for k in range(grid + 1)]
    return [slice(start, stop) for start, stop in zip(edges, edges[1:])]


def zca_matrix(centered, eps=0.1):
    """Whitening transform that stays closest to the original pixels.

    Its name is zero-phase component analysis (ZCA):
    ``V diag(1 / sqrt(lambda + eps)) V^T`` from the eigenvectors V and eigenvalues lambda of the
    covariance.

    Parameters
    ----------
    centered : ndarray of shape (P, D)
        Data with mean zero.
    eps : float
        Keeps directions without variance from being blown up.

    Returns
    -------
    whitening : ndarray of shape (D, D)
        Symmetric; ``centered @ whitening`` has the identity as its covariance, up to `eps`.

    References
    ----------
    A. J. Bell and T. J. Sejnowski, "The independent components of natural scenes are edge filters",
    Vision Research, 1997.
    """
    ### BEGIN SOLUTION
    eigenvalues, V = np.linalg.eigh(centered.T @ centered / len(centered))
    whitening = (V / np.sqrt(np.maximum(eigenvalues, 0) + eps)) @ V.T
    ### END SOLUTION
    return whitening.astype(centered.dtype, copy=False)
