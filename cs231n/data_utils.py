"""Load image sets by name, and CIFAR-10 by the names that the course has always used."""

from pathlib import Path

import numpy as np

from ._lazy import old_names
from .datasets import cifar10, digits, mnist, shapes10

__getattr__ = old_names(__name__)

Data = dict[str, np.ndarray]


def load_CIFAR_batch(filename: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Load one batch of CIFAR-10, in the Python or (`.bin`) the binary version.

    Parameters
    ----------
    filename : str or Path

    Returns
    -------
    X : ndarray of shape (N, 32, 32, 3), float32
    Y : ndarray of shape (N,), int64

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    x, y = cifar10.load_batch(filename)
    return _channels_last(x), y


def load_CIFAR10(
    ROOT: str | Path,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load all batches of CIFAR-10 in a folder.

    The images are float32, half as large as float64, so that arithmetic does not wrap around as it
    does in uint8.

    Parameters
    ----------
    ROOT : str or Path
        A folder of the Python or the binary version. A folder that does not exist is looked for by
        its name in the data folder, see `cs231n.datasets`.

    Returns
    -------
    Xtr : ndarray of shape (N, 32, 32, 3), float32
    Ytr : ndarray of shape (N,), int64
    Xte : ndarray of shape (M, 32, 32, 3), float32
    Yte : ndarray of shape (M,), int64

    Raises
    ------
    FileNotFoundError
        If there is no CIFAR-10.
    ValueError
        If a file is damaged.
    """
    x_train, y_train, x_test, y_test = cifar10.load(ROOT)
    return _channels_last(x_train), y_train, _channels_last(x_test), y_test


def get_CIFAR10_data(
    num_training: int = 49000,
    num_validation: int = 1000,
    num_test: int = 1000,
    subtract_mean: bool = True,
) -> Data:
    """Load CIFAR-10, split it and subtract the mean image of the training images.

    Parameters
    ----------
    num_training, num_validation : int
        The first `num_training` training images are for training, the next `num_validation` for
        validation.
    num_test : int
        The first images of the test set.
    subtract_mean : bool
        Whether to subtract the mean over the training images, pixel by pixel.

    Returns
    -------
    data : dict
        `X_train` of shape (num_training, 3, 32, 32), `X_val`, `X_test`, float32; `y_train`,
        `y_val`, `y_test`, int64.

    Raises
    ------
    FileNotFoundError
        If there is no CIFAR-10.
    ValueError
        If it holds fewer images than asked for, or a file is damaged.
    """
    return load_dataset("cifar10", num_training, num_validation, num_test, subtract_mean)


def load_dataset(
    name: str,
    num_training: int | None = None,
    num_validation: int | None = None,
    num_test: int | None = None,
    subtract_mean: bool = True,
    seed: int | None = None,
) -> Data:
    """Load a data set, split it and subtract the mean image of the training images.

    Parameters
    ----------
    name : str
        "shapes10": generated color images; by default 5,000, 1,000 and 1,000 of shape (3, 32, 32),
        as many as wanted. "digits": real digits of scikit-learn; by default all 1,083, 359 and 355
        of shape (1, 8, 8). "mnist": the IDX files of `cs231n data mnist`; by default all but 1,000,
        those 1,000, and all test images, of shape (1, 28, 28). If only the 10,000 test images
        are there, every fifth is for testing, the others for training. "cifar10": the folder of
        `cs231n data cifar10`; by default all but 1,000, those 1,000, and 1,000 test images, of
        shape (3, 32, 32).
    num_training, num_validation, num_test : int, optional
        The numbers of images, the first ones of each split.
    subtract_mean : bool
        Whether to subtract the mean over the training images, pixel by pixel. Without it, pixels
        are whole numbers: 0 to 255, in digits 0 to 16.
    seed : int, optional
        Only for "shapes10": draw the test images from this seed and not from the public one, as a
        hidden split.

    Returns
    -------
    data : dict
        `X_train`, `X_val`, `X_test`, float32 of shape (N, C, H, W); `y_train`, `y_val`, `y_test`,
        int64 of shape (N,).

    Raises
    ------
    FileNotFoundError
        If the set is not there.
    ValueError
        If the name is unknown, the set holds fewer images than asked for, or a file is damaged.
    """
    if name not in CLASSES:
        raise ValueError(
            f"load_dataset: unknown data set {name!r}. Choose from {', '.join(CLASSES)}."
        )
    if seed is not None and name != "shapes10":
        raise ValueError(
            f"load_dataset: {name} is not generated, so it takes no seed; got {seed}. "
            "Leave seed out."
        )
    counts = {"num_training": num_training, "num_validation": num_validation, "num_test": num_test}
    for keyword, count in counts.items():
        if count is not None and count < 0:
            raise ValueError(f"load_dataset: {keyword} must not be negative; got {count}.")
    if name == "shapes10":
        data = _load_shapes10(num_training, num_validation, num_test, seed)
    else:
        data = _LOADERS[name](num_training, num_validation, num_test)
    mean = np.float32(0)
    if subtract_mean and len(data["X_train"]):
        # Sums over thousands of images need float64; only this one image is ever held in it.
        mean = np.float32(data["X_train"].mean(axis=0, dtype=np.float64))
    for key in ("X_train", "X_val", "X_test"):
        data[key] = np.array(data[key], dtype=np.float32, order="C")
        data[key] -= mean
    return data


def _load_shapes10(
    num_training: int | None, num_validation: int | None, num_test: int | None, seed: int | None
) -> Data:
    counts = {
        "train": 5000 if num_training is None else num_training,
        "val": 1000 if num_validation is None else num_validation,
        "test": 1000 if num_test is None else num_test,
    }
    seeds = dict(shapes10.SEEDS)
    if seed is not None:
        seeds["test"] = seed
    data = {}
    for split, count in counts.items():
        data[f"X_{split}"], data[f"y_{split}"] = shapes10.generate(count, seeds[split])
    return data


def _load_digits(
    num_training: int | None, num_validation: int | None, num_test: int | None
) -> Data:
    data = digits.load()
    for split, count in (("train", num_training), ("val", num_validation), ("test", num_test)):
        _require("digits", f"{split} images", count, len(data[f"y_{split}"]))
        for key in (f"X_{split}", f"y_{split}"):
            data[key] = data[key][:count]
    return data


def _load_mnist(num_training: int | None, num_validation: int | None, num_test: int | None) -> Data:
    return _divide("mnist", mnist.load(), num_training, num_validation, num_test)


def _load_cifar10(
    num_training: int | None, num_validation: int | None, num_test: int | None
) -> Data:
    if num_test is None:
        num_test = 1000
    return _divide("cifar10", cifar10.load(), num_training, num_validation, num_test)


def _divide(
    name: str,
    parts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    num_training: int | None,
    num_validation: int | None,
    num_test: int | None,
) -> Data:
    """Divide the training images into training and validation images, in their order."""
    x, y, x_test, y_test = parts
    if num_validation is None:
        num_validation = min(1000, len(y))
    if num_training is None:
        num_training = max(len(y) - num_validation, 0)
    if num_test is None:
        num_test = len(y_test)
    left = len(y) - num_validation
    advice = "a smaller num_training and num_validation"
    if left > 0:
        advice = f"num_training={left}"
    wanted = num_training + num_validation
    _require(name, "training and validation images", wanted, len(y), advice)
    _require(name, "test images", num_test, len(y_test), f"num_test={len(y_test)}")
    held = slice(num_training, num_training + num_validation)
    return {
        "X_train": x[:num_training],
        "y_train": y[:num_training],
        "X_val": x[held],
        "y_val": y[held],
        "X_test": x_test[:num_test],
        "y_test": y_test[:num_test],
    }


def _require(name: str, what: str, wanted: int | None, there: int, advice: str = "fewer") -> None:
    if wanted is not None and wanted > there:
        raise ValueError(
            f"{name}: {wanted} {what} are asked for, but there are only {there}. Pass {advice}."
        )


def _channels_last(x: np.ndarray) -> np.ndarray:
    """(N, 3, 32, 32) uint8 to (N, 32, 32, 3) float32."""
    return x.transpose(0, 2, 3, 1).astype(np.float32, order="C")


_LOADERS = {"digits": _load_digits, "mnist": _load_mnist, "cifar10": _load_cifar10}

CLASSES = {
    "shapes10": shapes10.CLASSES,
    "digits": digits.CLASSES,
    "mnist": mnist.CLASSES,
    "cifar10": cifar10.CLASSES,
}
"""The class names of every data set, in the order of the labels."""
