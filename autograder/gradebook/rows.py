"""The rows of a class in nbgrader's gradebook, read and written for many students at once.

nbgrader's own objects look after one row at a time; for a whole assignment that took as long as judging it. The tables
are nbgrader's, and so is what stands in them.
"""

import hashlib
from types import SimpleNamespace

from nbgrader.api import Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import bindparam, insert, select, update

STUDENTS, SUBMISSIONS, NOTEBOOKS, GRADES, COMMENTS = (
    kind.__table__ for kind in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)
WRITTEN = {
    SUBMISSIONS: ("timestamp",),
    NOTEBOOKS: ("late_submission_penalty",),
    GRADES: ("auto_score", "needs_manual_grade"),
    COMMENTS: ("auto_comment",),
}
"""dict of Table -> tuple of str : the columns that grading may change; all others belong to people."""


class AssignmentRows:
    """What an assignment consists of, as nbgrader knows it.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
    assignment : str
    """

    def __init__(self, gradebook, assignment):
        found = gradebook.find_assignment(assignment)
        self.gradebook, self.name, self.id = gradebook, assignment, found.id
        self.notebooks = {notebook.name: notebook.id for notebook in found.notebooks}
        self.cells = {}
        for notebook in found.notebooks:
            graded = [
                (cell.id, cell.name, cell.max_score)
                for cell in (*notebook.grade_cells, *notebook.task_cells)
            ]
            open_ = [
                (cell.id, cell.name) for cell in (*notebook.solution_cells, *notebook.task_cells)
            ]
            self.cells[notebook.name] = graded, open_

    def of(self, received):
        """Read the rows of some students; those that are missing are made when they are saved.

        Parameters
        ----------
        received : dict of str -> datetime or None
            When each handed in.

        Returns
        -------
        rows : ClassRows
        """
        return ClassRows(self, received)


class ClassRows:
    """The rows of some students; change `SimpleNamespace` objects, then `save`."""

    def __init__(self, assignment, received):
        self._assignment, self._db = assignment, assignment.gradebook.db
        self._found, self._new = [], []
        known = set(
            self._db.execute(select(STUDENTS.c.id).where(STUDENTS.c.id.in_(received))).scalars()
        )
        self._students = [{"id": student} for student in received if student not in known]
        own = self._read(
            SUBMISSIONS,
            SUBMISSIONS.c.assignment_id == assignment.id,
            SUBMISSIONS.c.student_id.in_(received),
        )
        self._submissions = {row.student_id: row for row in own}
        for student, timestamp in received.items():
            row = self._submissions.get(student) or self._make(
                SUBMISSIONS,
                ("submission", assignment.name, student),
                assignment_id=assignment.id,
                student_id=student,
                timestamp=None,
                extension=None,
            )
            self._submissions[student], row.timestamp = row, timestamp
        self._notebooks = self._below(
            NOTEBOOKS, "assignment_id", self._submissions.values(), "notebook_id"
        )
        for student, submission in self._submissions.items():
            for name, notebook in assignment.notebooks.items():
                self._at(
                    NOTEBOOKS,
                    self._notebooks,
                    ("notebook", assignment.name, student, name),
                    assignment_id=submission.id,
                    notebook_id=notebook,
                    flagged=False,
                    late_submission_penalty=None,
                )
        self._grades, self._comments = (
            self._below(table, "notebook_id", self._notebooks.values(), "cell_id")
            for table in (GRADES, COMMENTS)
        )

    def submission_notebooks(self, student):
        """dict of str -> SimpleNamespace : the rows of a student's notebooks, by name."""
        submission = self._submissions[student].id
        return {
            name: self._notebooks[submission, notebook]
            for name, notebook in self._assignment.notebooks.items()
        }

    def cells(self, student, notebook):
        """The rows of the cells of a student's notebook.

        Returns
        -------
        grades : dict of str -> (SimpleNamespace, float)
            With the largest score.
        comments : dict of str -> SimpleNamespace
        """
        row, about = (
            self.submission_notebooks(student)[notebook],
            (self._assignment.name, student, notebook),
        )
        graded, open_ = self._assignment.cells[notebook]
        grades = {
            name: (
                self._at(
                    GRADES,
                    self._grades,
                    ("grade", *about, name),
                    notebook_id=row.id,
                    cell_id=cell,
                    auto_score=None,
                    manual_score=None,
                    extra_credit=None,
                    needs_manual_grade=True,
                ),
                most,
            )
            for cell, name, most in graded
        }
        comments = {
            name: self._at(
                COMMENTS,
                self._comments,
                ("comment", *about, name),
                notebook_id=row.id,
                cell_id=cell,
                auto_comment=None,
                manual_comment=None,
            )
            for cell, name in open_
        }
        return grades, comments

    def save(self):
        """Write what is new or has changed."""
        if self._students:
            self._db.execute(insert(STUDENTS), self._students)
        for table, columns in WRITTEN.items():
            if new := [vars(row) for kind, row in self._new if kind is table]:
                self._db.execute(insert(table), new)
            changed = [
                vars(row)
                for kind, row, before in self._found
                if kind is table and any(getattr(row, name) != before[name] for name in columns)
            ]
            if changed:
                values = {name: bindparam(f"new_{name}") for name in columns}
                rows = [
                    {"row": row["id"]} | {f"new_{name}": row[name] for name in columns}
                    for row in changed
                ]
                self._db.execute(
                    update(table).where(table.c.id == bindparam("row")).values(values), rows
                )
        self._found = [(kind, row, dict(vars(row))) for kind, row, *_ in (*self._found, *self._new)]
        self._students, self._new = [], []

    def _read(self, table, *conditions):
        rows = [
            SimpleNamespace(**row)
            for row in self._db.execute(select(table).where(*conditions)).mappings()
        ]
        self._found += [(table, row, dict(vars(row))) for row in rows]
        return rows

    def _below(self, table, column, parents, key):
        """dict of (str, str) -> SimpleNamespace : the rows that belong to others, by both of their keys."""
        rows = self._read(table, table.c[column].in_([parent.id for parent in parents]))
        return {(getattr(row, column), getattr(row, key)): row for row in rows}

    def _at(self, table, rows, about, **values):
        """The row whose keys are the first two of the values, made of all of them where there is none."""
        key = tuple(values.values())[:2]
        if key not in rows:
            rows[key] = self._make(table, about, **values)
        return rows[key]

    def _make(self, table, about, **values):
        """A row whose key follows from what it is about, so that a gradebook built twice is the same twice."""
        row = SimpleNamespace(
            id=hashlib.sha256("\n".join(about).encode()).hexdigest()[:32], **values
        )
        self._new.append((table, row))
        return row
