"""Asks a worker about a submission: starts it, sends questions, waits, starts another one.

The worker is an ordinary child process with two pipes. In a notebook it runs the student's own
files; the judge starts the same worker inside a sandbox. Nothing that comes back is trusted to be
more than bytes. What is said is described in `cs231n.check.process.messages`.
"""

import contextlib
import math
import os
import queue
import secrets
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Self

import numpy as np

from ..exercise import Case
from .answers import NoAnswerError, explain_exit
from .command import quiet_environment
from .messages import (
    DIED,
    TIMEOUT,
    UNANSWERABLE,
    VERSION,
    Answer,
    AskedCase,
    End,
    LaterPart,
    PartSize,
    Question,
    Ready,
    Taken,
    text_field,
)
from .pipes import Frames, OutputLimitError, StderrMeter, kill
from .protocol import ProtocolError, frame_bytes

ANSWER_BYTES = 1 << 28
MAX_FULL_ANSWERS = 4
"""All answers to one question together may be as large as so many of the largest."""
SECONDS = 30.0
START_SECONDS = 60.0
ACK_SECONDS = 5.0
Row = tuple[str, str, Case]
"""Exercise, probe and case."""


@dataclass(frozen=True)
class QuestionPart:
    """A part of a question, sent when the parts before it are answered.

    Parameters
    ----------
    rows : list of (str, str, Case)
        Exercise, probe and case. In all parts of a question the probes run with stand-ins, or none
        does.
    modules : dict of str -> ndarray
        What the sandbox does not hold and these rows may use, as
        `cs231n.check.process.sent_modules` takes them.
    """

    rows: Sequence[Row]
    modules: dict[str, np.ndarray] = field(default_factory=dict)

    def asked_cases(self) -> list[AskedCase]:
        """Return the cases as they are sent."""
        return [AskedCase(name, probe, case.name, case.inputs) for name, probe, case in self.rows]


class WorkerClient:
    """A submission that can be asked.

    Parameters
    ----------
    command : list of str
        What to start; see `python_command`.
    seconds : float
        The longest wait for the answer to one case.
    answer_bytes : int
        The most array bytes of one answer. All answers to one question may hold `MAX_FULL_ANSWERS`
        times as many.
    environment : dict of str -> str, optional
        Environment variables of the worker; none but these.
    stderr : file, optional
        Receives what the submission prints, which is discarded by default.
    total_seconds : float, optional
        The longest wait for all answers together; what is asked after that is not answered.
    output_bytes : int, optional
        The most that may be printed in answer to one question; it is read and thrown away.
    """

    def __init__(
        self,
        command: list[str],
        seconds: float = SECONDS,
        answer_bytes: int = ANSWER_BYTES,
        environment: dict[str, str] | None = None,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
        total_seconds: float | None = None,
        output_bytes: int | None = None,
    ) -> None:
        self.command = command
        self.seconds = seconds
        self.answer_bytes = answer_bytes
        self.environment = quiet_environment() if environment is None else environment
        self.stderr = stderr
        self.total_seconds = total_seconds
        self.output_bytes = output_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._frames: Frames
        self._stderr_meter: StderrMeter | None = None
        self._spent = 0.0
        self._asked_at: float | None = None
        self._kept: list[QuestionPart] | None = None
        self._later: tuple[list[QuestionPart] | None, list[bytes]] = (None, [])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self, exercise: str, probe: str, cases: Sequence[Case], shown: int | None = None
    ) -> list[Answer]:
        """Run one probe of an exercise on some cases.

        Parameters
        ----------
        exercise : str
        probe : str
        cases : list of Case
        shown : int, optional
            So many of the cases, the first ones, are answered before the others are sent; all, by
            default.

        Returns
        -------
        answers : list of Answer
            One for each case. A case that kills the worker, twice, loses its own answer; the next
            ones are asked of a new worker. After a timeout the rest is not asked: endless code is
            endless in every case. The same holds for answers without end.

        Raises
        ------
        WorkerError
            If the worker does not start.
        """
        rows = [(exercise, probe, case) for case in cases]
        shown = len(rows) if shown is None else shown
        answers: list[Answer] = []
        asked_again = None
        while len(answers) < len(rows):
            missing = len(rows) - len(answers)
            if not self.left_seconds:
                answers += [self._out_of_time().answer] * missing
                break
            answers += self._ask_once(_split(rows, len(answers), shown))
            if answers[-1].status == DIED and asked_again != len(answers):
                asked_again = len(answers)
                answers.pop()
            elif answers[-1].status == TIMEOUT:
                answers += [answers[-1]] * (len(rows) - len(answers))
        return answers

    def ask_together(self, parts: list[QuestionPart], keep: bool = False) -> list[Answer]:
        """Ask several exercises of one process, which is cheaper than one process for each.

        Parameters
        ----------
        parts : list of QuestionPart
            In their order.
        keep : bool
            Whether this list will be asked again, unchanged, of the next submission: a worker that
            forks remembers its first part.

        Returns
        -------
        answers : list of Answer
            As `ask` gives them, of all rows. Fewer than asked where the process did not come to the
            end: of the last exercise among them, and of those after it, nothing is known until they
            are asked alone.

        Raises
        ------
        WorkerError
            If the worker does not start.
        """
        if not self.left_seconds:
            return []
        answers = self._ask_once(parts, keep)
        if answers and answers[-1].status in (DIED, TIMEOUT):
            answers.pop()
        return answers

    def start(self) -> None:
        """Start now what the first question would start; `WorkerError` where it does not start."""
        if self._process is None:
            self._start()

    def reset(self) -> None:
        """Get ready for the next submission, whose files are about to replace the last one's.

        A worker is kept only if it proves, by an answer that no submission can foresee, that the
        last question is over and nothing else is on its way. The process of a question ends before
        that answer is given.
        """
        self._spent = 0.0
        if self._process is not None and not self._is_idle():
            self.close()

    def _is_idle(self) -> bool:
        """Ask for nothing: whether that and nothing else is answered."""
        nonce = secrets.token_hex(8)
        try:
            if not self._write(Question(nonce)) or not self._is_taken(nonce, ACK_SECONDS):
                return False
            end = End.from_frame(self._next(nonce))
        except NoAnswerError:
            return False
        return end is not None and end.done

    def close(self) -> None:
        """Kill the worker and everything in its process group."""
        if self._process is not None:
            kill(self._process)
            self._process = None
            self._kept = None
            self._frames.close()
            if self._stderr_meter is not None:
                self._stderr_meter.close()

    def shutdown(self, seconds: float = 2) -> None:
        """Let an idle worker end by itself, so that its processor time is counted."""
        if self._process is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                _stdin(self._process).close()
                self._process.wait(seconds)
        self.close()

    @property
    def spent_seconds(self) -> float:
        """float : what this submission has used of its `total_seconds`."""
        if self._asked_at is None:
            return self._spent
        return self._spent + time.monotonic() - self._asked_at

    @property
    def left_seconds(self) -> float:
        """float : what is left of its `total_seconds`, infinite where there are none."""
        if self.total_seconds is None:
            return math.inf
        return max(0.0, self.total_seconds - self.spent_seconds)

    def spend(self, seconds: float) -> None:
        """Count time that was used elsewhere for this submission."""
        self._spent += seconds

    def _out_of_time(self) -> NoAnswerError:
        text = (
            f"not run: this submission has used the {self.total_seconds:g} s "
            "that a whole one may take"
        )
        return NoAnswerError(TIMEOUT, text)

    def _ask_once(self, parts: list[QuestionPart], keep: bool = False) -> list[Answer]:
        """Ask one process; the last of its answers may say how it failed."""
        self._asked_at = time.monotonic()
        if self._stderr_meter is not None:
            self._stderr_meter.restart()
        answers: list[Answer] = []
        try:
            self._collect_answers(answers, parts, keep)
        except NoAnswerError as error:
            failure = self._printed_too_much() or error
            if not (failure.ended and self._is_idle()):
                self.close()
            if len(answers) < sum(len(part.rows) for part in parts):
                answers.append(failure.answer)
        finally:
            self._spent = self.spent_seconds
            self._asked_at = None
        return answers

    def _collect_answers(
        self, answers: list[Answer], parts: list[QuestionPart], keep: bool
    ) -> None:
        """Ask a question and add its answers to a list, until there is none."""
        nonce = secrets.token_hex(8)
        self._send(nonce, parts, keep)
        for number, part in enumerate(parts):
            if number:
                self._pass_on(self._later_frames(parts, keep)[number - 1])
            for _, _, case in part.rows:
                if not self.left_seconds:
                    raise self._out_of_time()
                answers.append(self._receive(nonce, case.name))
        end = End.from_frame(self._next(nonce))
        if end is None or not end.done:
            self.close()

    def _printed_too_much(self) -> NoAnswerError | None:
        if self._stderr_meter is None or not self._stderr_meter.too_much:
            return None
        text = f"stopped after it had printed more than {self.output_bytes:,} bytes"
        return NoAnswerError(DIED, text)

    def _send(self, nonce: str, parts: list[QuestionPart], keep: bool) -> None:
        """Ask the first part of the worker that runs or, if that does not take it, of a new one."""
        for patience in (ACK_SECONDS, START_SECONDS):
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._start()
            self._frames.restart()
            question = self._question(nonce, parts, keep)
            if self._write(question) and self._is_taken(nonce, patience):
                if keep:
                    self._kept = parts
                return
            self.close()
        raise NoAnswerError(DIED, "the process that ran your code ended before it was asked")

    def _question(self, nonce: str, parts: list[QuestionPart], keep: bool) -> Question:
        first, *later = parts
        question = Question(nonce, None, first.modules, bool(later))
        if not keep or parts is not self._kept:
            question.cases = first.asked_cases()
            question.keep = keep
        return question

    def _later_frames(self, parts: list[QuestionPart], keep: bool) -> list[bytes]:
        """Return the frames of the later parts; of parts that are kept they are made only once."""
        if parts is self._later[0]:
            return self._later[1]
        frames = []
        for part in parts[1:]:
            more = part is not parts[-1]
            frame = _question_bytes(LaterPart(part.asked_cases(), part.modules, more).to_frame())
            frames.append(_question_bytes(PartSize(len(frame), more).to_frame()) + frame)
        if keep:
            self._later = (parts, frames)
        return frames

    def _is_taken(self, nonce: str, patience: float) -> bool:
        """Whether the worker says so; if not, an earlier question broke it, and not this one."""
        try:
            frame = self._frames.next(patience)
        except queue.Empty:
            return False
        return isinstance(frame, dict) and Taken.from_frame(frame) == Taken(nonce)

    def _write(self, question: Question) -> bool:
        return self._pass_on(_question_bytes(question.to_frame()))

    def _pass_on(self, frame: bytes) -> bool:
        """Write from a thread: a worker that was stopped reads no more, and a full pipe waits."""
        assert self._process is not None
        stdin = _stdin(self._process)
        outcome = []

        def write() -> None:
            try:
                stdin.write(frame)
                stdin.flush()
                outcome.append(True)
            except (OSError, ValueError):
                outcome.append(False)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        writer.join(self.seconds)
        return outcome == [True]

    def _receive(self, nonce: str, name: str) -> Answer:
        """Return the answer to the case of this name, and to no other."""
        frame = self._next(nonce)
        end = End.from_frame(frame)
        if end is not None:
            raise explain_exit(end.exit_code)
        answer = Answer.from_frame(frame) if text_field(frame, "case") == name else None
        if answer is None:
            raise NoAnswerError(DIED, "the process that ran your code answered out of turn")
        return answer

    def _next(self, nonce: str) -> dict[str, Any]:
        """Wait for the next frame of this question, and accept nothing else."""
        try:
            frame = self._frames.next(min(self.seconds, self.left_seconds))
        except queue.Empty:
            if not self.left_seconds:
                raise self._out_of_time() from None
            text = f"no answer within {self.seconds:g} s; is there a loop that never ends?"
            raise NoAnswerError(TIMEOUT, text) from None
        if isinstance(frame, OutputLimitError):
            raise NoAnswerError(TIMEOUT, f"stopped: {frame}")
        if isinstance(frame, ProtocolError):
            raise NoAnswerError(DIED, f"the process that ran your code broke off: {frame}")
        if frame is None or text_field(frame, "nonce") != nonce:
            raise NoAnswerError(DIED, "the process that ran your code ended without an answer")
        return frame

    def _start(self) -> None:
        # A second attempt: one that is killed while it starts says nothing of what there is.
        if not self._launch() and not self._launch():
            command = " ".join(self.command[:3])
            raise WorkerError(
                f"the worker does not start: {command} ...; try again, or run the doctor"
            )

    def _launch(self) -> bool:
        """Start a worker and wait until it is ready; False where it ends instead."""
        stderr = self.stderr if self.output_bytes is None else subprocess.PIPE
        process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=self.environment,
            start_new_session=os.name == "posix",
        )
        assert process.stdout is not None
        self._process = process
        if self.output_bytes is not None:
            self._stderr_meter = StderrMeter(process, self.output_bytes)
        self._frames = Frames(
            process.stdout, self.answer_bytes, MAX_FULL_ANSWERS * self.answer_bytes
        )
        try:
            frame = self._frames.next(START_SECONDS)
        except queue.Empty:
            frame = None
        if isinstance(frame, dict) and Ready.from_frame(frame) == Ready(VERSION):
            return True
        self.close()
        if isinstance(frame, dict):
            raise WorkerError(
                "this kit and these programs are of different versions; "
                "run `autograder release` again"
            )
        return False


class WorkerError(ChildProcessError):
    """The worker cannot be started; no submission is to blame."""


def _split(rows: list[Row], first: int, shown: int) -> list[QuestionPart]:
    """Put the rows from one on into parts: those that are shown, and then the others."""
    middle = max(first, shown)
    parts = [QuestionPart(rows[first:middle])]
    if rows[middle:]:
        parts.append(QuestionPart(rows[middle:]))
    return parts


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _question_bytes(header: dict[str, Any]) -> bytes:
    try:
        return frame_bytes(header)
    except ProtocolError as error:
        text = f"the question cannot be asked: {error}"
        raise NoAnswerError(UNANSWERABLE, text, ended=True) from None
