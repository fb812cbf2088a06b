"""Every probe on the public cases, in this process: the reference gives what the package ships."""

import copy
import io

import numpy as np
import pytest

from cs231n.check.comparison import compare
from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES, FAMILY_OF
from cs231n.check.process.messages import Answer, AskedCase, Question
from cs231n.check.process.probe_runner import answer_cases
from cs231n.check.process.protocol import read_frame
from cs231n.check.public import load_public_results

PROBES = [
    (exercise.id, probe.name)
    for exercise in EXERCISES.values()
    if not isinstance(exercise, TrainingGoal)
    for probe in exercise.probes
    if not probe.stand_ins
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name, probe", PROBES, ids=lambda value: value.replace(" ", "-"))
def test_probe_on_the_reference_gives_the_shipped_results(name, probe):
    exercise = EXERCISES[name]
    cases = exercise.draw()
    answers = []
    for case in cases:
        quantities = exercise.probe(probe).run(**copy.deepcopy(case.inputs))
        arrays = {key: np.asarray(value) for key, value in quantities.items()}
        answers.append(Answer("answered", arrays))
    reduced = exercise.answers(lambda *_: answers, probe, cases)
    shipped, _ = load_public_results(exercise, FAMILY_OF[name])
    for case, answer, expected in zip(cases, reduced, shipped[probe], strict=True):
        assert answer.arrays.keys() >= expected.keys()
        for quantity, array in expected.items():
            assert (
                compare(answer.arrays[quantity], array, exercise.limit(quantity, case.dtype))
                is None
            ), (case.name, quantity)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda e: e.id)
def test_cases_are_the_same_whenever_they_are_drawn(exercise):
    if isinstance(exercise, TrainingGoal):
        return
    for one, other in zip(exercise.draw(), exercise.draw(), strict=True):
        assert one.name == other.name and one.dtype == other.dtype
        assert list(one.inputs) == list(other.inputs)
    assert len({case.name for case in exercise.draw()}) == len(exercise.draw())


def frames(exercise, probe, cases):
    stream = io.BytesIO()
    asked = [AskedCase(exercise, probe, case["name"], case["inputs"]) for case in cases]
    answer_cases(Question("n", asked), stream, 1 << 24)
    stream.seek(0)
    while (frame := read_frame(stream, 1 << 24)) is not None:
        yield frame


def test_the_worker_answers_case_by_case():
    exercise = EXERCISES["relu_forward"]
    cases = [{"name": case.name, "inputs": case.inputs} for case in exercise.draw()]
    answers = list(frames("relu_forward", "forward", cases))
    assert [a["case"] for a in answers] == [case["name"] for case in cases]
    assert all(
        a["nonce"] == "n" and a["status"] == "answered" and a["changed"] == [] for a in answers
    )
    assert np.array_equal(answers[0]["arrays"]["out"], np.maximum(cases[0]["inputs"]["x"], 0))


def test_the_worker_says_how_an_answer_failed():
    cases = [
        {
            "name": "two rows too many",
            "inputs": {"x": np.ones((2, 3)), "w": np.ones((5, 4)), "b": np.ones(4), "dout": None},
        }
    ]
    (answer,) = frames("affine_forward", "forward", cases)
    assert answer["status"] == "raised" and answer["error"]["type"] == "ValueError"
    assert (
        "3 features" in answer["error"]["message"]
        and "cs231n/layers/affine.py" in answer["error"]["where"]
    )
