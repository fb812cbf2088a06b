"""Exercises that may use what others must not are asked of one process, and neither gains by it."""

from dataclasses import replace
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.authoring.course_setup import set_up
from autograder.grading.batches import make_batches
from autograder.grading.judge import Judge
from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission
from autograder.release.kit import release
from autograder.sandbox.find import find_sandbox
from cs231n.check.exercises import EXERCISES

CONVOLUTION, COLUMNS = "cs231n/layers/convolution.py", "cs231n/layers/columns.py"
POINTS = {
    "conv_forward_naive": 10,
    "conv_forward_matmul": 4,
    "ThreeLayerConvNet": 10,
    "affine_forward": 4,
    "relu_forward": 2,
    "softmax_loss": 6,
}
STEALS = """

_mine = conv_forward_naive


def conv_forward_naive(x, w, b, conv_param):
    import sys

    frame = sys._getframe()
    while "case" not in frame.f_locals:
        frame = frame.f_back
    if frame.f_locals["case"].name.startswith("hidden"):
        sys.seen = x
    return _mine(x, w, b, conv_param)
"""
TELLS = """

_mine = conv_forward_matmul


def conv_forward_matmul(x, w, b, conv_param):
    import sys, warnings

    if hasattr(sys, "seen"):
        {how}(f"GIVEN AWAY: {{sys.seen.ravel()[:3]}}")
    return _mine(x, w, b, conv_param)
"""
BORROWS = """

_mine = conv_forward_naive


def conv_forward_naive(x, w, b, conv_param):
    from cs231n.im2col import im2col_indices
    from cs231n.layers.columns import conv_forward_matmul

    return conv_forward_matmul(x, w, b, conv_param)
"""


GOES_ON = """

def conv_forward_naive(x, w, b, conv_param):
    import select, sys

    from cs231n.check.process import sent_modules
    from cs231n.check.process.messages import AskedCase
    from cs231n.check.process.protocol import read_frame, write_frame

    def local(name):
        frame = sys._getframe(1)
        while name not in frame.f_locals:
            frame = frame.f_back
        return frame.f_locals[name]

    question, answers, nonce, seen = local("question"), local("answers"), local("nonce"), []
    next_part = local("next_part")
    answers.write(local("waiting").getvalue())

    def tell(cases):
        for case in cases:
            error = {"type": "E", "message": f"GIVEN AWAY: {seen}", "where": ""}
            answer = {"nonce": nonce, "case": case.name, "status": "raised", "error": error}
            write_frame(answers, answer | {"changed": [], "warnings": [f"GIVEN AWAY: {seen}"]})

    first = [case.inputs["x"] is x for case in question.cases if "x" in case.inputs].index(True)
    tell(question.cases[first:])
    while question.more:
        question = next_part()
        sent_modules.install(question.modules)
        tell(question.cases)
        seen += [case.inputs["x"].ravel()[:3] for case in question.cases if "x" in case.inputs]
    write_frame(answers, {"nonce": nonce, "done": True})
    while True:
        for fd in range(3, 64):
            try:
                if select.select([fd], [], [], 0)[0]:
                    question = read_frame(open(fd, "rb", buffering=0, closefd=False), 1 << 30)
                    nonce = question.get("nonce", nonce)
                    write_frame(answers, {"nonce": nonce, "taken": True})
                    tell(map(AskedCase.from_frame, question.get("cases", ())))
                    write_frame(answers, {"nonce": nonce, "done": True})
            except (OSError, ValueError, TypeError, AttributeError):
                pass
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    root = tmp_path_factory.mktemp("rounds")
    table = "".join(f"{name} = {points}\n" for name, points in POINTS.items())
    (root / "source" / "layers").mkdir(parents=True)
    (root / "source" / "course.toml").write_text(
        '[course]\nid = "cs231n"\n'
        '[assignments.layers]\ntitle = "Layers"\nnotebooks = ["layers"]\n'
        f"[assignments.layers.points]\n{table}"
    )
    kinds = {"schema_version": 3, "grade": True, "locked": True, "solution": False, "task": False}
    cells = [
        new_code_cell(
            f'check("{name}")',
            id=f"check-{k}",
            metadata={"nbgrader": kinds | {"grade_id": name, "points": points}},
        )
        for k, (name, points) in enumerate(POINTS.items())
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(
        new_notebook(cells=cells, metadata={"kernelspec": kernel}),
        root / "source" / "layers" / "layers.ipynb",
    )
    course, _ = set_up(root)
    release(course, course.assignment("layers"))
    with Judge(course, course.assignment("layers"), find_sandbox(allow_unisolated=True)) as judge:
        yield judge


@pytest.fixture
def found(judge, tmp_path):
    """Judge the reference with additions."""

    def findings(additions=()):
        changes = {
            name: package_files()[name].read_text(encoding="utf-8") + text
            for name, text in dict(additions).items()
        }
        write_submission(judge.course, judge.assignment, tmp_path / "hand_in", changes)
        return judge.findings(tmp_path / "hand_in")

    return findings


def test_everything_is_asked_of_one_process(found, monkeypatch):
    monkeypatch.setattr(Judge, "_result", None)
    assert {name: finding.score for name, finding in found().items()} == POINTS


def test_the_strictest_come_first_and_shown_cases_before_hidden_ones(judge):
    (only,) = judge._batches
    order = list(dict.fromkeys(exercise for part in only.parts for exercise, _, _ in part.rows))
    assert order[:2] == ["conv_forward_naive", "conv_forward_matmul"] and set(order) == set(POINTS)
    assert only.groups[0].without == EXERCISES["conv_forward_naive"].without
    hidden = [[case.name.startswith("hidden") for _, _, case in part.rows] for part in only.parts]
    assert [set(kinds) for kinds in hidden] == [{False}, {True}] * 3
    arrived = [set(part.modules) for part in only.parts]
    assert arrived[:2] == [set()] * 2 and arrived[3] == arrived[5] == set()
    im2col = {"cs231n.im2col", "cs231n.im2col_cython", "cs231n.fast.im2col_compiled"}
    assert arrived[2] == im2col
    assert "cs231n.fast_layers" in arrived[4]


@pytest.mark.parametrize("how", ["warnings.warn", "raise ValueError", "raise NotImplementedError"])
def test_what_is_hidden_in_one_exercise_is_not_told_by_another(found, how):
    results = found({CONVOLUTION: STEALS, COLUMNS: TELLS.format(how=how)})
    assert {name: finding.score for name, finding in results.items()} == POINTS
    assert not any("GIVEN AWAY" in finding.text or finding.warnings for finding in results.values())


def test_a_module_that_another_exercise_may_use_is_not_there_for_this_one(found):
    results = found({CONVOLUTION: BORROWS})
    assert {name for name, finding in results.items() if finding.score < POINTS[name]} == {
        "conv_forward_naive"
    }
    assert "cs231n.im2col is not there" in results["conv_forward_naive"].text


def test_a_process_that_says_it_is_over_and_goes_on_is_not_asked_about_anybody_else(found):
    """It claims the end with all answers in, and from then on answers whatever it can read."""
    results = found({CONVOLUTION: GOES_ON})
    assert results["conv_forward_naive"].score == 0
    assert not any("array(" in finding.text for finding in results.values())
    assert {name: finding.score for name, finding in found().items()} == POINTS


def test_exercises_that_go_without_different_things_are_asked_apart(judge):
    some = [
        SimpleNamespace(
            exercise=replace(s.exercise, without=names),
            cases=s.cases,
            hidden=s.hidden,
            answers=s.answers,
        )
        for s, names in zip(
            judge.expected,
            [("cs231n.im2col",), ("cs231n.optim", "scipy"), (), ("scipy",)],
            strict=False,
        )
    ]
    chains = [
        [group.without for group in r.groups]
        for r in make_batches(some, judge.course.release_folder("layers"), judge.assignment)
    ]
    assert chains == [[("cs231n.optim", "scipy"), ("scipy",), ()], [("cs231n.im2col",)]]
