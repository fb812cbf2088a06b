"""Loops over examples are seen, however they are written; array code costs the same for any."""

import sys

import numpy as np
import pytest

from cs231n.check.loop_check import extra_steps

FEW, MANY = (np.ones((3, 4)),), (np.ones((12, 4)),)
LOOPS = {
    "for": lambda x: [row.sum() for row in x],
    "while": lambda x: _drain(list(x)),
    "map": lambda x: list(map(np.sum, x)),
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: row.sum(), 1, x),
    "vectorize": np.vectorize(lambda n: n + 1),
}


def _drain(rows):
    while rows:
        rows.pop()


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_costs_more_steps_for_more_examples(kind):
    assert extra_steps(LOOPS[kind], FEW, MANY) > 0


def test_array_code_costs_the_same():
    for call in (
        lambda x: x @ x.T,
        lambda x: np.sqrt((x**2).sum(axis=1)),
        lambda x: np.einsum("ij,ij->i", x, x),
    ):
        assert extra_steps(call, FEW, MANY) == 0


def test_tracing_ends_with_the_count_also_when_the_code_raises():
    before = sys.gettrace(), sys.getprofile()
    rounds = iter([1, 1, 1, 0])
    with pytest.raises(ZeroDivisionError):
        extra_steps(lambda n: n // next(rounds), (1,), (2,))
    assert (sys.gettrace(), sys.getprofile()) == before
