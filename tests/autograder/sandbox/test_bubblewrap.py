"""Namespaces made by bubblewrap hold every attack; each question finds an empty home folder."""

import os
import sys
import textwrap

import pytest
from sandbox_contract import HEADER, SandboxContract, ask, submission

from autograder.course.limits import Limits
from autograder.sandbox.base import SandboxUnavailableError
from autograder.sandbox.bubblewrap import Bubblewrap

KIND = Bubblewrap


class TestBubblewrap(SandboxContract):
    scratch = ["/home/student"]

    def test_nothing_that_one_question_writes_is_there_for_the_next(self, sandbox, tmp_path):
        kept = HEADER + textwrap.indent(
            textwrap.dedent("""
            try:
                open("/tmp/kept", "x").close()
            except FileExistsError:
                return np.ones(1), None
            return np.zeros(1), None
            """),
            "    ",
        )
        with submission(sandbox, tmp_path, kept) as worker:
            assert [ask(worker, "affine_forward").arrays["out"].item() for _ in range(3)] == [
                0,
                0,
                0,
            ]


def test_bubblewrap_that_does_not_work_is_said_with_its_own_words(tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: no namespaces today' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if sys.platform == "linux":
        with pytest.raises(SandboxUnavailableError, match="no namespaces today"):
            Bubblewrap.find()


@pytest.fixture
def old_bubblewrap(tmp_path):
    """A bubblewrap whose help names neither the size of a tmpfs nor a way to forbid namespaces."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho '    --tmpfs DEST     Mount new tmpfs on DEST'\n")
    program.chmod(0o755)
    return Bubblewrap(str(program))


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is made for Linux")
def test_an_old_bubblewrap_is_asked_for_nothing_that_it_does_not_know(old_bubblewrap):
    command = old_bubblewrap.enclose(["true"])
    assert not {"--size", "--disable-userns", "--seccomp"} & set(command)
    assert command[command.index("/home/student") - 1] != "--tmpfs"


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is made for Linux")
def test_without_filters_no_worker_serves_twice_and_the_reason_is_there(old_bubblewrap):
    assert not old_bubblewrap.reusable and old_bubblewrap.unfiltered
    options = old_bubblewrap.command("/nowhere", Limits())
    assert not [word for word in options if word.startswith(("--preload", "--filter"))]


def test_without_the_program_the_reason_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SandboxUnavailableError, match="not installed|not made for"):
        Bubblewrap.find()
