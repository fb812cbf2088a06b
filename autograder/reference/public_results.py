"""Builds what ships in place of the reference: its results on the public cases and the fingerprints of mistakes.

``python -m autograder.reference.public_results [FAMILY ...]`` writes them into the package; a test holds them to the reference.
"""

import argparse

from tqdm import tqdm

from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES, FAMILIES, FAMILY_OF
from cs231n.check.fingerprints import fingerprint
from cs231n.check.public import FOLDER, save_public_results

from .mistakes import load_mistakes
from .process import expected_answers, reference


def expected_results(worker, family):
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
    exercises = [
        e
        for e in EXERCISES.values()
        if FAMILY_OF[e.id] == family and not isinstance(e, TrainingGoal)
    ]
    return {e.id: expected_answers(worker, e, e.draw()) for e in exercises}


def fingerprints(family, expected):
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
    found = {name: [] for name in expected}
    for mistake in load_mistakes(family):
        marked = _fingerprint(mistake, expected[mistake.exercise])
        found[mistake.exercise].append(
            {"name": mistake.name, "message": mistake.message, "marks": marked}
        )
    return found


def _fingerprint(mistake, expected):
    exercise = EXERCISES[mistake.exercise]
    cases = exercise.draw()
    with reference(mistake.changes()) as worker:
        answers = {probe: exercise.answers(worker.ask, probe, cases) for probe in expected}
    return {
        probe: fingerprint(exercise, cases, answers[probe], expected[probe]) for probe in expected
    }


def main(argv=None):
    """Write the public results of the named families, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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
