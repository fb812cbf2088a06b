"""The process in which a submission runs: it answers questions about it and judges nothing.

Whoever asks holds the other ends of standard input and output; `cs231n.check.process.messages`
describes what is said. For each question the worker forks a child (where the platform can), so that
whatever an exercise does to NumPy, to loaded modules or to itself is gone with it. Its answers are
arrays, or how it failed.
"""

import argparse
import contextlib
import gc
import os
import select
import stat
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module, invalidate_caches
from io import FileIO
from typing import BinaryIO, NoReturn

import numpy as np

from cs231n.check.process import sent_modules
from cs231n.check.process.limits import (
    confine,
    end_everything_else,
    limit_processor_time,
    limit_resources,
)
from cs231n.check.process.messages import (
    VERSION,
    AskedCase,
    End,
    LaterPart,
    PartSize,
    Question,
    Ready,
    Taken,
)
from cs231n.check.process.probe_runner import answer_cases
from cs231n.check.process.protocol import ReadableStream, read_frame, write_frame
from cs231n.fast.threads import silence

MAX_QUESTION_BYTES = 1 << 30
PIPE_BYTES = 1 << 20
"""Through Linux's 64 KiB a megabyte of weights takes sixteen turns of both sides."""
PRELOADED = (
    "ctypes",
    "traceback",
    "cs231n.layers",
    "cs231n.classifiers",
    "cs231n.check.exercises",
    "cs231n.check.stand_ins",
    "cs231n.checkpoint",
)
"""tuple of str : what every question needs and nobody edits; what students write comes later."""

AnswerCases = Callable[[Question, BinaryIO, int], None]
"""``answer(question, answers, answer_bytes)`` writes an `Answer` to each case of a question."""


def main(argv: list[str] | None = None, answer: AnswerCases = answer_cases) -> None:
    """Answer the questions on standard input until it ends.

    Parameters
    ----------
    argv : list of str, optional
    answer : callable, optional
        ``answer(question, answers, answer_bytes)`` in place of the answers to exercises.
    """
    options = _parse(argv)
    questions, answers = _take_over_streams()
    limit_resources(options)
    silence()
    for module in (*PRELOADED, *options.preload):
        import_module(module)
    given = _load_given(options.given)
    gc.freeze()  # no collection in the process of a question touches, and so copies, all this
    if options.wipe:
        _wipe(options.scratch)
    _Worker(options, questions, answers, answer, given).serve()


class _Worker:
    """Reads questions and has them answered, one after another.

    Parameters
    ----------
    options : Namespace
        The arguments of the command.
    questions, answers : binary file object
    answer : callable
        See `main`.
    given : dict of str -> ndarray
        Inputs of every case, which are not sent.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        questions: FileIO,
        answers: BinaryIO,
        answer: AnswerCases,
        given: dict[str, np.ndarray],
    ) -> None:
        self._options = options
        self._questions = questions
        self._answers = answers
        self._answer = answer
        self._given = given
        self._kept: list[AskedCase] = []
        self._untouched = _last_changes(options.scratch)
        self._settings = _stream_settings(questions, answers)

    def serve(self) -> None:
        """Answer until there are no more questions, or one of them leaves something behind."""
        write_frame(self._answers, Ready(VERSION).to_frame())
        goes_on = True
        while goes_on:
            question = self._next_question()
            if question is None:
                return
            goes_on = self._reply(question)

    def _next_question(self) -> Question | None:
        """Read a question and say so; None where there are no more."""
        frame = read_frame(self._questions, MAX_QUESTION_BYTES, trusted=True)
        if frame is None:
            return None
        question = Question.from_frame(frame)
        write_frame(self._answers, Taken(question.nonce).to_frame())
        if question.cases is None:
            question.cases = self._kept
        elif question.keep:
            self._kept = question.cases
        if self._given:
            for case in question.cases:
                case.inputs = self._given | case.inputs
        return question

    def _reply(self, question: Question) -> bool:
        """Have a question answered; False where the worker must end and give way to a new one."""
        if not question.cases and not question.more:
            self._say(End(question.nonce))
            return True
        if hasattr(os, "fork") and not self._options.trusted:
            return self._reply_from_child(question)
        return self._reply_from_here(question)

    def _reply_from_child(self, question: Question) -> bool:
        status = _answer_in_child(
            question, self._questions, self._answers, self._options, self._answer
        )
        _restore(self._settings)
        if status:
            self._say(End(question.nonce, False, os.waitstatus_to_exitcode(status)))
        else:
            self._say(End(question.nonce))
        if self._options.wipe:
            _wipe(self._options.scratch)
            return True
        # Nothing that one question writes is read by another.
        return _last_changes(self._options.scratch) == self._untouched

    def _reply_from_here(self, question: Question) -> bool:
        has_installed = _answer_all(
            question,
            partial(_read_announced_part, self._questions),
            self._answers,
            self._options,
            self._answer,
        )
        self._say(End(question.nonce))
        return not has_installed  # the modules of one question are not there for another

    def _say(self, end: End) -> None:
        write_frame(self._answers, end.to_frame())


def _load_given(pairs: Sequence[str]) -> dict[str, np.ndarray]:
    """Load arrays named by ``NAME=FILE``; nobody may write to them."""
    given = {}
    for pair in pairs:
        name, path = pair.split("=", 1)
        given[name] = np.load(path)
        given[name].flags.writeable = False
    return given


def _answer_all(
    question: Question,
    next_part: Callable[[], LaterPart],
    answers: BinaryIO,
    options: argparse.Namespace,
    answer: AnswerCases,
) -> bool:
    """Answer the cases of a question, and then those of its later parts.

    Returns
    -------
    has_installed : bool
        Whether modules came with it, which stay in this process.
    """
    has_installed = False
    while True:
        if question.modules:
            sent_modules.install(question.modules)
            has_installed = True
        answer(question, answers, options.answer_bytes)
        if not question.more:
            return has_installed
        part = next_part()
        question = Question(question.nonce, part.cases, part.modules, part.more)


def _read_announced_part(questions: FileIO) -> LaterPart:
    """Read a later part; the `PartSize` before it is for a worker that only passes the part on."""
    read_frame(questions, MAX_QUESTION_BYTES, trusted=True)
    return _read_part(questions)


def _read_part(stream: ReadableStream) -> LaterPart:
    frame = read_frame(stream, MAX_QUESTION_BYTES, trusted=True)
    if frame is None:
        return _no_part()
    return LaterPart.from_frame(frame)


def _no_part() -> NoReturn:
    raise EOFError("the question ends before its last part")


def _stream_settings(questions: FileIO, answers: BinaryIO) -> list[tuple[int, int, int]]:
    """How the streams are set that the process of a question shares: waiting or not, their size.

    Returns
    -------
    settings : list of (int, int, int)
        Arguments of ``fcntl`` that set them so.
    """
    if sys.platform == "win32":
        return []
    import fcntl

    streams = (questions.fileno(), answers.fileno(), 0, 1, 2)
    settings = []
    for stream in streams:
        settings.append((stream, fcntl.F_SETFL, fcntl.fcntl(stream, fcntl.F_GETFL)))
    if hasattr(fcntl, "F_GETPIPE_SZ"):
        for stream in streams:
            if stat.S_ISFIFO(os.fstat(stream).st_mode):
                size = fcntl.fcntl(stream, fcntl.F_GETPIPE_SZ)
                settings.append((stream, fcntl.F_SETPIPE_SZ, size))
    return settings


def _restore(settings: list[tuple[int, int, int]]) -> None:
    """Undo what the process of a question did to them; there are none where it could do nothing."""
    if settings:
        import fcntl

        for setting in settings:
            fcntl.fcntl(*setting)


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Answer questions about the exercises in this copy of cs231n."
    )
    parser.add_argument(
        "--answer-bytes", type=int, default=1 << 28, help="most array bytes of one answer"
    )
    parser.add_argument(
        "--memory-bytes", type=int, default=0, help="address space of the worker, 0 for no limit"
    )
    parser.add_argument(
        "--cpu-seconds", type=int, default=0, help="processor time of one question, 0 for no limit"
    )
    parser.add_argument(
        "--file-bytes", type=int, default=0, help="largest file that may be written, 0 for no limit"
    )
    parser.add_argument(
        "--processes", type=int, default=0, help="processes and threads at once, 0 for no limit"
    )
    parser.add_argument(
        "--open-files", type=int, default=0, help="files open at once, 0 for no limit"
    )
    parser.add_argument(
        "--scratch", action="append", default=[], help="a folder that may be written to"
    )
    parser.add_argument(
        "--filter",
        default="",
        help="a compiled filter of system calls, for the process of a question",
    )
    parser.add_argument(
        "--preload",
        action="append",
        default=[],
        help="a module that questions need, loaded once for all",
    )
    parser.add_argument(
        "--given",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="an array, as input of every case",
    )
    parser.add_argument(
        "--trusted",
        action="store_true",
        help="answer without a process for each question: nothing needs holding",
    )
    parser.add_argument(
        "--wipe", action="store_true", help="empty those folders after each question, and go on"
    )
    parser.add_argument(
        "--alone", action="store_true", help="nothing but this worker runs in its PID namespace"
    )
    return parser.parse_args(argv)


def _take_over_streams() -> tuple[FileIO, BinaryIO]:
    """Keep the pipes for frames alone; whatever the submission prints goes where errors go."""
    # Nothing is read ahead of questions: whether another one waits must show.
    questions = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb")
    _widen(questions)
    _widen(answers)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return questions, answers


def _widen(pipe: FileIO | BinaryIO) -> None:
    """Let a pipe hold more, where the system allows it."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _last_changes(folders: Sequence[str]) -> list[int]:
    return [os.stat(folder).st_ctime_ns for folder in folders]


def _wipe(folders: Sequence[str]) -> None:
    """Empty folders, or end: who asks then starts a new worker."""
    import shutil

    for folder in folders:
        os.chmod(folder, 0o700)
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry)
            else:
                os.unlink(entry)


def _answer_in_child(
    question: Question,
    questions: FileIO,
    answers: BinaryIO,
    options: argparse.Namespace,
    answer: AnswerCases,
) -> int:
    """Fork a process that answers, and wait for its end.

    Returns
    -------
    status : int
        How it ended, as `os.waitpid` says it.
    """
    pipe = os.pipe() if question.more else None
    child = os.fork()
    if child == 0:
        _be_the_child(question, pipe, questions, answers, options, answer)
    if pipe is not None:
        inlet, outlet = pipe
        os.close(inlet)
        with open(outlet, "wb", buffering=0) as parts:
            _pass_on_parts(questions, parts)
    _, status = os.waitpid(child, 0)
    if options.alone:
        end_everything_else()
    return status


def _be_the_child(
    question: Question,
    pipe: tuple[int, int] | None,
    questions: FileIO,
    answers: BinaryIO,
    options: argparse.Namespace,
    answer: AnswerCases,
) -> NoReturn:
    """Answer a question in the process that was forked for it, and end that process."""
    code = 1
    try:
        questions.close()  # the next one may be about another submission
        next_part: Callable[[], LaterPart] = _no_part
        if pipe is not None:
            inlet, outlet = pipe
            os.close(outlet)
            next_part = partial(_read_part, os.fdopen(inlet, "rb"))
        invalidate_caches()  # there may be other files now than when the worker started
        limit_processor_time(options.cpu_seconds)
        if sys.platform == "linux":
            confine(options.filter)
        _answer_all(question, next_part, answers, options, answer)
        code = 0
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        os._exit(code)


def _pass_on_parts(questions: FileIO, parts: FileIO) -> None:
    """Pass on the later parts of a question, while its process lives.

    Another question means that whoever asks takes this one for answered: the process has said so,
    and goes on. Then this worker ends, and with it the process.
    """
    watch = select.poll()
    watch.register(questions, select.POLLIN)
    watch.register(parts, 0)  # for the end of its reader
    while parts.fileno() not in dict(watch.poll()):
        frame = read_frame(questions, 0, trusted=True)
        announced = None if frame is None else PartSize.from_frame(frame)
        if announced is None:
            os._exit(1)
        data = _read_exactly(questions, announced.size)
        try:
            while data:
                data = data[parts.write(data) :]
        except BrokenPipeError:
            return
        if not announced.more:
            return


def _read_exactly(stream: FileIO, size: int) -> memoryview:
    data = memoryview(bytearray(size))
    read = 0
    while read < size:
        count = stream.readinto(data[read:])
        if not count:
            os._exit(1)
        read += count
    return data


if __name__ == "__main__":
    main()
