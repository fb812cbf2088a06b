"""Results on the public cases: those of the reference, and fingerprints of typical mistakes.

They ship with the kit in place of the reference. A fingerprint is a shape and a few sums of a wrong
result; it names a mistake without showing how to do better.
"""

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .exercise import Arrays, Exercise

FOLDER = Path(__file__).parent / "public"
_MISTAKES = "mistakes"


class MissingResultsError(LookupError):
    """There are no public results for an exercise."""


def load_public_results(
    exercise: Exercise, family: str, folder: Path = FOLDER
) -> tuple[dict[str, list[Arrays]], list[dict[str, Any]]]:
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
        ``name``, ``message``, and ``marks`` as `cs231n.check.fingerprints.fingerprint` returns
        them.

    Raises
    ------
    MissingResultsError
    """
    path = folder / f"{family}.npz"
    if not path.is_file():
        raise MissingResultsError(
            f"{exercise.id}: no public results at {path.name}; get the course kit again"
        )
    with np.load(path, allow_pickle=False) as file:
        mistakes = json.loads(str(file[_MISTAKES])).get(exercise.id, [])
        count = len(exercise.draw())
        expected: dict[str, list[Arrays]] = {}
        for probe in exercise.probes:
            expected[probe.name] = [{} for _ in range(count)]
        found = [key for key in file.files if key.startswith(f"{exercise.id}|")]
        for key in found:
            _, name, case, quantity = key.split("|")
            expected[name][int(case)][quantity] = file[key]
    if not found:
        raise MissingResultsError(
            f"{exercise.id}: not among the public results in {path.name}; get the course kit again"
        )
    return expected, mistakes


def save_public_results(
    path: str | PathLike[str],
    expected: dict[str, dict[str, list[Arrays]]],
    mistakes: dict[str, list[dict[str, Any]]],
) -> None:
    """Write the public results of a family of exercises.

    Parameters
    ----------
    path : path
    expected : dict of str -> dict of str -> list of dict
        By exercise and probe, the arrays of each case.
    mistakes : dict of str -> list of dict
        By exercise.
    """
    arrays: Arrays = {}
    for exercise, probes in expected.items():
        for probe, cases in probes.items():
            for case, quantities in enumerate(cases):
                for quantity, array in quantities.items():
                    arrays[f"{exercise}|{probe}|{case}|{quantity}"] = array
    arrays[_MISTAKES] = np.array(json.dumps(mistakes))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
