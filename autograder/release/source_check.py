"""Holds the source notebooks to the manifest before anything is released."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils

from ..course.manifest import Assignment, Course
from ..errors import UserError
from ..notebooks.cells import grade_id
from .solution_regions import regions

MARKS = (
    ("BEGIN SOLUTION", "END SOLUTION"),
    ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"),
    ("BEGIN MARK SCHEME", "END MARK SCHEME"),
    ("START DELETE", "END DELETE"),
)


def source_notebook(course: Course, assignment: Assignment, name: str) -> Path:
    """Path : a source notebook; a `UserError` says so where it is missing."""
    path = course.source / assignment.name / f"{name}.ipynb"
    if not path.is_file():
        raise UserError(
            f"{path} is missing, "
            f"but course.toml lists it under assignments.{assignment.name}.notebooks"
        )
    return path


def check_sources(course: Course, assignment: Assignment) -> None:
    """Make sure that each exercise and written question is exactly one cell that gives its points.

    Parameters
    ----------
    course : Course
    assignment : Assignment

    Raises
    ------
    UserError
        It names the notebook and the cell.
    """
    found: set[str] = set()
    for name in assignment.notebooks:
        path = source_notebook(course, assignment, name)
        for cell in _read_notebook(path).cells:
            where = f"{path.name}: cell {grade_id(cell) or cell.get('id')}"
            _check_regions(where, cell)
            if not grade_id(cell):
                continue
            if grade_id(cell) in found:
                raise UserError(f"{where}: the grade_id occurs twice")
            found.add(grade_id(cell))
            if utils.is_grade(cell) or utils.is_task(cell):
                _check_graded_cell(where, cell, assignment)
    missing = [name for name in (*assignment.points, *assignment.written) if name not in found]
    if missing:
        notebooks = ", ".join(f"{name}.ipynb" for name in assignment.notebooks)
        raise UserError(
            f"{notebooks}: no cell has the grade_id {missing[0]!r}, "
            "which course.toml gives points for"
        )


def _read_notebook(path: Path) -> NotebookNode:
    try:
        notebook = nbformat.read(path, as_version=4)
    # nbformat lets through what its reader, JSON and jsonschema raise.
    except Exception as error:
        raise UserError(f"{path}: not a notebook: {str(error).splitlines()[0]}") from None
    if "name" not in notebook.metadata.get("kernelspec", {}):
        raise UserError(f"{path}: names no kernel; open it in JupyterLab, choose one, and save")
    return notebook


def _check_regions(where: str, cell: NotebookNode) -> None:
    for begin, end in MARKS:
        try:
            regions(cell.source, begin, end)
        except ValueError as error:
            raise UserError(f"{where}: {error}; every region needs both marks") from None


def _check_graded_cell(where: str, cell: NotebookNode, assignment: Assignment) -> None:
    name = grade_id(cell)
    if name in assignment.points:
        wanted = assignment.points[name]
        is_right = _is_locked_test(cell)
        kind = "a locked test cell (code, grade and locked, not solution)"
    elif name in assignment.written:
        wanted = assignment.written[name]
        is_right = utils.is_task(cell) or utils.is_solution(cell)
        kind = "a manually graded answer (grade and solution) or task"
    else:
        raise UserError(
            f"{where}: gives points, "
            f"but course.toml does not list it under assignments.{assignment.name}"
        )
    if not is_right:
        raise UserError(f"{where}: must be {kind}")
    points = cell.metadata.nbgrader.get("points")
    if points != wanted:
        raise UserError(f"{where}: gives {points!r} points; course.toml says {wanted:g}")


def _is_locked_test(cell: NotebookNode) -> bool:
    return (
        cell.cell_type == "code"
        and utils.is_grade(cell)
        and not utils.is_solution(cell)
        and cell.metadata.nbgrader.get("locked") is True
    )
