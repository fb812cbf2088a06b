"""What kits hold of earlier assignments: it neither gives answers away nor costs points."""

import tomllib
from contextlib import closing

import pytest

from autograder.authoring.course_setup import set_up
from autograder.course.manifest import Course
from autograder.errors import UserError
from autograder.grading.judge import Judge
from autograder.grading.workspaces import WorkspacePool
from autograder.reference.mistakes import all_mistakes
from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission
from autograder.release.kit import allowed_files, release
from autograder.release.leaks import find_leaks
from autograder.release.shown_solutions import show_solved
from autograder.release.solution_regions import clear, regions
from autograder.sandbox.find import find_sandbox
from cs231n.check.exercises import EXERCISES

AFFINE, NORMALIZATION = "cs231n/layers/affine.py", "cs231n/layers/normalization.py"
STUB = 'raise NotImplementedError("not started'


def source(name):
    return package_files()[name].read_text(encoding="utf-8")


def leaks(course, assignment):
    return find_leaks(
        course.release_folder(assignment.name), course, assignment, allowed_files(assignment)
    )


@pytest.mark.parametrize("earlier", ["own", "reference"])
def test_an_assignment_knows_the_modules_and_exercises_of_those_before_it(two_assignments, earlier):
    course = two_assignments(earlier)
    first, second = course.assignments.values()
    assert (first.carried, first.solved) == ((), frozenset())
    assert second.carried == (AFFINE, NORMALIZATION)
    asked_before = {"affine_forward", "batchnorm_forward", "layernorm_backward", "affine_backward"}
    assert second.solved == set() if earlier == "own" else second.solved > asked_before
    assert not second.solved & {*second.points, "relu_forward"}


def test_an_exercise_that_is_asked_again_is_not_shown(two_assignments):
    course = two_assignments("reference")
    path = course.source / "course.toml"
    path.write_text(path.read_text() + "affine_forward = 4\n")
    assert "affine_forward" not in Course.open(course.root).assignment("second").solved


def test_a_setting_that_is_none_is_refused(two_assignments):
    course = two_assignments("own")
    path = course.source / "course.toml"
    path.write_text(path.read_text().replace('"own"', '"mine"').replace('"mine"', '"own"', 1))
    with pytest.raises(
        UserError, match=r"assignments.second.earlier must be 'own' or 'reference'; got 'mine'"
    ):
        Course.open(course.root)


def test_marks_are_taken_off_in_the_exercises_that_are_shown_and_nowhere_else():
    text = source(NORMALIZATION)
    shown = show_solved(text, NORMALIZATION, {"batchnorm_forward"})
    own = text[text.index("def batchnorm_forward") : text.index("def batchnorm_backward(")]
    assert regions(own) and len(regions(shown)) == len(regions(text)) - len(regions(own))
    assert (
        show_solved(text, NORMALIZATION, {"affine_forward"})
        == show_solved(text, NORMALIZATION, frozenset())
        == text
    )
    assert show_solved(source(AFFINE), AFFINE, {"batchnorm_forward"}) == source(AFFINE)


def test_methods_count_as_the_exercises_they_are_or_lie_in():
    name = "cs231n/classifiers/k_nearest_neighbor.py"
    shown = show_solved(source(name), name, {"predict_labels"})
    assert len(regions(shown)) == len(regions(source(name))) - 1
    net = "cs231n/classifiers/cnn.py"
    assert regions(source(net)) and not regions(
        show_solved(source(net), net, {"ThreeLayerConvNet"})
    )


def test_own_leaves_earlier_modules_empty_and_finds_a_solved_one(two_assignments):
    course = two_assignments("own")
    assignment = course.assignment("second")
    kit = course.release_folder("second")
    assert STUB in (kit / AFFINE).read_text() and leaks(course, assignment) == []
    assert "What you wrote for earlier assignments" in (kit / "README.md").read_text()
    assert "cs231n carry ../first" in (kit / "README.md").read_text()
    (kit / AFFINE).write_text(show_solved(source(AFFINE), AFFINE, {"affine_forward"}))
    assert any(f"solution in {AFFINE}" in leak for leak in leaks(course, assignment))


def test_reference_solves_earlier_modules_and_finds_an_answer_to_this_assignment(two_assignments):
    course = two_assignments("reference")
    assignment = course.assignment("second")
    kit = course.release_folder("second")
    assert STUB not in (kit / AFFINE).read_text() and leaks(course, assignment) == []
    text = (kit / NORMALIZATION).read_text()
    before, spatial = text.split("def spatial_batchnorm_forward")
    assert STUB not in before and STUB in spatial
    assert "earlier assignments are solved here" in (kit / "README.md").read_text()
    everything = set(EXERCISES)
    (kit / NORMALIZATION).write_text(show_solved(source(NORMALIZATION), NORMALIZATION, everything))
    assert any(f"solution in {NORMALIZATION}" in leak for leak in leaks(course, assignment))


def test_the_first_kit_says_nothing_of_earlier_assignments(two_assignments):
    course = two_assignments("own")
    text = (course.release_folder("first") / "README.md").read_text()
    assert "earlier" not in text and "@" not in text


@pytest.mark.parametrize("earlier", ["own", "reference"])
def test_what_is_wrong_or_missing_from_earlier_costs_nothing_later(
    two_assignments, earlier, tmp_path
):
    course = two_assignments(earlier)
    assignment = course.assignment("second")
    first = {m.exercise: m.changes() for m in reversed(all_mistakes())}
    carried = first["batchnorm_forward"] | first["affine_forward"]
    empty = clear(
        show_solved(source(NORMALIZATION), NORMALIZATION, {"spatial_batchnorm_forward"}),
        NORMALIZATION,
    )
    write_submission(course, assignment, tmp_path / "mistaken", carried)
    write_submission(course, assignment, tmp_path / "empty", {NORMALIZATION: empty})
    unreadable = source(NORMALIZATION).replace("def ", "def def ")
    write_submission(course, assignment, tmp_path / "broken", {NORMALIZATION: unreadable})
    with Judge(course, assignment, find_sandbox(allow_unisolated=True)) as judge:
        folders = (
            *(tmp_path / name for name in ("mistaken", "empty", "broken")),
            course.release_folder("second"),
        )
        mistaken, empty, broken, untouched = map(judge.findings, folders)
    for found in (mistaken, empty):
        assert {name: finding.score for name, finding in found.items()} == assignment.points
    assert broken["ThreeLayerConvNet"].score == assignment.points["ThreeLayerConvNet"]
    assert {finding.status for finding in untouched.values()} == {"not started"}


def test_own_modules_are_handed_in_where_the_kit_has_them_empty(two_assignments, tmp_path):
    course = two_assignments("own")
    assignment = course.assignment("second")
    assert assignment.own == (AFFINE,) and AFFINE in assignment.submission_files
    (tmp_path / AFFINE).parent.mkdir(parents=True)
    (tmp_path / AFFINE).write_text(source(AFFINE))
    exercise = EXERCISES["affine_forward"]
    with closing(
        WorkspacePool(course, assignment, find_sandbox(allow_unisolated=True))
    ) as workspaces:
        for folder, status in (
            (tmp_path, "answered"),
            (course.release_folder("second"), "not started"),
            (tmp_path, "answered"),
        ):
            with workspaces.open_submission(folder) as worker:
                answers = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw())
            assert {answer.status for answer in answers} == {status}


def test_nothing_of_earlier_assignments_is_handed_in_where_the_kit_solves_it(two_assignments):
    assignment = two_assignments("reference").assignment("second")
    assert (
        assignment.own == ()
        and AFFINE not in assignment.submission_files
        and NORMALIZATION in assignment.submission_files
    )


@pytest.mark.slow
def test_the_shipped_assignments_can_be_released_on_the_reference(tmp_path):
    course, _ = set_up(tmp_path / "course")
    path = course.source / "course.toml"
    path.write_text(path.read_text().replace('earlier = "own"', 'earlier = "reference"'))
    course = Course.open(course.root)
    assert [len(a.solved) > 0 for a in course.assignments.values()] == [False, True, True]
    for assignment in course.assignments.values():
        kit, _ = release(course, assignment)
        assert leaks(course, assignment) == []
        solved = {name for name in assignment.carried if STUB not in (kit / name).read_text()}
        assert solved == set(assignment.carried) - set(assignment.editable)


def test_the_shipped_manifest_states_the_setting_of_every_later_assignment():
    path = package_files()["cs231n/kit.py"].parents[1] / "assignments" / "course.toml"
    _, *later = tomllib.loads(path.read_text(encoding="utf-8"))["assignments"].values()
    assert later and all(body["earlier"] in ("own", "reference") for body in later)
