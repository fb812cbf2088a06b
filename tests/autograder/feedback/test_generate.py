import pytest

from autograder.errors import UserError
from autograder.feedback.generate import generate_feedback

ANSWER = "written_saturated_scores"


def test_the_page_shows_points_reports_and_comments(students, page):
    students.hand_in("ada", answers={ANSWER: "Because of *this*."})
    students.judge("ada", {"adam": 2.5})
    students.record("ada")
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(ANSWER, "fully_connected_nets", "assignment2", "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment(
            ANSWER, "fully_connected_nets", "assignment2", "ada"
        ).manual_comment = "Well **put**."
        gradebook.db.commit()
    text = page("ada")
    assert "72.5 <span>of 81 points" in text and "2.5 / 6" in text and "report on adam" in text
    assert (
        "Because of <em>this</em>." in text
        and "Well <strong>put</strong>." in text
        and "3 / 4" in text
    )


def test_an_answer_that_nobody_read_yet_says_so(students, page):
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.judge("ada")
    students.record("ada")
    assert page("ada").count("not read yet, of 4") == 2


def test_one_page_that_cannot_be_made_does_not_stop_the_others(students):
    for student in ("ada", "bob", "eve"):
        students.hand_in(student)
        students.judge(student)
    students.record("ada", "bob", "eve")
    path = (
        students.course.root / "autograded" / "bob" / "assignment2" / "fully_connected_nets.ipynb"
    )
    path.chmod(0o644)
    path.write_text("{")
    pages, failed = generate_feedback(students.course, students.assignment)
    assert set(pages) == {"ada", "eve"} and set(failed) == {"bob"}


def test_who_is_not_graded_is_named(students):
    with pytest.raises(
        UserError, match="ada is not graded; run `autograder grade assignment2` first"
    ):
        generate_feedback(students.course, students.assignment, ["ada"])
