"""Where many answers are right, the judging side compares what they have in common."""

import copy
import time
from dataclasses import replace

import numpy as np
import pytest

from autograder.reference.package_files import package_files
from cs231n.check import EXERCISES, check_with
from cs231n.check.evaluation import evaluate
from cs231n.check.exercise import unpack
from cs231n.check.process.messages import Answer
from cs231n.check.report import result_text

ORDER = EXERCISES["topological_order"]
EXPECTED = {
    "order": [
        ORDER.reduce(case.inputs, {"order": np.arange(case.inputs["size"])})
        for case in ORDER.draw()
    ]
}


def judged(order):
    """The result of an answer that is a function of the number of nodes."""
    cases = ORDER.draw()
    answers = [Answer("answered", {"order": order(case.inputs["size"])}) for case in cases]
    return evaluate(ORDER, cases, lambda *_: answers, EXPECTED)


def test_another_valid_order_is_right():
    def swapped(size):
        # In the graph of four nodes, 1 and 2 do not depend on each other.
        return np.array([0, 2, 1, 3]) if size == 4 else np.arange(size)

    assert judged(swapped).status == "pass"


def test_an_order_from_the_end_is_wrong():
    result = judged(lambda size: np.arange(size)[::-1])
    assert (
        result.status == "fail" and not result.parts["1 for each input that comes before its user"]
    )


def test_a_node_left_out_twice_listed_or_unknown_is_wrong():
    for order in (
        lambda n: np.arange(n - 1),
        lambda n: np.repeat(np.arange(n), 2),
        lambda n: np.arange(n) - 1,
        lambda n: np.arange(n) + 1,
        lambda n: np.zeros(0, int),
        lambda n: np.full(n, 10**9),
    ):
        assert judged(order).status == "fail"


def test_answers_of_any_form_are_refused_in_words():
    for order in (np.zeros((2, 3, 4), int), np.array(3), np.array([1.5, np.inf]), np.array("text")):
        with np.errstate(invalid="ignore"):
            result = judged(lambda size, order=order: order)
        assert (
            result.status == "fail" and result.share == 0 and all(p.text for p in result.problems)
        )
    missing = Answer("answered")
    result = evaluate(ORDER, ORDER.draw(), lambda *_: [missing] * len(ORDER.draw()), EXPECTED)
    assert result.status == "fail" and result.share == 0


def test_an_exercise_without_it_is_compared_as_it_is():
    plain = replace(ORDER, reduce=None)
    answer = Answer("answered", {"order": np.arange(3)})
    assert plain.answers(lambda *_: [answer], "order", plain.draw()[:1]) == [answer]


@pytest.mark.process
def test_a_wrong_number_of_results_is_explained(tree, broken):
    result = check_with(tree(broken("return x")), EXERCISES["relu_forward"])
    assert "relu_forward must return 2 values: out, cache; got one of type ndarray" in result_text(
        result
    )


def test_unpack_explains_what_should_have_come():
    assert unpack("f", (1, 2), "a", "b") == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="f must return 2 values: a, b; got 3"):
        unpack("f", (1, 2, 3), "a", "b")
    with pytest.raises(ValueError, match="got one of type float"):
        unpack("f", 1.0, "a", "b")


SAMPLER = EXERCISES["LinearClassifier"]


@pytest.mark.parametrize(
    "name, shape",
    [
        ("batch rows", (1 << 39, 0)),
        ("batch rows", (0, 1 << 39)),
        ("batch rows", (1 << 20, 4)),
        ("batch labels", (1 << 22,)),
        ("y_pred", (1 << 22,)),
    ],
)
def test_no_reduce_looks_into_arrays_that_are_far_too_large(name, shape):
    case = SAMPLER.draw()[0]
    answer = Answer("answered", {name: np.empty(shape)})
    (reduced,) = SAMPLER.answers(lambda *_: [answer], "own losses", [case])
    assert reduced.status == "unanswerable" and name in reduced.error.message


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_whoever_reduces_answers_says_how_large_they_may_be(exercise):
    assert (exercise.reduce is None) == (exercise.sizes is None)
    if exercise.sizes is None:
        return
    for case in exercise.draw():
        sizes = exercise.sizes(case.inputs)
        for probe in exercise.probes:
            if probe.stand_ins:
                continue
            returned = probe.run(**copy.deepcopy(case.inputs))
            assert {name: np.size(array) for name, array in returned.items()} == {
                name: sizes[name] for name in returned
            }


@pytest.mark.process
@pytest.mark.parametrize(
    "stacked", ["np.empty((1 << 39, 0))", "np.ones((1 << 20, 4))", "np.ones((4, 1 << 20))"]
)
def test_rows_without_end_cost_whoever_judges_nothing(tree, stacked):
    """The submission replaces what its probe stacks the rows of the batches with."""
    file = SAMPLER.file
    text = package_files()[file].read_text(encoding="utf-8")
    worker = tree({file: text + f"\n\nnp.stack = lambda *_, **__: {stacked}\n"})
    worker.start()
    started = time.process_time()
    result = check_with(worker, SAMPLER)
    assert time.process_time() - started < 5
    assert result.status == "fail" and result.share == 0
    assert check_with(worker, EXERCISES["relu_forward"]).status == "pass"
