"""Every tier gives the honest student everything, and says in the verdict which one it was."""

import shutil
import zipfile

import nbformat
import pytest
from attacked_class import MODULES, source

from autograder.collect.inbox import collect
from autograder.course import verdicts
from autograder.course.manifest import Course
from autograder.feedback.generate import generate_feedback
from autograder.grading.run import grade
from autograder.grading.score_table import course_table
from autograder.sandbox.find import SANDBOXES, SandboxUnavailableError, Unisolated


@pytest.fixture
def handed_in(make_course, tmp_path):
    course = Course.open(shutil.copytree(make_course(False), tmp_path / "course"))
    inbox = course.root / "inbox" / "small"
    inbox.mkdir(parents=True)
    with zipfile.ZipFile(inbox / "ada.zip", "w") as archive:
        for name in MODULES:
            archive.writestr(name, source(name))
        archive.write(course.release_folder("small") / "small.ipynb", "small.ipynb")
    assignment = course.assignment("small")
    collect(course, assignment)
    return course, assignment


def find(tier):
    if tier is Unisolated:
        return Unisolated()
    try:
        return tier.find()
    except SandboxUnavailableError as reason:
        pytest.skip(f"{tier.isolation} does not work here: {reason}")


@pytest.mark.parametrize("tier", [*SANDBOXES, Unisolated], ids=lambda tier: tier.isolation)
def test_tier_gives_everything_and_is_named_in_the_verdict(handed_in, tier):
    course, assignment = handed_in
    found, _ = grade(course, assignment, sandbox := find(tier))
    assert {
        name: finding.score for name, finding in found["ada"].exercises.items()
    } == assignment.points
    assert (
        found["ada"].isolation
        == sandbox.isolation
        == verdicts.load_verdict(course.verdicts("small") / "ada.json").isolation
    )
    assert sandbox.isolation.startswith(tier.isolation)
    pages, _ = generate_feedback(course, assignment)
    places = {
        "table": course_table(course, assignment, found),
        "gradebook": nbformat.writes(
            nbformat.read(course.root / "autograded" / "ada" / "small" / "small.ipynb", 4)
        ),
        "feedback": "".join(path.read_text() for path in pages["ada"].glob("*.html")),
    }
    assert {place for place, text in places.items() if "UNISOLATED" in text} == (
        set(places) if tier is Unisolated else set()
    )


def test_verdict_of_another_tier_is_not_current(handed_in):
    course, assignment = handed_in
    grade(course, assignment, Unisolated())
    assert grade(course, assignment, Unisolated())[1] == 0
    sandboxes = [tier for tier in SANDBOXES if _works(tier)]
    if not sandboxes:
        pytest.skip("no sandbox works here")
    assert grade(course, assignment, sandboxes[0].find())[1] == 1


def _works(tier):
    try:
        tier.find()
    except SandboxUnavailableError:
        return False
    return True
