"""What this machine offers to keep submissions apart, proved by handing in one that tries everything."""

import json
import os
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerClient

from ..course.limits import Limits
from ..reference.package_files import write_tree
from ..sandbox.find import Bubblewrap, Landlock, Unavailable, Unisolated
from . import escape_attempts as probes

VARIABLE = "AUTOGRADER_CANARY"
STANDS_IN_FOR = "cs231n/layers/affine.py"


@dataclass(frozen=True)
class Attempt:
    """One thing that was tried: what it gained, "" for nothing, and how it was refused."""

    name: str
    gained: str
    refused: str


@dataclass(frozen=True)
class Report:
    """What the doctor found.

    Parameters
    ----------
    isolation : str
    attempts : tuple of Attempt
    advice : tuple of str
        What to do for a better sandbox; empty when there is nothing to do.
    """

    isolation: str
    attempts: tuple
    advice: tuple

    @property
    def isolated(self):
        """bool : whether there is a sandbox, and nothing that was tried in it gained anything."""
        return self.isolation != Unisolated.isolation and not any(
            attempt.gained for attempt in self.attempts
        )


def examine():
    """Find the sandbox of this machine and try it.

    Returns
    -------
    report : Report
    """
    try:
        sandbox = Bubblewrap.find()
        advice = _refinements(sandbox)
    except Unavailable as reason:
        sandbox, advice = _second_best(str(reason))
    return Report(sandbox.isolation, tuple(attempts(sandbox)), (*advice, *_memory(sandbox)))


def _second_best(reason):
    advice = list(_advice(reason))
    try:
        return Landlock.find(), [
            *advice,
            "Until then Landlock confines submissions; they can still ask which paths exist.",
        ]
    except Unavailable as other:
        return Unisolated(), [*advice, f"Landlock does not work here either: {other}."]


def _memory(sandbox):
    """Say what holds the memory of a submission together, where there is a sandbox."""
    if sandbox.isolation == Unisolated.isolation:
        return
    if getattr(sandbox, "unfiltered", ""):
        yield (
            "Memory is limited for each process, and for their number: "
            "a submission may take memory_mb times processes, and disk_mb."
        )
    else:
        yield "Memory: a question is answered by one process that can start no other, so memory_mb and disk_mb are all it gets."


def attempts(sandbox):
    """Hand in the submission of `autograder.doctor.escape_attempts` and let a real worker in ``sandbox`` run it.

    Returns
    -------
    attempts : list of Attempt
    """
    exercise = EXERCISES["affine_forward"]
    limits = Limits(memory_mb=1024, file_mb=4)
    with _targets(limits) as (targets, environment), tempfile.TemporaryDirectory() as tree:
        source = Path(probes.__file__).read_text(encoding="utf-8")
        write_tree(
            tree, {STANDS_IN_FOR: source.replace("TARGETS = {}", f"TARGETS = {targets!r}", 1)}
        )
        with WorkerClient(sandbox.command(tree, limits), 60, environment=environment) as worker:
            (answer,) = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:1])
    if not answer.is_answered:
        raise RuntimeError(f"the probes did not run: {answer.error.message}")
    report = json.loads(answer.arrays["out"].tobytes())
    return [Attempt(name, found["gained"], found["refused"]) for name, found in report.items()]


@contextmanager
def _targets(limits):
    """Things that are worth stealing: a file, a variable, a server, a process."""
    name = f"canary-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        (Path(folder) / "canary").write_text(name)
        with _named_socket(name):
            yield (
                {
                    "canary": f"{folder}/canary",
                    "variable": VARIABLE,
                    "homes": [str(Path.home()), "/home/student"],
                    "port": server.getsockname()[1],
                    "abstract": name,
                    "process": os.getpid(),
                    "disk_bytes": int(limits.disk_mb + 16) << 20,
                    "memory_bytes": int(limits.memory_mb + 64) << 20,
                    "processes": limits.processes + 4,
                },
                {"PATH": os.environ.get("PATH", ""), VARIABLE: name},
            )


@contextmanager
def _named_socket(name):
    if sys.platform != "linux":
        yield
        return
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        yield


def _advice(reason):
    """Sentences on how to get a sandbox, from why there is none."""
    if sys.platform != "linux":
        yield "Sandboxes need Linux: grade in a Linux virtual machine, or on Windows in WSL 2."
        return
    yield f"bubblewrap does not work here: {reason}."
    if shutil.which("bwrap") is None:
        yield "Install it: `sudo apt install bubblewrap`, or the package of the same name elsewhere."
        return
    for path, closed, what in (
        (
            "/proc/sys/kernel/unprivileged_userns_clone",
            "0",
            "sudo sysctl kernel.unprivileged_userns_clone=1",
        ),
        ("/proc/sys/user/max_user_namespaces", "0", "sudo sysctl user.max_user_namespaces=10000"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "give bwrap an AppArmor profile with the rule `userns,` (apparmor-profiles: bwrap-userns-restrict)",
        ),
    ):
        if _setting(path) == closed:
            yield f"User namespaces are closed ({path} is {closed}). Open them: {what}."
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        yield (
            "This is a container: start it with "
            "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`."
        )
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        yield "Install setpriv (package util-linux), or grade as an ordinary user."


def _refinements(sandbox):
    if sandbox.unfiltered:
        yield f"There is no filter of system calls: {sandbox.unfiltered}."
    missing = [option for option in ("--disable-userns", "--size") if not sandbox.knows(option)]
    if missing:
        yield f"bubblewrap 0.8 or newer would add {' and '.join(missing)}; this one has no such option."
    if shutil.which("choom") is None:
        yield "With choom (package util-linux) a machine short of memory ends submissions first."


def _setting(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
