"""Asks a worker about a submission: starts it, sends questions, waits no longer than allowed, starts another one.

The worker is an ordinary child process with two pipes. In a notebook it runs the student's own files; the judge
starts the same worker inside a sandbox. Nothing that comes back is trusted to be more than bytes.
"""

import contextlib
import io
import os
import queue
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .answers import Broken, checked_answer, death, word
from .pipes import Frames, Printed, TooMuch, kill
from .protocol import VERSION, ProtocolError, write_frame

ANSWER_BYTES = 1 << 28
TOGETHER = 4
SECONDS = 30.0
START_SECONDS = 60.0
TAKEN_SECONDS = 5.0
BOOTSTRAP = "import sys; sys.path[:0] = {path!r}; from {program} import main; main()"


def python_command(
    tree, packages=(), executable=sys.executable, options=(), program="cs231n.check.process.worker"
):
    """The command that starts a worker on the package tree in a folder.

    Parameters
    ----------
    tree : path
        Folder that holds the ``cs231n`` to ask about.
    packages : sequence of path
        Folders with NumPy and SciPy, where they are not part of the interpreter.
    executable : path
    options : sequence of str
        Arguments of ``cs231n.check.process.worker``.
    program : str
        The module that has its ``main``.

    Returns
    -------
    command : list of str
        It runs isolated: no user or site packages, no files from the current folder. `Worker` clears the environment.
    """
    path = [str(tree), *map(str, packages)]
    return [
        str(executable),
        "-s",
        "-P",
        "-S",
        "-B",
        "-c",
        BOOTSTRAP.format(path=path, program=program),
        *options,
    ]


def site_packages():
    """list of str : the folders of installed packages that this interpreter uses."""
    return [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]


def local_command():
    """list of str : the command for a worker on the ``cs231n`` that is imported here."""
    return python_command(Path(__file__).resolve().parents[3], site_packages())


@dataclass(frozen=True)
class Part:
    """A part of a question, sent when the parts before it are answered.

    Parameters
    ----------
    rows : list of (str, str, Case)
        Exercise, probe and case. In all parts of a question the probes run with stand-ins, or none does.
    modules : dict of str -> ndarray
        What the sandbox does not hold and these rows may use, as `cs231n.check.process.sent_modules` takes them.
    """

    rows: list
    modules: dict = field(default_factory=dict)


class Worker:
    """A submission that can be asked.

    Parameters
    ----------
    command : list of str
        What to start; see `python_command`.
    seconds : float
        The longest wait for the answer to one case.
    answer_bytes : int
        The most array bytes of one answer. The answers to one question may hold `TOGETHER` times as many.
    environment : dict, optional
        Environment variables of the worker; none but these.
    stderr : file, optional
        Where it goes what the submission prints; nowhere by default.
    total_seconds : float, optional
        The longest wait for all answers together; what is asked after that is not answered.
    output_bytes : int, optional
        The most that may be printed in answer to one question; it is read and thrown away.
    """

    def __init__(
        self,
        command,
        seconds=SECONDS,
        answer_bytes=ANSWER_BYTES,
        environment=None,
        stderr=subprocess.DEVNULL,
        total_seconds=None,
        output_bytes=None,
    ):
        self.command, self.seconds, self.answer_bytes, self.stderr = (
            command,
            seconds,
            answer_bytes,
            stderr,
        )
        self.total_seconds, self.output_bytes = total_seconds, output_bytes
        self.environment = quiet_environment() if environment is None else environment
        self._process, self._printed, self._waited, self._kept = None, None, 0.0, None
        self._later = None, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def ask(self, exercise, probe, cases, shown=None):
        """Run one probe of an exercise on some cases.

        Parameters
        ----------
        exercise : str
        probe : str
        cases : list of Case
        shown : int, optional
            So many of the cases, the first ones, are answered before the others are sent; all, by default.

        Returns
        -------
        answers : list of dict
            One for each case, with ``status`` one of "answered", "not started", "raised", "unanswerable", "timeout",
            "died". A case that kills the worker, twice, loses its own answer; the next ones are asked of a new worker.
            After a timeout the rest is not asked: endless code is endless in every case. The same holds for answers
            without end.
        """
        rows, answers, again = [(exercise, probe, case) for case in cases], [], None
        shown = len(rows) if shown is None else shown
        while len(answers) < len(cases):
            if self._exhausted():
                answers += [self._out_of_time().answer] * (len(cases) - len(answers))
                break
            first = max(len(answers), shown)
            parts = [Part(rows[len(answers) : first]), Part(rows[first:])]
            answers += self._ask_once(parts if parts[1].rows else parts[:1])
            if answers[-1]["status"] == "died" and again != len(answers):
                again = len(answers)
                answers.pop()
            elif answers[-1]["status"] == "timeout":
                answers += [answers[-1]] * (len(cases) - len(answers))
        return answers

    def ask_together(self, parts, keep=False):
        """Ask several exercises in one go, of one process, which is cheaper than one process for each.

        Parameters
        ----------
        parts : list of Part
            In their order.
        keep : bool
            Whether this list will be asked again, unchanged, of the next submission: a worker that forks remembers its
            first part.

        Returns
        -------
        answers : list of dict
            As `ask` gives them, of all rows. Fewer than asked where the process did not come to the end: of the last exercise
            among them, and of those after it, nothing is known until they are asked alone.
        """
        answers = [] if self._exhausted() else self._ask_once(parts, keep)
        return answers[:-1] if answers and answers[-1]["status"] in ("died", "timeout") else answers

    def start(self):
        """Start now what the first question would start."""
        if self._process is None:
            self._start()

    def renew(self):
        """Get ready for the next submission, whose files are about to take the place of the last one's.

        A worker is kept only if it proves, by an answer that no submission can foresee, that the last question is
        over and nothing else is on its way. The process of a question ends before that answer is given.
        """
        self._waited = 0.0
        if self._process is not None and not self._rests():
            self.close()

    def _rests(self):
        nonce = secrets.token_hex(8)
        try:
            return (
                self._write({"nonce": nonce, "cases": []})
                and self._is_taken(nonce, TAKEN_SECONDS)
                and self._next(self._frames, nonce).get("done") is True
            )
        except Broken:
            return False

    def close(self):
        """Kill the worker and everything in its process group."""
        if self._process is not None:
            kill(self._process)
            self._process, self._kept = None, None
            self._frames.close()
            if self._printed is not None:
                self._printed.close()

    def finish(self, seconds=2):
        """Let a worker that rests end by itself, so that whoever counts processor time learns of its own."""
        if self._process is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._process.stdin.close()
                self._process.wait(seconds)
        self.close()

    def _exhausted(self, seconds=0.0):
        return self.total_seconds is not None and self._waited + seconds >= self.total_seconds

    def _out_of_time(self):
        return Broken(
            "timeout",
            f"not run: this submission has used the {self.total_seconds:g} s that a whole one may take",
        )

    def _ask_once(self, parts, keep=False):
        nonce, started = secrets.token_hex(8), time.monotonic()
        if self._printed is not None:
            self._printed.restart()
        answers = []
        try:
            frames = self._send(nonce, parts, keep)
            for number, part in enumerate(parts):
                if number:
                    self._pass_on(self._later_frames(parts, keep)[number - 1])
                for _, _, case in part.rows:
                    if self._exhausted(time.monotonic() - started):
                        raise self._out_of_time()
                    answers.append(self._receive(frames, nonce, case.name))
            end = self._next(frames, nonce)
            if end.get("done") is not True:
                self.close()
        except Broken as failure:
            broken = failure
            if self._printed is not None and self._printed.too_much:
                broken = Broken(
                    "died", f"stopped after it had printed more than {self.output_bytes:,} bytes"
                )
            if not (broken.ended and self._rests()):
                self.close()
            if len(answers) < sum(len(part.rows) for part in parts):
                answers.append(broken.answer)
        finally:
            self._waited += time.monotonic() - started
        return answers

    def _send(self, nonce, parts, keep):
        for patience in (TAKEN_SECONDS, START_SECONDS):
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._start()
            self._frames.restart()
            if self._write(self._question(nonce, parts, keep)) and self._is_taken(nonce, patience):
                self._kept = parts if keep else self._kept
                return self._frames
            self.close()
        raise Broken("died", "the process that ran your code ended before it was asked")

    def _question(self, nonce, parts, keep):
        question = {"nonce": nonce, "modules": parts[0].modules, "more": len(parts) > 1}
        if keep and parts is self._kept:
            return question | {"kept": True}
        return question | {"cases": _cases(parts[0].rows), "keep": keep}

    def _later_frames(self, parts, keep):
        """list of bytes : a frame for each part but the first; of parts that are kept they are made only once."""
        if parts is self._later[0]:
            return self._later[1]
        frames = []
        for part in parts[1:]:
            more = part is not parts[-1]
            frame = _frame_bytes(
                {"cases": _cases(part.rows), "modules": part.modules, "more": more}
            )
            frames.append(_frame_bytes({"part": len(frame), "more": more}) + frame)
        self._later = (parts, frames) if keep else self._later
        return frames

    def _is_taken(self, nonce, patience):
        """Whether the worker still does its part; if not, an earlier question broke it, and this one is not to blame."""
        try:
            frame = self._frames.next(patience)
        except queue.Empty:
            return False
        return (
            isinstance(frame, dict) and word(frame, "nonce") == nonce and frame.get("taken") is True
        )

    def _write(self, question):
        return self._pass_on(_frame_bytes(question))

    def _pass_on(self, frame):
        """Write from a thread: a worker that a submission has stopped reads no more, and a full pipe waits for ever."""
        outcome = []

        def write():
            try:
                self._process.stdin.write(frame)
                self._process.stdin.flush()
                outcome.append(True)
            except (OSError, ValueError):
                outcome.append(False)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        writer.join(self.seconds)
        return outcome == [True]

    def _receive(self, frames, nonce, name):
        frame = self._next(frames, nonce)
        if "died" in frame or "done" in frame:
            raise death(frame.get("died"))
        answer = checked_answer(frame) if word(frame, "case") == name else None
        if answer is None:
            raise Broken("died", "the process that ran your code answered out of turn")
        return answer

    def _next(self, frames, nonce):
        try:
            frame = frames.next(self.seconds)
        except queue.Empty:
            raise Broken(
                "timeout", f"no answer within {self.seconds:g} s; is there a loop that never ends?"
            ) from None
        if isinstance(frame, TooMuch):
            raise Broken("timeout", f"stopped: {frame}")
        if isinstance(frame, ProtocolError):
            raise Broken("died", f"the process that ran your code broke off: {frame}")
        if frame is None or word(frame, "nonce") != nonce:
            raise Broken("died", "the process that ran your code ended without an answer")
        return frame

    def _start(self):
        # A second attempt, since what is killed while it starts says nothing about what there is to start.
        if not self._launch() and not self._launch():
            raise WorkerError(
                f"the worker does not start: {' '.join(self.command[:3])} ...; try again, or run the doctor"
            )

    def _launch(self):
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr if self.output_bytes is None else subprocess.PIPE,
            env=self.environment,
            start_new_session=os.name == "posix",
        )
        if self.output_bytes is not None:
            self._printed = Printed(self._process, self.output_bytes)
        self._frames = Frames(self._process.stdout, self.answer_bytes, TOGETHER * self.answer_bytes)
        try:
            first = self._frames.next(START_SECONDS)
        except queue.Empty:
            first = None
        started = first == {"ready": VERSION}
        if not started:
            self.close()
        if isinstance(first, dict) and not started:
            raise WorkerError(
                "this kit and these programs are of different versions; run `autograder release` again"
            )
        return started


def _frame_bytes(question):
    frame = io.BytesIO()
    try:
        write_frame(frame, question)
    except ProtocolError as error:
        raise Broken("unanswerable", f"the question cannot be asked: {error}", ended=True) from None
    return frame.getvalue()


def _cases(rows):
    return [
        {"exercise": e, "probe": p, "name": case.name, "inputs": case.inputs} for e, p, case in rows
    ]


class WorkerError(ChildProcessError):
    """The worker cannot be started; no submission is to blame."""


def quiet_environment():
    """One thread each for the numerical libraries: many workers run side by side."""
    keep = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return (
        {name: os.environ[name] for name in keep if name in os.environ}
        | threads
        | {"PYTHONHASHSEED": "0"}
    )
