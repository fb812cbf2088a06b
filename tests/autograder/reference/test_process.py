"""The reference, asked like any submission."""

import pytest

from autograder.reference.process import ReferenceFailureError, expected_answers, reference
from cs231n.check.exercises import EXERCISES


def test_the_reference_answers_every_case_of_every_probe():
    exercise = EXERCISES["relu_forward"]
    cases = exercise.draw()
    with reference() as worker:
        expected = expected_answers(worker, exercise, cases)
    assert set(expected) == {probe.name for probe in exercise.probes}
    assert all(len(arrays) == len(cases) for arrays in expected.values())


def test_a_reference_that_fails_names_the_exercise():
    exercise = EXERCISES["relu_forward"]
    broken = {exercise.file: "raise RuntimeError('broken')\n"}
    message = "relu_forward: the reference does not"
    with reference(broken) as worker, pytest.raises(ReferenceFailureError, match=message):
        expected_answers(worker, exercise, exercise.draw()[:1])
