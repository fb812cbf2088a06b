"""Names and numbers of learning platforms become students through the roster alone."""

import pytest

from autograder.collect.lms import (
    MAX_METADATA,
    Owner,
    Roster,
    find_student,
    find_students,
    read_metadata,
)
from autograder.errors import UserError

ADA = {"student_id": "ada", "name": "Ada Lovelace", "email": "ada@example.org", "canvas_id": "4711"}
BOB = {"student_id": "bob", "name": "Bob Ross", "email": "bob@example.org", "canvas_id": "4712"}


@pytest.mark.parametrize(
    "owner",
    [
        Owner("lovelaceada", "4711"),
        Owner("Lovelace Ada"),
        Owner("Somebody Else", "4711"),
        Owner(sid="ada"),
        Owner(email="Ada@Example.org"),
    ],
)
def test_a_student_is_found_by_whatever_a_platform_knows(owner):
    assert Roster([ADA, BOB]).find(owner) == ("ada", "")


def test_two_students_of_one_name_are_told_and_neither_is_taken():
    twin = BOB | {"name": "Ada Lovelace"}
    student, problem = Roster([ADA, twin]).find(Owner("Ada Lovelace"))
    assert student == "" and "2 students of the roster are like Ada Lovelace" in problem


def test_a_stranger_is_told_with_the_columns_that_help():
    student, problem = Roster([ADA]).find(Owner("Eve Ng"))
    assert student == "" and "Eve Ng is not in the roster; it needs the columns" in problem


def test_nobody_is_told_apart_without_a_roster():
    with pytest.raises(UserError, match="roster.csv is missing: Ada cannot be told apart"):
        list(find_students([Owner("Ada")], None))
    assert list(find_students([], None)) == []


def test_a_name_that_no_platform_gives_is_nobodys():
    assert find_student("ada.zip", None) is None
    assert find_student("lovelaceada_4711_98765_kit.zip", Roster([ADA, BOB])) == ("ada", "")
    with pytest.raises(UserError, match="cannot be told apart from others"):
        find_student("lovelaceada_4711_98765_kit.zip", None)


def test_of_two_readings_only_numbers_of_a_whole_roster_decide():
    name = "x_4711_98765_hw_1_2_kit.zip"
    assert find_student(name, Roster([ADA, BOB])) == ("ada", "")
    for row in ({"student_id": "eve"}, {"student_id": "eve", "canvas_id": "1"}):
        student, problem = find_student(name, Roster([ADA, BOB, row]))
        assert student == "" and "number 4711 and of" in problem and "with number 1;" in problem


def test_metadata_of_gradescope_name_all_who_handed_in_together():
    data = b"""
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: ' ada '
    :email: ada@example.org
  - :name: Bob Ross
  - 3
submission_2: nothing
3: {}
"""
    ada = Owner("Ada Lovelace", "", "ada", "ada@example.org")
    found = read_metadata(data)
    assert found == {"submission_1": [ada, Owner("Bob Ross")], "submission_2": [], "3": []}


@pytest.mark.parametrize(
    "data", [b"- a", b"\xff", b"a: [", b"[" * 5000, b" " * (MAX_METADATA + 1), b""]
)
def test_metadata_that_cannot_be_read_are_one_clear_error(data):
    with pytest.raises(UserError, match="cannot be read; download the export"):
        read_metadata(data)


def test_a_roster_leaves_out_who_cannot_hand_in(tmp_path):
    path = tmp_path / "roster.csv"
    assert Roster.read(path) is None
    path.write_text("\ufeffname,student_id\nAda, ada \nNobody\nEve,not an id\n", encoding="utf-8")
    assert Roster.read(path).ids == {"ada"}


@pytest.mark.parametrize(
    "data, words",
    [(b"name\nAda\n", "no column student_id"), (b"student_id\n\xff\n", "not a CSV file")],
)
def test_a_roster_that_cannot_be_read_is_one_clear_error(tmp_path, data, words):
    path = tmp_path / "roster.csv"
    path.write_bytes(data)
    with pytest.raises(UserError, match=words):
        Roster.read(path)
