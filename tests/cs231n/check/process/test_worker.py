"""The parts of the worker that can be asked in the process of the tests, unconfined."""

import os
import sys

import pytest

from cs231n.check.process import worker

linux = pytest.mark.skipif(sys.platform != "linux", reason="pipes have a size on Linux")


@pytest.fixture
def pipe():
    read, write = os.pipe()
    with os.fdopen(read, "rb"), os.fdopen(write, "wb") as stream:
        yield stream


@linux
def test_a_widened_pipe_holds_more_without_a_reader(pipe):
    import fcntl

    before = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    worker._widen(pipe)
    os.set_blocking(pipe.fileno(), False)
    assert os.write(pipe.fileno(), bytes(worker.PIPE_BYTES)) > before


@linux
def test_what_a_question_did_to_the_answers_is_undone(pipe):
    import fcntl

    settings, before = worker._stream_settings(pipe, pipe), fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    os.set_blocking(pipe.fileno(), False)
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
    worker._restore(settings)
    assert os.get_blocking(pipe.fileno()) and fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) == before


def test_wiping_empties_a_folder_and_follows_no_link(tmp_path):
    outside, scratch = tmp_path / "outside", tmp_path / "scratch"
    (scratch / "folder" / "inner").mkdir(parents=True)
    (scratch / "folder" / "file").write_text("a")
    outside.mkdir()
    (outside / "kept").write_text("b")
    (scratch / "link").symlink_to(outside)
    worker._wipe([scratch])
    assert list(scratch.iterdir()) == [] and (outside / "kept").read_text() == "b"
