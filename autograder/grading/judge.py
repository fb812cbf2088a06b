"""The judge: asks the sandboxed worker, compares with the reference, and gives the points.

It never imports or runs anything of a submission. What reaches it are arrays, by the protocol of
`cs231n.check.process.protocol`.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

from cs231n.check import evaluation
from cs231n.check.evaluation import Result
from cs231n.check.exercise import Case, TrainingGoal
from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerClient
from cs231n.check.process.messages import TIMEOUT, VERSION, Answer, Failure
from cs231n.check.report import result_text

from ..course.digests import digest_files, kit_digest, regular_file, submission_digest
from ..course.manifest import TIMESTAMP, Assignment, Course
from ..course.verdicts import Finding, Verdict
from ..errors import UserError
from ..reference.mistakes import all_mistakes
from ..reference.package_files import package_files
from ..reference.process import goal_worker, reference
from ..sandbox.base import Sandbox
from ..sandbox.find import Unisolated
from .batches import Batch, make_batches, module_name, weights_cases
from .expected import ExpectedResults, expected_results
from .workspaces import WorkspacePool

MAX_RECEIVED = 40
"""The most characters of a time stamp that are kept."""
MIN_SCORE_SECONDS = 1.0
"""Every net gets so much time: a scorer that is ended too early has to start again for the next."""


class Judge:
    """Judges the submissions of one assignment. Use it as a context; threads may share it.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Sandbox
        See `autograder.sandbox.find.find_sandbox`.

    Attributes
    ----------
    digests : (str, str)
        Of the kit and of what decides points.
    expected : list of ExpectedResults
        One for each exercise, in the order of the assignment; there while the context is open.
    notebooks : WorkspacePool
        Where notebooks are run; there while the context is open.

    Raises
    ------
    UserError
        If the assignment has not been released, or by another version of these programs.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        sandbox: Sandbox,
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.sandbox = sandbox
        _check_kit(course, assignment)
        self.digests = (kit_digest(course, assignment), exercise_set_digest(course, assignment))
        self._goal_lock = threading.Lock()
        self._goal_workers: dict[str, WorkerClient] = {}

    def __enter__(self) -> Self:
        self._resources = ExitStack()
        self._workspaces = WorkspacePool(self.course, self.assignment, self.sandbox)
        self.notebooks = WorkspacePool(self.course, self.assignment, self.sandbox, notebooks=True)
        self._resources.callback(self._workspaces.close)
        self._resources.callback(self.notebooks.close)
        self._goal_workers = {}
        seed = self.course.secret_seed()
        kit = self.course.release_folder(self.assignment.name)
        try:
            with reference() as worker:
                self.expected = [
                    expected_results(EXERCISES[name], points, seed, worker)
                    for name, points in self.assignment.points.items()
                ]
            self._batches = make_batches(self.expected, kit, self.assignment)
        except BaseException:
            self._resources.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def is_current(self, verdict: Verdict) -> bool:
        """bool : whether a verdict still holds for what is handed in, released and asked."""
        blank = self._blank_verdict(verdict.student)
        return verdict == replace(blank, exercises=verdict.exercises, received=verdict.received)

    def judge_submission(self, student: str) -> Verdict:
        """Judge what a student handed in.

        Parameters
        ----------
        student : str

        Returns
        -------
        verdict : Verdict
        """
        blank = self._blank_verdict(student)
        folder = self.course.submitted(student, self.assignment.name)
        stamp = regular_file(folder, TIMESTAMP)
        received = ""
        if stamp is not None:
            received = stamp.read_text(errors="replace").strip()[:MAX_RECEIVED]
        return replace(blank, exercises=self.findings(folder), received=received)

    def findings(self, folder: Path) -> dict[str, Finding]:
        """Judge a submission that lies in any folder.

        Parameters
        ----------
        folder : path

        Returns
        -------
        findings : dict of str -> Finding
            By exercise.
        """
        results: dict[str, Result] = {}
        spent = 0.0  # one clock for all processes of a submission
        for batch in self._batches:
            first, *others = batch.groups
            with self._workspaces.open_submission(folder, first.without) as worker:
                worker.spend(spent)
                results |= self._ask_together(worker, batch)
                results |= self._ask_alone(worker, first.expected, results)
                spent = worker.spent_seconds
            for group in others:
                if all(expected.exercise.id in results for expected in group.expected):
                    continue
                with self._workspaces.open_submission(folder, group.without) as worker:
                    worker.spend(spent)
                    results |= self._ask_alone(worker, group.expected, results)
                    spent = worker.spent_seconds
        findings = {}
        for expected in self.expected:
            name = expected.exercise.id
            findings[name] = self._finding(expected, results[name])
        return findings

    def _blank_verdict(self, student: str) -> Verdict:
        digest = submission_digest(self.course, self.assignment, student)
        isolation = self.sandbox.isolation
        return Verdict(student, self.assignment.name, digest, *self.digests, isolation)

    def _ask_together(self, worker: WorkerClient, batch: Batch) -> dict[str, Result]:
        """Ask all exercises of a batch in one process, at a fraction of a process for each.

        Returns
        -------
        results : dict of str -> Result
            The final ones.
        """
        rows = [row for part in batch.parts for row in part.rows]
        if not rows:
            return {}
        given = worker.ask_together(batch.parts, keep=True)
        answers: dict[str, list[Answer]] = {}
        for (exercise, _, _), answer in zip(rows, given, strict=False):
            answers.setdefault(exercise, []).append(answer)
        final = {}
        for group in batch.groups:
            for expected in group.expected:
                name = expected.exercise.id
                if len(answers.get(name, ())) < len(expected.cases):
                    continue  # it was not asked, or the process did not come so far
                result = self._evaluate_first(worker, expected, answers[name])
                if result is not None and batch.is_final(expected, result):
                    final[name] = result
        return final

    def _evaluate_first(
        self, worker: WorkerClient, expected: ExpectedResults, answers: list[Answer]
    ) -> Result | None:
        """The result of the first probe alone; None where a goal has no weights."""
        exercise = expected.exercise
        if not isinstance(exercise, TrainingGoal):
            with _counted(worker):
                return expected.evaluate(lambda *_: answers, 1)
        if not answers[0].is_answered:
            return None
        return self._evaluate_goal(worker, exercise, expected.cases[0], answers[0])

    def _ask_alone(
        self, worker: WorkerClient, exercises: list[ExpectedResults], known: dict[str, Result]
    ) -> dict[str, Result]:
        """Ask about the exercises without a result, each in a process of its own."""
        results = {}
        for expected in exercises:
            if expected.exercise.id not in known:
                results[expected.exercise.id] = self._result(worker, expected)
        return results

    def _result(self, worker: WorkerClient, expected: ExpectedResults) -> Result:
        exercise = expected.exercise
        if isinstance(exercise, TrainingGoal):
            (answer,) = worker.ask(exercise.id, "weights", weights_cases(expected))
            return self._evaluate_goal(worker, exercise, expected.cases[0], answer)
        shown = len(expected.cases) - len(expected.hidden)
        with _counted(worker):
            return expected.evaluate(partial(worker.ask, shown=shown))

    def _evaluate_goal(
        self, worker: WorkerClient, exercise: TrainingGoal, case: Case, answer: Answer
    ) -> Result:
        """Let the reference net apply the weights of a submission to the hidden images."""
        if answer.is_answered:
            answer = self._score(worker, exercise, case, answer)
        return evaluation.evaluate_goal(exercise, case, answer)

    def _score(
        self, worker: WorkerClient, exercise: TrainingGoal, case: Case, answer: Answer
    ) -> Answer:
        """Ask the reference for the scores, in the time that the submission has left."""
        weights = Case(case.name, {"weights": answer.arrays})
        with self._goal_lock:
            scorer = self._goal_worker(exercise.id, case)
            scorer.start()
            seconds = max(MIN_SCORE_SECONDS, min(self.course.limits.seconds, worker.left_seconds))
            scorer.seconds = seconds
            started = time.monotonic()
            (scores,) = scorer.ask(exercise.id, "scores", [weights])
            worker.spend(time.monotonic() - started)
        if scores.status != TIMEOUT:
            return scores
        text = f"the net takes longer for the hidden images than the {seconds:g} s that are left"
        return replace(scores, error=Failure("", text))

    def _goal_worker(self, exercise: str, case: Case) -> WorkerClient:
        """WorkerClient : the reference, which holds the hidden images already."""
        if exercise not in self._goal_workers:
            modules = [module_name(name) for name in self.assignment.editable]
            worker = self._resources.enter_context(goal_worker(case.inputs, modules))
            self._goal_workers[exercise] = worker
        return self._goal_workers[exercise]

    def _finding(self, expected: ExpectedResults, result: Result) -> Finding:
        text = result_text(result)
        if self.sandbox.isolation == Unisolated.isolation:
            text += (
                "\nUNISOLATED: this hand-in ran without a sandbox; "
                "trust the points as far as you trust its author."
            )
        points = expected.points
        if result.share < 1:
            score = min(round(points * result.share, 2), points)
        else:
            score = float(points)
        return Finding(result.status, score, points, text, result.warnings)


@contextmanager
def _counted(worker: WorkerClient) -> Iterator[None]:
    """Count for a submission what it costs to compute on its answers.

    It is the processor time of this thread, so that nobody pays for those who are judged beside.
    """
    started = time.thread_time()
    yield
    worker.spend(time.thread_time() - started)


def exercise_set_digest(course: Course, assignment: Assignment) -> str:
    """Digest what decides points: reference, cases, messages, points, limits and the secret seed.

    Returns
    -------
    digest : str
        SHA-256, hexadecimal.
    """
    rules = {
        "points": assignment.points,
        "limits": vars(course.limits),
        "package": digest_files(package_files()),
        "mistakes": [(m.name, m.message, m.edits) for m in all_mistakes()],
        "seed": hashlib.sha256(course.secret_seed()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def _check_kit(course: Course, assignment: Assignment) -> None:
    kit = course.release_folder(assignment.name)
    command = f"autograder release {assignment.name}"
    if not (kit / "cs231n").is_dir():
        raise UserError(f"{assignment.name} is not released; run `{command}` first")
    if _protocol_version(kit) != str(VERSION):
        raise UserError(
            f"{assignment.name} was released by another version of these programs; "
            f"run `{command}` again"
        )


def _protocol_version(kit: Path) -> str | None:
    """Read which protocol the worker of a kit speaks; nothing of a kit is imported."""
    try:
        text = (kit / "cs231n/check/process/messages.py").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = re.search(r"^VERSION = (\d+)$", text, re.MULTILINE)
    return found and found[1]
