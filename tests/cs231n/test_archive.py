"""A zip archive is whole, or the old one is still there."""

import os
import zipfile

import pytest

from cs231n.archive import write_zip


@pytest.fixture
def files(tmp_path):
    """Two files under the names that they get in an archive, the later name first."""
    found = {}
    for name in ("notebooks/b.ipynb", "a.py"):
        found[name] = tmp_path / "files" / name
        found[name].parent.mkdir(parents=True, exist_ok=True)
        found[name].write_text(f"text of {name}, " * 100)
    return found


@pytest.fixture
def path(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "kit.zip"


@pytest.mark.parametrize("reproducible", [True, False])
def test_an_archive_holds_the_files_in_the_order_given_and_compressed(path, files, reproducible):
    write_zip(path, files, reproducible)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(files)
        for info in archive.infolist():
            assert archive.read(info).decode() == files[info.filename].read_text()
            assert info.compress_size < info.file_size


def test_the_same_files_give_the_same_bytes_whatever_their_times_and_permissions(path, files):
    write_zip(path, files, reproducible=True)
    first = path.read_bytes()
    for file in files.values():
        os.utime(file, (1_500_000_000, 1_500_000_000))
        file.chmod(0o600)
    write_zip(path, files, reproducible=True)
    assert path.read_bytes() == first


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_an_archive_that_need_not_be_reproducible_keeps_the_permissions(path, files):
    files["a.py"].chmod(0o640)
    write_zip(path, files)
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("a.py").external_attr >> 16 & 0o777 == 0o640


def test_a_write_that_fails_half_way_leaves_the_old_archive_and_nothing_else(path, files):
    path.write_bytes(b"old")
    files["missing"] = files["a.py"].with_name("missing")
    with pytest.raises(FileNotFoundError):
        write_zip(path, files, reproducible=True)
    assert path.read_bytes() == b"old" and os.listdir(path.parent) == ["kit.zip"]


def test_an_interrupted_write_leaves_the_old_archive_and_nothing_else(path, files, monkeypatch):
    def interrupt(archive, *args, **options):
        raise KeyboardInterrupt

    path.write_bytes(b"old")
    monkeypatch.setattr(zipfile.ZipFile, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_zip(path, files)
    assert path.read_bytes() == b"old" and os.listdir(path.parent) == ["kit.zip"]
