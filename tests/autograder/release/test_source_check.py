"""Sources that disagree with the manifest are refused, with the cell named."""

import nbformat
import pytest

from autograder.errors import UserError
from autograder.release.kit import release

NOTEBOOK = "fully_connected_nets.ipynb"


def set_points(notebook):
    notebook.cells[1].metadata.nbgrader.points = 5


def unlock(notebook):
    notebook.cells[1].metadata.nbgrader.locked = False


def drop(notebook):
    del notebook.cells[1]


def duplicate(notebook):
    notebook.cells.append(nbformat.from_dict(dict(notebook.cells[1], id="again")))


def unknown(notebook):
    notebook.cells[1].metadata.nbgrader.grade_id = "affine_sideways"


def make_manual(notebook):
    notebook.cells[1].metadata.nbgrader.solution = True


def forget_the_kernel(notebook):
    del notebook.metadata["kernelspec"]


def half_a_region(notebook):
    notebook.cells[-1].source = notebook.cells[-1].source.replace("### BEGIN SOLUTION\n", "")


@pytest.mark.parametrize(
    "change, words",
    [
        (set_points, "cell affine_forward: gives 5 points; course.toml says 4"),
        (unlock, "cell affine_forward: must be a locked test cell"),
        (drop, "no cell has the grade_id 'affine_forward'"),
        (duplicate, "cell affine_forward: the grade_id occurs twice"),
        (unknown, "cell affine_sideways: gives points, but course.toml"),
        (make_manual, "cell affine_forward: must be a locked test cell"),
        (half_a_region, "END SOLUTION without BEGIN SOLUTION"),
        (forget_the_kernel, f"{NOTEBOOK}: names no kernel"),
    ],
)
def test_a_source_that_disagrees_with_the_manifest_is_refused(course, edit_source, change, words):
    edit_source(change)
    with pytest.raises(UserError, match=words):
        release(course, course.assignment("assignment2"))
    assert not course.release_folder("assignment2").exists()


def test_a_missing_notebook_is_named(course):
    (course.source / "assignment2" / NOTEBOOK).unlink()
    with pytest.raises(UserError, match=f"{NOTEBOOK} is missing"):
        release(course, course.assignment("assignment2"))


def test_what_is_no_notebook_is_named(course):
    (course.source / "assignment2" / NOTEBOOK).write_text("{")
    with pytest.raises(UserError, match="not a notebook"):
        release(course, course.assignment("assignment2"))
