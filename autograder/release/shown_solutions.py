"""Earlier assignments in a kit: modules that are empty for the student's own work, or solved."""

import ast
from collections.abc import Set as AbstractSet

from cs231n.check.exercises import EXERCISES

from .solution_regions import BEGIN, END


def show_solved(text: str, name: str, solved: AbstractSet[str]) -> str:
    """Take the marks off the solutions that a kit shows, so that clearing leaves them alone.

    Parameters
    ----------
    text : str
        A module of the reference.
    name : str
        Its path in the kit.
    solved : set of str
        The exercises that are shown, see `Assignment.solved`.

    Returns
    -------
    text : str
        Solutions of all other exercises still have their marks.
    """
    exercises = {e for e in EXERCISES if EXERCISES[e].module and EXERCISES[e].file == name}
    if not exercises & solved:
        return text
    spans = _spans(text, exercises)
    kept = []
    for number, line in enumerate(text.split("\n"), 1):
        is_mark = BEGIN in line or END in line
        if not (is_mark and _is_shown(number, spans, solved)):
            kept.append(line)
    return "\n".join(kept)


def _spans(text: str, exercises: AbstractSet[str]) -> list[tuple[str, range]]:
    """The lines of each function, class or method that an exercise is named after."""
    spans = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in exercises:
            end = node.end_lineno or node.lineno
            spans.append((node.name, range(node.lineno, end + 1)))
    return spans


def _is_shown(number: int, spans: list[tuple[str, range]], solved: AbstractSet[str]) -> bool:
    """bool : whether a line belongs to exercises, and all of them are shown."""
    owners = {exercise for exercise, lines in spans if number in lines}
    return bool(owners) and owners <= solved
