"""What the tiers of the sandbox have in common: the limits, the environment, the filters, and a look whether they work."""

import os
import shutil
import subprocess
import tempfile
import weakref
from pathlib import Path

from .mounts import PYTHON
from .seccomp import question_filter, sandbox_filter

HOME = "/home/student"
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
NOBODY = 65534
ENVIRONMENT = {
    "HOME": HOME,
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin",
    "LD_LIBRARY_PATH": f"{PYTHON}/lib",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


class Unavailable(Exception):
    """This tier does not work on this machine; the text says why."""


class FilterFiles:
    """The compiled filters, in files that last as long as this object."""

    def __init__(self, alone=True):
        folder = tempfile.mkdtemp(prefix="cs231n-filters-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.sandbox, self.question = (
            os.path.join(folder, name) for name in ("sandbox", "question")
        )
        for path, program in (
            (self.sandbox, sandbox_filter(alone)),
            (self.question, question_filter(threads=alone)),
        ):
            Path(path).write_bytes(program)
        os.chmod(folder, 0o755)


def worker_options(limits, cpu_seconds=None):
    """list of str : the limits of the course, as arguments of ``cs231n.check.process.worker``."""
    return [
        f"--answer-bytes={int(limits.answer_mb * 2**20)}",
        f"--memory-bytes={int(limits.memory_mb * 2**20)}",
        f"--cpu-seconds={max(1, int(cpu_seconds or limits.cpu_seconds))}",
        f"--file-bytes={int(limits.file_mb * 2**20)}",
    ]


def check_alive(sandbox):
    """Raise `Unavailable` where no Python starts in a sandbox."""
    command = sandbox.enclose([sandbox.python, "-s", "-P", "-S", "-B", "-c", "print('alive')"])
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from None
    if run.stdout != "alive\n":
        raise Unavailable(
            (run.stderr.strip() or f"exit code {run.returncode}").splitlines()[-1][:200]
        )


def has_nobody():
    """bool : whether there is a user nobody to become: in a container without one, root is some ordinary user outside."""
    ranges = [
        map(int, line.split()) for line in Path("/proc/self/uid_map").read_text().splitlines()
    ]
    return any(first <= NOBODY < first + count for first, _, count in ranges)


def make_readable(tree):
    """Let every user of this machine read a folder."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
