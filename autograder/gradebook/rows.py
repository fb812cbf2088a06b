"""The rows of a class in nbgrader's gradebook, read and written for many students at once.

nbgrader's own objects look after one row at a time; for a whole assignment that took as long as
judging it. The tables are nbgrader's, and so is what stands in them.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from nbgrader.api import Comment, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import bindparam, insert, select, update


@dataclass
class SubmissionRow:
    """A row of nbgrader's table ``submitted_assignment``."""

    id: str
    assignment_id: str
    student_id: str
    timestamp: datetime | None = None
    extension: timedelta | None = None


@dataclass
class NotebookRow:
    """A row of ``submitted_notebook``; its ``assignment_id`` is that of the submission."""

    id: str
    assignment_id: str
    notebook_id: str
    flagged: bool = False
    late_submission_penalty: float | None = None


@dataclass
class GradeRow:
    """A row of ``grade``; its ``notebook_id`` is that of the student's notebook."""

    id: str
    notebook_id: str
    cell_id: str
    auto_score: float | None = None
    manual_score: float | None = None
    extra_credit: float | None = None
    needs_manual_grade: bool = True


@dataclass
class CommentRow:
    """A row of ``comment``; its ``notebook_id`` is that of the student's notebook."""

    id: str
    notebook_id: str
    cell_id: str
    auto_comment: str | None = None
    manual_comment: str | None = None


@dataclass(frozen=True)
class NotebookRows:
    """The rows of the cells of a student's notebook, each by the name of its cell.

    Parameters
    ----------
    grades : dict of str -> GradeRow
    points : dict of str -> float
        The largest scores.
    comments : dict of str -> CommentRow
    """

    grades: dict[str, GradeRow]
    points: dict[str, float]
    comments: dict[str, CommentRow]


@dataclass(frozen=True)
class NotebookCells:
    """The cells of a notebook of an assignment that have rows: keys by name.

    Parameters
    ----------
    graded : dict of str -> str
        Those that give points.
    points : dict of str -> float
    open : dict of str -> str
        Those that students fill in.
    """

    graded: dict[str, str] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)


class AssignmentRows:
    """What an assignment consists of, as nbgrader knows it.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    assignment : str
    """

    def __init__(self, gradebook: Gradebook, assignment: str) -> None:
        found = gradebook.find_assignment(assignment)
        self.gradebook = gradebook
        self.name = assignment
        self.id: str = found.id
        self.notebooks: dict[str, str] = {}
        self.cells: dict[str, NotebookCells] = {}
        for notebook in found.notebooks:
            cells = NotebookCells()
            for cell in (*notebook.grade_cells, *notebook.task_cells):
                cells.graded[cell.name] = cell.id
                cells.points[cell.name] = cell.max_score
            for cell in (*notebook.solution_cells, *notebook.task_cells):
                cells.open[cell.name] = cell.id
            self.notebooks[notebook.name] = notebook.id
            self.cells[notebook.name] = cells

    def for_students(self, received: Mapping[str, datetime | None]) -> "ClassRows":
        """Read the rows of some students; those that are missing are made when they are saved.

        Parameters
        ----------
        received : dict of str -> datetime or None
            When the submission of each was received.

        Returns
        -------
        rows : ClassRows
        """
        return ClassRows(self, received)


class ClassRows:
    """The rows of some students: change them, then `save`.

    Parameters
    ----------
    assignment : AssignmentRows
    received : dict of str -> datetime or None
        When the submission of each student was received.
    """

    def __init__(self, assignment: AssignmentRows, received: Mapping[str, datetime | None]) -> None:
        self._assignment = assignment
        self._db = assignment.gradebook.db
        # Grading may change these columns; all others belong to people.
        self._submission_table = _Table(
            self._db, SubmittedAssignment, SubmissionRow, written=("timestamp",)
        )
        self._notebook_table = _Table(
            self._db, SubmittedNotebook, NotebookRow, written=("late_submission_penalty",)
        )
        self._grade_table = _Table(
            self._db, Grade, GradeRow, written=("auto_score", "needs_manual_grade")
        )
        self._comment_table = _Table(self._db, Comment, CommentRow, written=("auto_comment",))
        self._new_students = self._find_new_students(received)
        self._submissions = self._read_submissions(received)
        self._notebooks = self._read_notebooks()
        notebook_ids = [row.id for row in self._notebooks.values()]
        grades = self._grade_table.read(notebook_id=notebook_ids)
        comments = self._comment_table.read(notebook_id=notebook_ids)
        self._grades = {(row.notebook_id, row.cell_id): row for row in grades}
        self._comments = {(row.notebook_id, row.cell_id): row for row in comments}

    def submission_notebooks(self, student: str) -> dict[str, NotebookRow]:
        """dict of str -> NotebookRow : the rows of a student's notebooks, by name."""
        submission = self._submissions[student].id
        return {
            name: self._notebooks[submission, notebook]
            for name, notebook in self._assignment.notebooks.items()
        }

    def cells(self, student: str, notebook: str) -> NotebookRows:
        """NotebookRows : the rows of the cells of a student's notebook."""
        row = self.submission_notebooks(student)[notebook]
        about = (self._assignment.name, student, notebook)
        cells = self._assignment.cells[notebook]
        grades = {
            name: self._grade(row.id, cell, _key("grade", *about, name))
            for name, cell in cells.graded.items()
        }
        comments = {
            name: self._comment(row.id, cell, _key("comment", *about, name))
            for name, cell in cells.open.items()
        }
        return NotebookRows(grades, cells.points, comments)

    def save(self) -> None:
        """Write what is new or has changed."""
        if self._new_students:
            new = [{"id": student} for student in self._new_students]
            self._db.execute(insert(Student.__table__), new)
            self._new_students = []
        # In this order, since each table refers to rows of the ones before.
        self._submission_table.save()
        self._notebook_table.save()
        self._grade_table.save()
        self._comment_table.save()

    def _find_new_students(self, students: Collection[str]) -> list[str]:
        ids = Student.__table__.c.id
        known = set(self._db.execute(select(ids).where(ids.in_(students))).scalars())
        return [student for student in students if student not in known]

    def _read_submissions(
        self, received: Mapping[str, datetime | None]
    ) -> dict[str, SubmissionRow]:
        assignment = self._assignment
        found = self._submission_table.read(assignment_id=[assignment.id], student_id=received)
        submissions = {row.student_id: row for row in found}
        for student, timestamp in received.items():
            if student not in submissions:
                key = _key("submission", assignment.name, student)
                row = SubmissionRow(key, assignment.id, student)
                submissions[student] = self._submission_table.add(row)
            submissions[student].timestamp = timestamp
        return submissions

    def _read_notebooks(self) -> dict[tuple[str, str], NotebookRow]:
        """dict of (str, str) -> NotebookRow : by the keys of the submission and of the notebook."""
        ids = [submission.id for submission in self._submissions.values()]
        found = self._notebook_table.read(assignment_id=ids)
        notebooks = {(row.assignment_id, row.notebook_id): row for row in found}
        for student, submission in self._submissions.items():
            for name, notebook in self._assignment.notebooks.items():
                if (submission.id, notebook) not in notebooks:
                    key = _key("notebook", self._assignment.name, student, name)
                    row = NotebookRow(key, submission.id, notebook)
                    notebooks[submission.id, notebook] = self._notebook_table.add(row)
        return notebooks

    def _grade(self, notebook: str, cell: str, key: str) -> GradeRow:
        if (notebook, cell) not in self._grades:
            row = GradeRow(key, notebook, cell)
            self._grades[notebook, cell] = self._grade_table.add(row)
        return self._grades[notebook, cell]

    def _comment(self, notebook: str, cell: str, key: str) -> CommentRow:
        if (notebook, cell) not in self._comments:
            row = CommentRow(key, notebook, cell)
            self._comments[notebook, cell] = self._comment_table.add(row)
        return self._comments[notebook, cell]


Row = TypeVar("Row", bound=SubmissionRow | NotebookRow | GradeRow | CommentRow)


class _Table(Generic[Row]):
    """Reads rows of one table of nbgrader's, and writes those that are new or have changed.

    Parameters
    ----------
    db : sqlalchemy.orm.Session
    model : type
        nbgrader's class for the table.
    kind : type
        The class of a row; its fields are the columns.
    written : tuple of str
        The columns of rows that were there already which may change.
    """

    def __init__(self, db: Any, model: Any, kind: type[Row], written: tuple[str, ...]) -> None:
        self._db = db
        self._table = model.__table__
        self._kind = kind
        self._written = written
        self._found: list[tuple[Row, dict[str, Any]]] = []
        self._new: list[Row] = []

    def read(self, **wanted: Collection[str]) -> list[Row]:
        """list of Row : those in which each of the named columns holds one of the wanted values."""
        columns = [self._table.c[column.name] for column in fields(self._kind)]
        conditions = [self._table.c[name].in_(values) for name, values in wanted.items()]
        found = self._db.execute(select(*columns).where(*conditions)).mappings()
        rows = [self._kind(**row) for row in found]
        self._remember(rows)
        return rows

    def add(self, row: Row) -> Row:
        """Row : the same one, which will be inserted."""
        self._new.append(row)
        return row

    def save(self) -> None:
        """Insert what is new and update what has changed."""
        if self._new:
            self._db.execute(insert(self._table), [vars(row) for row in self._new])
        changed = [row for row, before in self._found if self._has_changed(row, before)]
        if changed:
            self._update(changed)
        rows = [row for row, _ in self._found] + self._new
        self._found = []
        self._new = []
        self._remember(rows)

    def _remember(self, rows: list[Row]) -> None:
        for row in rows:
            before = {name: getattr(row, name) for name in self._written}
            self._found.append((row, before))

    def _has_changed(self, row: Row, before: dict[str, Any]) -> bool:
        return any(getattr(row, name) != value for name, value in before.items())

    def _update(self, rows: list[Row]) -> None:
        # Parameters may not have the names of columns.
        parameters: dict[str, Any] = {name: bindparam(f"new_{name}") for name in self._written}
        values = []
        for row in rows:
            new = {f"new_{name}": getattr(row, name) for name in self._written}
            values.append(new | {"row": row.id})
        statement = update(self._table).where(self._table.c.id == bindparam("row"))
        self._db.execute(statement.values(parameters), values)


def _key(*about: str) -> str:
    """str : the key of a new row: the same whenever a gradebook is built from the same verdicts."""
    return hashlib.sha256("\n".join(about).encode()).hexdigest()[:32]
