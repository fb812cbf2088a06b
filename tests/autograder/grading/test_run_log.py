"""The log of grading: a line for every event, and a count of those who did not pass."""

import json

import pytest

from autograder.course.verdicts import Finding, Verdict
from autograder.errors import UserError
from autograder.grading.run import grade
from autograder.grading.run_log import RunLog
from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission
from autograder.sandbox.find import find_sandbox

AFFINE = "cs231n/layers/affine.py"


def verdict(student, *statuses):
    findings = {f"exercise{k}": Finding(status, 1.5, 2) for k, status in enumerate(statuses)}
    return Verdict(student, "assignment2", "", "", "", "bubblewrap", findings)


def events(course):
    lines = (course.root / "logs" / "grade.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_log_has_a_line_for_every_event(students):
    wrong = package_files()[AFFINE].read_text(encoding="utf-8")
    wrong = wrong.replace("db = dout.sum(axis=0)", "db = 2 * dout.sum(axis=0)")
    for student, changes in (("ada", None), ("ben", {AFFINE: wrong})):
        folder = students.course.submitted(student, "assignment2")
        write_submission(students.course, students.assignment, folder, changes)
    sandbox = find_sandbox(allow_unisolated=True)
    grade(students.course, students.assignment, sandbox)
    found = events(students.course)
    assert [e["event"] for e in found] == ["begin", "verdict", "verdict", "end"]
    assert found[0]["hand_ins"] == 2 and found[0]["isolation"] == sandbox.isolation
    judged = [e for e in found if e["event"] == "verdict"]
    assert {e["student"]: e["exercises"]["affine_backward"] for e in judged} == {"ada": 6, "ben": 4}


def test_a_verdict_counts_as_failed_unless_everything_passes(course):
    with RunLog(course, course.assignment("assignment2")) as log:
        log.verdict(verdict("ada", "pass", "pass"))
        assert log.failed == 0
        log.verdict(verdict("ben", "pass", "fail"))
        log.verdict(verdict("cyd", "not started"))
        log.withdrawn("dan")
    assert log.failed == 2
    assert [(e["event"], e["student"]) for e in events(course)] == [
        ("verdict", "ada"),
        ("verdict", "ben"),
        ("verdict", "cyd"),
        ("withdrawn", "dan"),
    ]
    assert events(course)[0]["score"] == 3 and events(course)[0]["assignment"] == "assignment2"


def test_runs_are_appended_and_one_that_stops_says_why(course):
    with RunLog(course, course.assignment("assignment2")) as log:
        log.write("begin")
    with pytest.raises(KeyboardInterrupt), RunLog(course, course.assignment("assignment2")) as log:
        log.write("begin")
        raise KeyboardInterrupt
    assert [e["event"] for e in events(course)] == ["begin", "begin", "stop"]
    assert events(course)[-1]["reason"] == "KeyboardInterrupt"


def test_a_dry_run_counts_and_writes_nothing(course):
    with RunLog(course, course.assignment("assignment2"), dry_run=True) as log:
        log.verdict(verdict("ben", "fail"))
    assert log.failed == 1 and not (course.root / "logs").exists()


def test_a_full_disk_is_the_users_turn(course):
    class Full:
        def write(self, text):
            raise OSError(28, "No space left on device")

    log = RunLog(course, course.assignment("assignment2"))
    log._file = Full()
    with pytest.raises(UserError, match="No space left on device; make room and run the same"):
        log.write("begin")
