"""Shape and label checks that the layers share."""

import numpy as np


def require_shape(where, name, array, expected):
    """Raise ValueError unless ``array.shape == expected``."""
    if np.shape(array) != tuple(expected):
        raise ValueError(
            f"{where}: {name} must have shape {tuple(expected)}; got {np.shape(array)}. "
            f"Check how {name} was computed."
        )


def require_scores_and_labels(where, x, y):
    """Raise ValueError unless x holds (N, C) scores and y holds N labels in [0, C)."""
    if np.ndim(x) != 2 or 0 in np.shape(x):
        raise ValueError(
            f"{where}: x must hold scores of shape (N, C) with N and C at least 1; "
            f"got {np.shape(x)}."
        )
    N, C = np.shape(x)
    require_shape(where, "y", y, (N,))
    y = np.asarray(y)
    if y.dtype.kind not in "iu":
        raise ValueError(
            f"{where}: y must hold integer labels; got dtype {y.dtype}. Use y.astype(int)."
        )
    if y.min() < 0 or y.max() >= C:
        raise ValueError(
            f"{where}: labels must lie in 0..{C - 1} for {C} classes; got {y.min()}..{y.max()}."
        )


def float_dtype(x):
    """The dtype of x if it is a floating one, else float64."""
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
