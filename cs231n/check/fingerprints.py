"""Fingerprints of wrong results: they show a typical mistake, and not how to do better."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .comparison import differences
from .exercise import Arrays, Case, Exercise
from .process.messages import Answer

NUM_SUMS = 3
MAX_ELEMENTS = 1 << 16

Mark = str | list[Any] | None
"""None where an answer is right, the name of the error where it raised, else shape and sums."""


def fingerprint(
    exercise: Exercise,
    cases: Sequence[Case],
    answers: Sequence[Answer],
    expected: Sequence[Arrays],
) -> dict[str, list[Mark]]:
    """Take the fingerprint of answers: for each quantity, one mark a case.

    Parameters
    ----------
    exercise : Exercise
    cases : list of Case
    answers : list of Answer
        Of one probe.
    expected : list of dict of str -> ndarray

    Returns
    -------
    marks : dict of str -> list
        ``None`` where the answer is right, the name of the error where it raised, else shape and
        sums.
    """
    marks: dict[str, list[Mark]] = {}
    for arrays in expected:
        for quantity in arrays:
            marks.setdefault(quantity, [])
    for case, answer, arrays in zip(cases, answers, expected, strict=True):
        wrong = differences(exercise, case, answer, arrays)
        for quantity, row in marks.items():
            row.append(_mark(exercise, answer, quantity) if quantity in wrong else None)
    return marks


def name_mistake(
    mistakes: Sequence[dict[str, Any]], probe: str, found: dict[str, list[Mark]]
) -> str:
    """Find the typical mistake that gives these results.

    Parameters
    ----------
    mistakes : list of dict
        As `cs231n.check.public.load_public_results` gives them.
    probe : str
    found : dict of str -> list
        The `fingerprint` of the answers.

    Returns
    -------
    message : str
        Of the mistake; "" where none is known.
    """
    for mistake in mistakes:
        if _matches(mistake["marks"].get(probe, {}), found):
            message: str = mistake["message"]
            return message
    return ""


def _matches(known: dict[str, list[Mark]], found: dict[str, list[Mark]]) -> bool:
    """Whether answers are wrong in the same way wherever a mistake shows."""
    wrong = [quantity for quantity, row in known.items() if row != [None] * len(row)]
    if not wrong:
        return False
    return all(_same_row(known[quantity], found.get(quantity)) for quantity in wrong)


def _mark(exercise: Exercise, answer: Answer, quantity: str) -> Mark:
    """The mark of an answer that is wrong."""
    if answer.error is not None:
        return answer.error.type or answer.status
    if exercise.keeps_inputs and answer.changed:
        return "changed " + " ".join(sorted(answer.changed))
    array = answer.arrays.get(quantity)
    if array is None:
        return "missing"
    return [list(array.shape), *_sums(array)]


def _sums(array: np.ndarray) -> list[float]:
    """A few weighted means over the first elements; which are not finite shows in them too."""
    elements = np.asarray(array.ravel()[:MAX_ELEMENTS], np.float64)
    flat = np.nan_to_num(elements, nan=1e3, posinf=1e4, neginf=-1e4)
    sums = []
    for k in range(NUM_SUMS):
        wave = np.cos((k + 1) * np.arange(flat.size) + k)
        sums.append(float(flat @ wave) / max(flat.size, 1))
    return sums


def _same_row(known: list[Mark], found: list[Mark] | None) -> bool:
    if found is None or len(known) != len(found):
        return False
    return all(map(_same_mark, known, found))


def _same_mark(known: Mark, found: Mark) -> bool:
    if not (isinstance(known, list) and isinstance(found, list)):
        return known == found
    return known[0] == found[0] and np.allclose(known[1:], found[1:], rtol=1e-3, atol=1e-6)
