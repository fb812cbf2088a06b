"""A machine is proved before a class is blamed: modes, limits, and endings that are all alike."""

import os
from dataclasses import replace

import pytest

from autograder.course.verdicts import Finding, Verdict
from autograder.errors import UserError
from autograder.grading.executors import JudgingJob, run_job
from autograder.grading.judge import Judge
from autograder.grading.preflight import prove_machine, same_ending
from autograder.grading.run import grade
from autograder.reference.submission import write_submission
from autograder.release.kit import release
from autograder.sandbox.base import SandboxUnavailableError
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.find import find_sandbox
from autograder.sandbox.landlock import Landlock

DIED = "the process that ran your code ended early; something in it calls exit"


@pytest.fixture(scope="module")
def sandbox():
    return find_sandbox(allow_unisolated=True)


@pytest.fixture
def umask():
    """A function that sets the umask until the test is over."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def limited(students, **limits):
    course = students.course
    return replace(course, limits=replace(course.limits, **limits))


@pytest.mark.parametrize("kind", [Bubblewrap, Landlock])
@pytest.mark.parametrize("mask", [0o027, 0o077])
def test_an_honest_submission_gets_everything_whatever_the_umask(
    students, umask, kind, mask, tmp_path
):
    umask(mask)
    try:
        sandbox = kind.find()
    except SandboxUnavailableError as reason:
        pytest.skip(str(reason))
    release(students.course, students.assignment)
    folder = tmp_path / "submission"
    write_submission(students.course, students.assignment, folder)
    with Judge(students.course, students.assignment, sandbox) as judge:
        prove_machine(judge)
        findings = judge.findings(folder)
    lost = {name for name, finding in findings.items() if finding.score < finding.max_score}
    assert lost == {"train_fully_connected"}  # without weights


def test_a_kit_is_as_open_under_any_umask(students, umask):
    umask(0o077)
    kit, archive = release(students.course, students.assignment)
    folders = [kit, *(path for path in kit.rglob("*") if path.is_dir())]
    files = [archive, *(path for path in kit.rglob("*") if path.is_file())]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o755}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}


def test_what_is_private_stays_private(students, sandbox):
    students.hand_in("ada")
    grade(students.course, students.assignment, sandbox)
    private = [
        students.course.root / "secret_seed",
        *students.course.verdicts("assignment2").iterdir(),
    ]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


@pytest.mark.parametrize(
    "limits, words",
    [
        ({"submission_seconds": 0.001}, "perhaps submission_seconds = 0.001 is too short"),
        ({"memory_mb": 60}, "perhaps memory_mb = 60 is too small"),
    ],
)
def test_a_limit_that_fails_the_reference_is_named_and_nothing_is_graded(
    students, sandbox, limits, words
):
    students.hand_in("ada")
    with pytest.raises(UserError, match="nothing is graded: .*the reference itself") as refusal:
        grade(limited(students, **limits), students.assignment, sandbox)
    assert words in str(refusal.value) and "\n" not in str(refusal.value)
    assert not students.course.verdicts("assignment2").exists()


def test_a_filter_that_the_sandbox_cannot_read_is_not_the_fault_of_the_class(students):
    if os.geteuid():
        pytest.skip("only root's sandboxes run as another user")
    try:
        sandbox = Bubblewrap.find()
    except SandboxUnavailableError as reason:
        pytest.skip(str(reason))
    if not sandbox.reusable or not sandbox.become_nobody:
        pytest.skip("no filter here")
    os.chmod(sandbox._filters.question, 0o600)
    blamed = pytest.raises(UserError, match="perhaps the sandbox cannot read the kit")
    with Judge(students.course, students.assignment, sandbox) as judge, blamed:
        prove_machine(judge)


def test_a_process_that_judges_proves_its_machine_first(students, sandbox, monkeypatch):
    students.hand_in("ada")
    asked = []

    def refuse(judge):
        asked.append(judge)
        raise UserError("nothing is graded")

    monkeypatch.setattr("autograder.grading.executors.prove_machine", refuse)
    with Judge(students.course, students.assignment, sandbox) as judge:
        digests = judge.digests
    job = JudgingJob(str(students.course.root), "assignment2", digests, True, False)
    with pytest.raises(UserError, match="nothing is graded"):
        run_job(job, "ada")
    assert len(asked) == 1


def test_nothing_is_proved_where_nothing_is_judged(students, sandbox, monkeypatch):
    students.hand_in("ada")
    grade(students.course, students.assignment, sandbox)

    def fail(judge):
        raise AssertionError("there is nothing to judge")

    monkeypatch.setattr("autograder.grading.executors.prove_machine", fail)
    _, judged = grade(students.course, students.assignment, sandbox)
    assert judged == 0


def verdicts(count, text, status="fail", **different):
    """A class whose exercises all have the same report, but for some of the last student."""
    findings = {
        "affine_forward": Finding(status, 0, 4, text.format("affine_forward", "out, one image")),
        "svm_loss": Finding(status, 0, 6, text.format("svm_loss", "loss, hidden: ties")),
        "train_fully_connected": Finding(
            "not started", 0, 10, "NOT STARTED  train_fully_connected"
        ),
    }
    made = {}
    for number in range(count):
        student = f"s{number}"
        made[student] = Verdict(student, "assignment2", "", "", "", "bubblewrap", findings)
    made[student] = replace(made[student], exercises=findings | different)
    return made


def test_a_class_that_ends_the_same_way_is_doubted():
    failed = "FAIL         {}\n             {}: " + DIED
    line = same_ending(verdicts(3, failed))
    assert line.startswith(f"every submission ends the same way: {DIED}; ")
    assert "more likely the machine or the kit than the class" in line and "\n" not in line
    untouched = same_ending(verdicts(3, "NOT STARTED  {}", "not started"))
    assert untouched.startswith("every submission ends the same way: not started; ")


def test_a_class_that_differs_or_is_small_is_not():
    failed = "FAIL         {}\n             {}: " + DIED
    assert same_ending({}) == same_ending(verdicts(2, failed)) == ""
    right = Finding("pass", 4, 4, "PASS         affine_forward")
    partial = Finding("fail", 2, 4, failed.format("affine_forward", "out, one image"))
    other = Finding("fail", 0, 4, failed.replace(DIED, "got shape (3,)"))
    for finding in (right, partial, other):
        assert same_ending(verdicts(3, failed, affine_forward=finding)) == ""
