import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.verdicts import BadVerdict, Finding, Verdict, load, save, trusted_findings

VERDICT = Verdict(
    "ada",
    "assignment2",
    "a" * 64,
    "b" * 64,
    "c" * 64,
    "bubblewrap",
    {"relu_forward": Finding("fail", 1.5, 2.0, "out is wrong", ("RuntimeWarning: overflow",))},
)


def test_a_verdict_comes_back_as_it_was_saved(tmp_path):
    path = tmp_path / "verdicts" / "ada.json"
    save(VERDICT, path)
    assert load(path) == VERDICT
    before = path.read_bytes()
    save(load(path), path)
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == ["ada.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"score": 2.5},
        {"score": -1},
        {"score": True},
        {"score": "2"},
        {"score": None},
        {"max_score": "many"},
        {"status": "passed"},
        {"text": 3},
        {"warnings": "none"},
        {"warnings": [1]},
        {"bonus": 1},
    ],
)
def test_a_finding_that_says_anything_else_is_refused(tmp_path, change):
    path = tmp_path / "ada.json"
    save(VERDICT, path)
    document = json.loads(path.read_text())
    document["exercises"]["relu_forward"] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(BadVerdict):
        load(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"student": "ada"}', "[" * 100_000, '{"student": NaN']
)
def test_a_file_that_is_no_verdict_is_refused(tmp_path, text):
    path = tmp_path / "ada.json"
    path.write_text(text)
    with pytest.raises(BadVerdict):
        load(path)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("verdict") / "ada.json"
    path.write_bytes(data)
    with pytest.raises(BadVerdict):
        load(path)


def test_a_score_that_is_not_a_number_cannot_be_saved(tmp_path):
    bad = replace(VERDICT, exercises={"relu_forward": Finding("pass", float("nan"), 2.0)})
    with pytest.raises(ValueError):
        save(bad, tmp_path / "ada.json")
    assert list(tmp_path.iterdir()) == []


def test_a_verdict_counts_for_the_hand_in_that_it_is_about(students):
    students.hand_in("ada")
    students.judge("ada")
    findings, problem = trusted_findings(students.course, "assignment2", "ada")
    assert set(findings) == set(students.assignment.points) and problem == ""


@pytest.mark.parametrize(
    "change", [{"student": "bob"}, {"assignment": "assignment1"}, {"submission": "0" * 64}]
)
def test_a_verdict_about_something_else_counts_for_nothing(students, change):
    students.hand_in("ada")
    students.judge("ada", **change)
    assert trusted_findings(students.course, "assignment2", "ada") == (
        {},
        "The verdict is about another hand-in.",
    )


def test_an_old_verdict_counts_for_nothing_once_the_hand_in_changed(students):
    folder = students.hand_in("ada")
    students.judge("ada")
    (folder / "cs231n" / "layers").mkdir(parents=True)
    (folder / "cs231n" / "layers" / "affine.py").write_text("changed = True\n")
    assert trusted_findings(students.course, "assignment2", "ada")[0] == {}
