"""The parts of the worker that can be asked in the test's own process; see test_sandbox.py for what confines it."""

import errno
import io
import os
import sys
import warnings

import pytest

from cs231n.check import EXERCISES
from cs231n.check.process import worker
from cs231n.check.process.protocol import read_frame

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

    settings, before = worker._settings(pipe, pipe), fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
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


@pytest.mark.parametrize(
    "error, text",
    [
        (
            OSError(errno.EMFILE, "Too many open files"),
            "[Errno 24] Too many open files (a limit: open files)",
        ),
        (OSError(errno.ENOSPC, "No space left"), "[Errno 28] No space left (a limit: disk)"),
        (MemoryError("Unable to allocate"), "Unable to allocate (a limit: memory)"),
        (
            RuntimeError("can't start new thread"),
            "can't start new thread (a limit: processes and threads)",
        ),
        (ValueError("two\n  lines"), "two lines"),
        (SyntaxError("invalid syntax", ("a.py", 3, 1, "x =")), "invalid syntax in a.py, line 3"),
    ],
)
def test_an_error_is_one_line_that_names_the_limit(error, text):
    assert worker._describe(error) == text


def test_a_warning_is_told_once_and_a_few_at_most():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in (0, 0, *range(20)):
            warnings.warn(f"careful {number}", RuntimeWarning, stacklevel=1)
    told = worker._texts(caught)
    assert len(told) == worker.MAX_WARNINGS == len(set(told)) and told[0].startswith(
        "RuntimeWarning: careful 0 ("
    )


def test_an_array_that_is_none_is_refused_by_its_name():
    answer = worker._as_arrays({"out": None})
    assert (
        answer["status"] == "unanswerable"
        and answer["error"]["message"] == "out is None; return an ndarray"
    )


class Pieces(io.BytesIO):
    """Notes how much was written whenever it goes out."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def flush(self):
        self.ends.append(self.tell())


@pytest.mark.parametrize(
    "names", [["relu_forward"], ["relu_forward", "relu_backward"]], ids=["alone", "together"]
)
def test_answers_go_out_at_once_where_nobody_would_ask_for_them_again(names):
    stream, cases = answered(names)
    assert len(stream.ends) == (1 + len(cases) if len(names) == 1 else 1)
    stream.seek(0)
    assert [read_frame(stream, 1 << 20)["case"] for _ in cases] == [case.name for _, case in cases]


def test_only_whole_answers_go_out_so_that_a_process_that_dies_leaves_no_half_of_one(monkeypatch):
    monkeypatch.setattr(worker, "BUFFER_BYTES", 1000)
    stream, cases = answered(["relu_forward", "relu_backward"])
    stream.seek(0)
    ends = [read_frame(stream, 1 << 20) and stream.tell() for _ in cases]
    assert len(stream.ends) > 2 and set(stream.ends) <= set(ends)


def answered(names):
    """What a worker sends for all public cases of some exercises, and these cases with the names of their exercises."""
    cases = [(name, case) for name in names for case in EXERCISES[name].draw()]
    asked = [
        {
            "exercise": name,
            "probe": EXERCISES[name].probes[0].name,
            "name": case.name,
            "inputs": case.inputs,
        }
        for name, case in cases
    ]
    stream = Pieces()
    worker._answer({"nonce": "n", "cases": asked}, stream, 1 << 20)
    return stream, cases
