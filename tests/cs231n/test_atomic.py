"""A file is the old one or the new one, never half of it, and nothing is left beside it."""

import os
import stat

import pytest

from cs231n.atomic import atomic_write


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    return path


def test_the_old_file_stays_until_the_new_one_is_whole(path):
    with atomic_write(path, "t", encoding="utf-8") as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new" and os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(path, error):
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old" and os.listdir(path.parent) == [path.name]


def test_a_disk_that_fills_up_at_the_end_keeps_the_old_file(path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_write(path) as file:
        file.write(b"new")
    assert path.read_text() == "old" and os.listdir(path.parent) == [path.name]


def test_two_writers_of_one_file_do_not_meet(path):
    with atomic_write(path) as first, atomic_write(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_text() == "first" and os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_missing_is_an_error(path):
    with pytest.raises(FileNotFoundError), atomic_write(path.parent / "none" / "scores.csv"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_private_file_is_for_its_owner_alone_and_others_follow_the_umask(path):
    before = os.umask(0o027)
    try:
        for private in (True, False):
            with atomic_write(path, private=private):
                pass
            assert stat.S_IMODE(path.stat().st_mode) == (0o600 if private else 0o640)
    finally:
        os.umask(before)
