"""A process that records a class is killed at random; the next run completes the same gradebook."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow
STUDENTS = [f"s{number:03}" for number in range(60)]
RUN = """
import sys
from autograder.course.manifest import Course
from autograder.gradebook.record import record
course = Course.open(sys.argv[1])
print("ready", flush=True)
assignment = course.assignment("assignment2")
record(course, assignment, course.students(assignment.name))
"""


def state(root):
    """Every row of the gradebook and every byte of autograded/."""
    connection = sqlite3.connect(root / "gradebook.db")
    rows = sorted(connection.iterdump())
    connection.close()
    folder = root / "autograded"
    return rows, {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def start(root):
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(root)], stdout=pipe, stderr=pipe, text=True
    )
    if process.stdout.readline() != "ready\n":
        pytest.fail(process.communicate()[1])
    return process


def finish(process):
    process.communicate()
    return process.returncode


def test_a_killed_run_is_completed_by_the_next(students):
    for student in STUDENTS:
        students.hand_in(student, answers={"written_saturated_scores": f"Answer of {student}."})
        students.judge(student, {"adam": 2.5})
    root, undisturbed = students.course.root, students.course.root.parent / "undisturbed"
    shutil.copytree(root, undisturbed)
    process, began = start(undisturbed), time.monotonic()
    assert finish(process) == 0
    seconds = time.monotonic() - began
    generator, killed = random.Random(231), 0
    for _ in range(20):
        process = start(root)
        time.sleep(generator.uniform(0, 0.8 * seconds))
        process.send_signal(signal.SIGKILL)
        killed += finish(process) == -signal.SIGKILL
    assert killed >= 5
    assert finish(start(root)) == 0
    assert state(root) == state(undisturbed)
    assert {path.name for path in root.iterdir()} - {
        path.name for path in undisturbed.iterdir()
    } == set()
