import json
import sqlite3

import pytest
from nbgrader.apps import NbGraderAPI

from autograder.errors import UserError
from autograder.gradebook import record as gradebook
from autograder.gradebook.database import course_directory, load_settings
from autograder.gradebook.record import record

ANSWER = "written_saturated_scores"


def dump(students):
    """Every row of the gradebook, in an order of its own."""
    connection = sqlite3.connect(students.course.database)
    lines = sorted(connection.iterdump())
    connection.close()
    return lines


def test_scores_are_those_of_the_verdict(students):
    students.hand_in("ada")
    students.judge("ada", {"affine_forward": 1.5, "adam": 0})
    students.record("ada")
    written = dict.fromkeys(students.assignment.written, 0)
    assert students.scores("ada") == students.assignment.points | written | {
        "affine_forward": 1.5,
        "adam": 0,
    }


def test_a_written_answer_waits_to_be_read_and_an_untouched_one_does_not(students):
    students.hand_in("ada", answers={ANSWER: "Because the gradient vanishes."})
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        submission = gradebook.find_submission("assignment2", "ada")
        (notebook,) = submission.notebooks
        waiting = {grade.name for grade in notebook.grades if grade.needs_manual_grade}
        comments = {comment.name: comment.auto_comment for comment in notebook.comments}
    assert waiting == {ANSWER}
    assert comments == {"written_learning_curves": "No response.", ANSWER: None}


@pytest.mark.parametrize(
    "forge",
    [
        {"student": "bob"},
        {"assignment": "assignment1"},
        {"submission": "f" * 64},
        {"exercises": {}},
    ],
)
def test_a_verdict_that_is_not_about_this_hand_in_gives_nothing(students, forge):
    students.hand_in("ada")
    students.judge("ada", **forge)
    students.record("ada")
    assert set(students.scores("ada").values()) == {0}


def test_no_verdict_and_a_broken_one_give_nothing_and_the_others_go_on(students):
    for student in ("ada", "bob", "eve"):
        students.hand_in(student)
    students.judge("eve")
    (students.course.verdicts("assignment2") / "bob.json").write_text("{")
    students.record("ada", "bob", "eve")
    assert set(students.scores("ada").values()) == set(students.scores("bob").values()) == {0}
    assert students.scores("eve")["adam"] == 6
    cell = next(c for c in students.autograded("ada").cells if c.id == "check-adam")
    assert cell.outputs[0].text == "This hand-in has not been judged. 0 points.\n"


def test_what_people_entered_stays_when_it_is_graded_again(students):
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(ANSWER, "fully_connected_nets", "assignment2", "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 3, 0.5, False
        gradebook.find_comment(
            ANSWER, "fully_connected_nets", "assignment2", "ada"
        ).manual_comment = "Well put."
        gradebook.update_or_create_assignment("assignment2", duedate="2026-02-27 12:00:00")
        gradebook.grant_extension("assignment2", "ada", days=3)
    before = dump(students)
    students.record("ada")
    assert dump(students) == before
    assert students.scores("ada")[ANSWER] == 3.5


def test_a_new_answer_under_a_manual_score_is_to_be_read_again(students):
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(ANSWER, "fully_connected_nets", "assignment2", "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.db.commit()
    students.hand_in("ada", answers={ANSWER: "Because of something else."})
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(ANSWER, "fully_connected_nets", "assignment2", "ada")
        assert grade.needs_manual_grade and grade.score == 3


def test_recording_again_changes_no_byte(students):
    for student in ("ada", "bob"):
        students.hand_in(student)
        students.judge(student)
    students.record("ada", "bob")
    folder = students.course.root / "autograded"
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}, dump(students)
    students.record("ada", "bob")
    assert ({p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}, dump(students)) == before


def test_a_gradebook_built_twice_is_the_same_twice(students):
    released = students.course.database.read_bytes()
    dumps = []
    for _ in range(2):
        students.course.database.write_bytes(released)
        for student in ("ada", "bob"):
            students.hand_in(student)
            students.judge(student)
        students.record("ada", "bob")
        dumps.append(dump(students))
    assert dumps[0] == dumps[1]


def test_a_notebook_that_is_missing_or_broken_is_graded_by_its_verdict(students):
    for student, text in (("ada", None), ("bob", "{"), ("eve", '{"cells": [1]}')):
        path = students.hand_in(student) / "fully_connected_nets.ipynb"
        path.unlink() if text is None else path.write_text(text)
        students.judge(student)
    students.record("ada", "bob", "eve")
    assert [students.scores(student)["adam"] for student in ("ada", "bob", "eve")] == [6, 6, 6]


def test_late_hand_ins_are_penalized_as_the_course_configures_nbgrader(students):
    with students.gradebook() as gradebook:
        gradebook.update_or_create_assignment("assignment2", duedate="2026-02-28 12:00:00")
    with (students.course.root / "nbgrader_config.py").open("a") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    students.hand_in("late")
    students.hand_in("early", timestamp="2026-02-01 12:00:00 UTC")
    students.hand_in("unknown", timestamp="whenever")
    for student in ("late", "early", "unknown"):
        students.judge(student)
    students.record("late", "early", "unknown")
    with students.gradebook() as gradebook:
        penalties = {
            s.student.id: s.late_submission_penalty
            for s in gradebook.assignment_submissions("assignment2")
        }
    assert penalties == {"late": 73, "early": 0, "unknown": 0}


def test_an_extension_without_a_due_date_stops_nothing(students):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        gradebook.grant_extension("assignment2", "ada", days=3)
    students.record("ada")
    assert students.scores("ada")["adam"] == 6


def test_an_assignment_that_is_not_released_is_named(course):
    with pytest.raises(UserError, match="run `autograder release assignment2` first"):
        record(course, course.assignment("assignment2"), ["ada"])


def test_the_api_of_the_formgrader_lists_what_was_recorded(students):
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.hand_in("bob")
    students.judge("ada")
    students.judge("bob")
    students.record("ada", "bob")
    config = load_settings(students.course)
    api = NbGraderAPI(coursedir=course_directory(config), config=config)
    assignment = api.get_assignment("assignment2")
    assert assignment["num_submissions"] == 2 and assignment["status"] == "draft"
    assert assignment["max_score"] == 81 and assignment["average_score"] == 73
    submissions = {s["student"]: s for s in api.get_submissions("assignment2")}
    assert [submissions[student]["autograded"] for student in ("ada", "bob")] == [True, True]
    assert [submissions[student]["needs_manual_grade"] for student in ("ada", "bob")] == [
        True,
        False,
    ]
    assert submissions["ada"]["timestamp"] == "2026-03-01T12:00:00"


def test_answers_of_an_earlier_run_are_found_beside_any_amount_of_pictures(tmp_path):
    cell = {
        "cell_type": "markdown",
        "source": "my answer",
        "metadata": {"nbgrader": {"grade_id": "why"}},
        "outputs": ["x" * (17 << 20)],
    }
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert gradebook._sources(tmp_path / "a.ipynb") == {"why": "my answer"}
