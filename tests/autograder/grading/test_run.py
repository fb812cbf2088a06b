"""Grading a class: judging processes, a dry run, the gradebook, and what may happen meanwhile."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from autograder.course.verdicts import Finding, Verdict
from autograder.errors import UserError
from autograder.gradebook.csv_export import score_rows
from autograder.gradebook.record import SUBMISSIONS_PER_TRANSACTION, _Recorder
from autograder.gradebook.score_changes import changes_table, compare_with_gradebook
from autograder.grading import executors as pool
from autograder.grading import run as grade
from autograder.grading.executors import run_job
from autograder.progress import no_progress
from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission
from autograder.sandbox.find import find_sandbox
from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES

AFFINE = "cs231n/layers/affine.py"
LOSES_DB = {"db = dout.sum(axis=0)": "db = 2 * dout.sum(axis=0)"}


@pytest.fixture(scope="module")
def sandbox():
    return find_sandbox(allow_unisolated=True)


@pytest.fixture
def hand_in(students):
    """Hand in the reference with text replaced in one of its files."""

    def write(student, name=AFFINE, edits=None):
        text = package_files()[name].read_text(encoding="utf-8")
        for old, new in (edits or {}).items():
            assert old in text
            text = text.replace(old, new)
        folder = students.course.submitted(student, "assignment2")
        write_submission(students.course, students.assignment, folder, {name: text})
        return folder

    return write


def run(class_, sandbox, progress=no_progress, executor=None, **options):
    options = grade.GradeOptions(**options)
    return grade.grade(class_.course, class_.assignment, sandbox, options, executor, progress)


def total(verdict):
    return sum(finding.score for finding in verdict.exercises.values())


def full(students):
    return sum(
        p
        for e, p in students.assignment.points.items()
        if not isinstance(EXERCISES[e], TrainingGoal)
    )


def log(students):
    return [
        json.loads(line)
        for line in (students.course.root / "logs" / "grade.jsonl").read_text().splitlines()
    ]


def test_judging_processes_give_what_one_process_gives(students, hand_in, sandbox, monkeypatch):
    for k in range(3):
        hand_in(f"s{k}", edits=LOSES_DB if k == 1 else None)
    alone, _ = run(students, sandbox)
    monkeypatch.setattr(grade, "MAX_IN_THREADS", 0)
    together, fresh = run(students, sandbox, force=True)
    assert fresh == 3 and together == alone


def test_a_killed_judging_process_is_replaced(students, hand_in, sandbox, monkeypatch, tmp_path):
    for k in range(6):
        hand_in(f"s{k}")
    killed = tmp_path / "killed"

    def after_the_kill(job, student):
        while student != "s0" and not killed.exists():
            time.sleep(0.02)
        return run_job(job, student)

    monkeypatch.setattr(grade, "run_job", after_the_kill)
    monkeypatch.setattr(grade, "MAX_IN_THREADS", 0)
    started, plain = [], pool.ProcessPoolExecutor

    def remembered(*values, **options):
        started.append(plain(*values, **options))
        return started[-1]

    def kill_after_the_first(items, **_):
        for item in items:
            if len(started) == 1:
                for process in list((started[0]._processes or {}).values()):
                    os.kill(process.pid, signal.SIGKILL)
                killed.touch()
            yield item

    monkeypatch.setattr(pool, "ProcessPoolExecutor", remembered)
    found, _ = run(students, sandbox, progress=kill_after_the_first)
    assert len(started) >= 2 and [total(v) for v in found.values()] == [full(students)] * 6


def test_a_dry_run_says_who_would_move_and_writes_nothing(students, hand_in, sandbox):
    for student in ("ada", "ben", "cyd"):
        hand_in(student)
    run(students, sandbox, students=["ada", "ben"])
    hand_in("ben", edits=LOSES_DB)
    with students.gradebook() as gradebook:
        grade_row = gradebook.find_grade(
            "affine_backward", "fully_connected_nets", "assignment2", "ada"
        )
        grade_row.manual_score = 5
        gradebook.db.commit()
    before = _state(students.course.root)
    found, _ = run(students, sandbox, dry_run=True)
    changes = compare_with_gradebook(students.course, students.assignment, found)
    assert _state(students.course.root) == before
    assert [(change.student, change.exercises) for change in changes] == [
        ("ben", {"affine_backward": (6, 4)}),
        ("cyd", {}),
    ]
    text = changes_table(changes)
    assert (
        "affine_backward  6 -> 4" in text
        and "(-2)" in text
        and "2 would move, 1 of them down" in text
    )


def test_points_entered_by_hand_stay_in_a_dry_run(students, hand_in, sandbox):
    hand_in("ada")
    run(students, sandbox)
    with students.gradebook() as gradebook:
        gradebook.find_grade(
            "affine_backward", "fully_connected_nets", "assignment2", "ada"
        ).manual_score = 5
        gradebook.db.commit()
    hand_in("ada", edits=LOSES_DB)
    found, _ = run(students, sandbox, dry_run=True)
    (change,) = compare_with_gradebook(students.course, students.assignment, found)
    assert change.manual_overrides == ("affine_backward",) and change.before == change.after


def _state(root):
    database = sqlite3.connect(root / "gradebook.db")
    rows = sorted(database.iterdump())
    database.close()
    files = {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != "gradebook.db"}
    return rows, files


def test_a_hand_in_that_is_withdrawn_meanwhile_is_left_out(students, hand_in, sandbox):
    for student in ("ada", "ben"):
        hand_in(student)
    gone = students.course.submitted("ben", "assignment2")

    def withdraw(items, **_):
        shutil.rmtree(gone, ignore_errors=True)
        yield from items

    found, _ = run(students, sandbox, progress=withdraw)
    assert list(found) == ["ada"] and total(found["ada"]) == full(students)
    assert not (students.course.verdicts("assignment2") / "ben.json").exists()


def test_verdicts_are_recorded_in_the_order_of_students_whoever_is_judged_first(
    students, hand_in, sandbox, monkeypatch
):
    for student in ("ada", "ben", "cyd"):
        hand_in(student)
    another_is_judged = threading.Event()

    def ada_waits(job, student):
        if student == "ada":
            assert another_is_judged.wait(60)
        return run_job(job, student)

    def tell(items, **_):
        for item in items:
            another_is_judged.set()
            yield item

    monkeypatch.setattr(grade, "run_job", ada_waits)
    run(students, sandbox, tell)
    assert [e["student"] for e in log(students) if e["event"] == "verdict"][0] != "ada"
    with sqlite3.connect(students.course.database) as gradebook:
        rows = gradebook.execute(
            "SELECT student_id FROM submitted_assignment ORDER BY rowid"
        ).fetchall()
    gradebook.close()
    assert rows == [("ada",), ("ben",), ("cyd",)]


def test_verdicts_are_on_disk_as_soon_as_they_stand_however_slow_the_gradebook_is(
    students, sandbox, monkeypatch
):
    names = [f"s{k:02}" for k in range(2 * SUBMISSIONS_PER_TRANSACTION + 10)]
    for name in names:
        students.hand_in(name)
    folder = students.course.verdicts("assignment2")
    all_are_judged = threading.Event()
    recorded = []

    def wait_until_all_are_judged(recorder, some):
        assert all_are_judged.wait(60)
        recorded.append(some)

    def counted(items, **_):
        for judged, item in enumerate(items):
            assert len(list(folder.glob("*.json"))) == judged
            yield item
        assert len(list(folder.glob("*.json"))) == len(names)
        all_are_judged.set()

    def verdict(job, student):
        findings = {name: Finding("pass", 1, 1) for name in students.assignment.points}
        return Verdict(student, "assignment2", "", *job.digests, sandbox.isolation, findings)

    monkeypatch.setattr(_Recorder, "record", wait_until_all_are_judged)
    monkeypatch.setattr(grade, "run_job", verdict)
    with ThreadPoolExecutor(2) as executor:
        found, judged = run(students, sandbox, counted, executor)
    assert judged == len(names) and list(found) == names
    assert [len(some) for some in recorded] == [25, 25, 10]
    assert [name for some in recorded for name in some] == names


def test_a_locked_gradebook_gets_one_clear_line_and_loses_nothing(students, hand_in, sandbox):
    for student in ("ada", "ben", "cyd"):
        hand_in(student)
    lock = sqlite3.connect(students.course.database, check_same_thread=False)
    lock.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UserError, match="locked.*run the same command"):
        run(students, sandbox)
    lock.close()
    _, fresh = run(students, sandbox)
    assert fresh == 0 and students.scores("ada")["adam"] == 6


def command(students, *options):
    """Run ``autograder grade`` as an instructor does."""
    words = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        "assignment2",
        "--course",
        students.course.root,
        "--allow-unisolated",
    ]
    return subprocess.run(
        [*map(str, words), *options], capture_output=True, text=True, check=True
    ).stdout


def by_hand(students):
    """Enter points, a comment and an extension, as people do in the formgrader."""
    with students.gradebook() as gradebook:
        place = ("fully_connected_nets", "assignment2", "ada")
        gradebook.find_grade("affine_backward", *place).manual_score = 5
        answer = gradebook.find_grade("written_saturated_scores", *place)
        answer.manual_score, answer.extra_credit, answer.needs_manual_grade = 3, 0.5, False
        gradebook.find_comment("written_saturated_scores", *place).manual_comment = "Well put."
        gradebook.update_or_create_assignment("assignment2", duedate="2026-02-27 12:00:00")
        gradebook.grant_extension("assignment2", "ada", days=3)


def entered(students):
    """What people have entered, and the points of two exercises."""
    with students.gradebook() as gradebook:
        place = ("fully_connected_nets", "assignment2", "ada")
        backward, answer = (
            gradebook.find_grade(name, *place)
            for name in ("affine_backward", "written_saturated_scores")
        )
        comment = gradebook.find_comment("written_saturated_scores", *place).comment
        submission = gradebook.find_submission("assignment2", "ada")
        return (
            backward.manual_score,
            answer.manual_score,
            answer.extra_credit,
            answer.needs_manual_grade,
            comment,
            submission.extension.days,
            submission.total_seconds_late,
        )


@pytest.mark.slow
def test_what_people_entered_stays_when_the_points_of_exercises_change(students, hand_in):
    hand_in("ada"), hand_in("ben", edits=LOSES_DB)
    command(students)
    by_hand(students)
    known = entered(students)
    assert known == (5, 3, 0.5, False, "Well put.", 3, 0)
    manifest = students.course.source / "course.toml"
    text = (
        manifest.read_text()
        .replace("affine_backward = 6", "affine_backward = 9")
        .replace("adam = 6", "adam = 2")
    )
    manifest.write_text(text)
    before = _state(students.course.root)
    shown = command(students, "--dry-run")
    assert _state(students.course.root) == before
    assert "adam  6 -> 2" in shown and "affine_backward  stays as it was entered by hand" in shown
    assert "affine_backward  4 -> 6" in shown and "2 would move" in shown
    command(students)
    assert entered(students) == known
    scores = {student: students.scores(student) for student in ("ada", "ben")}
    assert (
        scores["ada"]["adam"],
        scores["ada"]["affine_backward"],
        scores["ada"]["written_saturated_scores"],
    ) == (2, 5, 3.5)
    assert (scores["ben"]["adam"], scores["ben"]["affine_backward"]) == (2, 6)
    rows = {
        (row[0], row[2]): row[3:5]
        for row in score_rows(students.course, [students.course.assignment("assignment2")])
    }
    assert [float(value) for value in rows["ben", "affine_backward"]] == [6, 9]
    assert "Nobody would move" in command(students, "--dry-run")
