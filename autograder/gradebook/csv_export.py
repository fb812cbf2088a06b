"""Exports scores: one row for each student and exercise, from the gradebook and the verdicts."""

import csv
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import IO, NamedTuple

from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import (
    BaseCell,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import with_polymorphic

from cs231n.atomic import atomic_write

from ..course.manifest import Assignment, Course
from ..course.receipts import refusals
from ..course.verdicts import Finding, trusted_findings
from ..notebooks.sanitize import strip_control
from .database import open_gradebook

Grades = dict[str, tuple[Grade, float]]
"""A student's grades and the largest scores, by exercise."""
_FORMULA = ("=", "+", "-", "@", "\t")
"""tuple of str : what a spreadsheet takes for the beginning of a formula."""


class ScoreRow(NamedTuple):
    """A row of the table: what one student has for one exercise.

    Parameters
    ----------
    student_id, assignment, exercise : str
    score, max_score : float
    status : str
        pass, fail or not started as the judge found, "not judged", "refused" or "not handed in";
        for a written question "needs grading", "graded" or "not answered"; "late" for a penalty.
    """

    student_id: str
    assignment: str
    exercise: str
    score: float
    max_score: float
    status: str


COLUMNS = ScoreRow._fields


def score_rows(course: Course, assignments: Iterable[Assignment]) -> list[ScoreRow]:
    """Collect the scores of some assignments.

    Parameters
    ----------
    course : Course
    assignments : list of Assignment

    Returns
    -------
    rows : list of ScoreRow
        By student, assignment and exercise. A late penalty is a row of its own.

    Raises
    ------
    UserError
        If the gradebook cannot be used.
    """
    rows: list[ScoreRow] = []
    with open_gradebook(course) as gradebook:
        known = {student.id for student in gradebook.students}
        for assignment in assignments:
            name = assignment.name
            grades = _grades(gradebook, name)
            penalties = _penalties(gradebook, name)
            refused = refusals(course, name)
            for student in sorted(known | set(refused)):
                absent = "refused" if student in refused else "not handed in"
                rows += _student_rows(course, assignment, student, grades.get(student), absent)
                penalty = penalties.get(student)
                if penalty:
                    rows.append(ScoreRow(student, name, "late_penalty", -penalty, 0.0, "late"))
    # A stable sort: within an assignment the exercises keep the order of the manifest.
    return sorted(rows, key=lambda row: (row.student_id, row.assignment))


def write_csv(rows: Iterable[ScoreRow], path: str | PathLike[str]) -> None:
    """Write rows as a CSV file, which appears complete or not at all; see `print_csv`."""
    with atomic_write(path, "t", private=True, newline="", encoding="utf-8") as file:
        print_csv(rows, file)


def print_csv(rows: Iterable[ScoreRow], stream: IO[str]) -> None:
    """Write rows as CSV to a stream.

    A text that a spreadsheet would take for a formula gets a ``'`` in front.

    Parameters
    ----------
    rows : iterable of ScoreRow
    stream : file
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(value) for value in row])


def _student_rows(
    course: Course,
    assignment: Assignment,
    student: str,
    grades: Grades | None,
    absent: str,
) -> Iterator[ScoreRow]:
    """Yield a row for each exercise and question; absent: the status where nothing is recorded."""
    findings: dict[str, Finding] = {}
    if grades:
        findings, _ = trusted_findings(course, assignment.name, student)
    points = assignment.points | assignment.written
    for name, most in points.items():
        if grades is None or name not in grades:
            yield ScoreRow(student, assignment.name, name, 0.0, float(most), absent)
            continue
        grade, recorded_most = grades[name]
        if name in assignment.written:
            status = _written_status(grade)
        elif name in findings:
            status = findings[name].status
        else:
            status = "not judged"
        yield ScoreRow(student, assignment.name, name, grade.score, recorded_most, status)


def _written_status(grade: Grade) -> str:
    if grade.needs_manual_grade:
        return "needs grading"
    return "graded" if grade.manual_score is not None else "not answered"


def _grades(gradebook: Gradebook, assignment: str) -> dict[str, Grades]:
    """dict of str -> dict of str -> (Grade, largest score) : by student and exercise."""
    # One query for the whole class, as nbgrader's own objects ask once for each grade.
    cells = with_polymorphic(BaseCell, "*")
    query = (
        gradebook.db.query(SubmittedAssignment.student_id, Grade, cells)
        .select_from(Grade)
        .join(cells, cells.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(AssignmentRow, AssignmentRow.id == SubmittedAssignment.assignment_id)
        .filter(AssignmentRow.name == assignment)
    )
    found: dict[str, Grades] = {}
    for student, grade, cell in query:
        found.setdefault(student, {})[cell.name] = (grade, cell.max_score)
    return found


def _penalties(gradebook: Gradebook, assignment: str) -> dict[str, float]:
    """dict of str -> float : points taken off for lateness, by student."""
    query = (
        gradebook.db.query(Student.id, SubmittedNotebook.late_submission_penalty)
        .join(SubmittedAssignment, SubmittedAssignment.student_id == Student.id)
        .join(AssignmentRow, AssignmentRow.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(AssignmentRow.name == assignment)
    )
    found: dict[str, float] = {}
    for student, penalty in query:
        found[student] = found.get(student, 0.0) + (penalty or 0.0)
    return found


def _cell(value: str | float) -> str:
    if isinstance(value, float):
        return f"{round(value, 4):.10g}"
    text = strip_control(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
