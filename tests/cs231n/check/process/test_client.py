"""A worker is asked, waited for as long as allowed, and replaced when a submission breaks it."""

import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from autograder.reference.package_files import write_tree
from cs231n.check import EXERCISES, check_with
from cs231n.check.exercise import Case
from cs231n.check.process.client import QuestionPart, WorkerClient, WorkerError
from cs231n.check.process.command import local_command, python_command, site_packages
from cs231n.check.report import result_text


def test_a_loop_without_end_is_stopped_and_the_next_exercise_runs(tree, broken):
    worker = tree(broken("while True: pass"), seconds=3)
    result = check_with(worker, EXERCISES["relu_forward"])
    assert result.status == "fail" and "a loop that never ends" in result_text(result)
    assert check_with(worker, EXERCISES["relu_backward"]).status == "pass"


@pytest.mark.parametrize(
    "body",
    [
        "import os; os._exit(0)",
        "import os; os.kill(os.getpid(), 9)",
        "raise SystemExit(0)",
        "import os; os.kill(os.getppid(), 9)",
    ],
)
def test_an_early_end_loses_its_exercise_only(tree, body, broken):
    worker = tree(broken(body))
    assert check_with(worker, EXERCISES["relu_forward"]).share == 0
    assert check_with(worker, EXERCISES["affine_forward"]).status == "pass"


def test_what_one_exercise_patches_does_not_reach_the_next(tree, broken):
    worker = tree(broken("np.dot = np.sum = None; return np.maximum(x, 0), x"))
    assert check_with(worker, EXERCISES["relu_forward"]).status == "pass"
    assert check_with(worker, EXERCISES["softmax_loss"]).status == "pass"


def test_questions_that_are_kept_stay_as_they_were_for_the_next_submission(
    tree, tmp_path, monkeypatch, broken, source
):
    rows = [
        (name, EXERCISES[name].probes[0].name, case)
        for name in ("relu_forward", "relu_backward")
        for case in EXERCISES[name].draw()
    ]
    sent, write = [], WorkerClient._write
    monkeypatch.setattr(
        WorkerClient,
        "_write",
        lambda self, question: sent.append(question) or write(self, question),
    )
    worker = tree(broken("x[:] = 7; return x, x"))
    parts = [QuestionPart(rows)]
    first = worker.ask_together(parts, keep=True)
    assert first[0].changed == ("x",) and (first[0].arrays["out"] == 7).all()
    write_tree(tmp_path, {"cs231n/layers/activations.py": source("cs231n/layers/activations.py")})
    second = worker.ask_together(parts, keep=True)
    worker.close()
    third = worker.ask_together(parts, keep=True)
    assert [question.cases is None for question in sent] == [False, True, False]
    for answers in (second, third):
        assert [a.changed for a in answers] == [()] * len(rows)
        for (name, _, case), answer in zip(rows, answers, strict=True):
            if name == "relu_forward":
                np.testing.assert_array_equal(answer.arrays["out"], np.maximum(case.inputs["x"], 0))


LOOKS_AROUND = """import gc
    held = [o for o in gc.get_objects() if type(o).__name__ == "AskedCase"]
    held = [case for case in held if case.name.startswith("hidden")]
    return np.full_like(x, len(held)), x"""


ENDS_WHERE_HIDDEN = """import os, sys
    frame = sys._getframe()
    while "case" not in frame.f_locals:
        frame = frame.f_back
    return (x, x) if frame.f_locals["case"].name != "hidden" else os._exit(0)"""


@pytest.mark.parametrize("together", [True, False])
def test_what_is_asked_later_is_not_there_before_the_rest_is_answered(tree, together, broken):
    worker, case = tree(broken(LOOKS_AROUND)), EXERCISES["relu_forward"].draw()[0]
    cases = [case, case, *(replace(case, name=f"hidden: {k}") for k in range(3))]
    rows = [("relu_forward", "forward", case) for case in cases]
    parts = [QuestionPart(rows[:2]), QuestionPart(rows[2:])]
    for _ in range(3):
        answers = (
            worker.ask_together(parts, keep=True)
            if together
            else worker.ask("relu_forward", "forward", cases, 2)
        )
        assert [answer.status for answer in answers] == ["answered"] * 5
        held = [answer.arrays["out"].max() for answer in answers]
        assert held[:2] == [0, 0] and min(held[2:]) >= 3


def test_a_process_that_ends_before_it_is_asked_everything_loses_only_what_is_left(tree, broken):
    case = EXERCISES["relu_forward"].draw()[0]
    shown, later = (
        [("relu_forward", "forward", replace(case, name=name))] * 2 for name in ("a", "hidden")
    )
    worker = tree(broken(ENDS_WHERE_HIDDEN))
    assert [a.status for a in worker.ask_together([QuestionPart(shown), QuestionPart(later)])] == [
        "answered"
    ] * 2
    assert [
        a.status
        for a in worker.ask("relu_forward", "forward", [row[2] for row in (*shown, *later)], 2)
    ] == ["answered", "answered", "died", "died"]
    assert [a.status for a in worker.ask_together([QuestionPart(shown)])] == ["answered"] * 2


def test_a_worker_of_another_version_is_refused_in_one_line(tmp_path, source):
    write_tree(
        tmp_path,
        {
            "cs231n/check/process/messages.py": source("cs231n/check/process/messages.py").replace(
                "VERSION = 4", "VERSION = 3"
            )
        },
    )
    with (
        WorkerClient(python_command(tmp_path, site_packages())) as worker,
        pytest.raises(WorkerError, match="autograder release"),
    ):
        worker.start()


def test_a_kit_from_before_this_layout_is_refused_in_the_same_line(tmp_path):
    write_tree(tmp_path)
    (tmp_path / "cs231n/check/process").rename(tmp_path / "old")
    with (
        WorkerClient(python_command(tmp_path, site_packages())) as worker,
        pytest.raises(WorkerError, match="of different versions"),
    ):
        worker.start()


def test_many_slow_answers_take_no_longer_than_a_whole_submission_may(tree, broken):
    rows = [("relu_forward", "forward", case) for case in EXERCISES["relu_forward"].draw() * 10]
    worker = tree(broken("import time; time.sleep(0.3); return x, x"))
    worker.start()
    worker.total_seconds = 2
    assert len(worker.ask_together([QuestionPart(rows)])) < len(rows)
    answer = worker.ask(*rows[0][:2], [rows[0][2]])[0]
    assert answer.status == "timeout" and "has used the 2 s" in answer.error.message


def test_waiting_ends_with_the_time_of_the_submission(tree, broken):
    case = EXERCISES["relu_forward"].draw()[0]
    worker = tree(broken("import time; time.sleep(1000)"))
    worker.start()
    worker.total_seconds = 100
    worker.spend(99)
    started = time.monotonic()
    (answer,) = worker.ask("relu_forward", "forward", [case])
    assert time.monotonic() - started < 10 and worker.left_seconds == 0
    assert answer.status == "timeout" and "has used the 100 s" in answer.error.message
    worker.reset()
    assert worker.left_seconds == 100


def test_of_many_large_answers_no_more_is_held_than_a_few_may_have(tmp_path, broken):
    write_tree(tmp_path, broken("return np.zeros(1 << 17), x"))
    exercise = EXERCISES["relu_forward"]
    with WorkerClient(python_command(tmp_path, site_packages()), answer_bytes=1 << 20) as worker:
        answers = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:2] * 5)
        assert [answer.status for answer in answers] == ["answered"] * 3 + ["timeout"] * 7
        assert "all answers together are more than the 4,194,304 bytes" in answers[-1].error.message
        rows = [(exercise.id, exercise.probes[0].name, case) for case in exercise.draw()[:2] * 5]
        assert len(worker.ask_together([QuestionPart(rows)])) == 3
        assert (
            worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:1])[0].status
            == "answered"
        )


def test_a_question_that_cannot_be_sent_is_no_error_of_who_asks(tree):
    worker = tree()
    weights = {"\u00e4" * 60_000 + str(number): np.zeros(1) for number in range(4)}
    answer = worker.ask(
        "train_fully_connected",
        "scores",
        [Case("images", {"X": np.zeros((1, 3, 32, 32)), "weights": weights})],
    )[0]
    assert answer.status == "unanswerable" and "cannot be asked" in answer.error.message
    process = worker._process
    assert (
        check_with(worker, EXERCISES["relu_forward"]).status == "pass"
        and worker._process is process
    )


def test_what_the_code_prints_is_shown_and_breaks_nothing(tree, tmp_path, broken):
    with open(tmp_path / "printed", "w+b") as printed:
        worker = tree(broken("print('I am here'); return np.maximum(x, 0), x"), stderr=printed)
        assert check_with(worker, EXERCISES["relu_forward"]).status == "pass"
        printed.seek(0)
        assert b"I am here" in printed.read()


def test_that_no_kernels_are_there_is_not_said_in_the_name_of_the_code(tree, tmp_path):
    with open(tmp_path / "printed", "w+b") as printed:
        assert check_with(tree(stderr=printed), EXERCISES["ThreeLayerConvNet"]).status == "pass"
        printed.seek(0)
        assert printed.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="it needs a shell")
def test_a_worker_that_is_killed_while_it_starts_is_started_again(tmp_path):
    once = f'mkdir {tmp_path}/started 2>/dev/null && kill -9 $$; exec "$@"'
    with WorkerClient(["sh", "-c", once, "sh", *local_command()]) as worker:
        assert check_with(worker, EXERCISES["relu_forward"]).status == "pass"
    assert (tmp_path / "started").is_dir()


def test_a_worker_that_never_starts_is_an_error_of_the_machine():
    with (
        pytest.raises(OSError, match="the worker does not start"),
        WorkerClient([sys.executable, "-c", ""]) as worker,
    ):
        check_with(worker, EXERCISES["relu_forward"])
