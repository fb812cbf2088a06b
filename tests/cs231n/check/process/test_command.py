import io
import subprocess
import sys
from pathlib import Path

import cs231n
from cs231n.check.process.command import (
    local_command,
    python_command,
    quiet_environment,
    site_packages,
)
from cs231n.check.process.messages import Ready
from cs231n.check.process.protocol import read_frame


def test_a_worker_gets_one_thread_and_nothing_of_the_environment_but_paths(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SECRET", "of the environment")
    environment = quiet_environment()
    assert "PYTHONPATH" not in environment and "SECRET" not in environment
    assert environment["OPENBLAS_NUM_THREADS"] == environment["OMP_NUM_THREADS"] == "1"


def test_the_interpreter_is_isolated_and_finds_the_tree_first():
    command = python_command("/tree", ["/packages"], "python", ["--alone"], "some.program")
    assert command[:5] == ["python", "-s", "-P", "-S", "-B"] and command[-1] == "--alone"
    assert "['/tree', '/packages']" in command[-2] and "some.program" in command[-2]


def test_site_packages_are_folders_on_the_path_of_this_interpreter():
    assert site_packages() and set(site_packages()) <= set(sys.path)


def test_the_local_worker_runs_on_the_package_that_is_imported_here():
    root = str(Path(cs231n.__file__).resolve().parents[1])
    assert root in " ".join(local_command())


def test_a_package_without_the_worker_answers_as_one_of_another_version(tmp_path):
    (tmp_path / "cs231n" / "check").mkdir(parents=True)
    for folder in ("cs231n", "cs231n/check"):
        (tmp_path / folder / "__init__.py").write_text("")
    command = python_command(tmp_path, site_packages())
    found = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    ready = Ready.from_frame(read_frame(io.BytesIO(found.stdout), 0))
    assert ready.version == 0
