"""`check` on real copies of the package: right, untouched, and broken in the ways that students break it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from autograder.reference.mistakes import all_mistakes
from autograder.reference.package_files import package_files, write_tree
from autograder.release.solution_regions import clear
from cs231n.check import EXERCISES, check_with, find, needs_your_code
from cs231n.check.exercise import Case, TrainingGoal
from cs231n.check.process.client import (
    QuestionPart,
    WorkerClient,
    WorkerError,
    local_command,
    python_command,
    site_packages,
)
from cs231n.check.report import Report, result_text

WRONG_INSIDE_THE_THRESHOLDS = {
    "conv_backward_that_ignores_the_stride": "conv_backward_naive: stride ignored in backward",
    "max_pool_backward_with_plain_assignment": "max_pool_backward_naive: gradients overwritten where windows overlap",
    "avg_pool_backward_with_plain_assignment": "avg_pool_backward_naive: gradients overwritten where windows overlap",
    "softmax_without_max_shift": "softmax_loss: no shift by the maximum",
    "dropout_gradient_without_one_over_p": "dropout_backward: unscaled backward",
    "db_of_shape_1_m": "affine_backward: db keeps a dimension",
    "h_and_w_swapped_in_conv_forward": "conv_forward_naive: H and W swapped",
    "h_and_w_swapped_in_conv_backward": "conv_backward_naive: H and W swapped",
    "h_and_w_swapped_in_pool_forward": "max_pool_forward_naive: H and W swapped",
    "h_and_w_swapped_in_pool_backward": "max_pool_backward_naive: H and W swapped",
}
LAYERS = [e for e in EXERCISES if not isinstance(EXERCISES[e], TrainingGoal)]


def cleared():
    """The modules as students get them."""
    files = {name: path for name, path in package_files().items() if path.suffix == ".py"}
    return {name: clear(path.read_text(encoding="utf-8"), name) for name, path in files.items()}


@pytest.fixture
def tree(tmp_path):
    """A function that writes a package with changes and starts a worker on it."""
    workers = []

    def start(changes=None, seconds=60, stderr=subprocess.DEVNULL):
        write_tree(tmp_path, changes)
        workers.append(
            WorkerClient(python_command(tmp_path, site_packages()), seconds, stderr=stderr)
        )
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def source(name):
    return package_files()[name].read_text(encoding="utf-8")


def changed(name, old, new):
    text = source(name)
    assert text.count(old) == 1
    return {name: text.replace(old, new)}


def broken(body, name="relu_forward", arguments="x"):
    """The activations with another function at the end."""
    file = "cs231n/layers/activations.py"
    return {file: source(file) + f"\n\ndef {name}({arguments}):\n    {body}\n"}


def test_the_reference_passes_every_exercise(tree):
    worker = tree()
    failed = [
        result_text(r)
        for r in (check_with(worker, EXERCISES[name]) for name in LAYERS)
        if r.status != "pass"
    ]
    assert not failed, "\n".join(failed)


def test_untouched_files_are_not_started_in_defect_untouched_code_looks_right(tree):
    worker = tree(cleared())
    assert {check_with(worker, exercise).status for exercise in EXERCISES.values()} == {
        "not started"
    }


ZEROS = {
    "untouched_knn_prints_good": (
        "cs231n/classifiers/k_nearest_neighbor.py",
        ("two_loops", "one_loop", "no_loops"),
        """
def _zeros(self, X, metric="l2"):
    return np.zeros((len(X), len(self.X_train)))
""",
        "KNearestNeighbor.compute_distances_{0} = _zeros\n",
        "compute_distances_{0}",
    ),
    "untouched_softmax_gradients_differ_by_zero": (
        "cs231n/classifiers/softmax.py",
        ("naive", "vectorized"),
        """
def _zeros(W, X, y, reg):
    return 0.0, np.zeros_like(W)
""",
        "softmax_loss_{0} = _zeros\n",
        "softmax_loss_{0}",
    ),
}


@pytest.mark.parametrize("file, kinds, zeros, assignment, exercise", ZEROS.values(), ids=ZEROS)
def test_implementations_that_agree_on_zeros_fail_in_defect(
    tree, file, kinds, zeros, assignment, exercise
):
    worker = tree({file: source(file) + zeros + "".join(assignment.format(kind) for kind in kinds)})
    results = [check_with(worker, EXERCISES[exercise.format(kind)]) for kind in kinds]
    assert [(result.status, result.share) for result in results] == [("fail", 0)] * len(kinds)


@pytest.mark.parametrize(
    "name", WRONG_INSIDE_THE_THRESHOLDS.values(), ids=WRONG_INSIDE_THE_THRESHOLDS
)
def test_check_catches_and_names_what_was_inside_the_thresholds_in_defect(tree, name):
    mistake = next(mistake for mistake in all_mistakes() if mistake.name == name)
    result = check_with(tree(mistake.changes()), EXERCISES[mistake.exercise])
    assert result.status == "fail" and result.share < 1
    assert mistake.message in result_text(result)


def test_a_broken_forward_does_not_sink_the_backward(tree):
    worker = tree(changed("cs231n/layers/affine.py", "w.shape[0]) @ w + b\n", "w.shape[0]) @ w\n"))
    assert check_with(worker, EXERCISES["affine_forward"]).status == "fail"
    assert check_with(worker, EXERCISES["affine_backward"]).status == "pass"
    assert check_with(worker, EXERCISES["TwoLayerNet"]).status == "pass"


def test_a_cache_of_ones_own_layout_is_fine(tree):
    text = source("cs231n/layers/affine.py")
    text = text.replace("cache = (x, w, b)\n", "cache = (b, w, x)\n").replace(
        "x, w, b = cache", "b, w, x = cache"
    )
    assert (
        check_with(tree({"cs231n/layers/affine.py": text}), EXERCISES["affine_backward"]).status
        == "pass"
    )


def test_a_syntax_error_breaks_only_its_own_file(tree):
    worker = tree(
        changed(
            "cs231n/layers/affine.py",
            "def affine_backward(dout, cache):",
            "def affine_backward(dout, cache)",
        )
    )
    text = result_text(check_with(worker, EXERCISES["affine_forward"]))
    assert "SyntaxError" in text and "cs231n/layers/affine.py, line 40" in text
    for name in ("relu_forward", "softmax_loss", "TwoLayerNet", "FullyConnectedNet", "adam"):
        assert check_with(worker, EXERCISES[name]).status == "pass"


def test_changing_an_input_in_place_is_named(tree):
    result = check_with(tree(broken("x[x < 0] = 0; return x, x")), EXERCISES["relu_forward"])
    assert result.status == "fail" and "x was changed in place" in result_text(result)


def test_a_wrong_number_of_results_is_explained(tree):
    result = check_with(tree(broken("return x")), EXERCISES["relu_forward"])
    assert "relu_forward must return 2 values: out, cache; got one of type ndarray" in result_text(
        result
    )


def test_nothing_returned_is_explained(tree):
    result = check_with(
        tree(broken("pass", "relu_backward", "dout, cache")), EXERCISES["relu_backward"]
    )
    assert "dx is None; return an ndarray" in result_text(result)


def test_an_error_shows_the_line_of_the_student(tree):
    result = check_with(tree(broken("return x.shpe, x")), EXERCISES["relu_forward"])
    assert "AttributeError" in result_text(result)
    assert "cs231n/layers/activations.py, line" in result_text(result)
    assert "return x.shpe, x" in result_text(result)


def test_a_warning_costs_nothing_and_is_shown(tree):
    body = "np.array([1.0]) / np.array([0.0]); return np.maximum(x, 0), x"
    result = check_with(tree(broken(body)), EXERCISES["relu_forward"])
    assert result.status == "pass" and "divide by zero" in result_text(result)


def test_a_loop_without_end_is_stopped_and_the_next_exercise_runs(tree):
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
def test_an_early_end_loses_its_exercise_only(tree, body):
    worker = tree(broken(body))
    assert check_with(worker, EXERCISES["relu_forward"]).share == 0
    assert check_with(worker, EXERCISES["affine_forward"]).status == "pass"


def test_what_one_exercise_patches_does_not_reach_the_next(tree):
    worker = tree(broken("np.dot = np.sum = None; return np.maximum(x, 0), x"))
    assert check_with(worker, EXERCISES["relu_forward"]).status == "pass"
    assert check_with(worker, EXERCISES["softmax_loss"]).status == "pass"


def test_questions_that_are_kept_stay_as_they_were_for_the_next_submission(
    tree, tmp_path, monkeypatch
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
    held = [o for o in gc.get_objects() if type(o).__name__ == "AskedCase" and o.name.startswith("hidden")]
    return np.full_like(x, len(held)), x"""

ENDS_WHERE_HIDDEN = """import os, sys
    frame = sys._getframe()
    while "case" not in frame.f_locals:
        frame = frame.f_back
    return (x, x) if frame.f_locals["case"].name != "hidden" else os._exit(0)"""


@pytest.mark.parametrize("together", [True, False])
def test_what_is_asked_later_is_not_there_before_the_rest_is_answered(tree, together):
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


def test_a_process_that_ends_before_it_is_asked_everything_loses_only_what_is_left(tree):
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


def test_a_worker_of_another_version_is_refused_in_one_line(tmp_path):
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


def test_many_slow_answers_take_no_longer_than_a_whole_submission_may(tree):
    rows = [("relu_forward", "forward", case) for case in EXERCISES["relu_forward"].draw() * 10]
    worker = tree(broken("import time; time.sleep(0.3); return x, x"))
    worker.start()
    worker.total_seconds = 2
    assert len(worker.ask_together([QuestionPart(rows)])) < len(rows)
    answer = worker.ask(*rows[0][:2], [rows[0][2]])[0]
    assert answer.status == "timeout" and "has used the 2 s" in answer.error.message


def test_of_many_large_answers_no_more_is_held_than_a_few_may_have(tmp_path):
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


def test_an_array_that_lies_is_sent_as_what_it_holds(tree):
    lie = "class Lie(np.ndarray):\n        __eq__ = __le__ = __ge__ = lambda self, other: True\n    return np.zeros_like(x).view(Lie), x"
    assert check_with(tree(broken(lie)), EXERCISES["relu_forward"]).status == "fail"


def test_object_arrays_are_refused_with_a_sentence(tree):
    result = check_with(tree(broken("return x.astype(object), x")), EXERCISES["relu_forward"])
    assert result.share == 0 and "object" in result_text(result)


def test_what_the_code_prints_is_shown_and_breaks_nothing(tree, tmp_path):
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


def test_an_unknown_name_tells_the_nearest():
    with pytest.raises(ValueError, match="Did you mean affine_backward"):
        find("affine_bakward")


def test_saved_weights_are_judged_by_their_accuracy(tree, tmp_path):
    from cs231n.checkpoint import save_params

    worker, goal = tree(), EXERCISES["train_fully_connected"]
    assert check_with(worker, goal).status == "not started"
    (tmp_path / "weights").mkdir()
    save_params(tmp_path / goal.weights, {"W1": np.zeros((3072, 10)), "b1": np.zeros(10)})
    result = check_with(worker, goal)
    assert result.status == "fail" and result.share == 0 and "accuracy 10.0%" in result_text(result)


@pytest.mark.parametrize(
    "params",
    [
        {"W1": np.zeros((3072, 10))},
        {"W1": np.zeros((3072, 10)), "b1": np.zeros(10), "gamma1": np.ones(10)},
        {"W1": np.zeros((5, 10)), "b1": np.zeros(10)},
        {"W1": np.full((3072, 10), np.nan), "b1": np.zeros(10)},
        {},
    ],
)
def test_weights_that_fit_no_net_are_explained(tree, tmp_path, params):
    from cs231n.checkpoint import save_params

    worker, goal = tree(), EXERCISES["train_fully_connected"]
    (tmp_path / "weights").mkdir()
    save_params(tmp_path / goal.weights, params)
    result = check_with(worker, goal)
    assert result.status == "fail" and result.share == 0 and result.problems


def test_a_cell_that_needs_unwritten_code_says_so_in_one_line(capsys):
    with needs_your_code():
        raise NotImplementedError
    assert capsys.readouterr().out.startswith("Not started yet")


def test_the_command_line_reports_and_returns_a_code(tmp_path):
    write_tree(
        tmp_path,
        changed(
            "cs231n/layers/affine.py",
            "db = dout.sum(axis=0)",
            "db = dout.sum(axis=0, keepdims=True)",
        ),
    )
    command = [sys.executable, "-m", "cs231n", "check"]
    run = subprocess.run(
        [*command, "affine_backward", "relu_forward"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "FAIL         affine_backward  (2 of 3 parts are right)" in run.stdout
    assert "sum over the batch without keepdims" in run.stdout
    assert "PASS         relu_forward" in run.stdout
    assert (
        subprocess.run([*command, "relu_forward"], cwd=tmp_path, capture_output=True).returncode
        == 0
    )
    unknown = subprocess.run([*command, "relu"], cwd=tmp_path, capture_output=True, text=True)
    assert unknown.returncode == 1 and len(unknown.stderr.splitlines()) == 1


def test_html_of_a_report_escapes_what_students_wrote(tree):
    result = check_with(
        tree(broken("raise ValueError('<script>alert(1)</script>')")), EXERCISES["relu_forward"]
    )
    html = Report([result], "<b>printed</b>")._repr_html_()
    assert "<script>" not in html and "<b>printed" not in html and "&lt;script&gt;" in html
