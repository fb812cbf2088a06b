"""The program that gives up its powers runs nothing where it cannot give them up."""

import subprocess
import sys

import pytest

from autograder.sandbox import landlock_exec
from autograder.sandbox.landlock import Landlock

KIND = Landlock
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is made for Linux")


def launch(*arguments):
    command = [sys.executable, "-I", "-S", "-B", landlock_exec.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def inside(sandbox, code, tree=None):
    """What a line of Python prints in the sandbox."""
    command = sandbox.enclose([sandbox.python, "-s", "-P", "-S", "-B", "-c", code], tree)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_kernel_without_landlock_has_version_0(monkeypatch):
    assert landlock_exec.version() >= 0
    monkeypatch.setattr(sys, "platform", "darwin")
    assert landlock_exec.version() == 0


@pytest.mark.parametrize("missing", ["filter", "folder"])
def test_nothing_is_run_where_a_step_fails(tmp_path, missing):
    (tmp_path / "filter").touch()
    paths = {"filter": tmp_path / "filter", "folder": tmp_path}
    paths[missing] = tmp_path / "nowhere"
    run = launch(
        f"--filter={paths['filter']}",
        f"--read={paths['folder']}",
        "--",
        "/bin/echo",
        "it has run",
    )
    assert run.returncode != 0 and run.stdout == ""
    assert "OSError" in run.stderr or "FileNotFoundError" in run.stderr


def test_a_program_gets_the_environment_that_is_named_and_no_other(sandbox, monkeypatch):
    monkeypatch.setenv("SECRET", "seed")
    run = inside(sandbox, "import os; print(os.environ.get('SECRET'), os.environ['HOME'])")
    assert run.stdout == "None /nonexistent\n", run.stderr


def test_a_program_reads_what_it_was_given_and_nothing_beside_it(sandbox, tmp_path):
    for name in ("given", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").write_text(name)
    given, closed = (tmp_path / name / "text" for name in ("given", "closed"))
    code = f"print(open({str(given)!r}).read(), flush=True); open({str(closed)!r})"
    run = inside(sandbox, code, tmp_path / "given")
    assert run.stdout == "given\n"
    assert "PermissionError" in run.stderr


def test_a_program_has_no_descriptors_of_whoever_started_it(sandbox):
    with open(landlock_exec.__file__, "rb") as kept:
        command = [
            sandbox.python,
            "-s",
            "-P",
            "-S",
            "-B",
            "-c",
            f"import os; os.fstat({kept.fileno()})",
        ]
        run = subprocess.run(
            sandbox.enclose(command), capture_output=True, text=True, pass_fds=[kept.fileno()]
        )
    assert run.returncode != 0 and "Bad file descriptor" in run.stderr
