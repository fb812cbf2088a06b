"""The mask is random: every right way to draw one passes with any seed, and wrong ones do not."""

import numpy as np
import pytest

from cs231n.check import EXERCISES
from cs231n.check.evaluation import evaluate
from cs231n.check.process.messages import Answer
from cs231n.layers import dropout_forward

EXERCISE = EXERCISES["dropout_forward"]


def judged(draw_mask, seed=231):
    """The result of dropout with masks of one's own."""
    cases = EXERCISE.draw(seed)

    def answer(case, forward):
        outs = {name: forward(case.inputs) for name in ("out", "again")}
        return Answer("answered", outs)

    def own(inputs):
        if inputs["mode"] == "test":
            return inputs["x"]
        return inputs["x"] * draw_mask(
            np.random.default_rng(inputs["seed"]), inputs["x"].shape, inputs["p"]
        )

    def reference(inputs):
        return dropout_forward(inputs["x"], {name: inputs[name] for name in ("p", "mode", "seed")})[
            0
        ]

    right = [answer(case, reference) for case in cases]
    expected = {"forward": [a.arrays for a in EXERCISE.answers(lambda *_: right, "forward", cases)]}
    return evaluate(EXERCISE, cases, lambda *_: [answer(case, own) for case in cases], expected)


RIGHT = {
    "uniform": lambda rng, shape, p: (rng.random(shape) < p) / p,
    "uniform from above": lambda rng, shape, p: (rng.random(shape) >= 1 - p) / p,
    "binomial": lambda rng, shape, p: rng.binomial(1, p, shape) / p,
    "choice": lambda rng, shape, p: rng.choice([0, 1 / p], shape, p=[1 - p, p]),
}


@pytest.mark.parametrize("name", RIGHT)
def test_every_right_way_to_draw_a_mask_passes_for_many_seeds(name):
    # The share is rounded to one digit and allowed to stray by 0.05, 17 standard deviations.
    assert {judged(RIGHT[name], seed).status for seed in range(10)} == {"pass"}


def test_masks_that_are_not_random_enough_fail():
    poor = {
        "always the same": lambda rng, shape, p: (
            (np.random.default_rng(0).random(shape[-1:]) < p) / p
        ),
        "nothing dropped": lambda rng, shape, p: np.ones(shape),
        "everything dropped": lambda rng, shape, p: np.zeros(shape),
        "whole columns": lambda rng, shape, p: (rng.random(shape[1:]) < p) / p,
        "whole rows": lambda rng, shape, p: (
            (rng.random((shape[0], *[1] * (len(shape) - 1))) < p) / p
        ),
    }
    assert all(judged(mask).status == "fail" for mask in poor.values())
