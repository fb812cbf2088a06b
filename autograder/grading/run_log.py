"""The log of grading: a JSON object on each line of ``logs/grade.jsonl``, for programs to read."""

import json
import time
from types import TracebackType
from typing import Any, Self, TextIO

from ..course.manifest import Assignment, Course
from ..course.verdicts import Verdict
from ..errors import UserError

NAME = "logs/grade.jsonl"


class RunLog:
    """Appends what happens in a run to the log of a course. Use it as a context.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    dry_run : bool
        Count, but write nothing.

    Attributes
    ----------
    failed : int
        Submissions so far with an exercise that did not pass; one that is not started counts.
    """

    def __init__(self, course: Course, assignment: Assignment, dry_run: bool = False) -> None:
        self.course = course
        self.assignment = assignment
        self.dry_run = dry_run
        self.failed = 0
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        if not self.dry_run:
            path = self.course.root / NAME
            path.parent.mkdir(exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        if kind is not None:
            self.write("stop", reason=kind.__name__)
        self._file.close()

    def verdict(self, verdict: Verdict) -> None:
        """Note a verdict, and count it if an exercise did not pass."""
        scores = {name: finding.score for name, finding in verdict.exercises.items()}
        if any(finding.status != "pass" for finding in verdict.exercises.values()):
            self.failed += 1
        total = sum(scores.values())
        self.write("verdict", student=verdict.student, score=total, exercises=scores)

    def withdrawn(self, student: str) -> None:
        """Note that a submission is no longer there."""
        self.write("withdrawn", student=student)

    def write(self, event: str, **values: Any) -> None:
        """Append a line.

        Raises
        ------
        UserError
            If the disk is full, say.
        """
        if self._file is None:
            return
        now = round(time.time(), 3)
        line = {"time": now, "assignment": self.assignment.name, "event": event} | values
        try:
            self._file.write(json.dumps(line) + "\n")
            # Line by line, so that a run that is killed has told what it did.
            self._file.flush()
        except OSError as error:
            raise UserError(
                f"{self.course.root / NAME}: {error.strerror}; "
                "make room and run the same command again"
            ) from None
