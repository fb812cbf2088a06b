"""Tiny ImageNet as the course packed it: 100 or 200 classes of 64x64 images."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

SIDE = 64
"""int : height and width of every image."""


def load_tiny_imagenet(
    path: str | Path, dtype: DTypeLike = np.float32, subtract_mean: bool = True
) -> dict[str, Any]:
    """Load a folder such as ``tiny-imagenet-100-A`` or ``tiny-imagenet-200``.

    Parameters
    ----------
    path : str or Path
        Holds ``wnids.txt``, ``words.txt``, ``train/``, ``val/`` and ``test/``.
    dtype : dtype
        Of the images.
    subtract_mean : bool
        Whether to subtract the mean training image from all images.

    Returns
    -------
    data : dict
        ``X_train``, ``X_val``, ``X_test`` of shape (N, 3, 64, 64); ``y_train``, ``y_val``, int64
        of shape (N,); ``y_test`` likewise, or None where the folder does not tell;
        ``class_names``, one list of words for each class; ``mean_image`` of shape (3, 64, 64).

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If an image has another size.
    """
    root = Path(path)
    wnids = (root / "wnids.txt").read_text(encoding="utf-8").split()
    label = {wnid: number for number, wnid in enumerate(wnids)}
    words = {}
    for wnid, text in _table(root / "words.txt"):
        words[wnid] = [word.strip() for word in text.split(",")]

    train_files = []
    train_labels = []
    for wnid in wnids:
        folder = root / "train" / wnid
        for name, *_ in _table(folder / f"{wnid}_boxes.txt"):
            train_files.append(folder / "images" / name)
            train_labels.append(label[wnid])
    val_rows = _table(root / "val" / "val_annotations.txt")
    val_files = [root / "val" / "images" / name for name, *_ in val_rows]
    val_labels = [label[wnid] for _, wnid, *_ in val_rows]
    test_files = sorted((root / "test" / "images").iterdir())

    data: dict[str, Any] = {
        "class_names": [words[wnid] for wnid in wnids],
        "X_train": _images(train_files, dtype),
        "y_train": np.array(train_labels, np.int64),
        "X_val": _images(val_files, dtype),
        "y_val": np.array(val_labels, np.int64),
        "X_test": _images(test_files, dtype),
        "y_test": _test_labels(root / "test" / "test_annotations.txt", test_files, label),
    }
    data["mean_image"] = data["X_train"].mean(axis=0, dtype=np.float64).astype(dtype)
    if subtract_mean:
        for key in ("X_train", "X_val", "X_test"):
            data[key] -= data["mean_image"]
    return data


def _table(path: Path) -> list[list[str]]:
    """The lines of a file whose columns stand between tabs."""
    text = path.read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line.strip()]


def _images(files: list[Path], dtype: DTypeLike) -> np.ndarray:
    from PIL import Image

    x = np.zeros((len(files), 3, SIDE, SIDE), dtype)
    for pixels, path in zip(x, files):
        with Image.open(path) as image:
            # A gray image becomes three equal channels.
            values = np.asarray(image.convert("RGB"))
        if values.shape != (SIDE, SIDE, 3):
            raise ValueError(
                f"load_tiny_imagenet: {path} must have {SIDE} x {SIDE} pixels; "
                f"got {values.shape[0]} x {values.shape[1]}."
            )
        pixels[:] = values.transpose(2, 0, 1)
    return x


def _test_labels(path: Path, files: list[Path], label: dict[str, int]) -> np.ndarray | None:
    if not path.is_file():
        return None
    wnid_of = {name: wnid for name, wnid, *_ in _table(path)}
    return np.array([label[wnid_of[file.name]] for file in files], np.int64)
