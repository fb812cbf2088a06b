"""Solution regions: finding them, and clearing them with nbgrader's own preprocessor."""

import ast
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from nbgrader.preprocessors import ClearSolutions

BEGIN = "BEGIN SOLUTION"
END = "END SOLUTION"
STUB = '# YOUR CODE HERE\nraise NotImplementedError("not started: write your code here")'


def regions(text: str, begin: str = BEGIN, end: str = END) -> list[list[str]]:
    """Find the marked regions of a text.

    Parameters
    ----------
    text : str
    begin, end : str
        The marks, anywhere in a line.

    Returns
    -------
    regions : list of list of str
        The lines of each region, without the marks.

    Raises
    ------
    ValueError
        If a mark has no partner. nbgrader itself accepts an end without a beginning, and would
        release a solution.
    """
    found: list[list[str]] = []
    inside: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if begin in line:
            if inside is not None:
                raise ValueError(f"line {number}: {begin} inside a region")
            inside = []
        elif end in line:
            if inside is None:
                raise ValueError(f"line {number}: {end} without {begin}")
            found.append(inside)
            inside = None
        elif inside is not None:
            inside.append(line)
    if inside is not None:
        raise ValueError(f"{begin} without {end}")
    return found


def clear(text: str, name: str) -> str:
    """Replace every solution region of a Python module by a stub that raises `NotImplementedError`.

    Parameters
    ----------
    text : str
    name : str
        For error messages.

    Returns
    -------
    text : str

    Raises
    ------
    UserError
        If a mark has no partner, or what is left is not Python.
    """
    # Here, as nbgrader comes with it: it takes seconds to load, and judging does without.
    from nbformat.v4 import new_code_cell

    try:
        if not regions(text):
            return text
        cell = new_code_cell(text)
        cell.metadata["nbgrader"] = {"solution": True}
        cleared, _ = _cleaner().preprocess_cell(cell, {"language": "python"}, 0)
        # A region may have been all that a block held.
        if name.endswith(".py"):
            ast.parse(cleared.source)
    except ValueError as error:
        raise UserError(f"{name}: {error}; every region needs both marks") from None
    except SyntaxError as error:
        raise UserError(
            f"{name}: not Python once cleared: {error.msg} in line {error.lineno}"
        ) from None
    return cleared.source


def _cleaner() -> "ClearSolutions":
    from nbgrader.preprocessors import ClearSolutions
    from traitlets.config import Config

    return ClearSolutions(config=Config({"ClearSolutions": {"code_stub": {"python": STUB}}}))
