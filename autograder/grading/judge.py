"""The judge: draws the inputs, asks the sandboxed worker, compares with the reference, gives the points.

It never imports or runs anything of a submission. What reaches it are arrays, by the protocol of
`cs231n.check.process.protocol`.
"""

import hashlib
import hmac
import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from cs231n.check import evaluation
from cs231n.check.exercise import Case, TrainingGoal
from cs231n.check.exercises import EXERCISES, FAMILY_OF
from cs231n.check.public import load_public_results
from cs231n.check.report import result_text

from ..course.digests import digest_files, kit_digest, regular_file, submission_digest
from ..course.manifest import TIMESTAMP
from ..course.verdicts import Finding, Verdict
from ..errors import UserError
from ..reference.mistakes import all_mistakes
from ..reference.package_files import package_files
from ..reference.process import expected_answers, reference, scorer
from ..sandbox.find import Unisolated
from .batches import rounds, weights_cases
from .workspaces import Desks


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

    def evaluate(self, ask, probes=None):
        """Result : of the first probes, or of all; see `cs231n.check.evaluation.evaluate`."""
        expected = dict(islice(self.expected.items(), probes))
        return evaluation.evaluate(
            self.exercise, self.cases, ask, expected, self.hidden, self.mistakes
        )


class Judge:
    """Judges the submissions of one assignment. Use it as a context; it may be shared by threads.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap, Landlock or Unisolated
        See `autograder.sandbox.find.find_sandbox`.

    Raises
    ------
    UserError
        If the assignment has not been released.
    """

    def __init__(self, course, assignment, sandbox):
        self.course, self.assignment, self.sandbox = course, assignment, sandbox
        if not (course.release_folder(assignment.name) / "cs231n").is_dir():
            raise UserError(
                f"{assignment.name} is not released; run `autograder release {assignment.name}` first"
            )
        self.digests = kit_digest(course, assignment), exercise_set_digest(course, assignment)
        self._lock = threading.Lock()

    def __enter__(self):
        self._resources = ExitStack()
        self._desks = Desks(self.course, self.assignment, self.sandbox)
        self.notebooks = Desks(self.course, self.assignment, self.sandbox, notebooks=True)
        self._resources.callback(self._desks.close)
        self._resources.callback(self.notebooks.close)
        self._scorers = {}
        try:
            with reference() as worker:
                self.standards = [
                    self._standard(EXERCISES[name], worker) for name in self.assignment.points
                ]
            self._rounds = rounds(
                self.standards, self.course.release_folder(self.assignment.name), self.assignment
            )
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(self, *_):
        self._resources.close()

    def is_current(self, verdict):
        """bool : whether a verdict still holds for what is handed in, released and asked."""
        return verdict == replace(
            self._blank(verdict.student), exercises=verdict.exercises, received=verdict.received
        )

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
        stamp = regular_file(folder, TIMESTAMP)
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
        for asked in self._rounds:
            first, *others = asked.groups
            with self._desks.with_hand_in(folder, first.without) as worker:
                found |= self._ask_ahead(worker, asked)
                found |= self._ask_alone(worker, first.standards, found)
            for group in others:
                if any(s.exercise.id not in found for s in group.standards):
                    with self._desks.with_hand_in(folder, group.without) as worker:
                        found |= self._ask_alone(worker, group.standards, found)
        return {s.exercise.id: self._finding(s, found[s.exercise.id]) for s in self.standards}

    def _blank(self, student):
        digest = submission_digest(self.course, self.assignment, student)
        return Verdict(student, self.assignment.name, digest, *self.digests, self.sandbox.isolation)

    def _standard(self, exercise, worker):
        hidden = _hidden_cases(exercise, self.course.secret_seed())
        is_goal = isinstance(exercise, TrainingGoal)
        cases = hidden if is_goal else exercise.draw() + hidden
        names = frozenset(case.name for case in hidden)
        mistakes = [] if is_goal else load_public_results(exercise, FAMILY_OF[exercise.id])[1]
        expected = expected_answers(worker, exercise, cases)
        return Standard(
            exercise, self.assignment.points[exercise.id], cases, names, expected, mistakes
        )

    def _ask_ahead(self, worker, asked):
        """dict of str -> Result : of the exercises that are settled when all are asked in one process.

        That costs a fraction of a process for each.
        """
        answers, found = {}, {}
        rows = [row for part in asked.parts for row in part.rows]
        for (exercise, _, _), answer in zip(
            rows, worker.ask_together(asked.parts, keep=True) if rows else ()
        ):
            answers.setdefault(exercise, []).append(answer)
        for group in asked.groups:
            for standard in group.standards:
                mine = answers.get(standard.exercise.id, ())
                result = (
                    self._evaluate_ahead(standard, mine)
                    if len(mine) == len(standard.cases)
                    else None
                )
                if result is not None and asked.settles(standard, result):
                    found[standard.exercise.id] = result
        return found

    def _evaluate_ahead(self, standard, answers):
        if not isinstance(standard.exercise, TrainingGoal):
            return standard.evaluate(lambda *_: answers, 1)
        return self._score(standard, *answers) if answers[0].is_answered else None

    def _ask_alone(self, worker, standards, found):
        """dict of str -> Result : of those exercises that are not among the found ones, each in a process of its own."""
        return {
            s.exercise.id: self._result(worker, s) for s in standards if s.exercise.id not in found
        }

    def _result(self, worker, standard):
        if isinstance(standard.exercise, TrainingGoal):
            return self._score(
                standard, *worker.ask(standard.exercise.id, "weights", weights_cases(standard))
            )
        return standard.evaluate(
            partial(worker.ask, shown=len(standard.cases) - len(standard.hidden))
        )

    def _score(self, standard, answer):
        """Result : the submission only hands over its weights; the reference net applies them to the hidden images."""
        exercise, case = standard.exercise, standard.cases[0]
        if answer.is_answered:
            with self._lock:
                worker = self._scorer(exercise, case)
                answer = worker.ask(
                    exercise.id, "scores", [Case(case.name, {"weights": answer.arrays})]
                )[0]
        return evaluation.evaluate_goal(exercise, case, answer)

    def _scorer(self, exercise, case):
        """Worker : the reference, which holds the hidden images already."""
        if exercise.id not in self._scorers:
            modules = [
                name.removesuffix(".py").replace("/", ".") for name in self.assignment.editable
            ]
            self._scorers[exercise.id] = self._resources.enter_context(scorer(case.inputs, modules))
        return self._scorers[exercise.id]

    def _finding(self, standard, result):
        text = result_text(result)
        if self.sandbox.isolation == Unisolated.isolation:
            text += "\nUNISOLATED: this hand-in ran without a sandbox; trust the points as far as you trust its author."
        score = (
            min(round(standard.points * result.share, 2), standard.points)
            if result.share < 1
            else float(standard.points)
        )
        return Finding(result.status, score, standard.points, text, result.warnings)


def exercise_set_digest(course, assignment):
    """str : digest of what decides points: reference, cases, messages, points, limits, and seed."""
    rules = {
        "points": assignment.points,
        "limits": vars(course.limits),
        "package": digest_files(package_files()),
        "mistakes": [(m.name, m.message, m.edits) for m in all_mistakes()],
        "seed": hashlib.sha256(course.secret_seed()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def _hidden_cases(exercise, secret):
    """The same kinds of cases with numbers that nobody outside knows."""
    digest = hmac.new(secret, exercise.id.encode(), hashlib.sha256).digest()
    cases = exercise.draw(np.frombuffer(digest, np.uint32))
    if isinstance(exercise, TrainingGoal):
        return cases
    return [replace(case, name=f"hidden: {case.name}") for case in cases]
