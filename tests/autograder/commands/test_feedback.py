"""``autograder feedback`` as it is typed."""

import pytest


def test_every_student_gets_a_folder(run, students):
    students.hand_in("ada")
    root = students.course.root
    assert run("grade", "assignment2", "--course", root)[0] == 0
    code, out, _ = run("feedback", "assignment2", "--course", root)
    assert (code, out) == (0, f"1 feedback folders in {root / 'feedback'}\n")
    assert list((root / "feedback" / "ada" / "assignment2").glob("*.html"))


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["assignment2"], "not graded; run `autograder grade assignment2` first"),
        (["assignment2", "--student", "../ada"], "student id '../ada' is not valid"),
    ],
)
def test_what_the_user_can_mend_is_one_line(run, course, arguments, words):
    code, _, err = run("feedback", *arguments, "--course", course.root)
    assert code == 1 and err.count("\n") == 1 and words in err
