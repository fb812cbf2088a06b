"""Messages come back as they were said, and what is said by a stranger is checked."""

import io

import numpy as np
import pytest

from cs231n.check.process.messages import (
    MAX_TEXT,
    MAX_TEXTS,
    VERSION,
    Answer,
    AskedCase,
    End,
    Failure,
    LaterPart,
    PartSize,
    Question,
    Ready,
    Taken,
)
from cs231n.check.process.protocol import read_frame, write_frame

CASES = [AskedCase("relu_forward", "forward", "a case", {"x": 1.5, "y": [None, "z"]})]
MESSAGES = [
    Ready(VERSION),
    Question("n"),
    Question("n", CASES, {}, more=True, keep=True),
    Question("n", None, {}, more=True),
    PartSize(17, True),
    LaterPart(CASES, {}, False),
    Taken("n"),
    End("n"),
    End("n", False, -9),
]


def through_a_pipe(header):
    stream = io.BytesIO()
    write_frame(stream, header)
    stream.seek(0)
    return read_frame(stream, 1 << 20)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_was_said(message):
    assert type(message).from_frame(through_a_pipe(message.to_frame())) == message


def test_an_answer_comes_back_with_its_arrays():
    said = Answer("answered", {"out": np.arange(3)}, changed=("x",), warnings=("careful",))
    back = Answer.from_frame(through_a_pipe(said.to_frame("n", "a case")))
    assert back.is_answered and back.changed == ("x",) and back.warnings == ("careful",)
    np.testing.assert_array_equal(back.arrays["out"], np.arange(3))


def test_a_failure_comes_back_with_its_words():
    said = Answer("raised", error=Failure("ValueError", "what", "where"))
    assert Answer.from_frame(through_a_pipe(said.to_frame("n", "a case"))) == said


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"status": "answered"},
        {"status": "answered", "arrays": [1]},
        {"status": "answered", "arrays": np.ones(1)},
        {"status": "pass", "arrays": {}},
        {"status": "died", "error": {}},
        {"status": "timeout", "error": {}},
        {"status": "raised", "error": "text"},
        {"status": np.ones(3), "arrays": {}},
        {"status": ["answered"], "arrays": {}},
    ],
    ids=str,
)
def test_what_is_no_answer_is_none(frame):
    assert Answer.from_frame(frame) is None


def test_of_an_answer_only_short_printable_texts_and_arrays_are_kept():
    answer = Answer.from_frame(
        {
            "status": "answered",
            "arrays": {"out": np.ones(2), "score": 4, "list": [1]},
            "changed": {"a": 1},
            "warnings": ["\x1b[2J" + "x" * 10_000, np.ones(2)] * 20,
        }
    )
    assert list(answer.arrays) == ["out"] and answer.changed == ()
    assert len(answer.warnings) == MAX_TEXTS
    assert all(text.isprintable() and len(text) <= MAX_TEXT for text in answer.warnings)


@pytest.mark.parametrize("taken", [1, "yes", np.ones(1), None])
def test_only_true_says_that_a_question_was_taken(taken):
    assert Taken.from_frame({"nonce": "n", "taken": taken}) is None


@pytest.mark.parametrize("done", [1, "yes", np.ones(2), [True]])
def test_only_true_says_that_a_question_came_to_its_end(done):
    assert not End.from_frame({"nonce": "n", "done": done}).done


@pytest.mark.parametrize("frame", [{}, {"ready": "4"}, {"ready": 4, "more": 1}, {"nonce": "n"}])
def test_anything_else_does_not_say_that_the_worker_is_ready(frame):
    assert Ready.from_frame(frame) is None
