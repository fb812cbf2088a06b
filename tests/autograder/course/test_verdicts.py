"""Verdict files: they come back as they were saved, and nothing else is taken for one."""

import json
import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.verdicts import (
    Finding,
    Verdict,
    VerdictError,
    load_verdict,
    save_verdict,
    trusted_findings,
)

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
    save_verdict(VERDICT, path)
    assert load_verdict(path) == VERDICT
    before = path.read_bytes()
    save_verdict(load_verdict(path), path)
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
    save_verdict(VERDICT, path)
    document = json.loads(path.read_text())
    document["exercises"]["relu_forward"] |= change
    path.write_text(json.dumps(document))
    with pytest.raises(VerdictError):
        load_verdict(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e-9", "1" * 400])
@pytest.mark.parametrize("field", ["score", "max_score"])
def test_a_score_that_is_no_finite_number_is_refused(tmp_path, field, number):
    path = tmp_path / "ada.json"
    save_verdict(VERDICT, path)
    value = {"score": "1.5", "max_score": "2.0"}[field]
    path.write_text(path.read_text().replace(f'"{field}": {value}', f'"{field}": {number}'))
    assert number in path.read_text()
    with pytest.raises(VerdictError):
        load_verdict(path)


@pytest.mark.parametrize("field", [field.name for field in fields(Verdict)])
def test_no_field_of_a_verdict_may_be_missing(tmp_path, field):
    path = tmp_path / "ada.json"
    save_verdict(VERDICT, path)
    document = json.loads(path.read_text())
    del document[field]
    path.write_text(json.dumps(document))
    with pytest.raises(VerdictError, match=field):
        load_verdict(path)


@pytest.mark.parametrize("field", [field.name for field in fields(Finding)])
def test_no_field_of_a_finding_may_be_missing(tmp_path, field):
    path = tmp_path / "ada.json"
    save_verdict(VERDICT, path)
    document = json.loads(path.read_text())
    del document["exercises"]["relu_forward"][field]
    path.write_text(json.dumps(document))
    with pytest.raises(VerdictError, match=field):
        load_verdict(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([field.name for field in fields(Finding)]), JSON)
def test_whatever_is_read_has_the_types_that_it_says(tmp_path_factory, field, value):
    path = tmp_path_factory.mktemp("verdict") / "ada.json"
    save_verdict(VERDICT, path)
    document = json.loads(path.read_text())
    document["exercises"]["relu_forward"][field] = value
    path.write_text(json.dumps(document))
    try:
        finding = load_verdict(path).exercises["relu_forward"]
    except VerdictError:
        return
    assert type(finding.score) is type(finding.max_score) is float
    assert 0 <= finding.score <= finding.max_score < math.inf
    assert finding.status in ("pass", "fail", "not started") and type(finding.text) is str
    assert type(finding.warnings) is tuple and {*map(type, finding.warnings)} <= {str}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"student": "ada"}',
        "[" * 100_000,
        '{"student": NaN',
        '{"exercises": {"a": {"warnings": ' + "[" * 100_000,
        '{"exercises": ' + '{"a":' * 100_000,
    ],
)
def test_a_file_that_is_no_verdict_is_refused(tmp_path, text):
    path = tmp_path / "ada.json"
    path.write_text(text)
    with pytest.raises(VerdictError):
        load_verdict(path)


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("verdict") / "ada.json"
    path.write_bytes(data)
    with pytest.raises(VerdictError):
        load_verdict(path)


def test_a_score_that_is_not_a_number_cannot_be_saved(tmp_path):
    bad = replace(VERDICT, exercises={"relu_forward": Finding("pass", float("nan"), 2.0)})
    with pytest.raises(ValueError):
        save_verdict(bad, tmp_path / "ada.json")
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


def test_a_verdict_with_the_fields_of_an_earlier_version_counts_for_nothing(students):
    students.hand_in("ada")
    students.judge("ada")
    path = students.course.verdicts("assignment2") / "ada.json"
    path.write_text(path.read_text().replace('"isolation":', '"tier":'))
    findings, problem = trusted_findings(students.course, "assignment2", "ada")
    assert findings == {} and problem.startswith("The verdict cannot be read: ")
