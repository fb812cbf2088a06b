"""Typical mistakes, one TOML file for each family of exercises, as small edits of the reference.

They serve twice: `autograder validate` plants them and looks where points are lost, and a kit
carries fingerprints of the wrong results, so that a check can name the mistake. The edits
themselves never leave the instructor's side.
"""

import ast
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cs231n.check.exercises import EXERCISES, FAMILIES

from ..package_files import package_files


@dataclass(frozen=True)
class Mistake:
    """A typical mistake.

    Parameters
    ----------
    name : str
        Unique, such as ``"affine_backward: db keeps a dimension"``.
    exercise : str
    message : str
        What a student reads who made it: what comes out, and where to look.
    edits : tuple of (str, str)
        Text of the reference -> text that replaces it. Each must occur exactly once in the code of
        the function, class or method that the exercise is named after.
    """

    name: str
    exercise: str
    message: str
    edits: tuple[tuple[str, str], ...]

    def changes(self) -> dict[str, str]:
        """Apply the mistake.

        Returns
        -------
        changes : dict of str -> str
            The changed file, as `write_tree` takes it.

        Raises
        ------
        ValueError
            If the reference no longer has the text that the mistake replaces.
        """
        file = EXERCISES[self.exercise].file
        text = package_files()[file].read_text(encoding="utf-8")
        before, body, after = _divide(text, self.exercise)
        for old, new in self.edits:
            if body.count(old) != 1:
                raise ValueError(
                    f"{self.name}: {file} holds {body.count(old)} times, not once: {old!r}"
                )
            body = body.replace(old, new)
        return {file: before + body + after}


def load_mistakes(family: str) -> list[Mistake]:
    """Read the typical mistakes of a family of exercises.

    Returns
    -------
    mistakes : list of Mistake
    """
    path = files(__package__) / f"{family}.toml"
    if not path.is_file():
        return []
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_mistake(exercise, row) for exercise, rows in table.items() for row in rows]


def all_mistakes() -> list[Mistake]:
    """list of Mistake : of all families."""
    return [mistake for family in FAMILIES for mistake in load_mistakes(family)]


def _divide(text: str, name: str) -> tuple[str, str, str]:
    """Cut a module at a function, class or method.

    Returns
    -------
    before, body, after : str
        The text up to the end of its docstring, its code after that, and what follows.
    """
    node = _find_definition(text, name)
    start = node.body[0].end_lineno
    end = node.end_lineno
    lines = text.splitlines(keepends=True)
    return "".join(lines[:start]), "".join(lines[start:end]), "".join(lines[end:])


def _find_definition(text: str, name: str) -> ast.FunctionDef | ast.ClassDef:
    nodes = list(ast.parse(text).body)
    for owner in list(nodes):
        if isinstance(owner, ast.ClassDef):
            nodes += owner.body
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
    raise ValueError(f"the reference has no function or class {name}")


def _mistake(exercise: str, row: dict[str, Any]) -> Mistake:
    edits = tuple((edit["old"], edit["new"]) for edit in row["edits"])
    return Mistake(f"{exercise}: {row['name']}", exercise, row["message"], edits)
