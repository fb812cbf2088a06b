import pytest

from autograder.course.verdicts import load_verdict
from autograder.gradebook.score_changes import (
    ScoreChange,
    changes_table,
    compare_with_gradebook,
)

NOTEBOOK = "fully_connected_nets"


@pytest.fixture
def compare(students):
    """The changes that the verdicts of some students would make."""

    def compare(*names):
        folder = students.course.verdicts("assignment2")
        verdicts = {name: load_verdict(folder / f"{name}.json") for name in names}
        return compare_with_gradebook(students.course, students.assignment, verdicts)

    return compare


def enter(students, exercise, **values):
    """Enter points by hand, as people do in the formgrader."""
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(exercise, NOTEBOOK, "assignment2", "ada")
        for name, value in values.items():
            setattr(grade, name, value)
        gradebook.db.commit()


def test_what_is_recorded_already_changes_nothing(students, compare):
    students.hand_in("ada")
    students.judge("ada", {"adam": 2.5})
    students.record("ada")
    assert compare("ada") == []


def test_the_largest_loss_comes_first_and_a_newcomer_is_marked(students, compare):
    for student in ("ada", "ben", "cyd"):
        students.hand_in(student)
        students.judge(student, {"adam": 3})
    students.record("ada", "ben")
    students.judge("ada", {"adam": 4})
    students.judge("ben", {"adam": 1, "rmsprop": 3})
    loss, gain, new = compare("ada", "ben", "cyd")
    assert (loss.student, loss.difference) == ("ben", -3)
    assert loss.exercises == {"adam": (3, 1), "rmsprop": (4, 3)}
    assert (gain.student, gain.exercises) == ("ada", {"adam": (3, 4)})
    assert (new.student, new.before, new.after) == ("cyd", None, 70)


def test_points_entered_by_hand_stay_and_are_named(students, compare):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    enter(students, "adam", manual_score=5)
    students.judge("ada", {"adam": 1})
    (change,) = compare("ada")
    assert change.manual_overrides == ("adam",) and change.exercises == {}
    assert change.before == change.after


def test_extra_credit_is_kept_on_top(students, compare):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    enter(students, "adam", extra_credit=0.5)
    students.judge("ada", {"adam": 1})
    (change,) = compare("ada")
    assert change.exercises == {"adam": (6.5, 1.5)}


def test_the_table_says_who_loses_and_that_nothing_was_written():
    changes = [
        ScoreChange("ben", 6.0, 4.0, {"adam": (6.0, 4.0)}, ("rmsprop",)),
        ScoreChange("cyd", None, 4.5, {}),
    ]
    assert changes_table(changes).splitlines() == [
        "ben  6 -> 4  (-2)",
        "    adam  6 -> 4",
        "    rmsprop  stays as it was entered by hand",
        "cyd  new, 4.5 points",
        "",
        "2 would move, 1 of them down. Nothing was written.",
    ]
    assert changes_table([]) == "Nobody would move. Nothing was written."
