"""What is said of the cases of a question, and when it is sent."""

import errno
import io
import warnings

import pytest

from cs231n.check import EXERCISES, check_with
from cs231n.check.process import probe_runner
from cs231n.check.process.messages import AskedCase, Question
from cs231n.check.process.protocol import read_frame
from cs231n.check.report import result_text


@pytest.mark.parametrize(
    "error, text",
    [
        (
            OSError(errno.EMFILE, "Too many open files"),
            "[Errno 24] Too many open files (a limit: open files)",
        ),
        (OSError(errno.ENOSPC, "No space left"), "[Errno 28] No space left (a limit: disk)"),
        (MemoryError("Unable to allocate"), "Unable to allocate (a limit: memory)"),
        (
            RuntimeError("can't start new thread"),
            "can't start new thread (a limit: processes and threads)",
        ),
        (ValueError("two\n  lines"), "two lines"),
        (SyntaxError("invalid syntax", ("a.py", 3, 1, "x =")), "invalid syntax in a.py, line 3"),
    ],
)
def test_an_error_is_one_line_that_names_the_limit(error, text):
    assert probe_runner._describe(error) == text


def test_a_warning_is_told_once_and_a_few_at_most():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in (0, 0, *range(20)):
            warnings.warn(f"careful {number}", RuntimeWarning, stacklevel=1)
    told = probe_runner._texts(caught)
    assert len(told) == probe_runner.MAX_WARNINGS == len(set(told)) and told[0].startswith(
        "RuntimeWarning: careful 0 ("
    )


def test_an_array_that_is_none_is_refused_by_its_name():
    answer = probe_runner._as_answer({"out": None})
    assert (
        answer.status == "unanswerable" and answer.error.message == "out is None; return an ndarray"
    )


class Pieces(io.BytesIO):
    """Notes how much was written whenever it goes out."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def flush(self):
        self.ends.append(self.tell())


@pytest.mark.parametrize(
    "names", [["relu_forward"], ["relu_forward", "relu_backward"]], ids=["alone", "together"]
)
def test_answers_go_out_at_once_where_nobody_would_ask_for_them_again(names):
    stream, cases = answered(names)
    assert len(stream.ends) == (1 + len(cases) if len(names) == 1 else 1)
    stream.seek(0)
    assert [read_frame(stream, 1 << 20)["case"] for _ in cases] == [case.name for _, case in cases]


def test_only_whole_answers_go_out_so_that_a_process_that_dies_leaves_no_half_of_one(monkeypatch):
    monkeypatch.setattr(probe_runner, "BUFFER_BYTES", 1000)
    stream, cases = answered(["relu_forward", "relu_backward"])
    stream.seek(0)
    ends = [read_frame(stream, 1 << 20) and stream.tell() for _ in cases]
    assert len(stream.ends) > 2 and set(stream.ends) <= set(ends)


def answered(names):
    """What a worker sends for the public cases of some exercises, and pairs (exercise, case)."""
    cases = [(name, case) for name in names for case in EXERCISES[name].draw()]
    asked = [
        AskedCase(name, EXERCISES[name].probes[0].name, case.name, case.inputs)
        for name, case in cases
    ]
    stream = Pieces()
    probe_runner.answer_cases(Question("n", asked), stream, 1 << 20)
    return stream, cases


def test_a_syntax_error_breaks_only_its_own_file(tree, changed):
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


def test_nothing_returned_is_explained(tree, broken):
    result = check_with(
        tree(broken("pass", "relu_backward", "dout, cache")), EXERCISES["relu_backward"]
    )
    assert "dx is None; return an ndarray" in result_text(result)


def test_an_error_shows_the_line_of_the_student(tree, broken):
    result = check_with(tree(broken("return x.shpe, x")), EXERCISES["relu_forward"])
    assert "AttributeError" in result_text(result)
    assert "cs231n/layers/activations.py, line" in result_text(result)
    assert "return x.shpe, x" in result_text(result)


def test_an_array_that_lies_is_sent_as_what_it_holds(tree, broken):
    lie = """class Lie(np.ndarray):
        __eq__ = __le__ = __ge__ = lambda self, other: True
    return np.zeros_like(x).view(Lie), x"""
    assert check_with(tree(broken(lie)), EXERCISES["relu_forward"]).status == "fail"


def test_object_arrays_are_refused_with_a_sentence(tree, broken):
    result = check_with(tree(broken("return x.astype(object), x")), EXERCISES["relu_forward"])
    assert result.share == 0 and "object" in result_text(result)
