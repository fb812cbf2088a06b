"""Records verdicts in nbgrader's gradebook; recording them again changes nothing."""

import json
import secrets
import shutil
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Self

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
SUBMISSIONS_PER_TRANSACTION = 25
"""int : other programs wait for the gradebook for as long as it takes to write this many."""


def record(course: Course, assignment: Assignment, students: Iterable[str]) -> None:
    """Put the verdicts on some submissions into the gradebook and into ``autograded/``.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    students : iterable of str

    Raises
    ------
    UserError
        If the assignment has not been released, or the gradebook cannot be used.
    """
    students = list(students)
    with GradebookWriter(course, assignment, students) as writer:
        for student in students:
            writer.add(student)


class GradebookWriter:
    """Records verdicts in the gradebook and in ``autograded/``, one submission after another.

    Scores come from verdicts alone; where there is none on exactly this submission, they are 0.
    What people entered stays: manual scores, extra credit, comments, extensions, due dates.

    It writes in a thread of its own, so that whoever judges never waits for the gradebook. Use it
    as a context: when the block ends, all that was added is recorded; when it fails, the
    transaction that is open is completed and the rest is left to the next run.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    students : iterable of str
        The order in which they are recorded, whatever the order in which they are added.
    """

    def __init__(self, course: Course, assignment: Assignment, students: Iterable[str]) -> None:
        self._course = course
        self._assignment = assignment
        self._expected = deque(students)
        self._decided: dict[str, bool] = {}
        self._next_transaction: list[str] = []
        self._transactions: SimpleQueue[list[str] | None] = SimpleQueue()
        self._canceled = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._write, name="gradebook")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._cancel()

    def add(self, student: str) -> None:
        """Record a student as soon as all students before have been added or skipped."""
        self._decide(student, True)

    def skip(self, student: str) -> None:
        """Leave out a student, for whom the others wait no longer."""
        self._decide(student, False)

    def close(self) -> None:
        """Wait until all that was added is recorded.

        Raises
        ------
        UserError
            If the assignment has not been released, or the gradebook cannot be used.
        """
        if self._next_transaction:
            self._transactions.put(self._next_transaction)
        self._transactions.put(None)
        try:
            self._thread.join()
        except BaseException:  # Ctrl-C
            self._cancel()
            raise
        if self._error is not None:
            raise self._error

    def _cancel(self) -> None:
        self._canceled.set()
        self._transactions.put(None)
        self._thread.join()

    def _decide(self, student: str, is_recorded: bool) -> None:
        self._decided[student] = is_recorded
        while self._expected and self._expected[0] in self._decided:
            first = self._expected.popleft()
            if self._decided.pop(first):
                self._next_transaction.append(first)
            if len(self._next_transaction) == SUBMISSIONS_PER_TRANSACTION:
                self._transactions.put(self._next_transaction)
                self._next_transaction = []

    def _write(self) -> None:
        """Do the work of the thread, which alone opens the gradebook: SQLite asks for that."""
        try:
            config = load_settings(self._course)
            with open_gradebook(self._course, config) as gradebook:
                recorder = _Recorder(self._course, self._assignment, gradebook, config)
                for students in iter(self._transactions.get, None):
                    if self._canceled.is_set():
                        break
                    with _one_transaction(gradebook):
                        recorder.record(students)
        except BaseException as error:
            # For `close`, which raises it where somebody can act on it.
            self._error = error


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
        # Before the rows are read, since they hold the points.
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
                # Whether it is late is decided anew below: dates and extensions may have changed.
                notebook.late_submission_penalty = None
            self._write(student, notebooks)
        rows.save()
        # Asked each time: people set dates while a class is being graded.
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
        # Not `atomic_folder`: its locks and syncs take several times as long as all else here, and
        # they are not needed, as each run writes all folders again and there is one writer.
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
                # As nbgrader leaves them: what people change belongs into the gradebook.
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
        # In this mode a commit of nbgrader's does nothing; that of the connection keeps everything.
        gradebook.db.configure(bind=connection, join_transaction_mode="rollback_only")
        try:
            yield
        finally:
            gradebook.db.remove()
            gradebook.db.configure(bind=gradebook.engine)
