"""Fingerprints of wrong results: they recognize a typical mistake without showing how to do better."""

import numpy as np

from .comparison import differences

_SUMS, _MOST = 3, 1 << 16


def fingerprint(exercise, cases, answers, expected):
    """Fingerprint answers: for each quantity, one mark a case.

    Parameters
    ----------
    exercise : Exercise
    cases : list of Case
    answers, expected : list of dict
        Of one probe.

    Returns
    -------
    marks : dict of str -> list
        ``None`` where the answer is right, the name of the error where it raised, else shape and sums.
    """
    quantities = dict.fromkeys(quantity for arrays in expected for quantity in arrays)
    return {
        q: [_mark(exercise, *row, q) for row in zip(cases, answers, expected, strict=True)]
        for q in quantities
    }


def name_mistake(mistakes, probe, found):
    """The message of the typical mistake that gives these results, or "".

    Parameters
    ----------
    mistakes : list of dict
    probe : str
    found : dict of str -> list
        The `fingerprint` of the answers.
    """
    for mistake in mistakes:
        known = mistake["marks"].get(probe, {})
        wrong = [q for q, row in known.items() if any(mark is not None for mark in row)]
        if wrong and all(q in found and _same_row(known[q], found[q]) for q in wrong):
            return mistake["message"]
    return ""


def _mark(exercise, case, answer, expected, quantity):
    if quantity not in differences(exercise, case, answer, expected):
        return None
    if not answer.is_answered:
        return answer.error.type or answer.status
    if exercise.keeps_inputs and answer.changed:
        return "changed " + " ".join(sorted(answer.changed))
    array = answer.arrays.get(quantity)
    return "missing" if array is None else [list(array.shape), *_sums(array)]


def _sums(array):
    """A few weighted means over the elements, or the first of very many; which are not finite shows in them too."""
    flat = np.nan_to_num(
        np.asarray(array.ravel()[:_MOST], np.float64), nan=1e3, posinf=1e4, neginf=-1e4
    )
    waves = (np.cos((k + 1) * np.arange(flat.size) + k) for k in range(_SUMS))
    return [float(flat @ wave) / max(flat.size, 1) for wave in waves]


def _same_row(known, found):
    return len(known) == len(found) and all(map(_same_mark, known, found))


def _same_mark(known, found):
    if not (isinstance(known, list) and isinstance(found, list)):
        return known == found
    return known[0] == found[0] and np.allclose(known[1:], found[1:], rtol=1e-3, atol=1e-6)
