"""The process in which a submission runs: it answers questions about the student's code and judges nothing.

Whoever asks holds the other ends of standard input and output. Each question names an exercise, one of its probes
and a list of cases; the worker forks a child (where the platform can), so that whatever one exercise does to NumPy,
to the working set of modules or to itself is gone with it. Its answers are arrays, or how it failed.
"""

import argparse
import contextlib
import errno
import gc
import io
import os
import select
import stat
import sys
import time
import warnings
from importlib import import_module, invalidate_caches
from itertools import groupby
from pathlib import Path

import numpy as np

from cs231n.check.process import blocked_imports as absent
from cs231n.check.process import sent_modules as lent
from cs231n.check.process.limits import (
    confine,
    end_everything_else,
    limit_processor_time,
    limit_resources,
)
from cs231n.check.process.protocol import VERSION, ProtocolError, read_frame, write_frame
from cs231n.fast.threads import silence

MAX_QUESTION_BYTES = 1 << 30
PIPE_BYTES = (
    1 << 20
)  # through Linux's 64 KiB a megabyte of weights takes sixteen turns of both sides
BUFFER_BYTES = 1 << 16
MAX_WARNINGS = 5
MAX_TEXT = 600
PRISTINE = (
    "ctypes",
    "traceback",
    "cs231n.layers",
    "cs231n.classifiers",
    "cs231n.check.exercises",
    "cs231n.check.stand_ins",
    "cs231n.checkpoint",
)
"""tuple of str : what every question needs and nobody edits; the packages load what students write when it is asked for."""
_LIMITS = {
    errno.EMFILE: "open files",
    errno.EFBIG: "size of a file",
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
    errno.EAGAIN: "processes and threads",
    errno.ENOMEM: "memory",
}


def main(argv=None, answer=None):
    """Answer the questions on standard input until it ends.

    Parameters
    ----------
    argv : list of str, optional
    answer : callable, optional
        ``answer(question, answers, answer_bytes)`` in place of the answers to exercises.
    """
    answer = answer or _answer
    options = _parse(argv)
    questions, answers = _take_over_streams()
    limit_resources(options)
    silence()
    for module in (*PRISTINE, *options.preload):
        import_module(module)
    given = {name: np.load(path) for name, path in (pair.split("=", 1) for pair in options.given)}
    for array in given.values():
        array.flags.writeable = False
    gc.freeze()  # no collection in the process of a question touches, and so copies, what was loaded before it
    if options.wipe:
        _wipe(options.scratch)
    untouched, settings = _last_changes(options.scratch), _settings(questions, answers)
    kept = []
    write_frame(answers, {"ready": VERSION})
    while (question := read_frame(questions, MAX_QUESTION_BYTES)) is not None:
        write_frame(answers, {"nonce": question["nonce"], "taken": True})
        if question.get("kept"):
            question["cases"] = kept
        elif question.get("keep"):
            kept = question["cases"]
        if not question["cases"] and not question.get("more"):
            write_frame(answers, {"nonce": question["nonce"], "done": True})
            continue
        for case in question["cases"]:
            case["inputs"] = given | case["inputs"]
        if hasattr(os, "fork") and not options.trusted:
            status = _answer_in_child(question, questions, answers, options, answer)
            _restore(settings)
            end = {"died": os.waitstatus_to_exitcode(status)} if status else {"done": True}
            write_frame(answers, {"nonce": question["nonce"]} | end)
            if options.wipe:
                _wipe(options.scratch)
            elif _last_changes(options.scratch) != untouched:
                return  # nothing that one question writes is read by another: who asks starts a new worker
        else:
            lends = _answer_all(question, lambda: _next_part(questions), answers, options, answer)
            write_frame(answers, {"nonce": question["nonce"], "done": True})
            if lends:
                return  # what was lent stays: who asks starts a new worker


def _answer_all(question, next_part, answers, options, answer):
    """bool : whether modules were lent. Answer the cases of a question, and then those of its later parts."""
    lends = False
    while True:
        if question.get("modules"):
            lent.install(question["modules"])
            lends = True
        answer(question, answers, options.answer_bytes)
        if not question.get("more"):
            return lends
        question = {"nonce": question["nonce"]} | next_part()


def _next_part(questions):
    """dict : what stands in the frame after the one that says how long it is, for those who only pass it on."""
    read_frame(questions, MAX_QUESTION_BYTES)
    return read_frame(questions, MAX_QUESTION_BYTES)


def _settings(questions, answers):
    """How the streams are set that the process of a question shares: whether they wait, and how much a pipe holds.

    Returns
    -------
    settings : list of (int, int, int)
        Arguments of ``fcntl`` that set them so.
    """
    if sys.platform == "win32":
        return []
    import fcntl

    streams = (questions.fileno(), answers.fileno(), 0, 1, 2)
    settings = [(stream, fcntl.F_SETFL, fcntl.fcntl(stream, fcntl.F_GETFL)) for stream in streams]
    if hasattr(fcntl, "F_GETPIPE_SZ"):
        pipes = [stream for stream in streams if stat.S_ISFIFO(os.fstat(stream).st_mode)]
        settings += [
            (pipe, fcntl.F_SETPIPE_SZ, fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)) for pipe in pipes
        ]
    return settings


def _restore(settings):
    """Undo what the process of a question did to them; there are none where it could do nothing."""
    if settings:
        import fcntl

        for setting in settings:
            fcntl.fcntl(*setting)


def _parse(argv):
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


def _take_over_streams():
    """Keep the pipes for frames alone; whatever the submission prints goes where errors go."""
    # Nothing is read ahead of questions: whether another one waits must show.
    questions, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    _widen(questions)
    _widen(answers)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return questions, answers


def _widen(pipe):
    """Let a pipe hold more, where the system allows it."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _last_changes(folders):
    return [os.stat(folder).st_ctime_ns for folder in folders]


def _wipe(folders):
    """Empty folders, or end: who asks then starts a new worker."""
    import shutil

    for folder in folders:
        os.chmod(folder, 0o700)
        for entry in os.scandir(folder):
            shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else os.unlink(entry)


def _answer_in_child(question, questions, answers, options, answer):
    """int : how the process that answers ended, as `os.waitpid` says it."""
    inlet, outlet = os.pipe() if question.get("more") else (None, None)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            questions.close()  # the next one may be about another hand-in
            if inlet is not None:
                os.close(outlet)
                parts = os.fdopen(inlet, "rb")
            invalidate_caches()  # there may be other files now than when the worker started
            limit_processor_time(options.cpu_seconds)
            if sys.platform == "linux":
                confine(options.filter)
            _answer_all(
                question, lambda: read_frame(parts, MAX_QUESTION_BYTES), answers, options, answer
            )
            code = 0
        finally:
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
            os._exit(code)
    if inlet is not None:
        os.close(inlet)
        with open(outlet, "wb", buffering=0) as parts:
            _pass_on_parts(questions, parts)
    _, status = os.waitpid(child, 0)
    if options.alone:
        end_everything_else()
    return status


def _pass_on_parts(questions, parts):
    """Pass on the later parts of a question, while its process lives.

    Another question means that whoever asks takes this one for answered: the process has said so, and goes on. Then this
    worker ends, and with it the process.
    """
    watch = select.poll()
    watch.register(questions, select.POLLIN)
    watch.register(parts, 0)  # for the end of its reader
    while parts.fileno() not in dict(watch.poll()):
        header = read_frame(questions, 0)
        if header is None or "part" not in header:
            os._exit(1)
        part = _exactly(questions, header["part"])
        try:
            while part:
                part = part[parts.write(part) :]
        except BrokenPipeError:
            return
        if not header["more"]:
            return


def _exactly(stream, size):
    data = memoryview(bytearray(size))
    read = 0
    while read < size:
        count = stream.readinto(data[read:])
        if not count:
            os._exit(1)
        read += count
    return data


def _answer(question, answers, answer_bytes):
    from cs231n.check.exercises import EXERCISES

    cases, nonce = question["cases"], question["nonce"]
    if any(EXERCISES[case["exercise"]].probe(case["probe"]).stand_ins for case in cases):
        from cs231n.check import stand_ins

        stand_ins.install()
    alone = (
        len({case["exercise"] for case in cases}) == 1
    )  # of several, those whose answers are lost are asked again
    waiting, sent = (
        io.BytesIO(),
        time.monotonic(),
    )  # whole frames: a process that dies leaves no half of one
    for without, rows in groupby(cases, key=lambda case: _without(EXERCISES[case["exercise"]])):
        with contextlib.nullcontext() if without is None else absent.modules(without):
            for case in rows:
                _answer_case(
                    EXERCISES[case["exercise"]].probe(case["probe"]),
                    case,
                    nonce,
                    waiting,
                    answer_bytes,
                )
                if alone or waiting.tell() >= BUFFER_BYTES or time.monotonic() - sent > 1:
                    sent = _send(waiting, answers)
    _send(waiting, answers)


def _without(exercise):
    """A goal runs nothing of the student's where it counts; at home it may use what is there: None."""
    return exercise.without if exercise.module else None


def _send(waiting, answers):
    """Send the frames that wait; returns when."""
    answers.write(waiting.getvalue())
    answers.flush()
    waiting.seek(0)
    waiting.truncate()
    return time.monotonic()


def _answer_case(probe, case, nonce, answers, answer_bytes):
    answer = {"nonce": nonce, "case": case["name"]} | _run(probe, case["inputs"])
    try:
        write_frame(answers, answer, answer_bytes)
    except ProtocolError as error:
        refused = {key: answer[key] for key in ("nonce", "case", "warnings")}
        write_frame(answers, refused | _failure("unanswerable", "ProtocolError", str(error)))


def _run(probe, inputs):
    before = {
        name: value.tobytes()
        for name, value in inputs.items()
        if isinstance(value, np.ndarray) and value.flags.writeable
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = _as_arrays(probe.run(**inputs))
        except NotImplementedError as error:
            answer = _failure("not started", "NotImplementedError", str(error))
        except BaseException as error:
            answer = _failure("raised", type(error).__name__, _describe(error), _where(error))
    answer["changed"] = [n for n, old in before.items() if old != inputs[n].tobytes()]
    answer["warnings"] = _texts(caught)
    return answer


def _as_arrays(quantities):
    arrays = {}
    for name, value in quantities.items():
        if isinstance(value, np.ndarray):
            arrays[name] = np.asarray(value)
        elif isinstance(value, (bool, int, float, np.generic)):
            arrays[name] = np.asarray(value)
        else:
            problem = f"{name} is {'None' if value is None else 'of type ' + type(value).__name__}; return an ndarray"
            return _failure("unanswerable", "TypeError", problem)
    return {"status": "answered", "arrays": arrays}


def _failure(status, kind, message, where=""):
    return {
        "status": status,
        "error": {"type": kind, "message": message[:MAX_TEXT], "where": where[:MAX_TEXT]},
    }


def _describe(error):
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.msg} in {_short(error.filename)}, line {error.lineno}"
    limit = _LIMITS.get(error.errno, "") if isinstance(error, OSError) else ""
    limit = "memory" if isinstance(error, MemoryError) else limit
    limit = _LIMITS[errno.EAGAIN] if str(error) == "can't start new thread" else limit
    return " ".join(f"{error}{' (a limit: ' + limit + ')' if limit else ''}".split())


def _where(error):
    """The innermost line of the submission's own files that the error passed through."""
    import traceback

    own = [f for f in traceback.extract_tb(error.__traceback__) if _short(f.filename) != f.filename]
    own = [f for f in own if "/check/" not in _short(f.filename)] or own
    return f"{_short(own[-1].filename)}, line {own[-1].lineno}: {own[-1].line}" if own else ""


def _short(filename):
    root = str(Path(__file__).absolute().parents[3]) + os.sep
    return filename.removeprefix(root).replace(os.sep, "/")


def _texts(caught):
    texts = [
        f"{w.category.__name__}: {w.message} ({_short(w.filename)}, line {w.lineno})"[:MAX_TEXT]
        for w in caught
    ]
    return list(dict.fromkeys(texts))[:MAX_WARNINGS]


if __name__ == "__main__":
    main()
