"""What an exercise is held to: its cases, shown and hidden, and the answers of the reference."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from cs231n.check import evaluation
from cs231n.check.evaluation import Result
from cs231n.check.exercise import Case, Exercise, TrainingGoal
from cs231n.check.exercises import FAMILY_OF
from cs231n.check.process.client import WorkerClient
from cs231n.check.public import load_public_results

from ..reference.process import expected_answers


@dataclass(frozen=True)
class ExpectedResults:
    """What an exercise is held to in this course.

    Parameters
    ----------
    exercise : Exercise
    points : float
    cases : list of Case
        The public ones first; all hidden for a training goal.
    hidden : frozenset of str
        Names of the hidden cases.
    answers : dict of str -> list of dict
        The arrays of the reference, by probe and case; empty for a training goal.
    mistakes : list of dict
        Fingerprints of typical mistakes on the public cases.
    """

    exercise: Exercise
    points: float
    cases: list[Case]
    hidden: frozenset[str]
    answers: dict[str, list[dict[str, Any]]]
    mistakes: list[dict[str, Any]]

    def evaluate(self, ask: Callable[..., Any], probes: int | None = None) -> Result:
        """Result : of the first probes, or of all; see `cs231n.check.evaluation.evaluate`."""
        answers = dict(islice(self.answers.items(), probes))
        return evaluation.evaluate(
            self.exercise, self.cases, ask, answers, self.hidden, self.mistakes
        )


def expected_results(
    exercise: Exercise, points: float, secret_seed: bytes, worker: WorkerClient
) -> ExpectedResults:
    """Draw the cases of an exercise and ask the reference about them.

    Parameters
    ----------
    exercise : Exercise
    points : float
    secret_seed : bytes
        See `autograder.course.manifest.Course.secret_seed`.
    worker : WorkerClient
        On the reference.

    Returns
    -------
    expected : ExpectedResults
    """
    hidden = _hidden_cases(exercise, secret_seed)
    cases = hidden
    mistakes: list[dict[str, Any]] = []
    if not isinstance(exercise, TrainingGoal):
        cases = exercise.draw() + hidden
        _, mistakes = load_public_results(exercise, FAMILY_OF[exercise.id])
    names = frozenset(case.name for case in hidden)
    answers = expected_answers(worker, exercise, cases)
    return ExpectedResults(exercise, points, cases, names, answers, mistakes)


def _hidden_cases(exercise: Exercise, secret_seed: bytes) -> list[Case]:
    """The same kinds of cases with numbers that nobody outside knows."""
    # Keyed, so that whoever learns the numbers of one exercise knows nothing about another one.
    digest = hmac.new(secret_seed, exercise.id.encode(), hashlib.sha256).digest()
    cases = exercise.draw(np.frombuffer(digest, np.uint32))
    if isinstance(exercise, TrainingGoal):
        return cases
    return [replace(case, name=f"hidden: {case.name}") for case in cases]
