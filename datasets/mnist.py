"""MNIST: 70,000 handwritten digits of 28x28 gray pixels, in IDX files, plain or gzipped.

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-Based Learning Applied to Document
Recognition*, 1998.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from . import candidate_folders, data_dir, find_folder
from .download import fetch

CLASSES = tuple("0123456789")

FOLDERS = ("mnist", "MNIST")

_MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"

ARCHIVES = {
    "train-images-idx3-ubyte.gz": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9912422),
    "train-labels-idx1-ubyte.gz": ("d53e105ee54ea40749a09fcbcd1e9432", 28881),
    "t10k-images-idx3-ubyte.gz": ("9fb629c4189551a2d022fa330f9573f3", 1648877),
    "t10k-labels-idx1-ubyte.gz": ("ec29112dd5afa0611ce80d1b7f02629c", 4542),
}
"""MD5 and bytes of the four files on the mirror that torchvision uses, too."""

# What a hostile gzip file may unpack to: far above the 47 MB of the training images.
_MAX_BYTES = 1 << 28


def download(progress: bool = True) -> Path:
    """Download the four files of MNIST into the data folder, unless they are there.

    Parameters
    ----------
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    folder : Path

    Raises
    ------
    DownloadError
        See `download.fetch`.
    """
    folder = data_dir() / FOLDERS[0]
    for name, (md5, size) in ARCHIVES.items():
        fetch(_MIRROR + name, folder / name, md5, size, progress)
    return folder


def find_root(root: str | Path | None = None) -> Path:
    """Find the folder with the files.

    Parameters
    ----------
    root : str or Path, optional
        By default `mnist` in the data folder.

    Returns
    -------
    root : Path

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    found = find_folder(*FOLDERS) if root is None else Path(root)
    if found is not None and found.is_dir():
        return found
    looked = [root] if root else [folder / FOLDERS[0] for folder in candidate_folders()]
    raise FileNotFoundError(
        f"MNIST is not there: no folder {', '.join(map(str, looked))}. Fetch it with "
        "`cs231n data mnist`, or set CS231N_DATA_DIR to the folder above it."
    )


def load(root: str | Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load the training and the test images.

    If only the 10,000 test images are there, every fifth of them stays a test image and the other
    8,000 become training images.

    Parameters
    ----------
    root : str or Path, optional
        See `find_root`.

    Returns
    -------
    x_train : ndarray of shape (N, 1, 28, 28), uint8
    y_train : ndarray of shape (N,), int64
    x_test : ndarray of shape (M, 1, 28, 28), uint8
    y_test : ndarray of shape (M,), int64

    Raises
    ------
    FileNotFoundError
        If the test set is not there.
    ValueError
        If a file is damaged or images and labels do not match.
    """
    root = find_root(root)
    test = _pair(root, "t10k")
    if test is None:
        raise FileNotFoundError(
            f"MNIST: {root} holds no t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte "
            "(with or without .gz). Fetch them with `cs231n data mnist`."
        )
    train = _pair(root, "train")
    if train is not None:
        return (*train, *test)
    x, y = test
    held_out = np.arange(len(y)) % 5 == 4
    return x[~held_out], y[~held_out], x[held_out], y[held_out]


def _pair(root: Path, prefix: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Images and labels of one set, or None where a file is missing."""
    images = _plain_or_gzipped(root / f"{prefix}-images-idx3-ubyte")
    labels = _plain_or_gzipped(root / f"{prefix}-labels-idx1-ubyte")
    if images is None or labels is None:
        return None
    x = load_idx(images)
    y = load_idx(labels)
    if x.ndim != 3 or y.ndim != 1 or len(x) != len(y) or (y.size and y.max() > 9):
        raise ValueError(
            f"{images}: images of shape {x.shape} do not go with the labels of shape {y.shape} in "
            f"{labels.name}. Fetch both files again."
        )
    return x[:, None], y.astype(np.int64)


def _plain_or_gzipped(path: Path) -> Path | None:
    """The compressed file if it is there, else the plain one, else None."""
    for found in (path.with_name(f"{path.name}.gz"), path):
        if found.is_file():
            return found
    return None


def load_idx(path: str | Path) -> np.ndarray:
    """Load one IDX file of unsigned bytes; a name that ends with `.gz` is unpacked on the way.

    The format: two zero bytes, the type (8 for unsigned bytes), the number of dimensions, every
    dimension as a big-endian 4-byte integer, the values.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    values : ndarray of uint8, of the shape that the file states

    Raises
    ------
    ValueError
        If the file is truncated, damaged or of another type.
    """
    path = Path(path)
    raw = _read(path)
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
        got = raw[:4].hex(" ") or "nothing"
        raise ValueError(
            f"{path}: an IDX file of bytes starts with 00 00 08; got {got}. Fetch the file again."
        )
    start = 4 + 4 * raw[3]
    shape = tuple(int(size) for size in np.frombuffer(raw[4:start], dtype=">u4"))
    if len(raw) - start != math.prod(shape):
        raise ValueError(
            f"{path}: the header promises {math.prod(shape)} values of shape {shape}; got "
            f"{len(raw) - start}. The file is truncated or damaged; fetch it again."
        )
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)


def _read(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            raw = file.read(_MAX_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: not a whole gzip file ({error}). Fetch it again.") from None
    if len(raw) > _MAX_BYTES:
        raise ValueError(
            f"{path}: unpacks to more than {_MAX_BYTES} bytes, which MNIST does not. "
            "Fetch it again."
        )
    return raw
