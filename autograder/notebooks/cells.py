"""What a cell of a released notebook is: who wrote it, and which name nbgrader knows it by."""

from nbformat import NotebookNode
from nbgrader import utils


def grade_id(cell: NotebookNode) -> str:
    """str : the name that nbgrader knows a cell by; "" for a cell that it does not look at."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or ""


def is_check(cell: NotebookNode) -> bool:
    """bool : whether the judge scores this cell; one that students fill in is a question."""
    return utils.is_grade(cell) and not utils.is_solution(cell)
