"""Rebase on pristine: the released notebook, plus nothing of the hand-in but the answers to its open cells."""

import json
import os
import stat

from nbformat import NotebookNode
from nbgrader import utils

from .sanitize import safe_markdown, shorten

MAX_NOTEBOOK_BYTES = 16 << 20
MAX_ANSWER = 20_000


def read_answers(path, pristine):
    """Read the answers out of a notebook that was handed in.

    Nothing but text is believed: duplicated, moved or deleted cells, other metadata, other outputs make no difference.
    A cell is found by its ``grade_id``, or else by its cell id; of duplicates the first that was changed counts.

    Parameters
    ----------
    path : path
        The notebook; it may be missing, a link, or not a notebook.
    pristine : NotebookNode
        The released notebook.

    Returns
    -------
    answers : dict of str -> str
        By ``grade_id`` of the open cells.
    """
    untouched = {grade_id(cell): cell.source for cell in pristine.cells if utils.is_solution(cell)}
    ids = {cell.get("id"): grade_id(cell) for cell in pristine.cells if utils.is_solution(cell)}
    found = {}
    for name, text in texts(path, ids):
        if name in untouched and found.get(name, untouched[name]) == untouched[name]:
            found[name] = text
    return found


def rebase(pristine, answers):
    """Put answers into a copy of the released notebook.

    Parameters
    ----------
    pristine : NotebookNode
    answers : dict of str -> str

    Returns
    -------
    notebook : NotebookNode
        Its cells are its own, what they hold is that of the released one where nothing was answered.
    """
    notebook = NotebookNode(pristine, cells=[NotebookNode(cell) for cell in pristine.cells])
    for cell in notebook.cells:
        text = answers.get(grade_id(cell)) if utils.is_solution(cell) else None
        if text is not None and text != cell.source:
            text = shorten(text, MAX_ANSWER)
            cell.source = safe_markdown(text) if cell.cell_type == "markdown" else text
    return notebook


def grade_id(cell):
    """str or None : the name that nbgrader knows a cell by."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def texts(path, ids, most=MAX_NOTEBOOK_BYTES):
    """Yield the name and the text of each cell of a notebook that may hold anything.

    Parameters
    ----------
    path : path
    ids : dict of str -> str
        What cells without a ``grade_id`` are named, by cell id.
    most : int
        Bytes; a larger notebook has no cells.
    """
    for cell in _cells(path, most):
        if isinstance(cell, dict) and isinstance(text := _joined(cell.get("source")), str):
            metadata = cell.get("metadata")
            marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
            name = marks.get("grade_id") if isinstance(marks, dict) else None
            name = (
                name
                if isinstance(name, str)
                else ids.get(cell["id"] if isinstance(cell.get("id"), str) else None)
            )
            yield name, text.encode("utf-8", "replace").decode("utf-8")


def _cells(path, most):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > most:
                return []
            document = json.loads(file.read(found.st_size).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return []
    cells = document.get("cells") if isinstance(document, dict) else None
    return cells if isinstance(cells, list) else []


def _joined(source):
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source
