"""What all sandboxes share: what they look like from outside, the limits, the environment, the
compiled filters, and a trial whether they work.
"""

import os
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..course.limits import Limits
from .mounts import PYTHON
from .seccomp import question_filter, sandbox_filter

HOME = "/home/student"
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
NOBODY = 65534
ENVIRONMENT = {
    "HOME": HOME,
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin",
    # Where an interpreter that is not the system's finds its own library.
    "LD_LIBRARY_PATH": f"{PYTHON}/lib",
    "LANG": "C.UTF-8",
    # Sets are walked in the same order in each run, so that a verdict does not depend on it.
    "PYTHONHASHSEED": "0",
    # Threads count among the processes of a submission, and take time from the others.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
TRIAL_SECONDS = 60
MEGABYTE = 2**20


class SandboxUnavailableError(Exception):
    """This sandbox does not work on this machine; the text says why."""


class Sandbox(Protocol):
    """Where a submission runs.

    Attributes
    ----------
    isolation : str
        Its name, in verdicts and messages.
    python : str
        The interpreter, by its path inside.
    """

    isolation: str
    python: str

    @property
    def reusable(self) -> bool:
        """bool : whether one worker may serve submission after submission."""

    def command(
        self, tree: str | os.PathLike[str], limits: Limits, without: Sequence[str] = ()
    ) -> list[str]:
        """list of str : what starts a worker on the submission in ``tree``."""

    def enclose(
        self, arguments: Sequence[str], tree: str | os.PathLike[str] | None = None
    ) -> list[str]:
        """list of str : what starts any other program inside."""


class FilterFiles:
    """The compiled filters, in files that last as long as this object.

    Parameters
    ----------
    alone : bool
        See `autograder.sandbox.seccomp.sandbox_filter`.

    Raises
    ------
    FilterUnavailableError
        If they cannot be compiled on this machine.
    """

    def __init__(self, alone: bool = True) -> None:
        folder = tempfile.mkdtemp(prefix="cs231n-filters-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.sandbox = os.path.join(folder, "sandbox")
        self.question = os.path.join(folder, "question")
        Path(self.sandbox).write_bytes(sandbox_filter(alone))
        Path(self.question).write_bytes(question_filter(threads=alone))
        # mkdtemp lets in nobody but its maker, and files take the umask; a sandbox may read the
        # filters as another user.
        make_readable(Path(folder))


def worker_options(limits: Limits, cpu_seconds: float | None = None) -> list[str]:
    """The limits of the course, as arguments of ``cs231n.check.process.worker``.

    Parameters
    ----------
    limits : Limits
    cpu_seconds : float, optional
        Processor time in place of that of the limits.

    Returns
    -------
    options : list of str
    """
    return [
        f"--answer-bytes={int(limits.answer_mb * MEGABYTE)}",
        f"--memory-bytes={int(limits.memory_mb * MEGABYTE)}",
        f"--cpu-seconds={max(1, int(cpu_seconds or limits.cpu_seconds))}",
        f"--file-bytes={int(limits.file_mb * MEGABYTE)}",
    ]


def check_alive(sandbox: Sandbox) -> None:
    """Start Python in a sandbox.

    Raises
    ------
    SandboxUnavailableError
        If it does not start.
    """
    command = sandbox.enclose([sandbox.python, "-s", "-P", "-S", "-B", "-c", "print('alive')"])
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TRIAL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxUnavailableError(str(error)) from None
    if run.stdout != "alive\n":
        reason = run.stderr.strip() or f"exit code {run.returncode}"
        # The reason is the last line of a traceback, and what bubblewrap says has one line.
        raise SandboxUnavailableError(reason.splitlines()[-1][:200])


def has_nobody() -> bool:
    """bool : whether there is a user nobody to become.

    In a container without one, root is some ordinary user outside.
    """
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        first, _, count = map(int, line.split())
        if first <= NOBODY < first + count:
            return True
    return False


def make_readable(tree: Path) -> None:
    """Let every user of this machine read a folder."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            added = 0o555 if path.is_dir() else 0o444
            path.chmod(path.stat().st_mode | added)
