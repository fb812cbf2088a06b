"""The table that an instructor sees: students, exercises, points."""

from .intake import refusals
from .sandbox import Unisolated

_NAME_WIDTH = 24


def course_table(course, assignment, verdicts):
    """Lay out the points of a class.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    verdicts : dict of str -> Verdict

    Returns
    -------
    table : str
        A row for each student, those whose hand-in was refused included; columns are numbered, with a legend below.
    """
    exercises = list(assignment.points)
    numbers = [str(k) for k in range(1, len(exercises) + 1)]
    rows = [["student", *numbers, "total"], ["points", *map(_points, assignment.points.values()),
                                              _points(sum(assignment.points.values()))]]
    for student in sorted(verdicts):
        found = [verdicts[student].exercises[name] for name in exercises]
        rows.append([student, *map(_cell, found), _points(sum(f.score for f in found))])
    refused = {s: r for s, r in refusals(course, assignment.name).items() if s not in verdicts}
    rows += [[student, *["-"] * len(exercises), "0"] for student in sorted(refused)]
    lines = [_align(rows), "", _legend(exercises), "a dot: not started; a dash: no hand-in could be read"]
    lines += [f"{student}: {reason}" for student, reason in sorted(refused.items())]
    if any(verdict.tier == Unisolated.tier for verdict in verdicts.values()):
        lines.insert(0, "UNISOLATED: these hand-ins ran without a sandbox; trust the points as far as you trust the students\n")
    return "\n".join(lines)


def _cell(finding):
    return "." if finding.status == "not started" else _points(finding.score)


def _points(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _align(rows):
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    widths[0] = min(widths[0], _NAME_WIDTH)
    lines = []
    for row in rows:
        name = row[0] if len(row[0]) <= widths[0] else row[0][:widths[0] - 3] + "..."
        lines.append("  ".join([name.ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]))
    lines.insert(2, "-" * len(lines[0]))
    return "\n".join(lines)


def _legend(exercises):
    entries = [f"{k} {name}" for k, name in enumerate(exercises, 1)]
    width = max(map(len, entries)) + 2
    return "\n".join("".join(e.ljust(width) for e in entries[k:k + 3]).rstrip() for k in range(0, len(entries), 3))
