"""The table that an instructor sees: students, exercises, points."""

from ..course.receipts import refusals
from ..sandbox.find import Unisolated

_NAME_WIDTH = 24
_LINE_WIDTH = 100


def course_table(course, assignment, verdicts):
    """Lay out the points of a class.

    Parameters
    ----------
    course, assignment, verdicts
        As for `autograder.gradebook.score_changes.compare_with_gradebook`.

    Returns
    -------
    table : str
        A row for each student, those whose hand-in was refused included; columns are numbered, with a legend below,
        and go on in another block where a line would be too long.
    """
    exercises = list(assignment.points)
    rows = [
        ["student", "total", *(str(k) for k in range(1, len(exercises) + 1))],
        ["points", *map(_points, (sum(assignment.points.values()), *assignment.points.values()))],
    ]
    for student in sorted(verdicts):
        found = [verdicts[student].exercises[name] for name in exercises]
        rows.append([student, _points(sum(f.score for f in found)), *map(_cell, found)])
    refused = {s: r for s, r in refusals(course, assignment.name).items() if s not in verdicts}
    rows += [[student, "0", *["-"] * len(exercises)] for student in sorted(refused)]
    lines = [
        *_blocks(rows),
        _legend(exercises),
        "a dot: not started; a dash: no hand-in could be read",
    ]
    lines += [f"{student}: {reason}" for student, reason in sorted(refused.items())]
    if any(verdict.isolation == Unisolated.isolation for verdict in verdicts.values()):
        lines.insert(
            0,
            "UNISOLATED: these hand-ins ran without a sandbox; trust the points as far as you trust the students\n",
        )
    return "\n".join(lines)


def _cell(finding):
    return "." if finding.status == "not started" else _points(finding.score)


def _points(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _blocks(rows):
    """Align the columns and divide them into blocks, each with the names in front."""
    names, *columns = zip(*rows, strict=True)
    width = min(max(map(len, names)), _NAME_WIDTH)
    names = [
        name.ljust(width) if len(name) <= width else name[: width - 3] + "..." for name in names
    ]
    lines, blocks = names, []
    for column in columns:
        cell = max(map(len, column)) + 2
        if len(lines[0]) + cell > _LINE_WIDTH:
            blocks.append(lines)
            lines = names
        lines = [line + text.rjust(cell) for line, text in zip(lines, column, strict=True)]
    return ["\n".join([*b[:2], "-" * len(b[0]), *b[2:], ""]) for b in (*blocks, lines)]


def _legend(exercises):
    entries = [f"{k} {name}" for k, name in enumerate(exercises, 1)]
    width = max(map(len, entries)) + 2
    return "\n".join(
        "".join(e.ljust(width) for e in entries[k : k + 3]).rstrip()
        for k in range(0, len(entries), 3)
    )
