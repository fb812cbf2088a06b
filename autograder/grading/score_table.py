"""The table that an instructor sees: students, exercises, points."""

from collections.abc import Mapping

from ..course.manifest import Assignment, Course
from ..course.receipts import refusals
from ..course.verdicts import Finding, Verdict
from ..sandbox.find import Unisolated

_MAX_NAME_WIDTH = 24
_MAX_LINE_WIDTH = 100
_LEGEND_COLUMNS = 3


def course_table(course: Course, assignment: Assignment, verdicts: Mapping[str, Verdict]) -> str:
    """Lay out the points of a class.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    verdicts : dict of str -> Verdict
        By student.

    Returns
    -------
    table : str
        A row for each student, including those whose submission was refused. The columns are
        numbered, with a legend below, and go on in another block where a line would be too long.
    """
    exercises = list(assignment.points)
    refused = {}
    for student, reason in sorted(refusals(course, assignment.name).items()):
        if student not in verdicts:
            refused[student] = reason
    rows = [_numbers_row(assignment), _points_row(assignment)]
    for student in sorted(verdicts):
        rows.append(_student_row(student, verdicts[student], exercises))
    for student in refused:
        rows.append([student, "0", *["-"] * len(exercises)])
    lines = _blocks(rows)
    lines.append(_legend(exercises))
    lines.append("a dot: not started; a dash: no hand-in could be read")
    for student, reason in refused.items():
        lines.append(f"{student}: {reason}")
    if any(verdict.isolation == Unisolated.isolation for verdict in verdicts.values()):
        warning = (
            "UNISOLATED: these hand-ins ran without a sandbox; "
            "trust the points as far as you trust the students\n"
        )
        lines.insert(0, warning)
    return "\n".join(lines)


def _numbers_row(assignment: Assignment) -> list[str]:
    numbers = range(1, len(assignment.points) + 1)
    return ["student", "total", *map(str, numbers)]


def _points_row(assignment: Assignment) -> list[str]:
    points = assignment.points.values()
    return ["points", _points(sum(points)), *map(_points, points)]


def _student_row(student: str, verdict: Verdict, exercises: list[str]) -> list[str]:
    findings = [verdict.exercises[name] for name in exercises]
    total = sum(finding.score for finding in findings)
    return [student, _points(total), *map(_cell, findings)]


def _cell(finding: Finding) -> str:
    if finding.status == "not started":
        return "."
    return _points(finding.score)


def _points(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _blocks(rows: list[list[str]]) -> list[str]:
    """Align the columns and divide them into blocks, each with the names in front."""
    names, *columns = zip(*rows, strict=True)
    longest = max(len(name) for name in names)
    width = min(longest, _MAX_NAME_WIDTH)
    left = [_fit(name, width) for name in names]
    blocks = []
    lines = left
    for column in columns:
        cell_width = max(len(cell) for cell in column) + 2
        if len(lines[0]) + cell_width > _MAX_LINE_WIDTH:
            blocks.append(_block(lines))
            lines = left
        lines = [line + cell.rjust(cell_width) for line, cell in zip(lines, column, strict=True)]
    blocks.append(_block(lines))
    return blocks


def _fit(name: str, width: int) -> str:
    if len(name) <= width:
        return name.ljust(width)
    return name[: width - 3] + "..."


def _block(lines: list[str]) -> str:
    """The lines with a rule below the two of the header, and an empty line at the end."""
    rule = "-" * len(lines[0])
    return "\n".join([*lines[:2], rule, *lines[2:], ""])


def _legend(exercises: list[str]) -> str:
    entries = [f"{number} {name}" for number, name in enumerate(exercises, 1)]
    width = max(len(entry) for entry in entries) + 2
    lines = []
    for first in range(0, len(entries), _LEGEND_COLUMNS):
        columns = entries[first : first + _LEGEND_COLUMNS]
        lines.append("".join(entry.ljust(width) for entry in columns).rstrip())
    return "\n".join(lines)
