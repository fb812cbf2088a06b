"""Receipts: what is written is read again, and a damaged file is told with the place in it."""

import json
import os
import stat

import pytest

from autograder.course.manifest import Course
from autograder.course.receipts import (
    ACCEPTED,
    REFUSED,
    Receipt,
    load_receipts,
    receipts_folder,
    refusals,
    save_receipts,
)
from autograder.errors import UserError

RECEIPTS = {
    "bob": Receipt(REFUSED, "bob.zip", "it is damaged"),
    "ada": Receipt(ACCEPTED, "ada.zip", "", "2026-03-01", "abc", ("a.ipynb",), ("notes.txt",)),
}


@pytest.fixture
def course(tmp_path):
    (tmp_path / "source").mkdir()
    manifest = tmp_path / "source" / "course.toml"
    manifest.write_text("[assignments.assignment2]\nnotebooks = ['a']\n")
    return Course.open(tmp_path)


def test_receipts_are_read_as_they_were_written(course):
    save_receipts(course, "assignment2", RECEIPTS, {"x.zip": "nobody"})
    assert load_receipts(course, "assignment2") == RECEIPTS
    assert refusals(course, "assignment2") == {"bob": "it is damaged"}
    report = json.loads((course.root / "collect" / "assignment2.json").read_text())
    assert list(report) == ["assignment", "students", "strangers"]
    assert list(report["students"]) == ["ada", "bob"] and report["strangers"] == {"x.zip": "nobody"}


def test_where_nothing_was_collected_there_are_none(course):
    assert load_receipts(course, "assignment2") == {} == refusals(course, "assignment2")
    assert not (course.root / "collect").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_receipts_are_for_staff_alone(course):
    save_receipts(course, "assignment2", RECEIPTS, {})
    path = course.root / "collect" / "assignment2.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_names_that_no_student_can_have_are_left_out(course):
    students = {"../up": {"status": "refused"}, "ada": {"status": "accepted"}}
    path = receipts_folder(course) / "assignment2.json"
    path.write_text(json.dumps({"students": students}))
    assert list(load_receipts(course, "assignment2")) == ["ada"]


@pytest.mark.parametrize(
    "data, place",
    [
        (b"[", ""),
        (b"\xff", ""),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `students`"),
        (b'{"students": {"ada": {"status": 3}}}', "students[...].status"),
        (
            b'{"students": {"ada": {"status": "refused", "missing": [1]}}}',
            "students[...].missing[0]",
        ),
        (b"[" * 100_000, ""),
    ],
)
def test_a_damaged_file_is_told_with_what_to_do(course, data, place):
    path = receipts_folder(course) / "assignment2.json"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        load_receipts(course, "assignment2")
    assert str(caught.value).startswith(f"{path} is damaged (")
    assert "delete it and run `autograder collect assignment2` again" in str(caught.value)
    assert place in str(caught.value)
