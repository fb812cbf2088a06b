"""Builds what ships in place of the reference: its results on the public cases, and the
fingerprints of mistakes.

``python -m autograder.reference.public_results [FAMILY ...]`` writes them into the package; a test
holds them to the reference.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES, FAMILIES, FAMILY_OF
from cs231n.check.fingerprints import fingerprint
from cs231n.check.process.client import WorkerClient
from cs231n.check.public import FOLDER, save_public_results

from .mistakes import Mistake, load_mistakes
from .process import expected_answers, reference

Results = dict[str, list[dict[str, Any]]]
"""By probe, the arrays of each case."""


def expected_results(worker: WorkerClient, family: str) -> dict[str, Results]:
    """Ask the reference for the public cases of a family.

    Parameters
    ----------
    worker : WorkerClient
        The reference.
    family : str

    Returns
    -------
    expected : dict of str -> dict of str -> list of dict
        As `cs231n.check.public.save_public_results` takes them; nothing for training goals.
    """
    expected = {}
    for exercise in EXERCISES.values():
        if FAMILY_OF[exercise.id] == family and not isinstance(exercise, TrainingGoal):
            expected[exercise.id] = expected_answers(worker, exercise, exercise.draw())
    return expected


def fingerprints(family: str, expected: Mapping[str, Results]) -> dict[str, list[dict[str, Any]]]:
    """Ask the mutants of the reference for the public cases of a family.

    Parameters
    ----------
    family : str
    expected : dict
        As `expected_results` returns it.

    Returns
    -------
    mistakes : dict of str -> list of dict
        As `cs231n.check.public.save_public_results` takes them.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in expected}
    for mistake in load_mistakes(family):
        marked = _fingerprint(mistake, expected[mistake.exercise])
        found[mistake.exercise].append(
            {"name": mistake.name, "message": mistake.message, "marks": marked}
        )
    return found


def _fingerprint(mistake: Mistake, expected: Results) -> dict[str, Any]:
    exercise = EXERCISES[mistake.exercise]
    cases = exercise.draw()
    found = {}
    with reference(mistake.changes()) as worker:
        for probe, arrays in expected.items():
            answers = exercise.answers(worker.ask, probe, cases)
            found[probe] = fingerprint(exercise, cases, answers, arrays)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Write the public results of the named families, or of all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("families", nargs="*", default=FAMILIES, metavar="FAMILY")
    for family in tqdm(parser.parse_args(argv).families, unit="family"):
        if family not in FAMILIES:
            parser.error(f"unknown family {family!r}; choose from {', '.join(FAMILIES)}")
        with reference() as worker:
            expected = expected_results(worker, family)
        if expected:
            save_public_results(FOLDER / f"{family}.npz", expected, fingerprints(family, expected))


if __name__ == "__main__":
    main()
