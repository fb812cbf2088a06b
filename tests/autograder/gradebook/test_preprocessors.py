import os
import subprocess
import sys
import sysconfig

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.verdicts import Finding
from autograder.gradebook.context import CONTEXT, read_contexts
from autograder.gradebook.preprocessors import MAX_REPORT, ShowVerdict, TidyMetadata

ANSWER = "written_saturated_scores"
NAME = "fully_connected_nets"


@pytest.fixture
def shown(students):
    """The text that `ShowVerdict` puts under the check cell of an exercise."""

    def show(exercise):
        contexts = read_contexts(students.course, "assignment2", "ada", [NAME])
        resources = {CONTEXT: contexts[NAME]}
        notebook, _ = ShowVerdict().preprocess(students.kit_notebook(), resources)
        cell = next(cell for cell in notebook.cells if cell.id == f"check-{exercise}")
        return cell.outputs[0].text

    return show


def test_the_report_stands_under_its_check_cell_as_plain_text(students):
    students.hand_in("ada")
    students.judge("ada", {"affine_forward": 1.5})
    students.record("ada")
    cell = next(c for c in students.autograded("ada").cells if c.id == "check-affine_forward")
    assert [o.output_type for o in cell.outputs] == ["stream"]
    assert cell.outputs[0].text == "1.5 of 4 points\nreport on affine_forward\n"


def test_points_that_changed_since_the_verdict_give_nothing(students):
    students.hand_in("ada")
    points = students.assignment.points
    students.judge("ada", exercises={e: Finding("pass", 100.0, 100.0) for e in points})
    students.record("ada")
    assert set(students.scores("ada").values()) == {0}


def nbgrader(course, *arguments):
    """Run plain nbgrader in the course folder."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(
        command, cwd=course.root, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )


def test_plain_nbgrader_autograde_gives_the_same_scores_or_zero(students):
    evil = students.kit_notebook()
    evil.cells[2].source = "open('ran', 'w').write('student code ran')"
    evil.cells[2].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "4"})]
    evil.cells.append(nbformat.from_dict(dict(evil.cells[2], id="again")))
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.hand_in("bob", evil)
    students.hand_in("eve")
    students.judge("ada", {"adam": 2.5})
    students.judge("bob", dict.fromkeys(students.assignment.points, 0))
    students.record("ada", "bob", "eve")
    recorded = {student: students.scores(student) for student in ("ada", "bob", "eve")}
    done = nbgrader(students.course, "autograde", "assignment2", "--force")
    assert done.returncode == 0, done.stderr
    assert {student: students.scores(student) for student in ("ada", "bob", "eve")} == recorded
    assert set(recorded["bob"].values()) == set(recorded["eve"].values()) == {0}
    assert not list(students.course.root.rglob("ran"))
    cell = next(c for c in students.autograded("ada").cells if c.id == "check-adam")
    assert cell.outputs[0].text.startswith("2.5 of 6 points")


def test_plain_nbgrader_generates_feedback(students):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    done = nbgrader(students.course, "generate_feedback", "assignment2")
    assert done.returncode == 0, done.stderr
    text = (
        students.course.root / "feedback" / "ada" / "assignment2" / "fully_connected_nets.html"
    ).read_text()
    assert "73 of 81 points" in text and "Content-Security-Policy" in text


def test_a_warning_costs_nothing_and_says_so(students, shown):
    students.hand_in("ada")
    finding = Finding("pass", 6.0, 6.0, "report", ("slow",))
    students.judge("ada", exercises={"adam": finding})
    assert shown("adam") == "6 of 6 points\nreport\nWarning, costs nothing: slow\n"


def test_an_exercise_that_the_verdict_leaves_out_has_no_points(students, shown):
    students.hand_in("ada")
    students.judge("ada", exercises={"adam": Finding("pass", 6.0, 6.0)})
    assert shown("rmsprop") == "This exercise is not part of the verdict. 0 points.\n"


def test_a_report_is_plain_text_and_not_too_long(students, shown):
    students.hand_in("ada")
    text = "\x1b[31m" + "x" * 2 * MAX_REPORT
    students.judge("ada", exercises={"adam": Finding("fail", 0.0, 6.0, text)})
    assert "\x1b" not in shown("adam") and "more characters are not shown" in shown("adam")
    assert len(shown("adam")) < MAX_REPORT + 100


def test_metadata_of_editors_and_staff_is_not_released():
    cell = new_code_cell("1", metadata={"author": "staff", "editable": False, "tags": ["x"]})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3", "env": "mine"}
    notebook = new_notebook(cells=[cell], metadata={"kernelspec": kernel, "authors": ["staff"]})
    notebook, _ = TidyMetadata().preprocess(notebook, {})
    del kernel["env"]
    assert notebook.metadata == {"kernelspec": kernel, "language_info": {"name": "python"}}
    assert notebook.cells[0].metadata == {"editable": False}
