"""The reference as a student would hand it in, with weights that are trained for it."""

import json

import pytest

from autograder.errors import UserError
from autograder.reference.package_files import package_files
from autograder.reference.submission import train_weights, write_submission
from cs231n.check.exercises import EXERCISES

AFFINE = EXERCISES["affine_forward"].file


@pytest.fixture
def assignment(released):
    return released.assignment("assignment2")


@pytest.fixture
def training(course):
    """A function that makes a cell train with some code, and returns the assignment."""
    path = course.source / "assignment2" / "fully_connected_nets.ipynb"

    def write(source, tags=("weights",)):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cell = notebook["cells"][1]
        cell["source"], cell["metadata"]["tags"] = source, list(tags)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return course.assignment("assignment2")

    return write


def test_a_submission_holds_every_module_and_notebook_of_the_assignment(
    released, assignment, tmp_path
):
    write_submission(released, assignment, tmp_path / "out")
    found = {}
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            found[path.relative_to(tmp_path / "out").as_posix()] = path.read_bytes()
    modules = {*assignment.editable, *assignment.own}
    assert set(found) == modules | {f"{name}.ipynb" for name in assignment.notebooks}
    for name in modules:
        assert found[name] == package_files()[name].read_bytes()


def test_what_is_planted_takes_the_place_of_the_reference_in_one_module(
    released, assignment, tmp_path
):
    write_submission(released, assignment, tmp_path, {AFFINE: "planted = 1\n", "other.py": ""})
    assert (tmp_path / AFFINE).read_text() == "planted = 1\n"
    assert not (tmp_path / "other.py").exists()


def test_weights_lie_where_the_assignment_wants_them(released, assignment, tmp_path):
    weights = dict.fromkeys(assignment.weights, b"trained")
    assert weights
    write_submission(released, assignment, tmp_path, weights=weights)
    assert all((tmp_path / name).read_bytes() == b"trained" for name in weights)


def test_the_cells_with_the_tag_are_run_without_their_magics_and_what_they_leave_is_returned(
    course, training
):
    names = course.assignment("assignment2").weights
    source = f"""%matplotlib inline
import cs231n.layers
from pathlib import Path
for name in {names!r}:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text("trained")
"""
    assert train_weights(course, training(source)) == dict.fromkeys(names, b"trained")


def test_cells_that_leave_no_weights_are_an_error_that_names_the_file(course, training):
    assignment = training("pass")
    with pytest.raises(UserError, match=f"do not train: no file {assignment.weights[0]}"):
        train_weights(course, assignment)


def test_cells_that_fail_are_an_error_with_its_last_line(course, training):
    assignment = training("raise ValueError('loss is nan')")
    with pytest.raises(UserError, match="assignment2: .* do not train: ValueError: loss is nan"):
        train_weights(course, assignment)


def test_cells_without_the_tag_are_not_run(course, training):
    assignment = training("raise ValueError('loss is nan')", tags=("other",))
    with pytest.raises(UserError, match="no file"):
        train_weights(course, assignment)
