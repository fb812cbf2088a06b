"""From answers to a result: which parts of an exercise are right, what to say about the others."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .comparison import differences, failure_text
from .exercise import Arrays, Case, Exercise, TrainingGoal
from .fingerprints import fingerprint, name_mistake
from .loop_check import EXTRA_STEPS
from .process.messages import Answer

PASS = "pass"
FAIL = "fail"
NOT_STARTED = "not started"
MAX_WARNING = 300
_RANK = {PASS: 2, FAIL: 1, NOT_STARTED: 0}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which case, in which quantity, and a sentence on it."""

    case: str
    quantity: str
    text: str


@dataclass(frozen=True)
class Result:
    """What became of an exercise.

    Parameters
    ----------
    exercise : str
    status : {"pass", "fail", "not started"}
    parts : dict of str -> bool
        The quantities, and whether each was right in every case.
    problems : tuple of Problem
    warnings : tuple of str
        They cost nothing.
    mistake : str
        The name of a typical mistake that gives exactly these results, or "".
    share : float
        Part of the points that it earns, 0 to 1.
    note : str
        A sentence on a result that is more than right or wrong, such as an accuracy.
    """

    exercise: str
    status: str
    parts: dict[str, bool] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    mistake: str = ""
    share: float = 0.0
    note: str = ""


@np.errstate(all="ignore")  # answers may hold any numbers; what they overflow is no news
def evaluate(
    exercise: Exercise,
    cases: Sequence[Case],
    ask: Callable[..., Sequence[Answer]],
    expected: dict[str, list[Arrays]],
    hidden: Collection[str] = frozenset(),
    mistakes: Sequence[dict[str, Any]] = (),
) -> Result:
    """Ask the probes of an exercise until one finds everything right, and keep the best result.

    Parameters
    ----------
    exercise : Exercise
    cases : list of Case
        The public ones first.
    ask : callable
        ``ask(exercise_id, probe_name, cases)``, as `WorkerClient.ask`.
    expected : dict of str -> list of dict
        By probe, the arrays of the reference for each case.
    hidden : set of str
        Names of cases about which nothing but the quantity is told.
    mistakes : list of dict
        Fingerprints on the public cases, see `cs231n.check.public`.

    Returns
    -------
    result : Result
    """
    results = []
    for probe, arrays in expected.items():
        answers = exercise.answers(ask, probe, cases)
        result = _evaluate_answers(exercise, cases, answers, arrays, hidden)
        if result.status == PASS:
            return result
        if result.status == FAIL:
            rows = zip(cases, answers, arrays, strict=True)
            public = [row for row in rows if row[0].name not in hidden]
            found = fingerprint(exercise, *_columns(public))
            result = replace(result, mistake=name_mistake(mistakes, probe, found))
        results.append(result)
    return max(results, key=_goodness)


def _columns(
    rows: Sequence[tuple[Case, Answer, Arrays]],
) -> tuple[list[Case], list[Answer], list[Arrays]]:
    cases = [case for case, _, _ in rows]
    answers = [answer for _, answer, _ in rows]
    arrays = [array for _, _, array in rows]
    return cases, answers, arrays


def _goodness(result: Result) -> tuple[float, int, bool]:
    return result.share, _RANK[result.status], result.mistake != ""


@np.errstate(all="ignore")
def evaluate_goal(exercise: TrainingGoal, case: Case, answer: Answer) -> Result:
    """Turn the scores of a trained net into a result.

    Parameters
    ----------
    exercise : TrainingGoal
    case : Case
        With labels.
    answer : Answer
        With ``scores`` of shape (N, classes), or how the net failed.

    Returns
    -------
    result : Result
    """
    if answer.status == NOT_STARTED:
        return Result(exercise.id, NOT_STARTED, {"accuracy": False})
    assert case.labels is not None
    if answer.is_answered:
        text = _refuse_scores(answer.arrays.get("scores"), len(case.labels))
    else:
        text = failure_text(answer)
    if text:
        return Result(exercise.id, FAIL, {"accuracy": False}, (Problem(case.name, "scores", text),))
    accuracy = float(np.mean(answer.arrays["scores"].argmax(axis=1) == case.labels))
    earned = [share for goal, share in exercise.goals if accuracy >= goal]
    share = max(earned, default=0.0)
    status = PASS if share == 1 else FAIL
    goal, _ = exercise.goals[-1]
    note = f"accuracy {accuracy:.1%} on {case.name}; the goal is {goal:.0%}"
    return Result(exercise.id, status, {"accuracy": share == 1}, share=share, note=note)


def _refuse_scores(scores: np.ndarray | None, count: int) -> str:
    """Say what is wrong with scores of so many images; "" if nothing is."""
    if scores is None:
        return f"scores must have shape ({count}, classes); got None"
    if scores.ndim != 2 or len(scores) != count or not scores.shape[1]:
        return f"scores must have shape ({count}, classes); got {scores.shape}"
    if scores.dtype.kind != "f" or not np.isfinite(scores).all():
        return "scores must be finite numbers"
    return ""


def _evaluate_answers(
    exercise: Exercise,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    expected: Sequence[Arrays],
    hidden: Collection[str],
) -> Result:
    warnings = _shown_warnings(cases, answers, hidden)
    if all(answer.status == NOT_STARTED for answer in answers):
        parts = dict.fromkeys(expected[0], False)
        return Result(exercise.id, NOT_STARTED, parts, warnings=warnings)
    parts = {}
    for arrays in expected:
        parts |= dict.fromkeys(arrays, True)
    problems = []
    for case, answer, arrays in zip(cases, answers, expected, strict=True):
        for quantity, text in differences(exercise, case, answer, arrays).items():
            parts[quantity] = False
            problems.append(_problem(case, quantity, text, hidden))
    if not any(right for part, right in parts.items() if not part.startswith(EXTRA_STEPS)):
        parts = dict.fromkeys(parts, False)  # zeros take no loop either
    status = FAIL if problems else PASS
    share = sum(parts.values()) / len(parts)
    return Result(exercise.id, status, parts, tuple(problems), warnings, share=share)


def _shown_warnings(
    cases: Sequence[Case], answers: Sequence[Answer], hidden: Collection[str]
) -> tuple[str, ...]:
    """Each warning once. One may quote the inputs; those of hidden cases are not for its reader."""
    texts: dict[str, None] = {}
    for case, answer in zip(cases, answers, strict=True):
        if case.name not in hidden:
            texts |= dict.fromkeys(text[:MAX_WARNING] for text in answer.warnings)
    return tuple(texts)


def _problem(case: Case, quantity: str, text: str, hidden: Collection[str]) -> Problem:
    if case.name in hidden:
        return Problem("hidden case", quantity, "wrong in a case that is not shown")
    return Problem(case.name, quantity, text)
