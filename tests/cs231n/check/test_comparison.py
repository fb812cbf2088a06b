"""What counts as right, and what is said about what does not."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cs231n.check.comparison import compare

FINITE = st.floats(-1e6, 1e6)
SHAPES = array_shapes(max_dims=3, max_side=5)


@given(arrays(np.float64, SHAPES, elements=FINITE))
def test_equal_arrays_are_right(array):
    assert compare(array.copy(), array, 1e-9) is None


@given(arrays(np.float64, SHAPES, elements=FINITE), st.data())
def test_one_wrong_element_is_found_and_named(array, data):
    index = tuple(data.draw(st.integers(0, n - 1)) for n in array.shape)
    wrong = array.copy()
    wrong[index] += max(1e-3, 1e-3 * np.abs(array).max())
    difference = compare(wrong, array, 1e-6)
    assert difference.reason == "value"
    assert f"[{', '.join(map(str, index))}]" in difference.text


def test_a_wrong_number_is_told_without_a_shape():
    text = compare(np.array(2.0), np.array(1.0), 1e-6).text
    assert text == "got 2, expected 1; error 1.0e+00, limit 1e-06"


@pytest.mark.parametrize(
    "got, reason",
    [
        (None, "missing"),
        ([1.0, 2.0, 3.0], "missing"),
        (np.ones((1, 3)), "shape"),
        (np.ones(1), "shape"),
        (np.ones(()), "shape"),
        (np.ones(3, int), "dtype"),
        (np.ones(3, complex), "dtype"),
        (np.ones(3, bool), "dtype"),
        (np.array([1, np.nan, 1]), "not finite"),
        (np.array([1, np.inf, 1]), "not finite"),
    ],
)
def test_wrong_kinds_of_answers_are_wrong(got, reason):
    assert compare(got, np.ones(3), 1e9).reason == reason


def test_an_array_that_broadcasts_is_not_equal():
    assert compare(np.zeros((3, 1)), np.zeros((1, 3)), 1).reason == "shape"


def test_float32_may_answer_float64_within_the_limit():
    assert compare(np.ones(3, np.float32), np.ones(3), 1e-9) is None
    assert compare(np.full(3, 0.1, np.float32), np.full(3, 0.1), 1e-9).reason == "value"


def test_nan_and_infinity_are_right_only_where_they_are_expected():
    expected = np.array([np.nan, np.inf, -np.inf, 1.0])
    assert compare(expected.copy(), expected, 1e-9) is None
    assert compare(np.array([1.0, np.inf, -np.inf, 1.0]), expected, 1e-9).reason == "value"
    assert compare(np.array([np.nan, -np.inf, -np.inf, 1.0]), expected, 1e-9).reason == "value"


def test_zeros_are_compared_on_an_absolute_scale():
    assert compare(np.full(3, 1e-18), np.zeros(3), 1e-9) is None
    assert compare(np.full(3, 1e-12), np.zeros(3), 1e-9).reason == "value"


def test_a_small_entry_is_judged_by_the_scale_of_its_array():
    expected = np.array([1000.0, 0.0])
    assert compare(np.array([1000.0, 1e-7]), expected, 1e-9) is None
    assert compare(np.array([1000.0, 1e-5]), expected, 1e-9).reason == "value"


def test_integers_are_compared_exactly():
    assert compare(np.array([1, 2]), np.array([1, 2], np.int32), 0.5) is None
    assert compare(np.array([1, 3]), np.array([1, 2]), 0.5).reason == "value"


def test_empty_arrays_are_right_when_their_shape_is():
    assert compare(np.zeros((0, 3)), np.zeros((0, 3)), 0) is None
    assert compare(np.zeros((3, 0)), np.zeros((0, 3)), 0).reason == "shape"


EDGES = (0.0, 1.0, -1.0, np.inf, -np.inf, np.nan)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("expected", list(itertools.product(EDGES, repeat=2)), ids=str)
def test_of_numbers_that_are_not_finite_only_the_same_are_right(expected, dtype):
    for got in itertools.product(EDGES, repeat=2):
        with np.errstate(all="ignore"):
            difference = compare(np.array(got, dtype), np.array(expected), 1e-4)
        is_same = np.array_equal(got, expected, equal_nan=True)
        assert (difference is None) == is_same, (got, difference)
