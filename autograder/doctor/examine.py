"""What this machine offers to keep submissions apart, proved by handing in one that tries
everything.
"""

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerClient

from ..course.limits import Limits
from ..reference.package_files import write_tree
from ..sandbox.base import Sandbox, SandboxUnavailableError
from ..sandbox.bubblewrap import Bubblewrap
from ..sandbox.find import Unisolated
from ..sandbox.landlock import Landlock
from . import escape_attempts

VARIABLE = "AUTOGRADER_CANARY"
STANDS_IN_FOR = "cs231n/layers/affine.py"
UNAIMED = "TARGETS: dict[str, Any] = {}"
"""str : the line of the attempts that gets the targets."""
LIMITS = Limits(memory_mb=1024, file_mb=4)
SECONDS = 60


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
    attempts: tuple[Attempt, ...]
    advice: tuple[str, ...]

    @property
    def isolated(self) -> bool:
        """bool : whether there is a sandbox, and nothing that was tried in it gained anything."""
        leaks = any(attempt.gained for attempt in self.attempts)
        return self.isolation != Unisolated.isolation and not leaks


def examine() -> Report:
    """Find the sandbox of this machine and try it.

    Returns
    -------
    report : Report
    """
    sandbox, advice = _find_sandbox()
    advice += _say_what_holds_memory(sandbox)
    return Report(sandbox.isolation, tuple(make_attempts(sandbox)), tuple(advice))


def _find_sandbox() -> tuple[Sandbox, list[str]]:
    """The strongest sandbox, and what would make a stronger one."""
    try:
        bubblewrap = Bubblewrap.find()
        return bubblewrap, list(_refinements(bubblewrap))
    except SandboxUnavailableError as reason:
        advice = list(_how_to_get_bubblewrap(str(reason)))
    try:
        landlock = Landlock.find()
    except SandboxUnavailableError as reason:
        return Unisolated(), [*advice, f"Landlock does not work here either: {reason}."]
    second_best = "Until then Landlock confines submissions; they can still ask which paths exist."
    return landlock, [*advice, second_best]


def _say_what_holds_memory(sandbox: Sandbox) -> list[str]:
    """Say what holds the memory of a submission together, where there is a sandbox."""
    if sandbox.isolation == Unisolated.isolation:
        return []
    if getattr(sandbox, "unfiltered", ""):
        return [
            "Memory is limited for each process, and for their number: "
            "a submission may take memory_mb times processes, and disk_mb."
        ]
    return [
        "Memory: a question is answered by one process that can start no other, "
        "so memory_mb and disk_mb are all it gets."
    ]


def make_attempts(sandbox: Sandbox) -> list[Attempt]:
    """Hand in `autograder.doctor.escape_attempts` and let a real worker in a sandbox run it.

    Parameters
    ----------
    sandbox : Sandbox

    Returns
    -------
    attempts : list of Attempt

    Raises
    ------
    RuntimeError
        If the attempts did not run.
    """
    exercise = EXERCISES["affine_forward"]
    with _targets(LIMITS) as (targets, environment), tempfile.TemporaryDirectory() as tree:
        write_tree(tree, {STANDS_IN_FOR: _aimed_at(targets)})
        command = sandbox.command(tree, LIMITS)
        with WorkerClient(command, SECONDS, environment=environment) as worker:
            (answer,) = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:1])
    if not answer.is_answered:
        reason = answer.error.message if answer.error else answer.status
        raise RuntimeError(f"the attempts did not run: {reason}")
    report = json.loads(answer.arrays["out"].tobytes())
    return [Attempt(name, found["gained"], found["refused"]) for name, found in report.items()]


def _aimed_at(targets: dict[str, Any]) -> str:
    """The source of the attempts, with their targets: without any, nothing could be gained."""
    source = Path(escape_attempts.__file__).read_text(encoding="utf-8")
    before, found, after = source.partition(UNAIMED)
    if not found:
        raise RuntimeError(f"{escape_attempts.__file__} has no line {UNAIMED!r}")
    return f"{before}TARGETS = {targets!r}{after}"


@contextmanager
def _targets(limits: Limits) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Lay out what is worth stealing: a file, a variable, a server, a process.

    Yields
    ------
    targets : dict
        For ``TARGETS`` of the attempts.
    environment : dict of str -> str
        Of the process that starts the sandbox.
    """
    name = f"canary-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        canary = Path(folder) / "canary"
        canary.write_text(name)
        targets = {
            "canary": str(canary),
            "variable": VARIABLE,
            "homes": [str(Path.home()), "/home/student"],
            "port": server.getsockname()[1],
            "abstract": name,
            "process": os.getpid(),
            # A little more than is allowed: to get less would prove nothing.
            "disk_bytes": int(limits.disk_mb + 16) << 20,
            "memory_bytes": int(limits.memory_mb + 64) << 20,
            "processes": limits.processes + 4,
        }
        environment = {"PATH": os.environ.get("PATH", ""), VARIABLE: name}
        with _named_socket(name):
            yield targets, environment


@contextmanager
def _named_socket(name: str) -> Iterator[None]:
    if sys.platform != "linux":
        yield
        return
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        yield


_CLOSED = (
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "sudo sysctl kernel.unprivileged_userns_clone=1",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "sudo sysctl user.max_user_namespaces=10000",
    ),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "give bwrap an AppArmor profile with the rule `userns,` "
        "(apparmor-profiles: bwrap-userns-restrict)",
    ),
)
"""tuple of (str, str, str) : a setting, the value that closes user namespaces, what opens them."""


def _how_to_get_bubblewrap(reason: str) -> Iterator[str]:
    """Sentences on how to get a sandbox, from why there is none."""
    if sys.platform != "linux":
        yield "Sandboxes need Linux: grade in a Linux virtual machine, or on Windows in WSL 2."
        return
    yield f"bubblewrap does not work here: {reason}."
    if shutil.which("bwrap") is None:
        yield (
            "Install it: `sudo apt install bubblewrap`, or the package of the same name elsewhere."
        )
        return
    for path, closed, remedy in _CLOSED:
        if _setting(path) == closed:
            yield f"User namespaces are closed ({path} is {closed}). Open them: {remedy}."
    if os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv"):
        yield (
            "This is a container: start it with "
            "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`."
        )
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        yield "Install setpriv (package util-linux), or grade as an ordinary user."


def _refinements(sandbox: Bubblewrap) -> Iterator[str]:
    if sandbox.unfiltered:
        yield f"There is no filter of system calls: {sandbox.unfiltered}."
    missing = [option for option in ("--disable-userns", "--size") if not sandbox.knows(option)]
    if missing:
        yield (
            f"bubblewrap 0.8 or newer would add {' and '.join(missing)}; "
            "this one has no such option."
        )
    if shutil.which("choom") is None:
        yield "With choom (package util-linux) a machine short of memory ends submissions first."


def _setting(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
