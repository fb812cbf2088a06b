import hashlib
import io
import pickle
import tarfile
import tracemalloc

import numpy as np
import pytest
from cs231n.datasets import cifar10


def images(num, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (num, 3072), dtype=np.uint8), rng.integers(0, 10, num)


def binary(x, y):
    return np.column_stack([y.astype(np.uint8), x]).tobytes()


def python2(x, y):
    """The bytes that Python 2 wrote: protocol 2, byte strings as keys, NumPy's old module name."""
    raw = io.BytesIO()
    raw.write(b"\x80\x02}(")
    raw.write(
        b"U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    )
    raw.write(b"(K\x01J" + len(x).to_bytes(4, "little") + b"M\x00\x0c\x86")
    raw.write(b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R")
    raw.write(b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89")
    raw.write(b"T" + x.size.to_bytes(4, "little") + x.tobytes() + b"tb")
    raw.write(b"U\x06labels](" + b"".join(b"K" + bytes([label]) for label in y) + b"e")
    raw.write(b"U\x0bbatch_labelU\x05trainu.")
    return raw.getvalue()


def check(path, x, y):
    got_x, got_y = cifar10.load_batch(path)
    np.testing.assert_array_equal(got_x.reshape(len(x), -1), x)
    np.testing.assert_array_equal(got_y, y)
    assert got_x.dtype == np.uint8 and got_x.shape[1:] == (3, 32, 32) and got_y.dtype == np.int64


def test_the_binary_version_loads(tmp_path):
    (tmp_path / "a.bin").write_bytes(binary(*images(7, 1)))
    check(tmp_path / "a.bin", *images(7, 1))


def test_the_python_version_as_python_2_wrote_it_loads(tmp_path):
    (tmp_path / "a").write_bytes(python2(*images(7, 2)))
    check(tmp_path / "a", *images(7, 2))
    assert (
        pickle.loads(python2(*images(7, 2)), encoding="latin1")["data"] == images(7, 2)[0]
    ).all()


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_batches_written_again_by_python_3_load_under_both_names_of_numpy(
    tmp_path, protocol, module
):
    x, y = images(5, 3)
    raw = pickle.dumps({b"data": x, b"labels": y.tolist(), b"filenames": [b"a.png"] * 5}, protocol)
    if protocol < 4:  # the name is a line of its own, without a length
        raw = raw.replace(b"numpy._core.multiarray", module).replace(
            b"numpy.core.multiarray", module
        )
    (tmp_path / "a").write_bytes(raw)
    check(tmp_path / "a", x, y)


class Call:
    def __init__(self, function, *args):
        self.pair = function, args

    def __reduce__(self):
        return self.pair


def test_a_pickle_that_wants_to_run_something_is_refused_before_it_runs(tmp_path):
    target = tmp_path / "ran"
    calls = Call(eval, f"open({str(target)!r}, 'w')"), Call(exec, "1"), Call(getattr, 1, "real")
    for call in calls:
        (tmp_path / "a").write_bytes(pickle.dumps({"data": call, "labels": []}))
        with pytest.raises(
            ValueError,
            match=r"not a CIFAR-10 batch \(it asks for .*, which a batch does "
            r"not need\)",
        ):
            cifar10.load_batch(tmp_path / "a")
    assert not target.exists()


X, Y = images(4, 4)


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        5,
        None,
        {"data": X},
        {"data": X, "labels": [1, 2, 3]},
        {"data": X[:, :-1], "labels": [1] * 4},
        {"data": X.ravel(), "labels": [1] * 4},
        {"data": [1], "labels": [1]},
        {"data": X, "labels": ["1"] * 4},
        {"data": X, "labels": [1.5] * 4},
        {"data": X, "labels": [10**30] * 4},
        {"data": X, "labels": None},
        {"data": X.astype(np.float32), "labels": [1] * 4},
        {"data": np.asfortranarray(X), "labels": [1] * 4},
        {"data": np.array([None] * 4), "labels": [1] * 4},
        {"data": X, "labels": [1, 2, 3, 10]},
        {"data": X, "labels": [-1] * 4},
        {1: X},
    ],
    ids=str,
)
def test_pickles_of_something_else_are_one_clear_line(tmp_path, content):
    (tmp_path / "a").write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(ValueError, match="Fetch (it|the file) again") as caught:
        cifar10.load_batch(tmp_path / "a")
    assert "\n" not in str(caught.value)


def test_text_of_another_encoding_is_refused():
    with pytest.raises(ValueError, match="'rot13' where 'latin1' is expected"):
        cifar10._encode("text", "rot13")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x",
        b"\x80\x02",
        b"\x80\x63.",
        b"(" * 5000,
        b"\x8e" + b"\xff" * 7 + b"\x7f",
        b"\x80\x04\x96" + b"\xff" * 6 + b"\0\0.",
        python2(X, Y)[:5000],
        python2(X, Y)[:-5],
        b"cnumpy\nndarray\n(tR(K\x01tb.",
        b"cos\nsystem\n.",
        b"]" * 3000 + b".",
    ],
    ids=range(12),
)
def test_damaged_pickles_are_one_clear_line(tmp_path, raw):
    (tmp_path / "a").write_bytes(raw)
    with pytest.raises(ValueError, match="not a CIFAR-10 batch") as caught:
        cifar10.load_batch(tmp_path / "a")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [0, 1, 3072, 3073 + 5])
def test_truncated_binary_batches_are_one_clear_line(tmp_path, cut):
    (tmp_path / "a.bin").write_bytes(binary(*images(2, 1))[:cut])
    with pytest.raises(ValueError, match=f"records of 3073 bytes; got {cut} bytes"):
        cifar10.load_batch(tmp_path / "a.bin")


def test_binary_labels_above_nine_are_refused(tmp_path):
    x, y = images(3, 1)
    (tmp_path / "a.bin").write_bytes(binary(x, y + 250 - y.min()))
    with pytest.raises(ValueError, match="labels must lie between 0 and 9; got 250"):
        cifar10.load_batch(tmp_path / "a.bin")


def write_batches(folder, sizes, ending=".bin"):
    folder.mkdir(parents=True, exist_ok=True)
    parts = {}
    for seed, (stem, num) in enumerate(sizes.items()):
        parts[stem] = images(num, seed)
        (folder / (stem + ending)).write_bytes((binary if ending else python2)(*parts[stem]))
    return parts


def test_as_many_batches_as_there_are_of_any_size_are_joined(tmp_path):
    parts = write_batches(tmp_path, {"data_batch_1": 3, "data_batch_4": 5, "test_batch": 2})
    x, y, x_test, y_test = cifar10.load(tmp_path)
    np.testing.assert_array_equal(
        y, np.concatenate([parts["data_batch_1"][1], parts["data_batch_4"][1]])
    )
    np.testing.assert_array_equal(x[3:].reshape(5, -1), parts["data_batch_4"][0])
    assert len(x_test) == len(y_test) == 2


def test_no_more_batches_are_read_than_needed(tmp_path):
    write_batches(tmp_path, {"data_batch_1": 3, "data_batch_2": 5, "test_batch": 2})
    (tmp_path / "data_batch_2.bin").write_bytes(b"damaged")
    assert len(cifar10.load(tmp_path, num_training=2)[1]) == 2
    with pytest.raises(ValueError, match="data_batch_2.bin"):
        cifar10.load(tmp_path, num_training=4)


@pytest.mark.parametrize("missing", ["data_batch_1", "test_batch"])
def test_missing_batches_say_how_to_get_them(tmp_path, missing):
    write_batches(tmp_path, {stem: 1 for stem in ("data_batch_1", "test_batch") if stem != missing})
    with pytest.raises(FileNotFoundError, match=f"holds none of {missing}.*cs231n data cifar10"):
        cifar10.load(tmp_path)


def test_the_folder_of_the_original_notebooks_is_found_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    asked = "cs231n/datasets/cifar-10-batches-py"
    with pytest.raises(FileNotFoundError, match="no folder cifar-10-batches-py or .*cs231n data"):
        cifar10.find_root(asked)
    (tmp_path / "cifar-10-batches-bin").mkdir()
    assert cifar10.find_root(asked) == cifar10.find_root() == tmp_path / "cifar-10-batches-bin"
    (tmp_path / "cifar-10-batches-py").mkdir()
    assert cifar10.find_root(asked) == tmp_path / "cifar-10-batches-py"
    (tmp_path / asked).mkdir(parents=True)
    assert cifar10.find_root(asked).parts[:2] == ("cs231n", "datasets")


@pytest.mark.parametrize("version, ending", [("binary", ".bin"), ("python", "")])
def test_download_unpacks_loads_and_is_not_repeated(
    monkeypatch, tmp_path, file_server, version, ending
):
    sizes = {**{f"data_batch_{k}": 2 for k in range(1, 6)}, "test_batch": 3}
    name = cifar10.FOLDERS[version]
    write_batches(tmp_path / "origin" / name, sizes, ending)
    with tarfile.open(tmp_path / "archive", "w:gz") as tar:
        tar.add(tmp_path / "origin" / name, name)
    raw = (tmp_path / "archive").read_bytes()
    file_server.files["/cifar.tar.gz"] = raw
    entry = file_server.url("/cifar.tar.gz"), hashlib.md5(raw).hexdigest(), len(raw)
    monkeypatch.setitem(cifar10.ARCHIVES, version, entry)
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path / "data"))
    for _ in range(2):
        assert cifar10.download(version, progress=False) == tmp_path / "data" / name
    assert len(file_server.asked) == 1
    assert [p.name for p in (tmp_path / "data").iterdir()] == [name]
    assert [len(part) for part in cifar10.load()] == [10, 10, 3, 3]


def test_real_photographs_are_in_planes_of_red_green_and_blue(real_data):
    if not (real_data / "cifar-10-batches-bin").is_dir():
        pytest.skip("CS231N_DATA_DIR holds no cifar-10-batches-bin folder")
    x, y, _x_test, y_test = cifar10.load(real_data / "cifar-10-batches-bin", num_training=2000)
    np.testing.assert_allclose(x.mean(axis=(0, 2, 3)), [125.3, 123.0, 113.9], atol=5)
    neighbors = np.abs(np.diff(x.astype(np.int64), axis=3)).mean()
    assert neighbors < 20 < np.abs(x[1:].astype(np.int64) - x[:-1]).mean()
    assert set(y.tolist()) == set(y_test.tolist()) == set(range(10))


def test_images_stay_bytes_in_defect_cifar10_held_as_float64(tmp_path):
    write_batches(tmp_path, {"data_batch_1": 2000, "test_batch": 10})
    tracemalloc.start()
    try:
        x = cifar10.load(tmp_path)[0]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert x.dtype == np.uint8
    assert peak < 3 * x.nbytes
