"""``autograder grade`` as it is typed."""

import pytest


def test_a_submission_is_judged_once_and_dry_runs_write_nothing(run, students):
    students.hand_in("ada")
    root = students.course.root
    code, out, _ = run("grade", "assignment2", "--course", root, "--dry-run")
    assert code == 0 and not students.course.verdicts("assignment2").exists()
    code, out, _ = run("grade", "assignment2", "--course", root)
    assert code == 0 and "ada" in out
    assert out.splitlines()[-1].startswith("1 judged, 0 unchanged; isolation: ")
    code, out, _ = run("grade", "assignment2", "--course", root)
    assert code == 0 and out.splitlines()[-1].startswith("0 judged, 1 unchanged; isolation: ")


def test_evidence_is_kept_beside_the_verdict(run, students):
    students.hand_in("ada")
    code, out, _ = run("grade", "assignment2", "--course", students.course.root, "--evidence")
    assert code == 0 and out.splitlines()[-1].startswith("1 judged, 0 unchanged")
    kept = list(students.course.evidence("assignment2").iterdir())
    assert [path.name for path in kept if path.stem == "ada"]


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["assignment7"], "unknown assignment 'assignment7'"),
        (["assignment2", "--student", "a/b"], "student id 'a/b' is not valid"),
        (["assignment2", "--student", "nobody"], "nobody has not handed in assignment2"),
        (["assignment2"], "nobody has handed in assignment2"),
    ],
)
def test_what_the_user_can_mend_is_one_line(run, released, arguments, words):
    code, _, err = run("grade", *arguments, "--course", released.root)
    assert code == 1 and err.count("\n") == 1 and words in err


def test_a_machine_that_fails_the_reference_grades_nobody(run, students):
    students.hand_in("ada")
    root = students.course.root
    manifest = students.course.source / "course.toml"
    manifest.write_text(manifest.read_text() + "\n[limits]\nmemory_mb = 60\n")
    code, out, err = run("grade", "assignment2", "--course", root)
    assert code == 1 and not out and err.count("nothing is graded: ") == 1
    assert "the reference itself does not start" in err
    assert "perhaps memory_mb = 60 is too small" in err
    assert not students.course.verdicts("assignment2").exists()


def test_a_class_that_ends_the_same_way_is_said_before_the_table(run, students):
    for student in ("ada", "ben", "cyd"):
        students.hand_in(student)
    code, out, _ = run("grade", "assignment2", "--course", students.course.root)
    first, _, third, *_ = out.splitlines()
    assert code == 0 and first.startswith("every submission ends the same way: not started; ")
    assert third.split()[:2] == ["student", "total"]
