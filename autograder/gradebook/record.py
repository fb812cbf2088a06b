"""Records verdicts in nbgrader's gradebook; recording them again changes nothing."""

import json
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Assignment as AssignmentRow
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from ..course.digests import regular_file
from ..course.manifest import TIMESTAMP, Assignment, Course
from ..errors import UserError
from ..notebooks.cells import grade_id
from ..notebooks.merge_answers import merge_answers, read_answers, texts
from .context import CONTEXT, read_contexts
from .database import load_settings, open_gradebook
from .preprocessors import VERDICT
from .rows import AssignmentRows, ClassRows

_STAGING = ".autograded-"
CHUNK = 25
"""Submissions that reach the disk together; other programs wait for the gradebook that long."""


def record(course: Course, assignment: Assignment, students: Iterable[str]) -> None:
    """Put the verdicts on some submissions into the gradebook and into ``autograded/``.

    Scores come from verdicts alone; where there is none on exactly this submission, they are 0.
    What people entered stays: manual scores, extra credit, comments, extensions, due dates.

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
    """Records submissions in a gradebook that is open.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    gradebook : nbgrader.api.Gradebook
    config : Config
        The settings of the course.

    Raises
    ------
    UserError
        If the assignment has not been released.
    """

    def __init__(
        self, course: Course, assignment: Assignment, gradebook: Gradebook, config: Config
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.gradebook = gradebook
        self.steps = [step(config=config) for step in VERDICT]
        self.late = AssignLatePenalties(config=config)
        self.late.init_plugin()
        self.pristine = {name: self._released(name) for name in assignment.notebooks}
        self._take_over_points()
        self.rows = AssignmentRows(gradebook, assignment.name)
        for folder in course.root.glob(f"{_STAGING}*"):  # what a killed run left
            shutil.rmtree(folder)

    def record(self, students: list[str]) -> None:
        """Save some submissions; what another program changed meanwhile is read afresh."""
        rows = self.rows.for_students({student: self._received(student) for student in students})
        for student in students:
            notebooks = self._convert(student, rows)
            for notebook in rows.submission_notebooks(student).values():
                notebook.late_submission_penalty = None
            self._write(student, notebooks)
        rows.save()
        due = self.gradebook.db.query(AssignmentRow.duedate).filter_by(id=self.rows.id).scalar()
        if due is not None:
            for student in students:
                self._penalize_lateness(student)

    def _released(self, name: str) -> NotebookNode:
        path = self.course.release_folder(self.assignment.name) / f"{name}.ipynb"
        try:
            self.gradebook.find_notebook(name, self.assignment.name)
            return nbformat.read(path, as_version=4)
        except (FileNotFoundError, MissingEntry):
            command = f"autograder release {self.assignment.name}"
            raise UserError(
                f"{self.assignment.name} is not released: no {path.name}; run `{command}` first"
            ) from None

    def _take_over_points(self) -> None:
        """Let the gradebook know the manifest's points: they may have changed since the release."""
        points = self.assignment.points | self.assignment.written
        for name in self.pristine:
            for cell in self.gradebook.find_notebook(name, self.assignment.name).grade_cells:
                cell.max_score = points.get(cell.name, cell.max_score)
        self.gradebook.db.commit()

    def _convert(self, student: str, rows: ClassRows) -> dict[str, NotebookNode]:
        """Merge a submission into the released notebooks, and put reports and scores into them."""
        submitted = self.course.submitted(student, self.assignment.name)
        contexts = read_contexts(self.course, self.assignment.name, student, self.pristine)
        notebooks = {}
        for name, pristine in self.pristine.items():
            answers = read_answers(submitted / f"{name}.ipynb", pristine)
            notebook = merge_answers(pristine, answers)
            context = contexts[name]
            context.unchanged = self._unchanged(student, name, notebook)
            context.rows = rows.cells(student, name)
            for step in self.steps:
                notebook, _ = step.preprocess(notebook, {CONTEXT: context})
            notebooks[name] = notebook
        return notebooks

    def _unchanged(self, student: str, name: str, notebook: NotebookNode) -> frozenset[str]:
        """frozenset of str : the cells that are as an earlier run recorded them."""
        before = _sources(self._autograded(student) / f"{name}.ipynb")
        cells = {grade_id(cell): cell.source for cell in notebook.cells}
        return frozenset(cell for cell, text in before.items() if cells.get(cell) == text)

    def _penalize_lateness(self, student: str) -> None:
        """Do what nbgrader's AssignLatePenalties does, with the gradebook that is open."""
        submission = self.gradebook.find_submission(self.assignment.name, student)
        late = submission.total_seconds_late
        if late > 0:
            for notebook in submission.notebooks:
                penalty = self.late.plugin_inst.late_submission_penalty(
                    student, notebook.score, late
                )
                if penalty is not None:
                    checked = self.late._check_late_penalty(notebook, penalty)
                    notebook.late_submission_penalty = checked
        self.gradebook.db.commit()

    def _timestamp(self, student: str) -> Path | None:
        """Path or None : the file that says when the submission was received."""
        return regular_file(self.course.submitted(student, self.assignment.name), TIMESTAMP)

    def _received(self, student: str) -> datetime | None:
        """datetime or None : when the submission was received, where that is known."""
        path = self._timestamp(student)
        if path is None:
            return None
        try:
            return utils.parse_utc(path.read_text(encoding="utf-8").strip())
        except (ValueError, OverflowError):
            return None

    def _autograded(self, student: str) -> Path:
        return self.course.root / "autograded" / student / self.assignment.name

    def _write(self, student: str, notebooks: dict[str, NotebookNode]) -> None:
        """Lay out what nbgrader's formgrader and feedback read, complete or not at all."""
        target = self._autograded(student)
        target.parent.mkdir(parents=True, exist_ok=True)
        timestamp = self._timestamp(student)
        draft = self.course.root / f"{_STAGING}{secrets.token_hex(8)}"
        draft.mkdir()
        try:
            for name, notebook in notebooks.items():
                # nbformat's writer copies and indents, which takes half as long as all of the
                # gradebook.
                text = json.dumps(notebook, sort_keys=True, ensure_ascii=False)
                (draft / f"{name}.ipynb").write_text(text + "\n", encoding="utf-8")
            if timestamp is not None:
                shutil.copyfile(timestamp, draft / TIMESTAMP)
            for path in draft.iterdir():
                path.chmod(0o444)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _sources(path: Path) -> dict[str, str]:
    """dict of str -> str : what the cells of an earlier run hold, by ``grade_id``."""
    # The notebooks are the autograder's own: pictures of evidence make them as large as they like.
    return {name: text for name, text in texts(path, {}, most=sys.maxsize) if name}


@contextmanager
def _one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """Collect what nbgrader commits row by row into one transaction, kept whole or not at all."""
    gradebook.db.remove()
    with gradebook.engine.connect() as connection, connection.begin():
        gradebook.db.configure(bind=connection, join_transaction_mode="rollback_only")
        try:
            yield
        finally:
            gradebook.db.remove()
            gradebook.db.configure(bind=gradebook.engine)
