"""Runs probes on the cases of a question, beside the student's code; says what came of each."""

import contextlib
import errno
import io
import os
import time
import warnings
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cs231n.check.exercise import Exercise, Probe

from .blocked_imports import block_imports
from .messages import (
    ANSWERED,
    MAX_TEXT,
    NOT_STARTED,
    RAISED,
    UNANSWERABLE,
    Answer,
    AskedCase,
    Failure,
    Question,
)
from .protocol import ProtocolError, write_frame

BUFFER_BYTES = 1 << 16
BUFFER_SECONDS = 1.0
MAX_WARNINGS = 5
_CHECK = Path(__file__).absolute().parents[1]
_LIMITS = {
    errno.EMFILE: "open files",
    errno.EFBIG: "size of a file",
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
    errno.EAGAIN: "processes and threads",
    errno.ENOMEM: "memory",
}


def answer_cases(question: Question, answers: BinaryIO, answer_bytes: int) -> None:
    """Run the probes that a question asks for, and write an `Answer` to each of its cases.

    Parameters
    ----------
    question : Question
    answers : binary file object
    answer_bytes : int
        The most array bytes of one answer.
    """
    from cs231n.check.exercises import EXERCISES

    cases = question.cases or []
    exercises = [EXERCISES[case.exercise] for case in cases]
    probes = [exercise.probe(case.probe) for exercise, case in zip(exercises, cases)]
    if any(probe.stand_ins for probe in probes):
        from cs231n.check import stand_ins

        stand_ins.install()
    # Of several exercises, those whose answers are lost are asked again.
    at_once = len({case.exercise for case in cases}) == 1
    # Whole frames: a process that dies leaves no half of one.
    waiting = io.BytesIO()
    sent = time.monotonic()
    rows = zip(exercises, probes, cases)
    for blocked, rows_alike in groupby(rows, key=lambda row: _blocked(row[0])):
        with contextlib.nullcontext() if blocked is None else block_imports(blocked):
            for _, probe, case in rows_alike:
                _answer_case(probe, case, question.nonce, waiting, answer_bytes)
                waits_long = time.monotonic() - sent > BUFFER_SECONDS
                if at_once or waits_long or waiting.tell() >= BUFFER_BYTES:
                    _send(waiting, answers)
                    sent = time.monotonic()
    _send(waiting, answers)


def _blocked(exercise: Exercise) -> tuple[str, ...] | None:
    """What cannot be imported; None for a goal, which runs nothing where it counts."""
    return exercise.without if exercise.module else None


def _send(waiting: io.BytesIO, answers: BinaryIO) -> None:
    """Send the frames that wait."""
    answers.write(waiting.getvalue())
    answers.flush()
    waiting.seek(0)
    waiting.truncate()


def _answer_case(
    probe: Probe, case: AskedCase, nonce: str, answers: io.BytesIO, answer_bytes: int
) -> None:
    answer = _run(probe, case.inputs)
    try:
        write_frame(answers, answer.to_frame(nonce, case.name), answer_bytes)
    except ProtocolError as problem:
        error = _failure("ProtocolError", str(problem))
        refused = Answer(UNANSWERABLE, error=error, warnings=answer.warnings)
        write_frame(answers, refused.to_frame(nonce, case.name))


def _run(probe: Probe, inputs: dict[str, Any]) -> Answer:
    before = {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and value.flags.writeable:
            before[name] = value.tobytes()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = _call(probe, inputs)
    changed = tuple(name for name, old in before.items() if old != inputs[name].tobytes())
    return Answer(answer.status, answer.arrays, answer.error, changed, _texts(caught))


def _call(probe: Probe, inputs: dict[str, Any]) -> Answer:
    try:
        return _as_answer(probe.run(**inputs))
    except NotImplementedError as error:
        return Answer(NOT_STARTED, error=_failure("NotImplementedError", str(error)))
    except BaseException as error:
        failure = _failure(type(error).__name__, _describe(error), _where(error))
        return Answer(RAISED, error=failure)


def _as_answer(quantities: dict[str, Any]) -> Answer:
    """Take what a probe returned: arrays, and numbers as arrays."""
    arrays = {}
    for name, value in quantities.items():
        if isinstance(value, (np.ndarray, bool, int, float, np.generic)):
            arrays[name] = np.asarray(value)
            continue
        kind = "None" if value is None else f"of type {type(value).__name__}"
        error = _failure("TypeError", f"{name} is {kind}; return an ndarray")
        return Answer(UNANSWERABLE, error=error)
    return Answer(ANSWERED, arrays)


def _failure(kind: str, message: str, where: str = "") -> Failure:
    return Failure(kind, message[:MAX_TEXT], where[:MAX_TEXT])


def _describe(error: BaseException) -> str:
    """Say what is wrong in one line, and which limit of the worker was met."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.msg} in {_short(error.filename)}, line {error.lineno}"
    text = str(error)
    limit = _limit(error)
    if limit:
        text += f" (a limit: {limit})"
    return " ".join(text.split())


def _limit(error: BaseException) -> str:
    if str(error) == "can't start new thread":
        return _LIMITS[errno.EAGAIN]
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno is not None:
        return _LIMITS.get(error.errno, "")
    return ""


def _where(error: BaseException) -> str:
    """The innermost line of the submission's own files that the error passed through."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _short(frame.filename) != frame.filename]
    written = [frame for frame in own if "/check/" not in _short(frame.filename)]
    if not own:
        return ""
    innermost = (written or own)[-1]
    return f"{_short(innermost.filename)}, line {innermost.lineno}: {innermost.line}"


def _short(filename: str) -> str:
    root = str(Path(__file__).absolute().parents[3]) + os.sep
    return filename.removeprefix(root).replace(os.sep, "/")


def _texts(caught: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    texts = []
    for warning in caught:
        where = f"({_short(warning.filename)}, line {warning.lineno})"
        text = f"{warning.category.__name__}: {warning.message} {where}"[:MAX_TEXT]
        is_ours = Path(warning.filename).is_relative_to(_CHECK)
        if is_ours and warning.category is UserWarning:
            text = str(warning.message)[:MAX_TEXT]  # it is the check's own word
        if text not in texts:
            texts.append(text)
    return tuple(texts[:MAX_WARNINGS])
