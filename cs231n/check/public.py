"""Results on the public cases: what the reference returns, and fingerprints of what typical mistakes return.

They ship with the kit in place of the reference. A fingerprint is a shape and a few sums of a wrong result; it names
a mistake without showing how to do better.
"""

import json
from pathlib import Path

import numpy as np

from .evaluation import differences

FOLDER = Path(__file__).parent / "public"
_MISTAKES = "mistakes"
_SUMS = 3


class MissingResults(LookupError):
    """There are no public results for an exercise."""


def load(exercise, family, folder=FOLDER):
    """Load what the reference returns on the public cases of an exercise.

    Parameters
    ----------
    exercise : Exercise
    family : str
        The module of `cs231n.check.exercises` that declares it.

    Returns
    -------
    expected : dict of str -> list of dict
        By probe, the arrays of each case.
    mistakes : list of dict
        ``name``, ``message``, and ``marks`` as `marks` returns them.

    Raises
    ------
    MissingResults
    """
    path = folder / f"{family}.npz"
    if not path.is_file():
        raise MissingResults(f"{exercise.id}: no public results at {path.name}; get the course kit again")
    with np.load(path, allow_pickle=False) as file:
        mistakes = json.loads(str(file[_MISTAKES])).get(exercise.id, [])
        expected = {probe.name: [{} for _ in exercise.draw()] for probe in exercise.probes}
        found = [key for key in file.files if key.startswith(f"{exercise.id}|")]
        for key in found:
            _, probe, case, quantity = key.split("|")
            expected[probe][int(case)][quantity] = file[key]
    if not found:
        raise MissingResults(f"{exercise.id}: not among the public results in {path.name}; get the course kit again")
    return expected, mistakes


def save(path, expected, mistakes):
    """Write the public results of a family of exercises.

    Parameters
    ----------
    path : path
    expected : dict of str -> dict of str -> list of dict
        By exercise and probe, the arrays of each case.
    mistakes : dict of str -> list of dict
        By exercise.
    """
    arrays = {
        f"{exercise}|{probe}|{case}|{quantity}": array
        for exercise, probes in expected.items()
        for probe, cases in probes.items()
        for case, quantities in enumerate(cases)
        for quantity, array in quantities.items()
    }
    arrays[_MISTAKES] = np.array(json.dumps(mistakes))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)


def marks(exercise, cases, answers, expected):
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
    return {q: [_mark(exercise, *row, q) for row in zip(cases, answers, expected, strict=True)] for q in quantities}


def name_mistake(mistakes, probe, found):
    """The message of the typical mistake that gives these results, or "".

    Parameters
    ----------
    mistakes : list of dict
    probe : str
    found : dict of str -> list
        The `marks` of the submission.
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
    if answer["status"] != "answered":
        return answer["error"]["type"] or answer["status"]
    if exercise.keeps_inputs and answer["changed"]:
        return "changed " + " ".join(sorted(answer["changed"]))
    array = answer["arrays"].get(quantity)
    return "missing" if array is None else [list(array.shape), *_sums(array)]


def _sums(array):
    """A few weighted means over the elements; which elements are not finite shows in them too."""
    flat = np.nan_to_num(np.asarray(array, np.float64).ravel(), nan=1e3, posinf=1e4, neginf=-1e4)
    waves = (np.cos((k + 1) * np.arange(flat.size) + k) for k in range(_SUMS))
    return [float(flat @ wave) / max(flat.size, 1) for wave in waves]


def _same_row(known, found):
    return len(known) == len(found) and all(map(_same_mark, known, found))


def _same_mark(known, found):
    if not (isinstance(known, list) and isinstance(found, list)):
        return known == found
    return known[0] == found[0] and np.allclose(known[1:], found[1:], rtol=1e-3, atol=1e-6)
