import csv
import io
import json

import pytest

from autograder.gradebook.csv_export import COLUMNS, print_csv, score_rows, write_csv

ANSWER = "written_saturated_scores"


@pytest.fixture
def table(students):
    """The exported rows by student and exercise, through CSV and back."""

    def export():
        stream = io.StringIO()
        print_csv(score_rows(students.course, [students.assignment]), stream)
        rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
        assert all(tuple(row) == COLUMNS and row["assignment"] == "assignment2" for row in rows)
        return {
            (row["student_id"], row["exercise"]): (row["score"], row["max_score"], row["status"])
            for row in rows
        }

    return export


def test_one_row_for_each_student_and_exercise(students, table):
    for student in ("ada", "bob"):
        students.hand_in(student, answers={ANSWER: "Because."})
        students.judge(student, {"adam": 2.25})
    students.record("ada", "bob")
    found = table()
    exercises = students.assignment.points | students.assignment.written
    assert set(found) == {
        (student, exercise) for student in ("ada", "bob") for exercise in exercises
    }
    assert found["ada", "adam"] == ("2.25", "6", "fail") and found["bob", "relu_forward"] == (
        "2",
        "2",
        "pass",
    )
    assert found["ada", ANSWER] == ("0", "4", "needs grading")
    assert found["ada", "written_learning_curves"] == ("0", "4", "not answered")


def test_a_question_that_was_read_is_graded(students, table):
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(ANSWER, "fully_connected_nets", "assignment2", "ada")
        grade.manual_score, grade.needs_manual_grade = 3.5, False
        gradebook.db.commit()
    assert table()["ada", ANSWER] == ("3.5", "4", "graded")


def test_who_was_refused_or_absent_or_not_judged_is_there_too(students, table):
    students.hand_in("ada")
    students.record("ada")
    folder = students.course.root / "collect"
    folder.mkdir()
    receipts = {"students": {"eve": {"status": "refused", "reason": "not a zip"}}}
    (folder / "assignment2.json").write_text(json.dumps(receipts))
    with students.gradebook() as gradebook:
        gradebook.add_student("bob")
    found = table()
    assert found["ada", "adam"] == ("0", "6", "not judged")
    assert found["bob", "adam"] == ("0", "6", "not handed in")
    assert found["eve", "adam"][2] == "refused"


def test_a_late_penalty_is_a_row_so_that_the_sum_is_right(students, table):
    with students.gradebook() as gradebook:
        gradebook.update_or_create_assignment("assignment2", duedate="2026-02-28 12:00:00")
    with (students.course.root / "nbgrader_config.py").open("a") as file:
        file.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    found = table()
    assert found["ada", "late_penalty"] == ("-73", "0", "late")
    assert sum(float(row[0]) for row in found.values()) == 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\r=x", "\x00-1"])
def test_a_text_is_never_a_formula(text):
    stream = io.StringIO()
    print_csv([(text, "a,b", 'say "x"', -1.5, 2.0, "fail")], stream)
    row = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))[1]
    assert row == ["'" + text.lstrip("\r\x00"), "a,b", 'say "x"', "-1.5", "2", "fail"]


def test_the_file_appears_complete_or_not_at_all(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text("before\n")
    with pytest.raises(TypeError):
        write_csv([("ada", "a", "b", 1.0, 2.0, "pass"), 3], path)
    assert path.read_text() == "before\n" and [p.name for p in tmp_path.iterdir()] == ["grades.csv"]
    write_csv([("ada", "a", "b", 1.0, 2.0, "pass")], path)
    assert path.read_text() == ",".join(COLUMNS) + "\nada,a,b,1,2,pass\n"
