"""What a kit holds of the assignments before its own: empty modules for the student's own work, or solved ones."""

import ast

from cs231n.check.exercises import EXERCISES

from .solution_regions import BEGIN, END


def show_solved(text, name, solved):
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
    lines = text.split("\n")
    owners = _owners(text, exercises)
    shown = {k for k, line in enumerate(lines, 1) if BEGIN in line or END in line}
    shown = {
        k for k in shown if (names := {e for e, span in owners if k in span}) and names <= solved
    }
    return "\n".join(line for k, line in enumerate(lines, 1) if k not in shown)


def _owners(text, exercises):
    """The lines of each function, class or method that an exercise is named after."""
    kinds = ast.FunctionDef, ast.ClassDef
    nodes = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, kinds) and node.name in exercises
    ]
    return [(node.name, range(node.lineno, node.end_lineno + 1)) for node in nodes]
