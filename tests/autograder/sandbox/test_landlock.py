"""Rules of the kernel hold every attack without namespaces; nothing can be written."""

import pytest
from sandbox_contract import SandboxContract

from autograder.sandbox import landlock_exec
from autograder.sandbox.base import SandboxUnavailableError
from autograder.sandbox.landlock import Landlock

KIND = Landlock


@pytest.mark.slow
class TestLandlock(SandboxContract):
    scratch = []


def test_a_kernel_without_landlock_is_said(monkeypatch):
    monkeypatch.setattr(landlock_exec, "version", lambda: 0)
    with pytest.raises(SandboxUnavailableError, match="no Landlock|not made for"):
        Landlock.find()


def test_the_tree_and_no_library_that_is_left_out_may_be_read(sandbox, tmp_path):
    readable = set()
    for word in sandbox.enclose(["true"], tmp_path, without=("scipy",)):
        if word.startswith("--read="):
            readable.add(word.removeprefix("--read="))
    assert str(tmp_path) in readable
    names = {path.rpartition("/")[2] for path in readable}
    assert "numpy" in names and "scipy" not in names


def test_only_devices_may_be_written(sandbox, tmp_path):
    command = sandbox.enclose(["true"], tmp_path)
    written = [word for word in command if word.startswith("--write=")]
    assert written and all(word.startswith("--write=/dev/") for word in written)
