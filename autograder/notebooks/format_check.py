"""Whether a file is a notebook that later steps can read, however it was made."""

import json
from typing import Any

from ..errors import RefusedError
from .merge_answers import MAX_NOTEBOOK_BYTES

MAX_DEPTH = 64
_CELLS = ("code", "markdown", "raw")


def check_notebook(name: str, data: bytes) -> None:
    """Check that bytes are a notebook of format 4, of ordinary size and depth.

    Parameters
    ----------
    name : str
        What the message calls it.
    data : bytes

    Raises
    ------
    RefusedError
        If they are not.
    """
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise RefusedError(
            f"{name} has {len(data):,} of at most {MAX_NOTEBOOK_BYTES:,} bytes; clear its outputs"
        )
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise RefusedError(f"{name} is not a notebook: it is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise RefusedError(f"{name} is not a notebook: {reason}") from None
    if _depth_exceeds(document, MAX_DEPTH):
        raise RefusedError(f"{name} is nested more than {MAX_DEPTH} deep")
    problem = _problem(document)
    if problem:
        raise RefusedError(f"{name} is not a notebook: {problem}")


def _problem(document: Any) -> str:
    """str : what keeps a document from being a notebook, or ""."""
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        return "it has no list of cells"
    if document.get("nbformat") != 4:
        return "its format is not 4; open it in JupyterLab and save it again"
    for number, cell in enumerate(document["cells"], 1):
        if not _is_cell(cell):
            return f"cell {number} is damaged"
    return ""


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or cell.get("cell_type") not in _CELLS:
        return False
    return _is_text(cell.get("source"))


def _is_text(source: Any) -> bool:
    lines = source if isinstance(source, list) else [source]
    return all(isinstance(line, str) for line in lines)


def _depth_exceeds(document: Any, most: int) -> bool:
    # Level by level: a recursive walk would fail on what it is meant to find.
    level = [document]
    for _ in range(most):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        if not below:
            return False
        level = below
    return True
