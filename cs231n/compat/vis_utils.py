"""Grids of images that are stretched together, not each for itself."""

import math
from collections.abc import Sequence

import numpy as np


def vis_grid(Xs: np.ndarray) -> np.ndarray:
    """Put images side by side in a square grid, stretched together to the range 0 to 1.

    Parameters
    ----------
    Xs : ndarray of shape (N, H, W, C)

    Returns
    -------
    grid : ndarray of shape (R * (H + 1), R * (W + 1), C)
        R is the root of N, rounded up; what is not covered is 0.
    """
    columns = math.ceil(math.sqrt(len(Xs)))
    rows = [Xs[start : start + columns] for start in range(0, columns**2, columns)]
    return _grid(rows, columns)


def vis_nn(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Put rows of images below one another, stretched together to the range 0 to 1.

    Parameters
    ----------
    rows : sequence of R sequences of D ndarrays of shape (H, W, C)
        Such as every query, followed by its nearest neighbors.

    Returns
    -------
    grid : ndarray of shape (R * (H + 1), D * (W + 1), C)
        The lines between the images are 1, unless the images hold larger numbers.
    """
    return _grid(rows, len(rows[0]), line=1.0)


def _grid(
    rows: Sequence[Sequence[np.ndarray] | np.ndarray], columns: int, line: float | None = None
) -> np.ndarray:
    H, W, C = rows[0][0].shape
    if line is None:
        line = min(float(np.min(row)) for row in rows if len(row))
    grid = np.full((len(rows) * (H + 1), columns * (W + 1), C), line, np.float64)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            top = i * (H + 1)
            left = j * (W + 1)
            grid[top : top + H, left : left + W] = image
    low = grid.min()
    span = grid.max() - low
    return (grid - low) / (span or 1.0)
