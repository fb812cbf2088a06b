"""digits: 1,797 real handwritten digits of 8x8 gray pixels, bundled with scikit-learn.

Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
Repository, 1998.
"""

import numpy as np

CLASSES = tuple("0123456789")

_SPLIT_SEED = 23101


def load() -> dict[str, np.ndarray]:
    """Load the digits in a fixed, stratified split of 60 %, 20 % and 20 %.

    Every class is shuffled with a fixed seed and divided on its own, so that all splits hold the
    ten digits in the same proportion.

    Returns
    -------
    data : dict
        `X_train` of shape (1083, 1, 8, 8), `X_val` of shape (359, 1, 8, 8) and `X_test` of shape
        (355, 1, 8, 8), float32 with values 0 to 16; `y_train`, `y_val` and `y_test` with the
        labels, int64.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = bunch.images.astype(np.float32)[:, None]
    y = bunch.target.astype(np.int64)
    bits = np.random.PCG64(_SPLIT_SEED)
    order = np.argsort(bits.random_raw(len(y)), kind="stable")
    # The tenth of its class that every image falls into, 0 to 9.
    rank = np.empty(len(y), dtype=np.int64)
    for label in range(10):
        members = order[y[order] == label]
        rank[members] = np.arange(len(members)) * 10 // len(members)
    parts = {"train": rank < 6, "val": (rank == 6) | (rank == 7), "test": rank > 7}
    data = {}
    for name, chosen in parts.items():
        chosen = order[chosen[order]]
        data[f"X_{name}"] = images[chosen]
        data[f"y_{name}"] = y[chosen]
    return data
