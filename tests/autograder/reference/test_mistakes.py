"""Typical mistakes apply to the reference, and the package ships what they and the reference return."""

import numpy as np
import pytest

from autograder.reference.mistakes import all_mistakes, load_mistakes
from autograder.reference.process import reference
from autograder.reference.public_results import expected_results
from cs231n.check import public
from cs231n.check.comparison import compare
from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES, FAMILIES, FAMILY_OF


def test_every_mistake_still_fits_the_reference():
    for mistake in all_mistakes():
        changes = mistake.changes()
        assert list(changes) == [EXERCISES[mistake.exercise].file]
        compile(*changes.values(), mistake.name, "exec")


def test_names_and_messages_of_mistakes_are_unique_within_an_exercise():
    mistakes = all_mistakes()
    assert len({m.name for m in mistakes}) == len(mistakes)
    assert len({(m.exercise, m.message) for m in mistakes}) == len(mistakes)


def test_every_exercise_has_a_typical_mistake():
    known = {mistake.exercise for mistake in all_mistakes()}
    assert [
        name
        for name, e in EXERCISES.items()
        if name not in known and not isinstance(e, TrainingGoal)
    ] == []


@pytest.fixture(scope="module")
def worker():
    with reference() as worker:
        yield worker


@pytest.mark.parametrize("family", FAMILIES)
def test_shipped_results_are_those_of_the_reference(worker, family):
    for name, probes in expected_results(worker, family).items():
        exercise = EXERCISES[name]
        shipped, fingerprints = public.load_public_results(exercise, FAMILY_OF[name])
        known = [(m.name, m.message) for m in load_mistakes(family) if m.exercise == name]
        assert [(m["name"], m["message"]) for m in fingerprints] == known
        for probe, cases in probes.items():
            for fresh, stored, case in zip(cases, shipped[probe], exercise.draw(), strict=True):
                assert fresh.keys() == stored.keys()
                for quantity, array in fresh.items():
                    assert (
                        compare(array, stored[quantity], exercise.limit(quantity, case.dtype))
                        is None
                    )


def test_shipped_results_hold_no_solution_text():
    for family in FAMILIES:
        path = public.FOLDER / f"{family}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as file:
                text = str(file["mistakes"])
            for mistake in load_mistakes(family):
                assert all(
                    new.strip() not in text for _, new in mistake.edits if len(new.strip()) > 20
                )
