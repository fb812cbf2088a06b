"""Submissions that attack a sandbox, and what every sandbox is held to, whatever it is made of.

An attack gains nothing, loses its own case alone, and leaves no process behind.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.course.limits import Limits
from autograder.reference.package_files import write_tree
from autograder.sandbox.find import Unisolated
from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerClient

PATIENCE = 60
LIMITS = Limits(cpu_seconds=1, memory_mb=1024, answer_mb=4, file_mb=4)
HEADER = """import os, sys, signal, subprocess, threading, time
import numpy as np

def affine_forward(x, w, b):
"""
OUTCOMES = {"answered", "raised", "unanswerable", "timeout", "died"}

ATTACKS = {
    "never returns": "while True: pass",
    "sleeps": "time.sleep(1000)",
    "swallows interrupts": """
        while True:
            try:
                time.sleep(1000)
            except BaseException:
                pass
        """,
    "ignores the end of its processor time": """
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True: pass
        """,
    "takes ten gigabytes": "return np.ones(10 << 27), None",
    "takes ten gigabytes in children": """
        for _ in range(20):
            if os.fork() == 0:
                held = np.ones(10 << 27)
                time.sleep(1000)
        """,
    "forks without end": """
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """,
    "starts threads without end": """
        while True:
            threading.Thread(target=time.sleep, args=(1000,)).start()
        """,
    "leaves a daemon": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    time.sleep(0.1)
            os._exit(0)
        os.wait()
        return np.zeros((x.shape[0], w.shape[1])), None
        """,
    "prints a gigabyte": """
        for _ in range(1024):
            os.write(1, b"x" * (1 << 20))
            os.write(2, b"x" * (1 << 20))
        """,
    "closes every descriptor": "os.closerange(0, 1024)",
    "writes to every descriptor": """
        for fd in range(1024):
            try:
                os.write(fd, b'{"nonce": "", "status": "answered"}' * 100)
            except OSError:
                pass
        """,
    "forges frames": """
        import json
        answer = {"nonce": "0", "case": "a batch of vectors", "status": "answered", "arrays": {}}
        text = json.dumps(answer).encode()
        for fd in range(1024):
            try:
                os.write(fd, len(text).to_bytes(8, "big") + text)
            except OSError:
                pass
        """,
    "answers with arrays for words": """
        from cs231n.check.process.protocol import write_frame
        frames = sys._getframe()
        while "question" not in frames.f_locals:
            frames = frames.f_back
        nonce, answers = frames.f_locals["question"].nonce, frames.f_locals["answers"]
        words = np.arange(3)
        answer = {"nonce": nonce, "case": words, "status": words, "arrays": words, "done": words}
        write_frame(answers, answer)
        write_frame(answers, {"nonce": words, "case": words, "status": words, "taken": words})
        """,
    "sends shapes that cannot be": """
        import json
        text = json.dumps({"nonce": {"__array__": ["float64", [0] + [1 << 39] * 7]}}).encode()
        for fd in range(1024):
            try:
                os.write(fd, len(text).to_bytes(8, "big") + text)
            except OSError:
                pass
        """,
    "announces an endless frame": """
        for fd in range(1024):
            try:
                os.write(fd, (1 << 62).to_bytes(8, "big"))
            except OSError:
                pass
        """,
    "exits with success": "os._exit(0)",
    "kills its parent": "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1000)",
    "stops its parent": """
        os.kill(os.getppid(), signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        """,
    "kills everything": "os.kill(-1, signal.SIGKILL)\ntime.sleep(1000)",
    "answers more than it may": "return np.zeros(1 << 22), None",
    "crashes the interpreter": "import ctypes; ctypes.string_at(0)",
    "overflows the stack": "sys.setrecursionlimit(10 ** 9)\nf = lambda n: f(n + 1)\nf(0)",
    "writes a huge file": "open('/tmp/huge', 'wb').write(b'x' * (1 << 26))",
    "opens files without end": """
        held = []
        try:
            while True:
                held.append(open("/dev/null"))
        except OSError as error:
            held.clear()
            raise OSError(error.strerror) from None
        """,
    "answers for its parent and stops it": """
        import gc
        from cs231n.check.process.protocol import write_frame
        frames = sys._getframe()
        while "question" not in frames.f_locals:
            frames = frames.f_back
        question, answers = frames.f_locals["question"], frames.f_locals["answers"]
        answer = {"nonce": question.nonce, "case": question.cases[0].name, "status": "raised"}
        answer |= {"error": {"type": "", "message": "", "where": ""}}
        write_frame(answers, answer | {"changed": [], "warnings": []})
        write_frame(answers, {"nonce": question.nonce, "done": True})
        os.kill(os.getppid(), signal.SIGSTOP)
        os._exit(0)
        """,
    "waits on a fifo": "os.mkfifo('/tmp/fifo')\nopen('/tmp/fifo')",
}

SLOW = {
    "sleeps",
    "swallows interrupts",
    "ignores the end of its processor time",
    "takes ten gigabytes in children",
    "starts threads without end",
    "announces an endless frame",
    "writes to every descriptor",
    "closes every descriptor",
    "stops its parent",
    "crashes the interpreter",
    "overflows the stack",
    "waits on a fifo",
    "writes a huge file",
}


@contextmanager
def submission(sandbox, folder, affine, limits=LIMITS):
    write_tree(folder, {"cs231n/layers/affine.py": affine})
    with WorkerClient(sandbox.command(folder, limits), PATIENCE, limits.answer_mb << 20) as worker:
        yield worker


def ask(worker, name, seconds=PATIENCE):
    exercise = EXERCISES[name]
    worker.seconds = seconds
    (answer,) = worker.ask(name, exercise.probes[0].name, exercise.draw()[:1])
    worker.seconds = PATIENCE
    return answer


def relu_is_right(worker):
    exercise = EXERCISES["relu_forward"]
    case = exercise.draw()[0]
    (answer,) = worker.ask(exercise.id, exercise.probes[0].name, [case])
    return answer.status == "answered" and np.array_equal(
        answer.arrays["out"], np.maximum(case.inputs["x"], 0)
    )


def namespaces_below(pid):
    """The PID namespaces, other than ours, of every process below this one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except OSError:
                continue
    found, below = set(), {pid}
    while below:
        for process in below:
            found |= namespace_of(process)
        below = {child for child, parent in parents.items() if parent in below}
    return found - namespace_of(os.getpid())


def namespace_of(pid):
    """The PID namespace of a process; none of one whose exit code only waits to be read."""
    try:
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
        return set() if ended else {os.readlink(f"/proc/{pid}/ns/pid")}
    except OSError:
        return set()


def arguments_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def left_in(namespaces, folder):
    """Processes in these namespaces or started on this folder; the kernel gets time to end them."""
    for _ in range(500):
        processes = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        left = [
            p
            for p in processes
            if namespace_of(p) & namespaces or str(folder).encode() in arguments_of(p)
        ]
        if not left:
            return []
        time.sleep(0.02)
    return left


class SandboxContract:
    """The tests of a sandbox, for a class with a name that pytest collects.

    The sandbox itself is the fixture ``sandbox``.

    Attributes
    ----------
    scratch : list of str
        The folders that a submission may write to.
    """

    scratch = ()

    @pytest.mark.parametrize(
        "attack", [pytest.param(a, marks=[pytest.mark.slow] * (a in SLOW)) for a in ATTACKS]
    )
    def test_attack_gains_nothing_and_the_next_question_is_answered(
        self, sandbox, tmp_path, attack
    ):
        source = (
            HEADER + textwrap.indent(textwrap.dedent(ATTACKS[attack]).strip("\n"), "    ") + "\n"
        )
        with submission(sandbox, tmp_path, source) as worker:
            assert relu_is_right(worker)
            namespaces = namespaces_below(worker._process.pid)
            answer = ask(worker, "affine_forward", seconds=1.5)
            assert answer.status in OUTCOMES
            assert not np.any(answer.arrays.get("out", 0))
            assert relu_is_right(worker)
            namespaces |= namespaces_below(worker._process.pid)
        assert left_in(namespaces, tmp_path) == []

    @pytest.mark.parametrize(
        "attack, outcome",
        [
            ("never returns", "processor time"),
            ("sleeps", "no answer within"),
            ("takes ten gigabytes", "allocate"),
            ("exits with success", "ended"),
            ("answers more than it may", "may be sent"),
            ("opens files without end", "open files"),
        ],
    )
    def test_message_says_which_limit_was_hit(self, sandbox, tmp_path, attack, outcome):
        source = (
            HEADER + textwrap.indent(textwrap.dedent(ATTACKS[attack]).strip("\n"), "    ") + "\n"
        )
        with submission(sandbox, tmp_path, source) as worker:
            answer = ask(worker, "affine_forward", seconds=2 if attack == "sleeps" else PATIENCE)
        assert outcome in answer.error.message

    def test_what_is_printed_beyond_the_limit_ends_the_process_and_is_said(self, sandbox, tmp_path):
        write_tree(
            tmp_path,
            {"cs231n/layers/affine.py": HEADER + "    while True: os.write(1, bytes(1 << 16))\n"},
        )
        with WorkerClient(
            sandbox.command(tmp_path, LIMITS), PATIENCE, output_bytes=1 << 20
        ) as worker:
            answer = ask(worker, "affine_forward")
            assert "printed more than 1,048,576 bytes" in answer.error.message
            assert relu_is_right(worker)

    def test_submission_that_has_used_its_time_is_asked_nothing_more(self, sandbox, tmp_path):
        write_tree(tmp_path, {"cs231n/layers/affine.py": HEADER + "    time.sleep(1000)\n"})
        with WorkerClient(sandbox.command(tmp_path, LIMITS), PATIENCE, total_seconds=1) as worker:
            assert relu_is_right(worker)
            assert "1 s that a whole one may take" in ask(worker, "affine_forward").error.message
            exercise = EXERCISES["relu_forward"]
            answers = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw())
        assert {answer.status for answer in answers} == {"timeout"}
        assert "1 s that a whole one may take" in answers[0].error.message

    def test_daemon_of_one_submission_dies_with_its_worker_even_when_the_grader_is_killed(
        self, sandbox, tmp_path
    ):
        write_tree(tmp_path)
        code = (
            "import sys, time\n"
            "from cs231n.check.process.client import WorkerClient\n"
            "from cs231n.check.exercises import EXERCISES\n"
            "worker = WorkerClient(sys.argv[1:], 20)\n"
            "exercise = EXERCISES['relu_forward']\n"
            "worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:1])\n"
            "print(worker._process.pid, flush=True)\n"
            "time.sleep(1000)\n"
        )
        grader = subprocess.Popen(
            [sys.executable, "-c", code, *sandbox.command(tmp_path, LIMITS)], stdout=subprocess.PIPE
        )
        with grader:
            namespaces = namespaces_below(int(grader.stdout.readline()))
            grader.send_signal(signal.SIGKILL)
        assert left_in(namespaces, tmp_path) == []

    def test_import_of_a_submission_that_never_ends_is_stopped(self, sandbox, tmp_path):
        with submission(sandbox, tmp_path, "while True: pass\n") as worker:
            answer = ask(worker, "affine_forward")
            assert "processor time" in answer.error.message
            assert relu_is_right(worker)

    def test_honest_submission_gets_the_same_answers_as_without_a_sandbox(self, sandbox, tmp_path):
        write_tree(tmp_path)
        exercise = EXERCISES["affine_forward"]
        answers = []
        for tier in (sandbox, Unisolated()):
            with WorkerClient(tier.command(tmp_path, LIMITS), 20) as worker:
                answers.append(worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()))
        for inside, outside in zip(*answers, strict=True):
            np.testing.assert_array_equal(inside.arrays["out"], outside.arrays["out"])

    def test_a_library_that_would_be_the_answer_is_not_there(self, sandbox, tmp_path):
        source = HEADER + textwrap.indent(
            textwrap.dedent("""
            import gc
            import types
            sys.meta_path[:] = [it for it in sys.meta_path if type(it).__name__ != "_Absent"]
            names = [m.__name__ for m in gc.get_objects() if isinstance(m, types.ModuleType)]
            found = [name for name in names if name.startswith("scipy")]
            for name in ("scipy", "scipy.signal", "scipy.ndimage"):
                try:
                    __import__(name)
                    found.append(name)
                except (ImportError, OSError):
                    pass
            for folder in {*sys.path, "/", "/packages"}:
                library = os.walk(os.path.join(folder, "scipy"))
                for path in [os.path.join(place, f) for place, _, files in library for f in files]:
                    try:
                        with open(path, "rb") as file:
                            found += [path] * bool(file.read(1))
                    except OSError:
                        pass
            return np.frombuffer("\\n".join(found).encode(), np.uint8), None
        """),
            "    ",
        )
        write_tree(tmp_path, {"cs231n/layers/affine.py": source})
        with WorkerClient(
            sandbox.command(tmp_path, LIMITS, ("scipy", "torch")), PATIENCE
        ) as worker:
            answer = ask(worker, "affine_forward")
            assert answer.arrays["out"].tobytes() == b""
            assert relu_is_right(worker)
        with WorkerClient(sandbox.command(tmp_path, LIMITS), PATIENCE) as worker:
            assert b"scipy" in ask(worker, "affine_forward").arrays["out"].tobytes()

    def test_everything_in_the_sandbox_but_scratch_is_read_only(self, sandbox, tmp_path):
        source = HEADER + textwrap.indent(
            textwrap.dedent("""
            written = []
            for folder, _, _ in os.walk("/"):
                try:
                    with open(os.path.join(folder, "written"), "w"):
                        written.append(folder)
                except OSError:
                    pass
            return np.frombuffer("\\n".join(sorted(written)).encode(), np.uint8), None
            """),
            "    ",
        )
        with submission(
            sandbox, tmp_path, source, limits=replace(LIMITS, cpu_seconds=30)
        ) as worker:
            answer = ask(worker, "affine_forward")
        assert answer.arrays["out"].tobytes().decode().split() == self.scratch

    def test_sandbox_shows_no_file_with_the_solution_of_another_copy(self, sandbox, tmp_path):
        source = HEADER + textwrap.indent(
            textwrap.dedent("""
            found = []
            for folder, _, files in os.walk("/"):
                if not folder.startswith("/kit"):
                    secret = {"affine.py", "course.toml", "gradebook.db"}.intersection(files)
                    found += [os.path.join(folder, name) for name in secret]
            return np.frombuffer("\\n".join(found).encode(), np.uint8), None
            """),
            "    ",
        )
        with submission(
            sandbox, tmp_path, source, limits=replace(LIMITS, cpu_seconds=30)
        ) as worker:
            answer = ask(worker, "affine_forward")
        assert answer.arrays["out"].tobytes() == b""
