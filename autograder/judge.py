"""The judge: draws the inputs, asks the sandboxed worker, compares with the reference, gives the points.

It never imports or runs anything of a submission. What reaches it are arrays, by the protocol of
`cs231n.check.protocol`.
"""

import hashlib
import hmac
import shutil
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cs231n.check import evaluation
from cs231n.check.client import Worker
from cs231n.check.exercise import Case, TrainingGoal
from cs231n.check.exercises import EXERCISES, FAMILY_OF
from cs231n.check.public import load
from cs231n.check.report import result_text

from .digests import exercise_set_digest, kit_digest, regular_file, submission_digest
from .errors import UserError
from .reference import expected_answers, reference
from .sandbox import Unisolated
from .verdict import Finding, Verdict


@dataclass(frozen=True)
class Standard:
    """What an exercise is held to in this course: public and hidden cases, with the answers of the reference.

    Parameters
    ----------
    exercise : Exercise
    points : float
    cases : list of Case
        The public ones first; all hidden for a training goal.
    hidden : frozenset of str
        Names of the hidden cases.
    expected : dict of str -> list of dict
        By probe.
    mistakes : list of dict
        Fingerprints of typical mistakes on the public cases.
    """

    exercise: object
    points: float
    cases: list
    hidden: frozenset
    expected: dict
    mistakes: list


class Judge:
    """Judges the submissions of one assignment. Use it as a context; it may be shared by threads.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap or Unisolated
        See `autograder.sandbox.find_sandbox`.

    Raises
    ------
    UserError
        If the assignment has not been released.
    """

    def __init__(self, course, assignment, sandbox):
        self.course, self.assignment, self.sandbox = course, assignment, sandbox
        if not (course.kit(assignment.name) / "cs231n").is_dir():
            raise UserError(f"{assignment.name} is not released; run `autograder release {assignment.name}` first")
        self._digests = kit_digest(course, assignment), exercise_set_digest(course, assignment)
        self._lock = threading.Lock()

    def __enter__(self):
        self._resources = ExitStack()
        self._reference = self._resources.enter_context(reference())
        try:
            self.standards = [self._standard(EXERCISES[name]) for name in self.assignment.points]
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(self, *_):
        self._resources.close()

    def is_current(self, verdict):
        """bool : whether a verdict still holds for what is handed in, released and asked."""
        return verdict == replace(self._blank(verdict.student), exercises=verdict.exercises, received=verdict.received)

    def judge(self, student):
        """Judge what a student handed in.

        Parameters
        ----------
        student : str

        Returns
        -------
        verdict : Verdict
        """
        blank = self._blank(student)
        folder = self.course.submitted(student, self.assignment.name)
        stamp = regular_file(folder, "timestamp.txt")
        received = stamp.read_text(errors="replace").strip()[:40] if stamp else ""
        return replace(blank, exercises=self.findings(folder), received=received)

    def findings(self, folder):
        """Judge a hand-in that lies in some folder.

        Parameters
        ----------
        folder : path

        Returns
        -------
        findings : dict of str -> Finding
            By exercise.
        """
        found = {}
        for without in dict.fromkeys(s.exercise.without for s in self.standards):
            with self._worker(folder, without) as worker:
                standards = (s for s in self.standards if s.exercise.without == without)
                found |= {s.exercise.id: self._finding(s, self._result(worker, s)) for s in standards}
        return {s.exercise.id: found[s.exercise.id] for s in self.standards}

    def _blank(self, student):
        digest = submission_digest(self.course, self.assignment, student)
        return Verdict(student, self.assignment.name, digest, *self._digests, self.sandbox.tier)

    @contextmanager
    def _worker(self, folder, without):
        """A worker on a hand-in, in a sandbox without these modules of the package."""
        limits = self.course.limits
        with tempfile.TemporaryDirectory(prefix="cs231n-judge-") as tree:
            self._rebase(folder, Path(tree), without)
            command, megabyte = self.sandbox.command(tree, limits), 2**20
            with Worker(
                command, limits.seconds, int(limits.answer_mb * megabyte), total_seconds=limits.submission_seconds,
                output_bytes=int(limits.output_mb * megabyte),
            ) as worker:
                yield worker

    def _rebase(self, folder, tree, without=()):
        """Lay out the kit's own files but those of some modules, and over them only what the student may write."""
        kit = self.course.kit(self.assignment.name)
        shutil.copytree(kit / "cs231n", tree / "cs231n")
        for module in without:
            for path in tree.glob(f"{module.replace('.', '/')}.*"):
                path.unlink()
        for name in (*self.assignment.editable, *self.assignment.weights):
            path = regular_file(folder, name)
            if path is not None and path.stat().st_size <= self.course.limits.hand_in_mb * 2**20:
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, tree / name)

    def _standard(self, exercise):
        hidden = _hidden_cases(exercise, self.course.secret_seed())
        cases = hidden if isinstance(exercise, TrainingGoal) else exercise.draw() + hidden
        expected = expected_answers(self._reference, exercise, cases)
        names = frozenset(case.name for case in hidden)
        mistakes = [] if isinstance(exercise, TrainingGoal) else load(exercise, FAMILY_OF[exercise.id])[1]
        return Standard(exercise, self.assignment.points[exercise.id], cases, names, expected, mistakes)

    def _result(self, worker, standard):
        if isinstance(standard.exercise, TrainingGoal):
            return self._judge_weights(worker, standard)
        return evaluation.evaluate(
            standard.exercise, standard.cases, worker.ask, standard.expected, standard.hidden, standard.mistakes
        )

    def _judge_weights(self, worker, standard):
        """The submission only hands over its weights; the reference net applies them to the hidden images."""
        exercise, case = standard.exercise, standard.cases[0]
        answer = worker.ask(exercise.id, "weights", [Case(case.name, {})])[0]
        if answer["status"] == "answered":
            asked = replace(case, inputs=case.inputs | {"weights": answer["arrays"]})
            with self._lock:
                answer = self._reference.ask(exercise.id, "scores", [asked])[0]
        return evaluation.evaluate_goal(exercise, case, answer)

    def _finding(self, standard, result):
        text = result_text(result)
        if self.sandbox.tier == Unisolated.tier:
            text += "\nUNISOLATED: this hand-in ran without a sandbox; trust the points as far as you trust its author."
        score = round(standard.points * result.share, 2)
        return Finding(result.status, score, standard.points, text, result.warnings)


def _hidden_cases(exercise, secret):
    """The same kinds of cases with numbers that nobody outside knows."""
    digest = hmac.new(secret, exercise.id.encode(), hashlib.sha256).digest()
    cases = exercise.draw(np.frombuffer(digest, np.uint32))
    if isinstance(exercise, TrainingGoal):
        return cases
    return [replace(case, name=f"hidden: {case.name}") for case in cases]
