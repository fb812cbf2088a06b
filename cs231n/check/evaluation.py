"""From answers to a result: which parts of an exercise are right, and what to say about those that are not."""

from dataclasses import dataclass, field, replace

import numpy as np

from .comparison import differences, failure_text
from .fingerprints import fingerprint, name_mistake
from .loop_check import EXTRA_STEPS

PASS, FAIL, NOT_STARTED = "pass", "fail", "not started"
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
    parts: dict = field(default_factory=dict)
    problems: tuple = ()
    warnings: tuple = ()
    mistake: str = ""
    share: float = 0.0
    note: str = ""


@np.errstate(all="ignore")  # answers may hold any numbers; what they overflow is no news
def evaluate(exercise, cases, ask, expected, hidden=frozenset(), mistakes=()):
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
            public = [
                row for row in zip(cases, answers, arrays, strict=True) if row[0].name not in hidden
            ]
            result = replace(
                result,
                mistake=name_mistake(
                    mistakes, probe, fingerprint(exercise, *zip(*public, strict=True))
                ),
            )
        results.append(result)
    return max(
        results, key=lambda result: (result.share, _RANK[result.status], result.mistake != "")
    )


@np.errstate(all="ignore")
def evaluate_goal(exercise, case, answer):
    """Turn the scores of a trained net into a result.

    Parameters
    ----------
    exercise : TrainingGoal
    case : Case
        With labels.
    answer : dict
        With ``scores`` of shape (N, classes), or how the net failed.

    Returns
    -------
    result : Result
    """
    if answer.status == NOT_STARTED:
        return Result(exercise.id, NOT_STARTED, {"accuracy": False})
    if answer.is_answered:
        text = _refuse_scores(answer.arrays, case)
    else:
        text = failure_text(answer)
    if text:
        return Result(exercise.id, FAIL, {"accuracy": False}, (Problem(case.name, "scores", text),))
    accuracy = float(np.mean(answer.arrays["scores"].argmax(axis=1) == case.labels))
    share = max([share for goal, share in exercise.goals if accuracy >= goal], default=0.0)
    goal = exercise.goals[-1][0]
    note = f"accuracy {accuracy:.1%} on {case.name}; the goal is {goal:.0%}"
    return Result(
        exercise.id, PASS if share == 1 else FAIL, {"accuracy": share == 1}, share=share, note=note
    )


def _refuse_scores(arrays, case):
    scores = arrays.get("scores")
    if (
        not isinstance(scores, np.ndarray)
        or scores.ndim != 2
        or len(scores) != len(case.labels)
        or not scores.shape[1]
    ):
        return f"scores must have shape ({len(case.labels)}, classes); got {getattr(scores, 'shape', None)}"
    return (
        ""
        if scores.dtype.kind == "f" and np.isfinite(scores).all()
        else "scores must be finite numbers"
    )


def _evaluate_answers(exercise, cases, answers, expected, hidden):
    # A warning may quote the inputs; those of hidden cases are not for its reader.
    shown = [answer for case, answer in zip(cases, answers, strict=True) if case.name not in hidden]
    warnings = tuple(dict.fromkeys(str(w)[:300] for answer in shown for w in answer.warnings))
    if all(answer.status == NOT_STARTED for answer in answers):
        return Result(
            exercise.id, NOT_STARTED, dict.fromkeys(expected[0], False), warnings=warnings
        )
    parts = dict.fromkeys((q for arrays in expected for q in arrays), True)
    problems = []
    for case, answer, arrays in zip(cases, answers, expected, strict=True):
        for quantity, text in differences(exercise, case, answer, arrays).items():
            parts[quantity] = False
            problems.append(_problem(case, quantity, text, hidden))
    if not any(right for part, right in parts.items() if not part.startswith(EXTRA_STEPS)):
        parts = dict.fromkeys(parts, False)  # zeros take no loop either
    status = FAIL if problems else PASS
    return Result(
        exercise.id,
        status,
        parts,
        tuple(problems),
        warnings,
        share=sum(parts.values()) / len(parts),
    )


def _problem(case, quantity, text, hidden):
    if case.name in hidden:
        return Problem("hidden case", quantity, "wrong in a case that is not shown")
    return Problem(case.name, quantity, text)
