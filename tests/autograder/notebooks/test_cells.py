import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.notebooks.cells import grade_id, is_check


def marks(**values):
    return {"nbgrader": {"schema_version": 3, "grade_id": "adam", "task": False} | values}


@pytest.mark.parametrize(
    "grade, solution, expected",
    [(True, False, True), (True, True, False), (False, True, False), (False, False, False)],
)
def test_a_check_is_graded_and_not_filled_in(grade, solution, expected):
    cell = new_code_cell(metadata=marks(grade=grade, solution=solution, locked=True))
    assert is_check(cell) == expected and grade_id(cell) == "adam"


def test_a_cell_that_nbgrader_does_not_know_is_no_check_and_has_no_name():
    cell = new_markdown_cell("# Title")
    assert not is_check(cell) and grade_id(cell) == ""
