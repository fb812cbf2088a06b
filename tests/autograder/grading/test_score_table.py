"""The table of points: every student and exercise, and a warning where nothing was isolated."""

import dataclasses
import json

from autograder.course import verdicts as verdict
from autograder.grading.score_table import course_table


def table(students, **changes):
    folder = students.course.verdicts("assignment2")
    found = {
        path.stem: dataclasses.replace(verdict.load_verdict(path), **changes)
        for path in folder.glob("*.json")
    }
    return course_table(students.course, students.assignment, found)


def judged(students, *names, **scores):
    for name in names:
        students.hand_in(name)
        students.judge(name, scores)


def test_points_of_every_student_stand_under_their_exercise(students):
    judged(students, "ada")
    judged(students, "ben", affine_forward=0, TwoLayerNet=6.67)
    lines = table(students).splitlines()
    assert lines[0].split() == ["student", "total", *map(str, range(1, 13))]
    rows = {line.split()[0]: line.split()[1:] for line in lines[3:5]}
    assert rows["ada"][0] == "73" and rows["ben"] == [
        "65.67",
        "0",
        "6",
        "2",
        "3",
        "6",
        "6",
        "6.67",
        "12",
        "4",
        "4",
        "6",
        "10",
    ]


def test_lines_stay_within_a_terminal_and_columns_align(students):
    judged(students, "a" * 64, "ben")
    long = dataclasses.replace(students.assignment, points={f"exercise{k}": 4 for k in range(60)})
    found = {
        name: verdict.load_verdict(students.course.verdicts("assignment2") / f"{name}.json")
        for name in ("a" * 64, "ben")
    }
    finding = verdict.Finding("not started", 0, 4)
    found = {
        name: dataclasses.replace(v, exercises=dict.fromkeys(long.points, finding))
        for name, v in found.items()
    }
    lines = course_table(students.course, long, found).splitlines()
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("ben ") for line in lines) > 1
    assert sum(line.count(" .") for line in lines if line.startswith("ben ")) == 60


def test_refused_students_are_listed_with_the_reason(students):
    judged(students, "ada")
    report = students.course.root / "collect" / "assignment2.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(
        json.dumps(
            {"students": {"eve": {"status": "refused", "reason": "it is not a zip archive"}}}
        )
    )
    text = table(students)
    assert "eve: it is not a zip archive" in text and "\neve " in text


def test_a_run_without_a_sandbox_says_so_first(students):
    judged(students, "ada")
    assert table(students, isolation="unisolated").startswith("UNISOLATED")
    assert "UNISOLATED" not in table(students)
