import gzip
import hashlib
import struct

import numpy as np
import pytest
from cs231n.datasets import mnist


def idx(values):
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return b"\0\0\x08" + bytes([values.ndim]) + sizes + values.tobytes()


def write_set(folder, prefix, num, seed, ending=".gz"):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (num, 28, 28), dtype=np.uint8)
    y = rng.integers(0, 10, num, dtype=np.uint8)
    folder.mkdir(exist_ok=True)
    for kind, values in (("images-idx3-ubyte", x), ("labels-idx1-ubyte", y)):
        raw = idx(values)
        (folder / f"{prefix}-{kind}{ending}").write_bytes(gzip.compress(raw) if ending else raw)
    return x[:, None], y


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_both_sets_load_plain_and_compressed(tmp_path, ending):
    expected = [
        *write_set(tmp_path, "train", 12, 1, ending),
        *write_set(tmp_path, "t10k", 7, 2, ending),
    ]
    for got, wanted in zip(mnist.load(tmp_path), expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
        assert got.dtype == (np.uint8 if got.ndim == 4 else np.int64)


def test_without_training_files_every_fifth_test_image_stays_for_testing(tmp_path):
    x, y = write_set(tmp_path, "t10k", 11, 3)
    x_train, y_train, x_test, y_test = mnist.load(tmp_path)
    np.testing.assert_array_equal(x_test, x[[4, 9]])
    np.testing.assert_array_equal(y_test, y[[4, 9]])
    np.testing.assert_array_equal(x_train, np.delete(x, [4, 9], axis=0))
    np.testing.assert_array_equal(y_train, np.delete(y, [4, 9]))


def test_a_missing_folder_or_set_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    for root in (None, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match="MNIST is not there: .*cs231n data mnist"):
            mnist.load(root)
    (tmp_path / "mnist").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no t10k-images.*cs231n data mnist"):
        mnist.load()


@pytest.mark.parametrize(
    "raw, message",
    [
        (b"", "got nothing"),
        (b"\0\0\x08", "got 00 00 08"),
        (b"\0\0\x0d\x01\0\0\0\1\0", "got 00 00 0d 01"),
        (b"\0\0\x08\x03\0\0\0\1", "starts with 00 00 08"),
        (idx(np.zeros((4, 5), np.uint8))[:-1], r"promises 20 values of shape \(4, 5\); got 19"),
        (b"\0\0\x08\x02" + b"\xff" * 8, "promises 18446744065119617025 values"),
    ],
)
def test_damaged_idx_files_are_one_clear_line(tmp_path, raw, message):
    (tmp_path / "file").write_bytes(raw)
    with pytest.raises(ValueError, match=message) as caught:
        mnist.load_idx(tmp_path / "file")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-10],
        lambda raw: b"no gzip",
        lambda raw: raw[:15] + b"\xff" * 60,
    ],
)
def test_damaged_gzip_files_are_one_clear_line(tmp_path, damage):
    raw = gzip.compress(idx(np.random.default_rng(1).integers(0, 256, (9, 9), dtype=np.uint8)))
    (tmp_path / "file.gz").write_bytes(damage(raw))
    with pytest.raises(ValueError, match="not a whole gzip file"):
        mnist.load_idx(tmp_path / "file.gz")


def test_a_gzip_bomb_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "_MAX_BYTES", 1000)
    (tmp_path / "file.gz").write_bytes(gzip.compress(bytes(2000)))
    with pytest.raises(ValueError, match="unpacks to more than 1000 bytes"):
        mnist.load_idx(tmp_path / "file.gz")


@pytest.mark.parametrize(
    "x, y",
    [
        (np.zeros((3, 28, 28), np.uint8), np.zeros(4, np.uint8)),
        (np.zeros((3, 28), np.uint8), np.zeros(3, np.uint8)),
        (np.zeros((3, 28, 28), np.uint8), np.zeros((3, 1), np.uint8)),
        (np.zeros((3, 28, 28), np.uint8), np.full(3, 10, np.uint8)),
    ],
)
def test_images_and_labels_that_do_not_match_are_refused(tmp_path, x, y):
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(x))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx(y))
    with pytest.raises(ValueError, match="do not go with the labels"):
        mnist.load(tmp_path)


def test_download_fetches_the_four_files_and_checks_them(monkeypatch, tmp_path, file_server):
    write_set(tmp_path / "origin", "train", 5, 1)
    write_set(tmp_path / "origin", "t10k", 3, 2)
    archives = {}
    for path in (tmp_path / "origin").iterdir():
        file_server.files[f"/{path.name}"] = path.read_bytes()
        archives[path.name] = (hashlib.md5(path.read_bytes()).hexdigest(), path.stat().st_size)
    assert archives.keys() == mnist.ARCHIVES.keys()
    monkeypatch.setattr(mnist, "_MIRROR", file_server.url("/"))
    monkeypatch.setattr(mnist, "ARCHIVES", archives)
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path / "data"))
    assert mnist.download(progress=False) == tmp_path / "data" / "mnist"
    assert [len(part) for part in mnist.load()] == [5, 5, 3, 3]


def test_real_digits_look_like_digits(real_data):
    if not (real_data / "mnist").is_dir():
        pytest.skip("CS231N_DATA_DIR holds no mnist folder")
    x_train, y_train, x_test, y_test = mnist.load(real_data / "mnist")
    assert x_train.shape[1:] == (1, 28, 28) and set(y_test.tolist()) == set(range(10))
    templates = np.stack([x_train[y_train == label].mean(axis=0) for label in range(10)]).reshape(
        10, -1
    )
    flat = x_test.reshape(len(x_test), -1).astype(np.float64)
    nearest = ((flat[:, None] - templates) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == y_test).mean() > 0.75
