import hashlib

import numpy as np
import pytest
from cs231n.datasets import cifar10, mnist

from cs231n import cli
from cs231n.__main__ import PROGRAM


def run(*words):
    return cli.run(PROGRAM, ["data", *words])


@pytest.fixture(autouse=True)
def empty_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("CS231N_DATA_DIR", str(tmp_path))
    return tmp_path


def test_without_a_name_every_set_is_listed_with_its_state(capsys, tmp_path):
    (tmp_path / "cifar-10-batches-bin").mkdir()
    (tmp_path / "cifar-10-batches-bin" / "data_batch_1.bin").write_bytes(b"cut")
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["cifar10", "digits", "mnist", "shapes10"]
    assert "damaged: " in lines[0] and "got 3 bytes" in lines[0]
    assert "1,797 images of scikit-learn" in lines[1]
    assert lines[2].endswith("not there; get it with: cs231n data mnist")
    assert "generated from a seed" in lines[3]


@pytest.mark.parametrize("name", ["shapes10", "digits"])
def test_sets_without_a_download_say_how_to_load_them(name, capsys):
    assert run(name) == 0
    assert f'load_dataset("{name}")' in capsys.readouterr().out


def test_mnist_is_downloaded_by_python_alone_in_defect_download_without_windows_path(
    capsys, monkeypatch, tmp_path, file_server
):
    monkeypatch.setenv("PATH", "")  # no shell, wget or tar
    archives = {}
    for prefix, num in (("train", 4), ("t10k", 2)):
        for kind, shape in (("images-idx3-ubyte", (num, 28, 28)), ("labels-idx1-ubyte", (num,))):
            raw = (
                b"\0\0\x08"
                + bytes([len(shape)])
                + np.array(shape, ">u4").tobytes()
                + bytes(int(np.prod(shape)))
            )
            name = f"{prefix}-{kind}"
            file_server.files[f"/{name}"] = raw
            archives[name] = (hashlib.md5(raw).hexdigest(), len(raw))
    monkeypatch.setattr(mnist, "_MIRROR", file_server.url("/"))
    monkeypatch.setattr(mnist, "ARCHIVES", archives)
    assert run("mnist", "--quiet") == 0
    streams = capsys.readouterr()
    assert (
        f'mnist: 4 training and 2 test images in {tmp_path / "mnist"}; load_dataset("mnist")'
        in streams.out
    )
    assert streams.err == ""


def test_a_failed_download_is_one_line_and_exit_code_1(capsys, monkeypatch, tmp_path, file_server):
    monkeypatch.setitem(cifar10.ARCHIVES, "python", (file_server.url("/no.tar.gz"), "0" * 32, 10))
    assert run("cifar10", "--version", "python", "--quiet") == 1
    streams = capsys.readouterr()
    assert "the server answers 404" in streams.err and streams.err.count("\n") == 1
    assert streams.out == ""
    assert list(tmp_path.iterdir()) == []
