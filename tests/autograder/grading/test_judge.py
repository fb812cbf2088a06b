"""The judge on a real kit in a real sandbox: what earns points, and what a verdict is bound to."""

import shutil
import time
from dataclasses import replace

import numpy as np
import pytest

from autograder.__main__ import main
from autograder.course import verdicts as verdict
from autograder.course.manifest import Course
from autograder.errors import UserError
from autograder.grading import run as grade
from autograder.grading.judge import Judge
from autograder.progress import no_progress
from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission
from autograder.sandbox.find import find_sandbox
from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerClient
from cs231n.check.process.messages import ANSWERED, TIMEOUT, VERSION, Answer, Failure

AFFINE = "cs231n/layers/affine.py"
LOSSES = "cs231n/layers/losses.py"


@pytest.fixture(scope="module")
def sandbox():
    return find_sandbox(allow_unisolated=True)


@pytest.fixture
def hand_in(students):
    """Hand in the reference with changes, without weights."""

    def write(student, changes=None):
        folder = students.course.submitted(student, "assignment2")
        write_submission(students.course, students.assignment, folder, changes)
        return folder

    return write


def source(name):
    return package_files()[name].read_text(encoding="utf-8")


def graded(students, sandbox, progress=no_progress):
    return grade.grade(students.course, students.assignment, sandbox, progress=progress)


def scores(found):
    return {name: finding.score for name, finding in found.exercises.items()}


def full(students, *less):
    goals = [e for e in students.assignment.points if isinstance(EXERCISES[e], TrainingGoal)]
    return {
        e: 0 if e in (*less, *goals) else most for e, most in students.assignment.points.items()
    }


def test_the_reference_earns_everything_and_the_gradebook_says_so(students, hand_in, sandbox):
    hand_in("ada")
    found, fresh = graded(students, sandbox)
    assert fresh == 1 and scores(found["ada"]) == full(students)
    assert found["ada"].isolation == sandbox.isolation
    recorded = students.scores("ada")
    assert {name: recorded[name] for name in students.assignment.points} == full(students)


def test_a_verdict_is_kept_until_something_changes(students, hand_in, sandbox):
    folder = hand_in("ada")
    graded(students, sandbox)
    assert graded(students, sandbox)[1] == 0
    (folder / AFFINE).write_text(
        source(AFFINE).replace("db = dout.sum(axis=0)", "db = 2 * dout.sum(axis=0)")
    )
    found, fresh = graded(students, sandbox)
    assert fresh == 1 and scores(found["ada"])["affine_backward"] == 4


@pytest.mark.parametrize("points", [0.125, 0.333, 3.336, 0.009])
def test_a_right_answer_earns_exactly_its_points_and_a_wrong_part_never_more(
    students, hand_in, sandbox, points
):
    manifest = students.course.source / "course.toml"
    manifest.write_text(
        manifest.read_text().replace("affine_backward = 6", f"affine_backward = {points}")
    )
    course = Course.open(students.course.root)
    hand_in("ada")
    hand_in(
        "ben",
        {AFFINE: source(AFFINE).replace("db = dout.sum(axis=0)", "db = 2 * dout.sum(axis=0)")},
    )
    found, _ = grade.grade(course, course.assignment("assignment2"), sandbox)
    assert found["ada"].exercises["affine_backward"].score == points
    assert 0 < found["ben"].exercises["affine_backward"].score <= points
    assert [students.scores(student)["affine_backward"] for student in found] == [
        f.exercises["affine_backward"].score for f in found.values()
    ]


def test_a_verdict_of_another_hand_in_is_not_taken(students, hand_in, sandbox):
    hand_in("ada")
    hand_in("eve", {AFFINE: "def affine_forward(x, w, b):\n    return x, None\n"})
    graded(students, sandbox)
    folder = students.course.verdicts("assignment2")
    (folder / "eve.json").write_bytes((folder / "ada.json").read_bytes())
    found, fresh = graded(students, sandbox)
    assert fresh == 1 and scores(found["eve"])["affine_forward"] == 0


def test_a_damaged_verdict_is_judged_again(students, hand_in, sandbox):
    hand_in("ada")
    graded(students, sandbox)
    path = students.course.verdicts("assignment2") / "ada.json"
    path.write_text(path.read_text()[:100])
    assert graded(students, sandbox)[1] == 1
    assert verdict.load_verdict(path).student == "ada"


def test_a_verdict_with_the_fields_of_an_earlier_version_is_judged_again(
    students, hand_in, sandbox
):
    hand_in("ada")
    graded(students, sandbox)
    path = students.course.verdicts("assignment2") / "ada.json"
    path.write_text(path.read_text().replace('"isolation":', '"tier":'))
    assert graded(students, sandbox)[1] == 1
    assert verdict.load_verdict(path).isolation == sandbox.isolation


def test_an_interrupted_run_goes_on_where_it_was(students, hand_in, sandbox):
    for student in ("ada", "ben", "cyd"):
        hand_in(student)

    def interrupted(items, **_):
        yield next(items)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graded(students, sandbox, progress=interrupted)
    known = len(list(students.course.verdicts("assignment2").glob("*.json")))
    found, fresh = graded(students, sandbox)
    assert (
        known >= 1
        and fresh == 3 - known
        and {student: scores(v) for student, v in found.items()}
        == dict.fromkeys(("ada", "ben", "cyd"), full(students))
    )


def test_files_outside_the_allow_list_do_not_reach_the_worker(students, hand_in, sandbox):
    folder = hand_in("eve", {AFFINE: "from cs231n.layers.extra import *\n"})
    (folder / "cs231n/layers/extra.py").write_text(source(AFFINE))
    (folder / "cs231n/check").mkdir()
    (folder / "cs231n/check/comparison.py").write_text("def compare(*_):\n    return None\n")
    (folder / "numpy.py").write_text("raise SystemExit")
    found, _ = graded(students, sandbox)
    assert scores(found["eve"]) == full(students, "affine_forward", "affine_backward")


def test_links_in_a_hand_in_are_not_followed(students, hand_in, sandbox, tmp_path):
    (tmp_path / "outside.py").write_text(source(AFFINE))
    folder = hand_in("eve")
    (folder / AFFINE).unlink()
    (folder / AFFINE).symlink_to(tmp_path / "outside.py")
    found, _ = graded(students, sandbox)
    assert scores(found["eve"]) == full(students, "affine_forward", "affine_backward")
    assert found["eve"].exercises["affine_forward"].status == "not started"


def test_an_exercise_does_not_suffer_from_another_one_in_the_same_process(
    students, hand_in, sandbox
):
    spoils = """

_plain = softmax_loss


def softmax_loss(x, y):
    np.max = np.sum = np.arange = None
    return _plain(x, y)
"""
    hand_in("ada", {LOSSES: source(LOSSES) + spoils})
    found, _ = graded(students, sandbox)
    assert found["ada"].exercises["svm_loss"].status == "pass"


def test_hidden_numbers_are_not_told(students, hand_in, sandbox):
    cheat = """

_plain = relu_forward


def relu_forward(x):
    wrong = x.shape != (4, 7) or x[0, 0] > 0.4170 and x[0, 0] < 0.41701
    return (x * 3 if wrong else _plain(x)[0]), x
"""
    hand_in("eve", {"cs231n/layers/activations.py": source("cs231n/layers/activations.py") + cheat})
    found, _ = graded(students, sandbox)
    assert "wrong in a case that is not shown" in found["eve"].exercises["relu_forward"].text


def test_answers_to_the_public_cases_alone_earn_nothing(students, hand_in, sandbox):
    memory = """
_seen = {}


def relu_forward(x):
    import numpy as np
    from cs231n.check import EXERCISES, public

    cases = EXERCISES["relu_forward"].draw()
    answers = public.load_public_results(EXERCISES["relu_forward"], "activations")[0]["forward"]
    for case, answer in zip(cases, answers):
        if case.inputs["x"].shape == x.shape and np.array_equal(case.inputs["x"], x):
            return answer["out"], x
    return np.zeros_like(x), x
"""
    hand_in(
        "eve", {"cs231n/layers/activations.py": source("cs231n/layers/activations.py") + memory}
    )
    found, _ = graded(students, sandbox)
    assert scores(found["eve"]) == full(students, "relu_forward")


def test_grading_before_a_release_says_what_to_do(course, sandbox):
    course.submitted("ada", "assignment2").mkdir(parents=True)
    with pytest.raises(UserError, match="autograder release assignment2"):
        Judge(course, course.assignment("assignment2"), sandbox)


def test_a_kit_from_before_the_worker_had_a_package_of_its_own_is_refused_in_one_line(
    students, sandbox
):
    kit = students.course.release_folder("assignment2")
    shutil.rmtree(kit / "cs231n" / "check" / "process")
    with pytest.raises(UserError, match="another version.*autograder release assignment2. again"):
        Judge(students.course, students.assignment, sandbox)


def test_a_kit_of_another_version_of_the_protocol_is_refused_in_one_line(students, sandbox):
    path = students.course.release_folder("assignment2") / "cs231n/check/process/messages.py"
    text = path.read_text(encoding="utf-8")
    assert f"\nVERSION = {VERSION}\n" in text
    path.write_text(text.replace(f"\nVERSION = {VERSION}\n", f"\nVERSION = {VERSION + 1}\n"))
    with pytest.raises(UserError, match="another version.*autograder release assignment2. again"):
        Judge(students.course, students.assignment, sandbox)


def test_grade_with_an_old_kit_says_what_to_do_and_judges_nothing(students, hand_in, capsys):
    hand_in("ada")
    root = students.course.root
    shutil.rmtree(root / "release" / "assignment2" / "cs231n" / "check" / "process")
    with pytest.raises(SystemExit) as end:
        main(["grade", "assignment2", "--course", str(root), "--allow-unisolated"])
    shown = capsys.readouterr()
    assert end.value.code == 1 and shown.out == ""
    assert shown.err.splitlines() == [
        "autograder: assignment2 was released by another version of these programs; "
        "run `autograder release assignment2` again"
    ]
    assert not (root / "verdicts").exists() and not (root / "logs").exists()


SLEEPING = "    import time\n    time.sleep(1000)\n"


def test_one_clock_counts_all_that_is_asked_of_a_submission(students, hand_in, sandbox):
    """Every exercise sleeps, in every process that it is asked in."""
    changes = {}
    for name in students.assignment.editable:
        lines = []
        for line in source(name).splitlines(keepends=True):
            lines.append(line)
            if line.startswith("def ") and line.endswith("):\n"):
                lines.append(SLEEPING)
        changes[name] = "".join(lines)
    slow = hand_in("eve", changes)
    honest = hand_in("ada")
    limits = replace(students.course.limits, seconds=20, submission_seconds=3)
    hurried = replace(students.course, limits=limits)
    with Judge(hurried, students.assignment, sandbox) as judge:
        started = time.monotonic()
        found = judge.findings(slow)
        assert time.monotonic() - started < 15
        assert "has used the 3 s" in found["affine_forward"].text
    with Judge(students.course, students.assignment, sandbox) as judge:
        found = judge.findings(honest)
        assert {name: finding.score for name, finding in found.items()} == full(students)


class SlowScorer:
    """Scores weights, and takes longer than it may."""

    seconds = 0.0

    def start(self):
        pass

    def ask(self, *_):
        time.sleep(0.2)
        return [Answer(TIMEOUT, error=Failure("", "no answer"))]


def test_the_scorer_of_weights_runs_on_the_clock_of_the_submission(students, sandbox, monkeypatch):
    scorer = SlowScorer()
    monkeypatch.setattr(Judge, "_goal_worker", lambda *_: scorer)
    goal = next(e for e in EXERCISES.values() if isinstance(e, TrainingGoal))
    weights = Answer(ANSWERED, {"W1": np.zeros(3)})
    judge = Judge(students.course, students.assignment, sandbox)
    with WorkerClient(["nothing"], total_seconds=7) as worker:
        worker.spend(2)
        (case,) = goal.draw(1)[:1]
        result = judge._evaluate_goal(worker, goal, case, weights)
        assert scorer.seconds == pytest.approx(5, abs=0.1)
        assert worker.spent_seconds >= 2.2
    assert result.status == "fail" and "than the 5 s that are left" in result.problems[0].text
