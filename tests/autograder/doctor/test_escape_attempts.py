"""The table of what `autograder doctor` tries; test_examine.py sees that nothing is gained."""

import inspect
import json
import os
import signal

import pytest

from autograder.doctor import escape_attempts
from autograder.doctor.escape_attempts import ATTEMPTS, affine_forward


@pytest.fixture
def report(monkeypatch):
    """A function that runs attempts in the place of those of the table, and decodes the answer."""

    def run(**attempts):
        monkeypatch.setattr(escape_attempts, "ATTEMPTS", attempts)
        out, cache = affine_forward(None, None, None)
        assert cache is None
        return json.loads(out.tobytes())

    return run


def test_every_attempt_of_the_module_is_in_the_table_once():
    functions = {
        function
        for name, function in vars(escape_attempts).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }
    assert len(set(ATTEMPTS.values())) == len(ATTEMPTS)
    assert set(ATTEMPTS.values()) == functions - {affine_forward}


def test_names_complete_the_sentence_a_submission_tried_to():
    for name in ATTEMPTS:
        assert name[0].islower() and not name.endswith(".") and len(name.split()) > 1


def test_an_error_of_any_kind_is_nothing_gained_and_says_why(report):
    def refused():
        raise PermissionError(13, "Permission denied")

    def ended():
        raise SystemExit(3)

    assert report(refused=refused, ended=ended) == {
        "refused": {"gained": "", "refused": "PermissionError: [Errno 13] Permission denied"},
        "ended": {"gained": "", "refused": "SystemExit: 3"},
    }


def test_what_was_gained_is_said_and_a_long_reason_is_cut(report):
    def long():
        raise OSError("x" * 1000)

    found = report(gained=lambda: "read 12 characters", nothing=lambda: "", long=long)
    assert found["gained"] == {"gained": "read 12 characters", "refused": ""}
    assert found["nothing"] == {"gained": "", "refused": ""}
    assert len(found["long"]["refused"]) == 200


def test_attempts_that_read_gain_something_where_nothing_is_in_the_way(tmp_path, monkeypatch):
    canary = tmp_path / "canary"
    canary.write_text("secret")
    monkeypatch.setenv("DOCTOR_TEST", "secret")
    targets = {"canary": str(canary), "homes": [str(tmp_path)], "variable": "DOCTOR_TEST"}
    monkeypatch.setattr(escape_attempts, "TARGETS", targets)
    assert escape_attempts.read_a_file() == "read 6 characters"
    assert escape_attempts.list_homes() == "saw 1 names"
    assert escape_attempts.read_variables() == "read it"
    assert escape_attempts.write_outside() and os.path.exists(f"{canary}.written")
    monkeypatch.delenv("DOCTOR_TEST")
    assert escape_attempts.read_variables() == ""


@pytest.mark.skipif(os.name == "nt", reason="needs fork")
def test_processes_that_were_started_do_not_outlive_the_attempt(monkeypatch):
    started = []

    def fork():
        started.append(plain())
        return started[-1]

    plain = os.fork
    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(escape_attempts, "TARGETS", {"processes": 3})
    assert escape_attempts.start_processes() == "started 3"
    assert len(started) == 3
    for child in started:
        with pytest.raises(ProcessLookupError):
            os.kill(child, signal.SIG_DFL)
