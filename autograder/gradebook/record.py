"""Records verdicts in nbgrader's gradebook: one process, one writer, the same rows however often it runs."""

import json
import secrets
import shutil
import sys
from contextlib import contextmanager
from itertools import islice

import nbformat
from nbgrader import utils
from nbgrader.api import Assignment, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties

from ..course.digests import regular_file
from ..course.manifest import TIMESTAMP
from ..errors import UserError
from ..notebooks.merge_answers import grade_id, read_answers, rebase, texts
from . import preprocessors as plugins
from .database import load_settings, open_gradebook
from .rows import AssignmentRows

_STAGING = ".autograded-"
CHUNK = 25
"""Submissions that reach the disk together: other programs wait for the gradebook no longer than this takes."""


def record(course, assignment, students):
    """Put the verdicts on some submissions into the gradebook and into ``autograded/``.

    Scores come from verdicts alone; where there is none on exactly this hand-in, they are 0. What people entered stays:
    manual scores, extra credit, comments, extensions, due dates.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    students : iterable of str
        May take its time: no transaction is open while the next ones are waited for.

    Raises
    ------
    UserError
        If the assignment has not been released, or the gradebook cannot be used.
    """
    config = load_settings(course)
    with open_gradebook(course, config) as gradebook:
        recorder = _Recorder(course, assignment, gradebook, config)
        waiting = iter(students)
        while chunk := list(islice(waiting, CHUNK)):
            with _one_transaction(gradebook):
                recorder.record(chunk)


class _Recorder:
    def __init__(self, course, assignment, gradebook, config):
        self.course, self.assignment, self.gradebook = course, assignment, gradebook
        self.steps = [step(config=config) for step in plugins.VERDICT]
        self.late = AssignLatePenalties(config=config)
        self.late.init_plugin()
        self.pristine = {name: self._released(name) for name in assignment.notebooks}
        self._take_over_points()
        self.rows = AssignmentRows(gradebook, assignment.name)
        for folder in course.root.glob(f"{_STAGING}*"):  # what a killed run left
            shutil.rmtree(folder)

    def _take_over_points(self):
        """Let the gradebook know the points of the manifest: they may have changed since the release."""
        points = self.assignment.points | self.assignment.written
        for name in self.pristine:
            for cell in self.gradebook.find_notebook(name, self.assignment.name).grade_cells:
                cell.max_score = points.get(cell.name, cell.max_score)
        self.gradebook.db.commit()

    def record(self, students):
        """Save some submissions; what another program changed meanwhile is read afresh."""
        rows = self.rows.of({student: self._timestamp(student) for student in students})
        for student in students:
            shared = {}
            notebooks = {name: self._convert(student, name, rows, shared) for name in self.pristine}
            for notebook in rows.submission_notebooks(student).values():
                notebook.late_submission_penalty = None
            self._write(student, notebooks)
        rows.save()
        due = self.gradebook.db.query(Assignment.duedate).filter_by(id=self.rows.id).scalar()
        if due is not None:
            for student in students:
                self._late_penalty(student)

    def _convert(self, student, name, rows, shared):
        """Rebase one notebook, fill in what the judge found, and note the scores."""
        pristine = self.pristine[name]
        before = _sources(self._autograded(student) / f"{name}.ipynb")
        answers = read_answers(
            self.course.submitted(student, self.assignment.name) / f"{name}.ipynb", pristine
        )
        notebook = rebase(pristine, answers)
        unchanged = {
            grade_id(cell) for cell in notebook.cells if before.get(grade_id(cell)) == cell.source
        }
        shared |= {
            "notebook": name,
            "unchanged": unchanged,
            "student": student,
            "assignment": self.assignment.name,
        }
        shared |= {"course": self.course, "rows": rows.cells(student, name)}
        for step in self.steps:
            notebook, _ = step.preprocess(notebook, {"nbgrader": shared})
        return notebook

    def _late_penalty(self, student):
        """What nbgrader's AssignLatePenalties does, with the gradebook that is open."""
        submission = self.gradebook.find_submission(self.assignment.name, student)
        late = submission.total_seconds_late
        for notebook in submission.notebooks if late > 0 else ():
            penalty = self.late.plugin_inst.late_submission_penalty(student, notebook.score, late)
            if penalty is not None:
                notebook.late_submission_penalty = self.late._check_late_penalty(notebook, penalty)
        self.gradebook.db.commit()

    def _released(self, name):
        path = self.course.kit(self.assignment.name) / f"{name}.ipynb"
        try:
            self.gradebook.find_notebook(name, self.assignment.name)
            return nbformat.read(path, as_version=4)
        except (FileNotFoundError, MissingEntry):
            command = f"autograder release {self.assignment.name}"
            raise UserError(
                f"{self.assignment.name} is not released: no {path.name}; run `{command}` first"
            ) from None

    def _timestamp(self, student):
        """When the intake received it; None where that is unknown."""
        path = regular_file(self.course.submitted(student, self.assignment.name), TIMESTAMP)
        try:
            return utils.parse_utc(path.read_text(encoding="utf-8").strip()) if path else None
        except (ValueError, OverflowError):
            return None

    def _autograded(self, student):
        return self.course.root / "autograded" / student / self.assignment.name

    def _write(self, student, notebooks):
        """Lay out what nbgrader's formgrader and feedback read, complete or not at all."""
        target = self._autograded(student)
        target.parent.mkdir(parents=True, exist_ok=True)
        stamp = regular_file(self.course.submitted(student, self.assignment.name), TIMESTAMP)
        draft = self.course.root / f"{_STAGING}{secrets.token_hex(8)}"
        draft.mkdir()
        try:
            for name, notebook in notebooks.items():
                # nbformat's writer copies and indents, which takes half as long as all of the gradebook.
                text = json.dumps(notebook, sort_keys=True, ensure_ascii=False)
                (draft / f"{name}.ipynb").write_text(text + "\n", encoding="utf-8")
            if stamp:
                shutil.copyfile(stamp, draft / TIMESTAMP)
            for path in draft.iterdir():
                path.chmod(0o444)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _sources(path):
    """dict of str -> str : what the cells of an earlier run hold, which may carry the pictures of evidence."""
    return {name: text for name, text in texts(path, {}, most=sys.maxsize) if name}


@contextmanager
def _one_transaction(gradebook):
    """Collect what nbgrader commits row by row into one transaction: all of it is kept, or nothing."""
    gradebook.db.remove()
    with gradebook.engine.connect() as connection, connection.begin():
        gradebook.db.configure(bind=connection, join_transaction_mode="rollback_only")
        try:
            yield
        finally:
            gradebook.db.remove()
            gradebook.db.configure(bind=gradebook.engine)
