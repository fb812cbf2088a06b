"""Workspaces: what a submission finds in one, and nothing of the submission before."""

from contextlib import closing
from dataclasses import replace

import pytest

from autograder.grading.judge import Judge
from autograder.grading.workspaces import Workspace, WorkspacePool, lay_out, removed
from autograder.reference.submission import write_submission
from autograder.sandbox.find import find_sandbox

AFFINE = "cs231n/layers/affine.py"


@pytest.fixture(scope="module")
def sandbox():
    return find_sandbox(allow_unisolated=True)


@pytest.fixture
def hand_in(students):
    """Hand in the reference."""

    def write(student):
        folder = students.course.submitted(student, "assignment2")
        write_submission(students.course, students.assignment, folder)
        return folder

    return write


@pytest.fixture
def workspace(students, sandbox):
    with closing(Workspace(students.course, students.assignment, sandbox, (), False)) as made:
        yield made


def test_a_file_that_is_missing_is_not_the_one_of_the_submission_before(students, hand_in, sandbox):
    whole = hand_in("ada")
    part = hand_in("ben")
    (part / AFFINE).unlink()
    with Judge(students.course, students.assignment, sandbox) as judge:
        judge.findings(whole)
        found = judge.findings(part)
    assert found["affine_forward"].status == found["affine_backward"].status == "not started"
    assert found["softmax_loss"].status == "pass"


def test_a_missing_module_is_that_of_the_kit_and_a_missing_weight_file_is_not_there(
    students, workspace, tmp_path
):
    weights = students.assignment.weights[0]
    (tmp_path / weights).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / weights).write_bytes(b"weights")
    (tmp_path / AFFINE).parent.mkdir(parents=True)
    (tmp_path / AFFINE).write_text("mine = True\n")
    workspace.install(tmp_path)
    assert (workspace._tree / AFFINE).read_text() == "mine = True\n"
    assert (workspace._tree / weights).read_bytes() == b"weights"
    (tmp_path / AFFINE).unlink()
    (tmp_path / weights).unlink()
    workspace.install(tmp_path)
    kit = students.course.release_folder("assignment2")
    assert (workspace._tree / AFFINE).read_bytes() == (kit / AFFINE).read_bytes()
    assert not (workspace._tree / weights).exists()


def test_a_module_that_is_too_large_or_a_link_is_that_of_the_kit(students, sandbox, tmp_path):
    course = replace(students.course, limits=replace(students.course.limits, hand_in_mb=1 / 1024))
    (tmp_path / AFFINE).parent.mkdir(parents=True)
    kit = course.release_folder("assignment2")
    with closing(Workspace(course, students.assignment, sandbox, (), False)) as workspace:
        (tmp_path / AFFINE).write_text("#" * 1025)
        workspace.install(tmp_path)
        assert (workspace._tree / AFFINE).read_bytes() == (kit / AFFINE).read_bytes()
        (tmp_path / AFFINE).unlink()
        (tmp_path / "elsewhere.py").write_text("mine = True\n")
        (tmp_path / AFFINE).symlink_to(tmp_path / "elsewhere.py")
        workspace.install(tmp_path)
        assert (workspace._tree / AFFINE).read_bytes() == (kit / AFFINE).read_bytes()


def test_modules_that_an_exercise_goes_without_are_not_laid_out(students, tmp_path):
    kit = students.course.release_folder("assignment2")
    without = ("cs231n.optim", "cs231n.layers.affine", "scipy")
    gone = removed(kit, without)
    assert {AFFINE, "cs231n/optim.py"} <= gone
    tree = tmp_path / "tree"
    lay_out(kit, tree, without)
    laid_out = {p.relative_to(tree) for p in tree.rglob("*") if p.is_file()}
    in_kit = {p.relative_to(kit) for p in (kit / "cs231n").rglob("*") if p.is_file()}
    assert {path.as_posix() for path in in_kit - laid_out} == gone and laid_out < in_kit


def test_a_workspace_serves_the_next_submission_only_where_the_sandbox_is_reusable(
    students, hand_in, sandbox
):
    folder = hand_in("ada")
    with closing(WorkspacePool(students.course, students.assignment, sandbox)) as pool:
        with pool.open_submission(folder) as first:
            pass
        with pool.open_submission(folder) as second:
            assert (second is first) == sandbox.reusable
            with pool.open_submission(folder) as other:
                assert other is not second
        with pytest.raises(KeyError), pool.open_submission(folder) as failed:
            raise KeyError
        with pool.open_submission(folder) as after:
            assert after is not failed
