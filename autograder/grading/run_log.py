"""The log of grading runs: one JSON object in every line of ``logs/grade.jsonl``, for programs to read."""

import json
import time

from ..errors import UserError

NAME = "logs/grade.jsonl"


class Journal:
    """Appends what happens in a run to the log of a course.

    Parameters
    ----------
    course : Course or None
        None writes nothing.
    assignment : Assignment

    Attributes
    ----------
    failed : int
        Hand-ins so far with an exercise that did not pass, those that are not started included.
    """

    def __init__(self, course, assignment):
        self.course, self.assignment, self.failed = course, assignment, 0
        self._file = None

    def __enter__(self):
        if self.course is not None:
            path = self.course.root / NAME
            path.parent.mkdir(exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        return self

    def __exit__(self, kind, error, _):
        if kind is not None and self._file is not None:
            self.write("stop", reason=kind.__name__)
        if self._file is not None:
            self._file.close()

    def verdict(self, student, verdict):
        """Note a verdict, or that there is no hand-in any more."""
        if verdict is None:
            self.write("withdrawn", student=student)
            return
        scores = {name: finding.score for name, finding in verdict.exercises.items()}
        self.failed += any(finding.status != "pass" for finding in verdict.exercises.values())
        self.write("verdict", student=student, score=sum(scores.values()), exercises=scores)

    def write(self, event, **values):
        """Append one line; a full disk is the user's turn."""
        if self._file is None:
            return
        line = {
            "time": round(time.time(), 3),
            "assignment": self.assignment.name,
            "event": event,
        } | values
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise UserError(
                f"{self.course.root / NAME}: {error.strerror}; make room and run the same command again"
            ) from None
