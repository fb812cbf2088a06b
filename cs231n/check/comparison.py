"""Compares what came with what should come, the same way for notebook, command line and judge."""

from dataclasses import dataclass

import numpy as np

from .exercise import Arrays, Case, Exercise
from .process.messages import RAISED, Answer

_TINY = 1e-8


@dataclass(frozen=True)
class Difference:
    """Why an array is not the expected one.

    Parameters
    ----------
    reason : {"missing", "shape", "dtype", "not finite", "value"}
    text : str
        One sentence for the student.
    """

    reason: str
    text: str


def compare(got: object, expected: np.ndarray, limit: float) -> Difference | None:
    """Compare an answer with what the reference returns.

    The error is the largest absolute difference divided by the scale of the expected array, its
    largest magnitude; so a gradient of zero is compared with its neighbors, not with itself. Shapes
    never broadcast.

    Parameters
    ----------
    got : ndarray of any shape, or None
    expected : ndarray of any shape
    limit : float
        Largest error that passes.

    Returns
    -------
    difference : Difference or None
        None when the answer is right.
    """
    if not isinstance(got, np.ndarray):
        return Difference("missing", "nothing was returned")
    if got.shape != expected.shape:
        return Difference("shape", f"got shape {got.shape}, expected {expected.shape}")
    if _kind(got) != _kind(expected):
        return Difference("dtype", f"got dtype {got.dtype}, expected {expected.dtype}")
    if got.size == 0:
        return None
    if expected.dtype.kind != "f":
        wrong = got != expected
        if not wrong.any():
            return None
        return _wrong_value(got, expected, wrong.astype(float), 0)
    if _is_close(got, expected, limit):
        return None
    return _compare_floats(got, expected, limit)


def differences(exercise: Exercise, case: Case, answer: Answer, expected: Arrays) -> dict[str, str]:
    """What is wrong with one answer.

    Returns
    -------
    problems : dict of str -> str
        Quantity -> sentence; empty when all is right.
    """
    if not answer.is_answered:
        return dict.fromkeys(expected, failure_text(answer))
    if exercise.keeps_inputs and answer.changed:
        names = " and ".join(answer.changed)
        return dict.fromkeys(expected, f"{names} was changed in place; work on a copy")
    problems = {}
    for quantity, array in expected.items():
        difference = compare(
            answer.arrays.get(quantity), array, exercise.limit(quantity, case.dtype)
        )
        if difference:
            problems[quantity] = difference.text
    return problems


def failure_text(answer: Answer) -> str:
    """Say in one sentence why there is no answer."""
    error = answer.error
    assert error is not None
    text = error.message
    if answer.status == RAISED:
        text = f"{error.type}: {text}"
    if error.where:
        text = f"{text} ({error.where})"
    return text


def _is_close(got: np.ndarray, expected: np.ndarray, limit: float) -> bool:
    """Whether all numbers are finite and close; False leaves it open."""
    with np.errstate(all="ignore"):
        error = np.abs(np.subtract(got, expected, dtype=np.float64)).max()
        scale = np.abs(expected).max()
        # Where the scale has no end, any error is below it.
        return bool(np.isfinite(scale) and error <= limit * scale)


def _compare_floats(got: np.ndarray, expected: np.ndarray, limit: float) -> Difference | None:
    broken = np.isfinite(expected) & ~np.isfinite(got)
    if broken.any():
        index = np.unravel_index(np.argmax(broken), got.shape)
        place = _place("first at", index)
        text = f"{place}got {got[index]}, expected {expected[index]:.6g}"
        return Difference("not finite", text)
    exact = np.asarray(expected, np.float64)
    answer = np.asarray(got, np.float64)
    scale = max(float(np.max(np.abs(exact), where=np.isfinite(exact), initial=0.0)), _TINY)
    same = (exact == answer) | (np.isnan(exact) & np.isnan(answer))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.where(same, 0.0, np.abs(answer - exact) / scale)
    error[np.isnan(error)] = np.inf
    if error.max() <= limit:
        return None
    return _wrong_value(got, expected, error, limit)


def _wrong_value(
    got: np.ndarray, expected: np.ndarray, error: np.ndarray, limit: float
) -> Difference:
    index = np.unravel_index(np.argmax(error), error.shape)
    place = _place("worst at", index)
    text = (
        f"{place}got {got[index]:.8g}, expected {expected[index]:.8g}; "
        f"error {error[index]:.1e}, limit {limit:.0e}"
    )
    if expected.ndim:
        share = np.mean(error > limit)
        text += f" (shape {expected.shape}, {expected.dtype}, {share:.0%} of the elements are off)"
    return Difference("value", text)


def _place(label: str, index: tuple[np.integer, ...]) -> str:
    """Say where in an array; nothing for a number."""
    if not index:
        return ""
    return f"{label} [{', '.join(map(str, index))}]: "


def _kind(array: np.ndarray) -> str:
    """The kind of a dtype; integers are of one kind, with or without a sign."""
    return "i" if array.dtype.kind in "iu" else array.dtype.kind
