"""The commands as an instructor types them, on a real assignment; only the course changes."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def autograder(*arguments, course=None, **options):
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    command += ["--course", str(course)] if course else []
    return subprocess.run(command, capture_output=True, text=True, **options)


def state(folder):
    """Names, sizes and times of everything in a folder."""
    return {
        p: (p.lstat().st_size, p.lstat().st_mtime_ns)
        for p in Path(folder).rglob("*")
        if not p.is_dir()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A course made by the commands, with assignment2 released."""
    root = tmp_path_factory.mktemp("made") / "course"
    assert autograder("init", course=root).returncode == 0
    assert autograder("release", "assignment2", course=root).returncode == 0
    return root


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("grade", "assignment7"), "unknown assignment 'assignment7'; this course has: assignment"),
        (("release", "../assignment2"), "unknown assignment"),
        (("grade", "assignment2", "--student", "a/b"), "student id 'a/b' is not valid"),
        (
            ("collect", "assignment2", "--student", "../up", "--from", "x.zip"),
            "student id '../up' is not valid",
        ),
        (("collect", "assignment2", "--from", "nowhere"), "does not exist"),
        (("grade", "assignment2", "--student", "nobody"), "nobody has not handed in"),
        (("grade", "assignment2"), "nobody has handed in assignment2"),
    ],
)
def test_bad_input_gets_one_clear_line(made, arguments, words):
    before = state(made)
    run = autograder(*arguments, course=made)
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1 and words in run.stderr
    assert state(made) == before


@pytest.mark.slow
def test_the_demo_class_gets_what_it_earned_and_leaves_no_trace(tmp_path):
    home, scratch = tmp_path / "home", tmp_path / "tmp"
    home.mkdir(), scratch.mkdir()
    before = _repository_state()
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(scratch)}
    run = autograder("demo", course=tmp_path / "demo", env=environment)
    assert run.returncode == 0, run.stderr
    with open(tmp_path / "demo" / "grades.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    lost = {}
    for row in rows:
        if row["exercise"] != "late_penalty" and not row["exercise"].startswith("written"):
            missing = float(row["max_score"]) - float(row["score"])
            lost.setdefault(row["student_id"], {}).update(
                {row["exercise"]: missing} if missing else {}
            )
    everything = set(lost["untouched"])
    assert len(everything) >= 10 and set(lost["broken-zip"]) == everything
    assert lost["perfect"] == lost["prints-warnings"] == {}
    assert set(lost["mistake-db-axis"]) == {"affine_backward"}
    assert set(lost["mistake-no-shift"]) == {"softmax_loss"}
    assert set(lost["mistake-no-half"]) == {"TwoLayerNet"}
    assert set(lost["never-returns"]) == {"relu_forward"}
    assert set(lost["patches-numpy"]) == {"affine_forward"}
    assert set(lost["syntax-error"]) == {"affine_forward", "affine_backward"}
    assert len(lost) == 10
    assert list(home.iterdir()) == [] and list(scratch.iterdir()) == []
    assert _repository_state() == before


def _repository_state():
    run = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    return [
        line
        for line in run.stdout.splitlines()
        if "__pycache__" not in line and ".pytest_cache" not in line
    ]


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ["assignment1", "assignment2", "assignment3"])
def test_validate_finds_every_score_as_it_should_be(tmp_path, assignment):
    assert autograder("init", course=tmp_path).returncode == 0
    run = autograder("validate", assignment, "--allow-unisolated", course=tmp_path)
    assert run.returncode == 0, run.stdout
    assert "WRONG" not in run.stdout and run.stdout.count("ok   ") >= 60
    assert "no typical mistake is known" not in run.stdout
    assert run.stdout.splitlines()[1].endswith(f" 0 of {run.stdout.splitlines()[0].split()[-1]}")


@pytest.mark.slow
def test_interrupting_a_run_loses_nothing(tmp_path):
    assert autograder("demo", course=tmp_path / "demo").returncode == 0
    course = tmp_path / "demo"
    for path in (course / "verdicts" / "assignment2").iterdir():
        path.unlink()
    command = [sys.executable, "-m", "autograder", "grade", "assignment2", "--course", str(course)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not list((course / "verdicts" / "assignment2").glob("[a-z]*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130 and "run the same command again" in errors
    again = autograder("grade", "assignment2", course=course)
    assert again.returncode == 0
    judged = int(next(line for line in again.stdout.splitlines() if " judged, " in line).split()[0])
    assert 0 < judged < 9
