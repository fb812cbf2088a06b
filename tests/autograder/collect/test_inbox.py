"""The intake: what it files, what it refuses, and that it loses nothing however it ends."""

import errno
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.collect import inbox as intake
from autograder.collect.inbox import collect
from autograder.course.digests import submission_digest
from autograder.course.receipts import refusals
from autograder.errors import UserError

NOTEBOOK = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'
AFFINE = "cs231n/layers/affine.py"


@pytest.fixture
def assignment(course):
    return course.assignment("assignment2")


@pytest.fixture
def hand_in(course, assignment):
    """Put a zip into the inbox; files that are not named are those of an ordinary hand-in."""

    def hand_in(student, **changes):
        files = {
            name: NOTEBOOK if name.endswith(".ipynb") else b"x = 1\n"
            for name in assignment.submission_files
        }
        files |= {AFFINE: changes["affine"]} if "affine" in changes else {}
        path = course.root / "inbox" / "assignment2" / f"{student}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return hand_in


def filed(course, student):
    folder = course.submitted(student, "assignment2")
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def tree(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def test_good_hand_in_is_filed_with_the_time_of_its_receipt(course, assignment, hand_in):
    hand_in("ada")
    receipt = collect(course, assignment).students["ada"]
    files = filed(course, "ada")
    assert receipt.status == "accepted"
    assert set(files) == {*assignment.submission_files, "timestamp.txt"}
    assert (
        files["timestamp.txt"]
        .decode()
        .startswith(receipt.received[:10] + " " + receipt.received[11:19])
    )
    assert course.students("assignment2") == ["ada"]


def test_nbgrader_reads_the_timestamp(course, assignment, hand_in):
    from nbgrader.utils import parse_utc

    hand_in("ada")
    receipt = collect(course, assignment).students["ada"]
    stamp = parse_utc(filed(course, "ada")["timestamp.txt"].decode().strip())
    assert stamp.isoformat(timespec="microseconds") == receipt.received.removesuffix("+00:00")


def test_digest_of_a_receipt_is_the_one_that_a_verdict_is_bound_to(course, assignment, hand_in):
    hand_in("ada")
    receipt = collect(course, assignment).students["ada"]
    assert receipt.sha256 == submission_digest(course, assignment, "ada")


def test_second_run_changes_nothing(course, assignment, hand_in):
    hand_in("ada")
    first = collect(course, assignment).students["ada"]
    before = tree(course.root / "submitted")
    second = collect(course, assignment).students["ada"]
    assert (second.status, second.received) == ("unchanged", first.received)
    assert tree(course.root / "submitted") == before
    assert not (course.root / "replaced").exists()


def test_later_hand_in_replaces_an_earlier_one_which_is_kept(course, assignment, hand_in):
    for text in (b"first", b"second", b"third"):
        hand_in("ada", affine=text)
        assert collect(course, assignment).students["ada"].status == "accepted"
    assert filed(course, "ada")[AFFINE] == b"third"
    kept = (course.root / "replaced").glob(f"assignment2/ada/*/{AFFINE}")
    assert sorted(path.read_bytes() for path in kept) == [b"first", b"second"]
    assert course.students("assignment2") == ["ada"]


def test_broken_hand_in_is_refused_and_the_others_are_taken(course, assignment, hand_in):
    hand_in("ada")
    hand_in("bob").write_bytes(b"PK\x03\x04 and no more")
    hand_in("eve")
    found = collect(course, assignment)
    assert {s: r.status for s, r in found.students.items()} == {
        "ada": "accepted",
        "bob": "refused",
        "eve": "accepted",
    }
    assert not found.complete
    assert "zip" in refusals(course, "assignment2")["bob"]
    assert not (course.root / "submitted" / "bob").exists()


def test_broken_hand_in_leaves_an_earlier_one_in_place(course, assignment, hand_in):
    path = hand_in("ada", affine=b"good")
    collect(course, assignment)
    path.write_bytes(b"broken")
    assert collect(course, assignment).students["ada"].status == "refused"
    assert filed(course, "ada")[AFFINE] == b"good"


def test_refusal_is_forgotten_when_a_good_hand_in_follows(course, assignment, hand_in):
    hand_in("ada").write_bytes(b"broken")
    collect(course, assignment)
    assert list(refusals(course, "assignment2")) == ["ada"]
    hand_in("ada")
    collect(course, assignment)
    assert refusals(course, "assignment2") == {}


def test_report_keeps_students_of_earlier_runs(course, assignment, hand_in, tmp_path):
    hand_in("ada")
    collect(course, assignment)
    other = hand_in("bob").rename(tmp_path / "whatever.zip")
    found = collect(course, assignment, other, student="bob")
    assert list(found.students) == ["bob"]
    report = json.loads((course.root / "collect" / "assignment2.json").read_text())
    assert list(report["students"]) == ["ada", "bob"]


def test_hand_in_as_two_files_is_refused(course, assignment, hand_in):
    path = hand_in("ada")
    (path.parent / "ada").mkdir()
    assert "2 times" in collect(course, assignment).students["ada"].reason


@pytest.mark.parametrize(
    "name", ["a b.zip", "=cmd.zip", "-x.zip", "\u00e4da.zip", "a" * 65 + ".zip", "\x1b[31m.zip"]
)
def test_name_that_is_no_student_id_is_refused_and_nobody_is_made_of_it(
    course, assignment, hand_in, name
):
    path = hand_in("ada")
    path.rename(path.with_name(name))
    found = collect(course, assignment)
    assert found.students == {} and len(found.strangers) == 1 and not found.complete
    assert not any(c in key for key in found.strangers for c in "\x1b\n")
    assert not (course.root / "submitted").exists() or not list(
        (course.root / "submitted").iterdir()
    )


@pytest.mark.parametrize("student", ["a/b", "../ada", "", ".", "a\\b", "a b"])
def test_student_id_with_a_separator_is_one_clear_error(course, assignment, hand_in, student):
    with pytest.raises(UserError, match="not valid"):
        collect(course, assignment, hand_in("ada"), student=student)


def test_roster_is_an_allow_list(course, assignment, hand_in):
    (course.root / "roster.csv").write_text("name,student_id\nAda, ada \n")
    hand_in("ada"), hand_in("eve")
    found = collect(course, assignment)
    assert list(found.students) == ["ada"]
    assert found.strangers == {"eve.zip": "eve is not in roster.csv"}


def test_roster_without_its_column_is_an_error(course, assignment, hand_in):
    hand_in("ada")
    (course.root / "roster.csv").write_text("name\nada\n")
    with pytest.raises(UserError, match="no column student_id"):
        collect(course, assignment)


def test_missing_and_empty_inboxes_are_said(course, assignment):
    with pytest.raises(UserError, match="does not exist"):
        collect(course, assignment)
    (course.root / "inbox" / "assignment2").mkdir(parents=True)
    with pytest.raises(UserError, match="is empty"):
        collect(course, assignment)


def test_one_unpacked_hand_in_is_not_taken_for_an_inbox(course, assignment, tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "fully_connected_nets.ipynb").write_bytes(NOTEBOOK)
    with pytest.raises(UserError, match="--student"):
        collect(course, assignment, tmp_path / "ada")
    assert collect(course, assignment, tmp_path / "ada", "ada").students["ada"].status == "accepted"


def test_files_of_the_system_in_an_inbox_are_no_hand_ins(course, assignment, hand_in):
    (hand_in("ada").parent / ".DS_Store").write_bytes(b"")
    assert collect(course, assignment).complete


def test_full_disk_is_one_clear_error_and_leaves_nothing_half_written(
    course, assignment, hand_in, monkeypatch
):
    hand_in("ada"), hand_in("bob", affine=b"bob")
    calls = []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == len(assignment.submission_files) + 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(UserError, match="no room on the disk .* bob .* run the same command again"):
        collect(course, assignment)
    assert course.students("assignment2") == ["ada"]
    assert [p.name for p in (course.root / "collect").iterdir()] == ["assignment2.json"]
    found = collect(course, assignment)
    assert {s: r.status for s, r in found.students.items()} == {
        "ada": "unchanged",
        "bob": "accepted",
    }


@pytest.mark.parametrize(
    "function", ["_file_away", "_write", "_place_for_replaced", "check_notebook", "_save"]
)
@pytest.mark.parametrize("call", [1, 2])
def test_interrupted_run_goes_on_where_it_was(
    course, assignment, hand_in, monkeypatch, function, call
):
    hand_in("ada"), hand_in("bob")
    collect(course, assignment)
    hand_in("ada", affine=b"new ada"), hand_in("bob", affine=b"new bob")
    calls, original = [], getattr(intake, function)

    def interrupt(*args):
        calls.append(args)
        if len(calls) == call:
            raise KeyboardInterrupt
        return original(*args)

    with monkeypatch.context() as patch:
        patch.setattr(intake, function, interrupt)
        if function == "_save" and call == 2:
            collect(course, assignment)
        else:
            with pytest.raises(KeyboardInterrupt):
                collect(course, assignment)
    assert filed(course, "ada")[AFFINE] in (b"x = 1\n", b"new ada")
    assert collect(course, assignment).complete
    assert (filed(course, "ada")[AFFINE], filed(course, "bob")[AFFINE]) == (b"new ada", b"new bob")
    kept = {p.read_bytes() for p in (course.root / "replaced").glob(f"assignment2/*/*/{AFFINE}")}
    assert kept == {b"x = 1\n"}
    assert not list((course.root / "collect").glob(".*"))
    assert not list((course.root / "submitted").glob("*/.*"))


def test_leftovers_of_a_killed_run_are_swept(course, assignment, hand_in):
    hand_in("ada")
    folder = course.root / "submitted" / "ada"
    (folder / ".assignment2.0123456789abcdef.part").mkdir(parents=True)
    (folder / ".assignment2.0123456789abcdef.lock").touch()
    (course.root / "collect").mkdir()
    (course.root / "collect" / ".dead.part").touch()
    collect(course, assignment)
    assert sorted(p.name for p in (course.root / "collect").iterdir()) == ["assignment2.json"]
    assert [p.name for p in folder.iterdir()] == ["assignment2"]


def test_damaged_report_is_said(course, assignment, hand_in):
    hand_in("ada")
    (course.root / "collect").mkdir()
    (course.root / "collect" / "assignment2.json").write_text("[")
    with pytest.raises(UserError, match=r"damaged \(.*\); delete it"):
        collect(course, assignment)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_hand_ins_change_nothing_outside_their_own_folder(course, assignment, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in assignment.submission_files:
            archive.writestr(name, NOTEBOOK if name.endswith(".ipynb") else b"x = 1\n")
    mutated = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    inbox = course.root / "inbox" / "assignment2"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "eve.zip").write_bytes(bytes(mutated))
    own = ("submitted/eve", "replaced/assignment2/eve", "collect/assignment2.json")
    before = {
        path: text
        for path, text in tree(course.root).items()
        if not path.as_posix().startswith(own)
    }
    receipt = collect(course, assignment).students["eve"]
    assert receipt.status in ("accepted", "unchanged", "refused") and bool(receipt.reason) == (
        receipt.status == "refused"
    )
    after = {
        path: text
        for path, text in tree(course.root).items()
        if not path.as_posix().startswith(own)
    }
    assert after == before


@pytest.mark.slow
def test_run_that_is_killed_at_any_moment_goes_on_and_ends_the_same(course, assignment, hand_in):
    students = [f"student{n}" for n in range(60)]
    for student in students:
        hand_in(student, affine=student.encode() * 5000)
    command = [
        sys.executable,
        "-m",
        "autograder",
        "collect",
        "assignment2",
        "--course",
        str(course.root),
    ]
    for moment in range(12):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
            # The bar appears when the first hand-in is taken; the kills spread over what follows.
            run.stderr.read(1)
            time.sleep(0.002 * moment**2)
            run.kill()
    assert collect(course, assignment).complete
    assert course.students("assignment2") == sorted(students)
    for student in students:
        assert filed(course, student)[AFFINE] == student.encode() * 5000
        assert set(filed(course, student)) == {*assignment.submission_files, "timestamp.txt"}
    assert not (course.root / "replaced").exists()
    assert not list((course.root / "collect").glob(".*"))
    assert not list((course.root / "submitted").glob("*/.*"))
