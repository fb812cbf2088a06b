"""The demo class: who is in it, and what each has handed in."""

import ast
import zipfile

import pytest

from autograder.authoring import demo_class
from autograder.authoring.demo_class import MISTAKES, write_class
from autograder.reference.mistakes import all_mistakes
from autograder.reference.package_files import package_files

AFFINE = "cs231n/layers/affine.py"


@pytest.fixture
def inbox(released, tmp_path, monkeypatch):
    """The inbox of a class whose reference needs no training."""
    monkeypatch.setattr(demo_class, "train_weights", lambda course, assignment: {})
    inbox = tmp_path / "inbox"
    names = list(write_class(released, released.assignment("assignment2"), inbox))
    assert sorted(f"{name}.zip" for name in names) == sorted(p.name for p in inbox.iterdir())
    return inbox


def affine(inbox, student):
    with zipfile.ZipFile(inbox / f"{student}.zip") as archive:
        return archive.read(f"{student}/{AFFINE}").decode()


def test_there_is_one_submission_of_each_kind(inbox, released):
    reference = package_files()[AFFINE].read_text(encoding="utf-8")
    assert affine(inbox, "perfect") == reference
    assert "YOUR CODE HERE" in affine(inbox, "untouched")
    assert affine(inbox, "mistake-db-axis") != reference
    assert affine(inbox, "patches-numpy").startswith(reference)
    with pytest.raises(SyntaxError):
        ast.parse(affine(inbox, "syntax-error"))
    assert not zipfile.is_zipfile(inbox / "broken-zip.zip")


def test_a_submission_holds_what_counts_and_no_more(inbox, released):
    files = released.assignment("assignment2").submission_files
    with zipfile.ZipFile(inbox / "perfect.zip") as archive:
        assert set(archive.namelist()) <= {f"perfect/{name}" for name in files}


def test_the_mistakes_are_known_ones():
    assert set(MISTAKES.values()) <= {mistake.name for mistake in all_mistakes()}
