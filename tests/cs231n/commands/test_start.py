"""``cs231n start`` makes a real kit, says what to do next, and overwrites nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cs231n.kit import find_kit

ROOT = Path(__file__).parents[3]


def start(folder, *arguments, **environment):
    """Run the command in a folder."""
    command = [sys.executable, "-m", "cs231n", "start", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_a_copy_is_a_kit_that_checks_offline_and_says_what_to_do_next(tmp_path):
    done = start(tmp_path, "assignment2")
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "assignment2"
    kit = find_kit(folder)
    assert kit.assignment == "assignment2" and (folder / "computational_graphs.ipynb").is_file()
    assert f"cd {folder}" in done.stdout and "cs231n carry" in done.stdout
    assert "BEGIN SOLUTION" not in (folder / "cs231n/layers/affine.py").read_text()
    check = [sys.executable, "-m", "cs231n", "check", "affine_forward"]
    checked = subprocess.run(check, cwd=folder, capture_output=True, text=True)
    assert checked.returncode == 1 and "NOT STARTED" in checked.stdout
    again = start(tmp_path, "assignment2")
    assert again.returncode == 1 and again.stderr.count("\n") == 1
    assert f"{folder} exists already, and nothing in it is overwritten" in again.stderr
    inside = start(folder, "assignment3")
    assert inside.returncode == 1 and "this is a kit already" in inside.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"assignment2"}


@pytest.mark.parametrize(
    "prepare",
    [
        lambda path: path.write_text("mine"),
        lambda path: (path.mkdir(), (path / "mine.txt").write_text("mine")),
        lambda path: path.symlink_to("nowhere"),
    ],
)
def test_nothing_that_is_there_is_overwritten(tmp_path, prepare):
    prepare(tmp_path / "mine")
    done = start(tmp_path, "assignment1", "--to", "mine")
    assert (
        done.returncode == 1
        and done.stderr.count("\n") == 1
        and "name another folder with --to" in done.stderr
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_unknown_assignment_is_named_with_those_that_exist(tmp_path):
    done = start(tmp_path, "assignment9")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "unknown assignment 'assignment9'" in done.stderr and "assignment3" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_has_an_example(tmp_path):
    assert "cs231n start assignment3 --to" in " ".join(start(tmp_path, "--help").stdout.split())


@pytest.mark.slow
def test_an_installed_course_makes_copies_without_its_repository(tmp_path):
    left_out = (
        ".*",
        "build",
        "*.egg-info",
        "__pycache__",
        "*.so",
        "_*.c",
        "htmlcov",
        "cifar-10-*",
        "mnist",
    )
    shutil.copytree(ROOT, tmp_path / "repository", ignore=shutil.ignore_patterns(*left_out))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        tmp_path / "site",
        ".",
    ]
    environment = os.environ | {"CC": "false"}  # nothing is compiled: this is about files
    done = subprocess.run(
        pip, cwd=tmp_path / "repository", env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shutil.rmtree(tmp_path / "repository")
    done = start(tmp_path, "assignment1", PYTHONPATH=str(tmp_path / "site"))
    assert (done.returncode, done.stderr) == (0, "")
    kit = tmp_path / "assignment1"
    assert {path.name for path in kit.iterdir()} >= {
        "kit.json",
        "k_nearest_neighbors.ipynb",
        "build_fast_layers.py",
    }
    assert (kit / "cs231n" / "fast" / "kernels" / "plain_f32.c").is_file()
    assert (kit / "cs231n" / "datasets" / "shapes10.py").is_file()
