"""The package ships what the reference and its typical mistakes return, and no solution."""

import numpy as np
import pytest

from autograder.reference.mistakes import load_mistakes
from autograder.reference.process import reference
from autograder.reference.public_results import expected_results, main
from cs231n.check import public
from cs231n.check.comparison import compare
from cs231n.check.exercises import EXERCISES, FAMILIES, FAMILY_OF


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


def test_an_unknown_family_is_refused_before_anything_is_written(capsys):
    with pytest.raises(SystemExit) as end:
        main(["activation"])
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert "unknown family 'activation'" in message and "activations" in message
