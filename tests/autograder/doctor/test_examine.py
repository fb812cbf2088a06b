"""What `autograder doctor` proves, and what it says where there is nothing to prove."""

import sys

import pytest

from autograder.commands.doctor import run
from autograder.doctor import examine as doctor
from autograder.doctor.escape_attempts import ATTEMPTS
from autograder.sandbox import landlock_exec
from autograder.sandbox.find import (
    SANDBOXES,
    Bubblewrap,
    Landlock,
    SandboxUnavailableError,
    Unisolated,
)


@pytest.fixture(scope="module", params=SANDBOXES, ids=lambda tier: tier.isolation)
def inside(request):
    try:
        sandbox = request.param.find()
    except SandboxUnavailableError as reason:
        pytest.skip(str(reason))
    return {attempt.name: attempt for attempt in doctor.make_attempts(sandbox)}


@pytest.fixture(scope="module")
def outside():
    return {attempt.name: attempt for attempt in doctor.make_attempts(Unisolated())}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_submission_in_the_sandbox_gains_nothing_when_it_tries_to(inside, name):
    assert inside[name].gained == ""


@pytest.mark.parametrize(
    "name",
    [
        "read a file of the instructor",
        "read the instructor's environment",
        "connect to a server on this machine",
        "see or signal another process",
        "write where the instructor works",
        "change the kit that it runs in",
        "fill the disk",
        "hold memory that no limit counts",
        "leave a process behind",
        "change a file that it cannot open",
    ],
)
def test_same_attempt_succeeds_without_a_sandbox(outside, name):
    assert outside[name].gained


def test_doctor_says_isolated_and_exits_0_where_there_is_a_sandbox(inside, monkeypatch, capsys):
    assert run(None) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Sandbox: ") and "unisolated" not in printed.splitlines()[0]
    assert all(name in printed for name in ATTEMPTS)
    assert "GAINED" not in printed


def test_doctor_without_bubblewrap_falls_back_on_landlock_and_says_how_to_get_better(
    monkeypatch, capsys
):
    try:
        Landlock.find()
    except SandboxUnavailableError as reason:
        pytest.skip(str(reason))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert run(None) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Sandbox: Landlock + seccomp")
    assert "apt install bubblewrap" in printed


def test_doctor_says_why_there_is_no_filter(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    try:
        Bubblewrap.find()
    except SandboxUnavailableError as reason:
        pytest.skip(str(reason))
    assert run(None) in (0, 1)
    printed = capsys.readouterr().out
    assert printed.startswith("Sandbox: bubblewrap\n")
    assert "no filter of system calls" in printed and "libseccomp" in printed
    assert "memory_mb times processes" in printed


def test_doctor_without_a_sandbox_exits_1_and_says_how_to_get_one(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(landlock_exec, "version", lambda: 0)
    assert run(None) == 1
    printed = capsys.readouterr().out
    assert "NOT isolated" in printed
    assert "GAINED" in printed
    assert "apt install bubblewrap" in printed or "Linux" in printed
