"""What is not as it should be in an assignment is said of each trial."""

from types import SimpleNamespace

import pytest

from autograder.authoring import validate as module
from autograder.authoring.validate import exercises_without_mistake
from autograder.course.verdicts import Finding
from autograder.reference.mistakes import all_mistakes


@pytest.fixture
def judge(monkeypatch):
    """A judge that says of every submission what the test wants."""
    monkeypatch.setattr(module, "write_submission", lambda *args: None)

    def make(**findings):
        course = SimpleNamespace(release_folder=lambda name: name)
        assignment = SimpleNamespace(name="small")
        return SimpleNamespace(
            course=course, assignment=assignment, findings=lambda folder: dict(findings)
        )

    return make


def finding(status, score, max_score=4, text=""):
    return Finding(status, score, max_score, text)


def test_the_reference_must_lose_nothing(judge, tmp_path):
    good = judge(a=finding("pass", 4), b=finding("pass", 4))
    assert module._try_reference(good, tmp_path, {}) == module.Trial("the reference", 8, 8, ())
    bad = judge(a=finding("pass", 4), b=finding("fail", 1))
    assert module._try_reference(bad, tmp_path, {}).problems == ("b loses 3 points",)


def test_the_untouched_kit_must_earn_nothing(judge):
    good = judge(a=finding("not started", 0))
    assert module._try_untouched(good) == module.Trial("the untouched kit", 0, 4, ())
    bad = judge(a=finding("pass", 4), b=finding("fail", 0))
    problems = ("a: pass, 4 points", "b: fail, 0 points")
    assert module._try_untouched(bad).problems == problems


def test_a_mistake_must_cost_its_exercise_alone_and_be_named(judge, tmp_path):
    mistake = all_mistakes()[0]
    own, message = mistake.exercise, mistake.message
    good = judge(**{own: finding("fail", 0, text=message), "other": finding("pass", 4)})
    assert module._try_mistake(good, tmp_path, {}, mistake).problems == ()
    bad = judge(**{own: finding("pass", 4), "other": finding("fail", 2)})
    trial = module._try_mistake(bad, tmp_path, {}, mistake)
    assert (trial.score, trial.max_score) == (4, 4)
    assert trial.problems == (
        "other loses 2 points",
        "it loses nothing",
        "its message does not appear",
    )


def test_exercises_without_a_mistake_are_named(course):
    assignment = course.assignment("assignment2")
    known = {mistake.exercise for mistake in all_mistakes()}
    assert not set(exercises_without_mistake(assignment)) & known
