"""From answers to a result: which parts of an exercise are right, and what to say about those that are not."""

from dataclasses import dataclass, field

import numpy as np

from .comparison import compare

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


def evaluate(exercise, cases, answers, expected, hidden=frozenset()):
    """Compare the answers of every probe with what is expected and keep the best probe.

    Parameters
    ----------
    exercise : Exercise
    cases : list of Case
    answers : dict of str -> list of dict
        By probe, one answer for each case, as `Worker.ask` returns them.
    expected : dict of str -> list of dict
        By probe, the arrays of the reference for each case.
    hidden : set of str
        Names of cases about which nothing but the quantity is told.

    Returns
    -------
    result : Result
    """
    results = [
        _evaluate_probe(exercise, cases, answers[name], expected[name], hidden) for name in answers
    ]
    return max(results, key=lambda result: (result.share, _RANK[result.status]))


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
    if answer["status"] == "not started":
        return Result(exercise.id, NOT_STARTED, {"accuracy": False})
    text = _failure_text(answer) if answer["status"] != "answered" else _refuse_scores(answer["arrays"], case)
    if text:
        return Result(exercise.id, FAIL, {"accuracy": False}, (Problem(case.name, "scores", text),))
    accuracy = float(np.mean(answer["arrays"]["scores"].argmax(axis=1) == case.labels))
    share = max([share for goal, share in exercise.goals if accuracy >= goal], default=0.0)
    goal = exercise.goals[-1][0]
    note = f"accuracy {accuracy:.1%} on {case.name}; the goal is {goal:.0%}"
    return Result(exercise.id, PASS if share == 1 else FAIL, {"accuracy": share == 1}, share=share, note=note)


def _refuse_scores(arrays, case):
    scores = arrays.get("scores")
    if not isinstance(scores, np.ndarray) or scores.ndim != 2 or len(scores) != len(case.labels) or not scores.shape[1]:
        return f"scores must have shape ({len(case.labels)}, classes); got {getattr(scores, 'shape', None)}"
    return "" if scores.dtype.kind == "f" and np.isfinite(scores).all() else "scores must be finite numbers"


def differences(exercise, case, answer, expected):
    """What is wrong with one answer.

    Returns
    -------
    problems : dict of str -> str
        Quantity -> sentence; empty when all is right.
    """
    if answer["status"] != "answered":
        return dict.fromkeys(expected, _failure_text(answer))
    if exercise.keeps_inputs and answer["changed"]:
        names = " and ".join(answer["changed"])
        return dict.fromkeys(expected, f"{names} was changed in place; work on a copy")
    problems = {}
    for quantity, array in expected.items():
        difference = compare(answer["arrays"].get(quantity), array, exercise.limit(quantity, case.dtype))
        if difference:
            problems[quantity] = difference.text
    return problems


def _evaluate_probe(exercise, cases, answers, expected, hidden):
    warnings = tuple(dict.fromkeys(str(w)[:300] for answer in answers for w in answer.get("warnings", ())))
    if all(answer["status"] == "not started" for answer in answers):
        return Result(exercise.id, NOT_STARTED, dict.fromkeys(expected[0], False), warnings=warnings)
    parts = dict.fromkeys((q for arrays in expected for q in arrays), True)
    problems = []
    for case, answer, arrays in zip(cases, answers, expected, strict=True):
        for quantity, text in differences(exercise, case, answer, arrays).items():
            parts[quantity] = False
            problems.append(_problem(case, quantity, text, hidden))
    status = FAIL if problems else PASS
    return Result(exercise.id, status, parts, tuple(problems), warnings, share=sum(parts.values()) / len(parts))


def _problem(case, quantity, text, hidden):
    if case.name in hidden:
        return Problem("hidden case", quantity, "wrong in a case that is not shown")
    return Problem(case.name, quantity, text)


def _failure_text(answer):
    error = answer["error"]
    kind = f"{error['type']}: " if answer["status"] == "raised" else ""
    where = f" ({error['where']})" if error.get("where") else ""
    return f"{kind}{error['message']}{where}"
