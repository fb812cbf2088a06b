"""Exports scores: one row for each student and exercise, from the gradebook and the verdicts."""

import csv

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import with_polymorphic

from cs231n.atomic import atomic_write

from ..course.receipts import refusals
from ..course.verdicts import trusted_findings
from ..notebooks.sanitize import strip_control
from .database import open_gradebook

COLUMNS = ("student_id", "assignment", "exercise", "score", "max_score", "status")
_FORMULA = ("=", "+", "-", "@", "\t")


def score_rows(course, assignments):
    """Collect the scores of some assignments.

    Parameters
    ----------
    course : Course
    assignments : list of Assignment

    Returns
    -------
    rows : list of tuple
        In the order of `COLUMNS`, by student, assignment and exercise. ``status`` is pass, fail or not started as the
        judge found, "not judged", "refused" or "not handed in"; for a written question "needs grading", "graded" or
        "not answered". A late penalty is a row of its own.
    """
    with open_gradebook(course) as gradebook:
        known = {student.id for student in gradebook.students}
        rows = []
        for assignment in assignments:
            grades, penalties = (
                _grades(gradebook, assignment.name),
                _penalties(gradebook, assignment.name),
            )
            refused = refusals(course, assignment.name)
            for student in sorted(known | set(refused)):
                absent = "refused" if student in refused else "not handed in"
                rows += _student_rows(course, assignment, student, grades.get(student), absent)
                if penalties.get(student):
                    rows.append(
                        (student, assignment.name, "late_penalty", -penalties[student], 0.0, "late")
                    )
    return sorted(rows, key=lambda row: row[:2])


def write_csv(rows, path=None, stream=None):
    """Write rows as CSV; a text that a spreadsheet would take for a formula gets a ``'`` in front.

    Parameters
    ----------
    rows : list of tuple
    path : path, optional
        The file, which appears complete or not at all.
    stream : file, optional
        Where to write in its place.
    """
    if stream is not None:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(value) for value in row] for row in rows)
        return
    with atomic_write(path, "t", private=True, newline="", encoding="utf-8") as file:
        write_csv(rows, stream=file)


def _student_rows(course, assignment, student, grades, absent):
    findings, _ = trusted_findings(course, assignment.name, student) if grades else ({}, "")
    for name, most in (assignment.points | assignment.written).items():
        if grades is None or name not in grades:
            yield student, assignment.name, name, 0.0, float(most), absent
            continue
        grade, most = grades[name]
        if name in assignment.written:
            status = _written_status(grade)
        else:
            status = findings[name].status if name in findings else "not judged"
        yield student, assignment.name, name, grade.score, most, status


def _written_status(grade):
    if grade.needs_manual_grade:
        return "needs grading"
    return "graded" if grade.manual_score is not None else "not answered"


def _grades(gradebook, assignment):
    """dict of str -> dict of str -> (Grade, largest score) : by student and exercise."""
    cells = with_polymorphic(BaseCell, "*")
    query = (
        gradebook.db.query(SubmittedAssignment.student_id, Grade, cells)
        .select_from(Grade)
        .join(cells, cells.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )
    found = {}
    for student, grade, cell in query:
        found.setdefault(student, {})[cell.name] = (grade, cell.max_score)
    return found


def _penalties(gradebook, assignment):
    query = (
        gradebook.db.query(Student.id, SubmittedNotebook.late_submission_penalty)
        .join(SubmittedAssignment, SubmittedAssignment.student_id == Student.id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(Assignment.name == assignment)
    )
    found = {}
    for student, penalty in query:
        found[student] = found.get(student, 0.0) + (penalty or 0.0)
    return found


def _cell(value):
    if isinstance(value, float):
        return f"{round(value, 4):.10g}"
    text = strip_control(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
