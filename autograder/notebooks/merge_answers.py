"""Rebase on pristine: the released notebook, with nothing of a submission but its answers."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from ..regular_files import read_regular_file
from .cells import grade_id
from .sanitize import safe_markdown, shorten

MAX_NOTEBOOK_BYTES = 16 << 20
MAX_ANSWER = 20_000
"""int : characters of an answer that are kept."""


def read_answers(path: str | Path, pristine: NotebookNode) -> dict[str, str]:
    """Read the answers out of a notebook that was submitted.

    Nothing but text is believed: duplicated, moved or deleted cells, other metadata, other outputs
    make no difference. A cell is found by its ``grade_id``, or else by its cell id; of duplicates
    the first one that was changed counts.

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
    cells = [cell for cell in pristine.cells if utils.is_solution(cell)]
    untouched = {grade_id(cell): cell.source for cell in cells}
    names = {cell.get("id"): grade_id(cell) for cell in cells}
    found: dict[str, str] = {}
    for name, text in texts(path, names):
        if name in untouched and found.get(name, untouched[name]) == untouched[name]:
            found[name] = text
    return found


def merge_answers(pristine: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Put answers into a copy of the released notebook.

    Parameters
    ----------
    pristine : NotebookNode
    answers : dict of str -> str
        By ``grade_id``.

    Returns
    -------
    notebook : NotebookNode
        Its cells may be changed without changing the released ones. Cells without an answer hold
        what the released notebook holds.
    """
    cells = [NotebookNode(cell) for cell in pristine.cells]
    for cell in cells:
        text = answers.get(grade_id(cell)) if utils.is_solution(cell) else None
        if text is not None and text != cell.source:
            text = shorten(text, MAX_ANSWER)
            cell.source = safe_markdown(text) if cell.cell_type == "markdown" else text
    return NotebookNode(pristine, cells=cells)


def texts(
    path: str | Path, names: Mapping[str | None, str], most: int = MAX_NOTEBOOK_BYTES
) -> Iterator[tuple[str | None, str]]:
    """Yield the name and the text of each cell of a notebook that may hold anything.

    Parameters
    ----------
    path : path
    names : dict of str -> str
        Names, by cell id, of cells that have no ``grade_id``.
    most : int
        Bytes; a larger notebook has no cells.

    Yields
    ------
    name : str or None
    text : str
    """
    for cell in _cells(path, most):
        if not isinstance(cell, dict):
            continue
        text = _joined(cell.get("source"))
        if isinstance(text, str):
            # A lone surrogate, which JSON allows and UTF-8 does not, must not reach a file.
            yield _name(cell, names), text.encode("utf-8", "replace").decode("utf-8")


def _cells(path: str | Path, most: int) -> list[Any]:
    try:
        # Some editors on Windows begin a file with a byte order mark.
        document = json.loads(read_regular_file(path, most).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return []
    cells = document.get("cells") if isinstance(document, dict) else None
    return cells if isinstance(cells, list) else []


def _name(cell: dict[str, Any], names: Mapping[str | None, str]) -> str | None:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    if isinstance(name, str):
        return name
    cell_id = cell.get("id")
    if not isinstance(cell_id, str):  # cells of older formats have none
        cell_id = None
    return names.get(cell_id)


def _joined(source: Any) -> Any:
    """The text of a cell, which a notebook may hold as a list of lines."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source
