"""A file is read; what has taken its place is refused, and nothing waits for it."""

import errno
import os
import stat

import pytest

from autograder.regular_files import IrregularFileError, read_regular_file


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "affine.py"
    path.write_bytes(b"out = x @ w\r\n")
    return path


def test_a_file_is_read_byte_by_byte(file):
    assert read_regular_file(file) == read_regular_file(str(file)) == b"out = x @ w\r\n"


def test_a_file_may_be_as_large_as_allowed_and_no_larger(file):
    size = file.stat().st_size
    assert len(read_regular_file(file, size)) == size
    with pytest.raises(OSError) as error:
        read_regular_file(file, size - 1)
    assert error.value.errno == errno.EFBIG and error.value.filename == str(file)


@pytest.mark.skipif(os.name == "nt", reason="needs links")
@pytest.mark.parametrize("target", ["affine.py", "nowhere", "affine.py.link"])
def test_a_link_is_not_followed_wherever_it_leads(file, target):
    link = file.with_name("affine.py.link")
    link.symlink_to(file.with_name(target))
    with pytest.raises(OSError) as error:
        read_regular_file(link)
    assert error.value.errno == errno.ELOOP


@pytest.mark.skipif(os.name == "nt", reason="needs pipes with names")
def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IrregularFileError, match="not a regular file") as error:
        read_regular_file(tmp_path / "pipe")
    assert stat.S_ISFIFO(error.value.mode) and error.value.filename == str(tmp_path / "pipe")


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be opened there")
def test_a_folder_and_a_device_are_told_by_their_mode(tmp_path):
    with pytest.raises(IrregularFileError) as error:
        read_regular_file(tmp_path)
    assert stat.S_ISDIR(error.value.mode)
    with pytest.raises(IrregularFileError) as error:
        read_regular_file(os.devnull)
    assert stat.S_ISCHR(error.value.mode)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs a list of what is open")
def test_what_is_refused_does_not_stay_open(file, tmp_path):
    before = os.listdir("/proc/self/fd")
    for path, size in ((file, 1), (tmp_path, None), (os.devnull, None)):
        with pytest.raises(OSError):
            read_regular_file(path, size)
    assert os.listdir("/proc/self/fd") == before


def test_a_file_that_is_not_there_is_an_ordinary_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_regular_file(tmp_path / "nowhere")
