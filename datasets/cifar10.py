"""CIFAR-10: 60,000 photographs of 32x32 pixels in ten classes.

Both the binary and the Python version are read.

Source: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009,
https://www.cs.toronto.edu/~kriz/cifar.html
"""

import io
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import candidate_folders, data_dir, find_folder
from .download import fetch, unpack

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

FOLDERS = {"python": "cifar-10-batches-py", "binary": "cifar-10-batches-bin"}

_TRAINING = tuple(f"data_batch_{k}" for k in range(1, 6))

_HOME = "https://www.cs.toronto.edu/~kriz/"

ARCHIVES = {
    "python": (_HOME + "cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 170498071),
    "binary": (_HOME + "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170052171),
}
"""URL, MD5 and bytes of both versions, as published on the home page of the set."""

_PIXELS = 3 * 32 * 32


def download(version: str = "binary", progress: bool = True) -> Path:
    """Download and unpack CIFAR-10 into the data folder, unless it is there.

    Parameters
    ----------
    version : {"binary", "python"}
        The two hold the same images; the binary version is plain bytes, the Python version a
        pickle.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    folder : Path

    Raises
    ------
    DownloadError
        See `download.fetch` and `download.unpack`.
    """
    url, md5, size = ARCHIVES[version]
    folder = data_dir() / FOLDERS[version]
    ending = ".bin" if version == "binary" else ""
    batches = [folder / f"{stem}{ending}" for stem in (*_TRAINING, "test_batch")]
    if all(batch.is_file() for batch in batches):
        return folder
    archive = fetch(url, data_dir() / url.rpartition("/")[2], md5, size, progress)
    unpack(archive, folder)
    archive.unlink()
    return folder


def find_root(root: str | Path | None = None) -> Path:
    """Find the folder with the batches.

    Parameters
    ----------
    root : str or Path, optional
        A folder with batches. One that does not exist, such as the
        `cs231n/datasets/cifar-10-batches-py` of the original notebooks, is looked for by its name
        among the data folders.

    Returns
    -------
    root : Path

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    if root is not None and Path(root).is_dir():
        return Path(root)
    names = list(FOLDERS.values())
    if root is not None:
        asked = Path(root).name
        names = [asked, *(name for name in names if name != asked)]
    found = find_folder(*names)
    if found is None:
        looked = ", ".join(str(folder) for folder in candidate_folders())
        raise FileNotFoundError(
            f"CIFAR-10 is not there: no folder {' or '.join(names)} in {looked}. Fetch it with "
            "`cs231n data cifar10`, or set CS231N_DATA_DIR to the folder that holds it."
        )
    return found


def load(
    root: str | Path | None = None,
    num_training: int | None = None,
    num_test: int | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load the training and the test images.

    Parameters
    ----------
    root : str or Path, optional
        See `find_root`.
    num_training, num_test : int, optional
        Read no more batches than these many images need, and cut to that number. By default all.

    Returns
    -------
    x_train : ndarray of shape (N, 3, 32, 32), uint8
    y_train : ndarray of shape (N,), int64
    x_test : ndarray of shape (M, 3, 32, 32), uint8
    y_test : ndarray of shape (M,), int64
        As many images as the batches hold: 50,000 and 10,000 in the complete set.

    Raises
    ------
    FileNotFoundError
        If the folder, all training batches or the test batch are missing.
    ValueError
        If a batch is damaged.
    """
    root = find_root(root)
    training = _batches(root, _TRAINING, num_training)
    return (*training, *_batches(root, ["test_batch"], num_test))


def _batches(root: Path, stems: Sequence[str], limit: int | None) -> tuple[np.ndarray, np.ndarray]:
    paths = []
    for stem in stems:
        for path in (root / stem, root / f"{stem}.bin"):
            if path.is_file():
                paths.append(path)
    if not paths:
        raise FileNotFoundError(
            f"CIFAR-10: {root} holds none of {', '.join(stems)} (with or without .bin). "
            "Fetch the set with `cs231n data cifar10`."
        )
    images = []
    labels = []
    count = 0
    for path in paths:
        x, y = load_batch(path)
        images.append(x)
        labels.append(y)
        count += len(y)
        if limit is not None and count >= limit:
            break
    if len(images) > 1:
        x = np.concatenate(images)
        y = np.concatenate(labels)
    return x[:limit], y[:limit]


def load_batch(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Load one batch.

    Files that end with `.bin` are of the binary version, all others of the Python version.

    Parameters
    ----------
    path : str or Path
        Of any length that is a whole number of images.

    Returns
    -------
    x : ndarray of shape (N, 3, 32, 32), uint8
    y : ndarray of shape (N,), int64

    Raises
    ------
    ValueError
        If the file is truncated, damaged, or asks for anything that a batch does not need.
    """
    path = Path(path)
    raw = path.read_bytes()
    parse = _parse_binary if path.suffix == ".bin" else _parse_python
    x, y = parse(raw, path)
    if y.size and (y.min() < 0 or y.max() > 9):
        raise ValueError(
            f"{path}: labels must lie between 0 and 9; got {y.min()} to {y.max()}. "
            "Fetch the file again."
        )
    return x, y


def _parse_binary(raw: bytes, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Records of one label byte and 3,072 bytes: the red, green and blue planes, row by row."""
    size = 1 + _PIXELS
    if not raw or len(raw) % size:
        raise ValueError(
            f"{path}: a binary batch is a whole number of records of {size} bytes; got "
            f"{len(raw)} bytes. The file is truncated or something else; fetch it again."
        )
    records = np.frombuffer(raw, dtype=np.uint8).reshape(-1, size)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)


def _parse_python(raw: bytes, path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        batch = _BatchUnpickler(io.BytesIO(raw), encoding="bytes").load()
        batch = {_text(key): value for key, value in batch.items()}
        x = batch["data"].to_numpy()
        labels = batch["labels"]
        y = np.array(labels, dtype=np.int64)
        whole = all(type(label) is int for label in labels)
        if x.ndim != 2 or x.shape[1] != _PIXELS or y.shape != (len(x),) or not whole:
            raise ValueError(
                f"data of shape {x.shape} and labels of shape {y.shape} where (N, {_PIXELS}) "
                "and (N,) are expected"
            )
    # A hostile or cut pickle can make the unpickler raise nearly any of these; all mean the same
    # to the caller.
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        ImportError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"{path}: not a CIFAR-10 batch ({reason}). Fetch it again with `cs231n data cifar10`."
        ) from None
    return x.reshape(-1, 3, 32, 32), y


def _text(key: Any) -> Any:
    return key.decode("latin-1") if isinstance(key, bytes) else key


class _Dtype:
    """Stands for `numpy.dtype` in a pickle: it only remembers its name."""

    def __init__(self, name: str | bytes, align: bool = False, copy: bool = False) -> None:
        self.name = _text(name)

    def __setstate__(self, state: tuple) -> None:
        """Byte order and fields mean nothing for single bytes, the only type that a batch has."""


class _Array:
    """Stands for `numpy.ndarray` in a pickle.

    It keeps shape and bytes, and never runs NumPy's own loader.
    """

    def __setstate__(self, state: tuple) -> None:
        _, self.shape, self.dtype, self.fortran_order, self.raw = state

    def to_numpy(self) -> np.ndarray:
        if self.dtype.name != "u1" or self.fortran_order or not isinstance(self.raw, bytes):
            raise ValueError(
                f"data of type {self.dtype.name!r} where plain bytes ('u1') are expected"
            )
        return np.frombuffer(self.raw, dtype=np.uint8).reshape(self.shape)


def _reconstruct(subtype: type, shape: tuple, typecode: bytes) -> _Array:
    return _Array()


def _encode(text: str, encoding: str) -> bytes:
    """Bytes in a pickle that Python 3 wrote in protocol 2."""
    if encoding != "latin1":
        raise ValueError(f"text in the encoding {encoding!r} where 'latin1' is expected")
    return text.encode("latin-1")


class _BatchUnpickler(pickle.Unpickler):
    """Reads dicts, lists, numbers, text and arrays of bytes, and refuses everything else."""

    _ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): _encode,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which a batch does not need"
            )
        return self._ALLOWED[module, name]
