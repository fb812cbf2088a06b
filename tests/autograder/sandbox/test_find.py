"""The strongest sandbox that works is taken, and doing without one has to be allowed."""

import pytest

from autograder.errors import UserError
from autograder.sandbox import landlock_exec
from autograder.sandbox.base import SandboxUnavailableError
from autograder.sandbox.find import (
    SANDBOXES,
    Bubblewrap,
    Landlock,
    Unisolated,
    find_sandbox,
)


def test_no_sandbox_is_an_error_unless_it_is_allowed(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(landlock_exec, "version", lambda: 0)
    with pytest.raises(UserError, match="--allow-unisolated"):
        find_sandbox()
    assert find_sandbox(allow_unisolated=True).isolation == "unisolated"


def test_the_strongest_one_that_works_is_taken(monkeypatch):
    strong, weak = object(), object()
    monkeypatch.setattr(Bubblewrap, "find", lambda: strong)
    monkeypatch.setattr(Landlock, "find", lambda: weak)
    assert find_sandbox() is strong

    def fail():
        raise SandboxUnavailableError("no namespaces today")

    monkeypatch.setattr(Bubblewrap, "find", fail)
    assert find_sandbox(allow_unisolated=True) is weak


def test_the_error_gives_the_reason_of_every_sandbox(monkeypatch):
    def fail():
        raise SandboxUnavailableError("not today")

    for kind in SANDBOXES:
        monkeypatch.setattr(kind, "find", fail)
    with pytest.raises(UserError) as error:
        find_sandbox()
    for kind in SANDBOXES:
        assert f"{kind.isolation}: not today" in str(error.value)


def test_every_tier_has_a_name_and_the_same_methods():
    assert len({tier.isolation for tier in (*SANDBOXES, Unisolated)}) == len(SANDBOXES) + 1
    assert all(
        callable(tier.command) and callable(tier.enclose) for tier in (*SANDBOXES, Unisolated)
    )
