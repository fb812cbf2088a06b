"""What an exercise is held to: cases with numbers that nobody outside knows, and their answers."""

import numpy as np
import pytest

from autograder.grading.expected import expected_results
from autograder.reference.process import reference
from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES
from cs231n.check.process.messages import Answer, Failure

RELU = EXERCISES["relu_forward"]
GOAL = next(exercise for exercise in EXERCISES.values() if isinstance(exercise, TrainingGoal))


@pytest.fixture(scope="module")
def worker():
    with reference() as worker:
        yield worker


@pytest.fixture(scope="module")
def expected(worker):
    """A function of a secret seed, which asks once for each."""
    known = {}

    def ask(seed):
        if seed not in known:
            known[seed] = expected_results(RELU, 4, seed, worker)
        return known[seed]

    return ask


def hidden_inputs(expected):
    return [case.inputs["x"] for case in expected.cases if case.name in expected.hidden]


def test_public_cases_come_first_and_each_has_a_hidden_one_of_its_kind(expected):
    found = expected(b"secret")
    public = [case.name for case in RELU.draw()]
    assert [case.name for case in found.cases[: len(public)]] == public
    assert {f"hidden: {name}" for name in public} == found.hidden
    for shown, hidden in zip(found.cases, found.cases[len(public) :], strict=False):
        assert shown.inputs["x"].shape == hidden.inputs["x"].shape
        assert shown.inputs["x"].dtype == hidden.inputs["x"].dtype


def test_the_reference_has_answered_every_case_of_every_probe(expected):
    found = expected(b"secret")
    assert set(found.answers) == {probe.name for probe in RELU.probes}
    for case, arrays in zip(found.cases, found.answers[RELU.probes[0].name], strict=True):
        np.testing.assert_array_equal(arrays["out"], np.maximum(case.inputs["x"], 0))


def test_hidden_numbers_depend_on_the_secret_alone(expected, worker):
    again = expected_results(RELU, 4, b"secret", worker)
    for same, first in zip(hidden_inputs(again), hidden_inputs(expected(b"secret")), strict=True):
        np.testing.assert_array_equal(same, first)
    pairs = zip(
        hidden_inputs(expected(b"secret")), hidden_inputs(expected(b"another")), strict=True
    )
    assert any(not np.array_equal(one, other) for one, other in pairs)


def test_typical_mistakes_come_with_their_messages(expected):
    mistakes = expected(b"secret").mistakes
    assert mistakes and all(mistake["message"] for mistake in mistakes)


def test_a_training_goal_has_hidden_cases_alone_and_no_answers(worker):
    found = expected_results(GOAL, 10, b"secret", worker)
    assert found.cases and found.hidden == {case.name for case in found.cases}
    assert found.answers == {} and found.mistakes == []


def test_only_the_first_probes_are_asked_about_where_that_is_wanted(worker):
    exercise = EXERCISES["relu_backward"]
    found = expected_results(exercise, 4, b"secret", worker)
    first, *others = (probe.name for probe in exercise.probes)
    asked = []

    def raises_at_first(_exercise, probe, cases, *args, **options):
        asked.append(probe)
        if probe == first:
            return [Answer("raised", error=Failure("ValueError", "wrong")) for _ in cases]
        return [Answer("answered", arrays) for arrays in found.answers[probe]]

    assert found.evaluate(raises_at_first, probes=1).status != "pass"
    assert asked == [first]
    assert found.evaluate(raises_at_first).status == "pass"
    assert set(asked) == {first, *others}
