"""Tables that people write: what a message says of a value that is not as it must be."""

import math
from dataclasses import dataclass

import pytest

from autograder.course.decode import (
    MalformedError,
    Number,
    WholeNumber,
    decode_table,
    decode_value,
    open_table,
)


@dataclass(frozen=True)
class Sizes:
    width: Number = 1
    count: WholeNumber = 2


def test_a_table_becomes_a_dataclass_with_its_defaults():
    assert decode_table({"width": 2.5}, Sizes, "sizes") == Sizes(2.5, 2)


def test_an_unknown_key_is_named_with_those_that_exist():
    with pytest.raises(MalformedError, match=r"unknown key 'x' in \[sizes\]; known: count, width"):
        decode_table({"x": 1}, Sizes, "sizes")


@pytest.mark.parametrize("value", [0, -1, 1_000_001, math.inf, math.nan, "3", True, None, [1]])
def test_what_is_no_number_in_the_range_is_told_with_its_place_and_what_came(value):
    words = "must be a number above 0 and at most 1,000,000; got "
    with pytest.raises(MalformedError) as caught:
        decode_table({"width": value}, Sizes, "sizes")
    assert str(caught.value) == f"sizes.width {words}{value!r}"


@pytest.mark.parametrize("value", [2.0, 2.5, "2"])
def test_a_whole_number_is_written_as_one(value):
    with pytest.raises(MalformedError, match="count must be a whole number above 0"):
        decode_value(value, WholeNumber, "count")


def test_what_is_no_table_is_told():
    with pytest.raises(MalformedError, match="sizes must be a table; got 3"):
        open_table(3, "sizes")
