"""A lock has one holder, and is free again however that one ends."""

import errno
import os
import subprocess
import sys

import pytest

from cs231n import locks
from cs231n.locks import try_lock

HOLD = """
import os, sys
from cs231n.locks import try_lock
print(try_lock(os.open(sys.argv[1], os.O_RDWR)), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def open_again(tmp_path):
    """A function that opens one file and returns another descriptor each time."""
    path = tmp_path / "lock"
    path.touch()
    opened = []

    def descriptor():
        opened.append(os.open(path, os.O_RDWR))
        return opened[-1]

    yield descriptor
    for number in opened:
        os.close(number)


def test_a_second_holder_is_refused_and_does_not_wait(open_again):
    assert try_lock(open_again())
    assert not try_lock(open_again())


def test_closing_a_file_unlocks_it(open_again, tmp_path):
    first = os.open(tmp_path / "lock", os.O_RDWR)
    assert try_lock(first)
    os.close(first)
    assert try_lock(open_again())


@pytest.mark.process
@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_the_lock_of_a_process_that_is_dead_is_free(open_again, tmp_path, end):
    command = [sys.executable, "-c", HOLD, tmp_path / "lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline().split() == [b"True"]
        assert not try_lock(open_again())
        getattr(other, end)()
    assert try_lock(open_again())


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be opened there")
def test_a_folder_can_be_locked_as_well(tmp_path):
    first, second = (os.open(tmp_path, os.O_RDONLY) for _ in range(2))
    try:
        assert try_lock(first)
        assert not try_lock(second)
    finally:
        os.close(first)
        os.close(second)


@pytest.mark.skipif(os.name == "nt", reason="Windows has another call")
def test_a_file_system_without_locks_is_not_a_file_that_somebody_holds(open_again, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        try_lock(open_again())
