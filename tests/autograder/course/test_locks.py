"""Locks of folders: one holds them, and however it ends the next one can."""

import os
import subprocess
import sys

import pytest

from autograder.course import locks
from autograder.course.locks import locked

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders cannot be locked there")

HOLD = """
import sys
from autograder.course.locks import locked
with locked(sys.argv[1]) as held:
    print(held, flush=True)
    sys.stdin.read()
"""


def test_one_holds_a_lock_and_nobody_waits(tmp_path):
    with locked(tmp_path) as first, locked(tmp_path) as second:
        assert (first, second) == (True, False)
    with locked(tmp_path) as again:
        assert again


def test_a_lock_leaves_nothing_in_the_folder(tmp_path):
    with locked(tmp_path):
        assert os.listdir(tmp_path) == []
    assert os.listdir(tmp_path) == []


@pytest.mark.process
def test_a_process_that_is_killed_holds_nothing_any_longer(tmp_path):
    command = [sys.executable, "-c", HOLD, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline().split() == [b"True"]
        with locked(tmp_path) as held:
            assert not held
        other.kill()
    with locked(tmp_path) as held:
        assert held


def test_where_folders_cannot_be_locked_the_work_goes_on(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(locks, "try_lock", refuse)
    with locked(tmp_path) as held:
        assert held
