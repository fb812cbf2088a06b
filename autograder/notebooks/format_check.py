"""Whether a file is a notebook that later steps can read, however it was made."""

import json

from ..errors import RefusedError
from .merge_answers import MAX_NOTEBOOK_BYTES

MAX_DEPTH = 64
_CELLS = ("code", "markdown", "raw")


def check_notebook(name, data):
    """Raise `RefusedError` where bytes are not a notebook of format 4, of ordinary size and depth.

    Parameters
    ----------
    name : str
        As it is called in the message.
    data : bytes
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
        raise RefusedError(
            f"{name} is not a notebook: {' '.join(str(error).split())[:100]}"
        ) from None
    if _depth_exceeds(document, MAX_DEPTH):
        raise RefusedError(f"{name} is nested more than {MAX_DEPTH} deep")
    problem = _problem(document)
    if problem:
        raise RefusedError(f"{name} is not a notebook: {problem}")


def _problem(document):
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        return "it has no list of cells"
    if document.get("nbformat") != 4:
        return "its format is not 4; open it in JupyterLab and save it again"
    for number, cell in enumerate(document["cells"], 1):
        if not _is_cell(cell):
            return f"cell {number} is damaged"
    return ""


def _is_cell(cell):
    return (
        isinstance(cell, dict) and cell.get("cell_type") in _CELLS and _is_text(cell.get("source"))
    )


def _is_text(source):
    lines = source if isinstance(source, list) else [source]
    return all(isinstance(line, str) for line in lines)


def _depth_exceeds(document, most):
    level = [document]
    for _ in range(most):
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True
