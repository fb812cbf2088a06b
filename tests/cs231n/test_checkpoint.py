import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from cs231n import checkpoint
from cs231n.checkpoint import (
    load_params,
    model_state,
    save_params,
    saved_score,
    set_model_state,
)
from cs231n.classifiers import FullyConnectedNet


@pytest.fixture
def params():
    rng = np.random.default_rng(0)
    return {
        "W1": rng.standard_normal((3, 4)).astype(np.float32),
        "file": np.asfortranarray(rng.standard_normal((2, 5))),
        "groups/1/b": np.zeros((0, 3)),
        "t": np.array(7),
        "mask": np.array([True, False]),
    }


def npy(array, **kwargs):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **kwargs)
    return stream.getvalue()


def archive_of(path, *members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_saved_weights_come_back_bit_for_bit(params, tmp_path):
    save_params(tmp_path / "weights.npz", params)
    loaded = load_params(tmp_path / "weights.npz")
    assert list(loaded) == list(params)
    for name, value in params.items():
        assert loaded[name].dtype == value.dtype
        np.testing.assert_array_equal(loaded[name], value)
        assert loaded[name].flags.writeable


def test_saved_weights_are_plain_npz_files(params, tmp_path):
    save_params(tmp_path / "weights.npz", params)
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as loaded:
        np.testing.assert_array_equal(loaded["W1"], params["W1"])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_written_by_numpy_are_read(save, tmp_path):
    save(tmp_path / "weights.npz", W1=np.eye(3), long=np.ones(3, np.longdouble))
    np.testing.assert_array_equal(load_params(tmp_path / "weights.npz")["W1"], np.eye(3))


def test_equal_weights_give_equal_bytes(params, tmp_path):
    for name in ("a.npz", "b.npz"):
        save_params(tmp_path / name, params)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_failed_save_keeps_the_old_file_and_leaves_nothing_behind(params, tmp_path, monkeypatch):
    path = tmp_path / "weights.npz"
    save_params(path, params)
    before = path.read_bytes()

    def full_disk(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_params(path, {"W1": np.ones(3)})
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["weights.npz"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"W": np.array([object()])}, "'W' must be an array of numbers; got dtype object"),
        ({"W": "text"}, "got dtype <U4"),
        ({3: np.ones(2)}, "non-empty strings; got 3"),
    ],
)
def test_only_numbers_are_saved(params, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        save_params(tmp_path / "weights.npz", params)
    assert not os.listdir(tmp_path)


def test_a_pickle_is_refused_and_not_executed_in_defect_student_weights_loaded_with_allow_pickle(
    tmp_path,
):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    hostile = np.array([Payload()], dtype=object)
    archive_of(tmp_path / "w.npz", ("W1.npy", npy(hostile, allow_pickle=True)))
    with pytest.raises(ValueError, match="'W1.npy' has dtype object; only numbers"):
        load_params(tmp_path / "w.npz")
    (tmp_path / "w.npz").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(ValueError, match="damaged or no .npz"):
        load_params(tmp_path / "w.npz")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_gives_a_clear_error(params, share, tmp_path):
    path = tmp_path / "weights.npz"
    save_params(path, params)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match="^Cannot load .*damaged or no .npz file"):
        load_params(path)


def test_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "weights.npz"
    save_params(path, {"W1": np.ones(1000)})
    data = bytearray(path.read_bytes())
    data[4000] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        load_params(path)


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "bomb.npz"
    archive_of(path, ("W1.npy", npy(np.zeros(2_000_000))), compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match="16000128 bytes, more than the limit of 1000000"):
        load_params(path, max_bytes=1_000_000)


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    path = tmp_path / "big.npz"
    with open(path, "wb") as stream:
        stream.truncate(10_000_000)
    with pytest.raises(
        ValueError, match="the file has 10000000 bytes, more than the limit of 1000"
    ):
        load_params(path, max_bytes=1000)


def header(shape, descr="<f8", version=b"\x01\x00"):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (
            header("(1000000000000,)") + bytes(8),
            r"shape \(1000000000000,\) of float64 but holds 8 bytes",
        ),
        (header("(-1,)"), "announces shape|no valid array header"),
        (header("(-2, -4)") + bytes(64), "announces shape|no valid array header"),
        (header("(2,)", "|O", b"\x02\x00") + bytes(16), "has dtype object"),
        (header("(1,)", "<U2") + bytes(8), "has dtype <U2"),
        (header("__import__('os').getpid()"), "no valid array header"),
        (b"not an array", "no valid array header"),
        (b"\x93NUMPY\x07\x00rest", "no valid array header|invalid"),
        (header("(1,)") + bytes(9), "but holds 9 bytes"),
    ],
)
def test_a_member_that_lies_about_its_array_is_refused(member, message, tmp_path):
    with pytest.raises(ValueError, match=f"^Cannot load .*({message})"):
        load_params(archive_of(tmp_path / "w.npz", ("W1.npy", member)))


def test_an_array_header_of_version_two_is_read(tmp_path):
    archive_of(tmp_path / "w.npz", ("W1.npy", npy(np.arange(3.0), version=(2, 0))))
    np.testing.assert_array_equal(load_params(tmp_path / "w.npz")["W1"], [0, 1, 2])


def test_an_array_of_the_other_byte_order_is_read(tmp_path):
    expected = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.savez(tmp_path / "a.npz", W=expected.astype(">f4"))
    assert np.array_equal(load_params(tmp_path / "a.npz")["W"], expected)


def test_members_that_are_no_arrays_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'evil.py' is not an array"):
        load_params(archive_of(tmp_path / "w.npz", ("evil.py", "print(1)")))


def test_two_members_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive_of(tmp_path / "w.npz", ("W1.npy", npy(np.ones(2))), ("W1.npy", npy(np.zeros(2))))
    with pytest.raises(ValueError, match="two of one name"):
        load_params(tmp_path / "w.npz")


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "_MAX_MEMBERS", 2)
    with pytest.raises(ValueError, match="more than 2 arrays"):
        load_params(archive_of(tmp_path / "w.npz", *((f"{i}.npy", b"") for i in range(3))))


def test_unusual_compression_is_refused(tmp_path):
    archive_of(tmp_path / "w.npz", ("W1.npy", npy(np.ones(2))), compression=zipfile.ZIP_BZIP2)
    with pytest.raises(ValueError, match="compressed in a way that NumPy does not use"):
        load_params(tmp_path / "w.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "w.npz")
    with pytest.raises(ValueError, match="not a regular file"):
        load_params(tmp_path / "w.npz")


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_params(tmp_path / "none.npz")


def net(**kwargs):
    return FullyConnectedNet(
        [5, 4], input_dim=6, num_classes=3, normalization="batchnorm", **kwargs
    )


def test_model_state_carries_running_statistics_into_another_model(tmp_path):
    rng = np.random.default_rng(0)
    trained, fresh = net(seed=1), net(seed=2)
    X = rng.standard_normal((8, 6))
    trained.loss(X, rng.integers(3, size=8))
    save_params(tmp_path / "w.npz", model_state(trained))
    set_model_state(fresh, load_params(tmp_path / "w.npz"))
    np.testing.assert_array_equal(fresh.loss(X), trained.loss(X))


def test_setting_a_state_without_running_statistics_drops_old_ones():
    model = net(seed=1)
    state = model_state(model)
    model.loss(np.ones((4, 6)), np.array([0, 1, 2, 0]))
    set_model_state(model, state)
    assert "running_mean" not in model.bn_params[0]


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_weights_of_another_model_are_refused_and_change_nothing(change):
    model = net(seed=1)
    before = model_state(model)
    state = dict(before)
    if change == "missing":
        del state["W2"]
    elif change == "unknown":
        state["W9"] = np.ones(3)
    else:
        state["W2"] = np.ones((4, 5), np.float32)
    problem = r"(missing|W2 must have shape \(5, 4\); got \(4, 5\))"
    with pytest.raises(ValueError, match=f"do not fit the model: {problem}"):
        set_model_state(model, state)
    assert all(model.params[name] is before[name] for name in model.params)


def test_saving_makes_the_folder_where_it_is_missing(tmp_path):
    save_params(tmp_path / "weights" / "net.npz", {"W1": np.ones(2)})
    assert np.array_equal(load_params(tmp_path / "weights" / "net.npz")["W1"], np.ones(2))


def test_better_weights_are_replaced_by_worse_ones_only_when_told(tmp_path, capsys):
    path = tmp_path / "weights.npz"
    save_params(path, {"W": np.full(2, 1.0)}, score=0.5)
    save_params(path, {"W": np.full(2, 2.0)}, score=0.25)
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "stays as it is" in line and "0.5" in line and "0.25" in line
    assert load_params(path)["W"][0] == 1 and saved_score(path) == 0.5
    save_params(path, {"W": np.full(2, 3.0)}, score=0.5)
    assert load_params(path)["W"][0] == 3
    save_params(path, {"W": np.full(2, 2.0)}, score=0.25, replace=True)
    assert load_params(path)["W"][0] == 2 and saved_score(path) == 0.25
    save_params(path, {"W": np.full(2, 4.0)})
    assert load_params(path)["W"][0] == 4 and saved_score(path) is None
    assert capsys.readouterr().out == ""


def test_a_score_adds_nothing_that_a_reader_of_weights_sees(params, tmp_path):
    path = tmp_path / "weights.npz"
    save_params(path, params, score=np.float32(0.5))
    assert load_params(path).keys() == params.keys() == np.load(path).keys()
    path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    assert saved_score(path) is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_replace_no_file(tmp_path, capsys, bad):
    path = tmp_path / "weights.npz"
    save_params(path, {"W": np.ones(2)})
    save_params(path, {"b": np.zeros(1), "W": np.array([1, bad])}, score=0.9)
    assert "W holds nan or inf" in capsys.readouterr().out
    np.testing.assert_array_equal(load_params(path)["W"], 1)
    save_params(path, {"W": np.array([1, bad])}, replace=True)
    assert not np.isfinite(load_params(path)["W"]).all()
