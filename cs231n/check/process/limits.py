"""What a worker and the processes of its questions may use, and what holds them."""

import contextlib
import os
import signal
import sys
from argparse import Namespace
from typing import Any

# Numbers of the Linux kernel, from <linux/prctl.h> and <linux/seccomp.h>.
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
INSTRUCTION_BYTES = 8


def limit_resources(options: Namespace) -> None:
    """Take on the limits of a worker, given by the arguments of its command."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limits = {
        "RLIMIT_AS": options.memory_bytes,
        "RLIMIT_FSIZE": options.file_bytes,
        "RLIMIT_NPROC": options.processes,
        "RLIMIT_NOFILE": options.open_files,
    }
    for kind, limit in limits.items():
        if limit:
            resource.setrlimit(getattr(resource, kind), (limit, limit))


def confine(filter_path: str) -> None:
    """End with the worker, and take on a filter of system calls.

    Parameters
    ----------
    filter_path : str
        File of the compiled filter, or "" for none.

    Raises
    ------
    OSError
        If the kernel refuses the filter.
    """
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    worker = os.getppid()
    libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != worker:
        os._exit(1)
    if filter_path:
        with open(filter_path, "rb") as file:
            _load_filter(libc, file.read())


def _load_filter(libc: Any, program: bytes) -> None:
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    wanted = Program(len(program) // INSTRUCTION_BYTES, program)
    failed = libc.prctl(PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0)
    if not failed:
        mode = ctypes.c_ulong(SECCOMP_MODE_FILTER)
        failed = libc.prctl(PR_SET_SECCOMP, mode, ctypes.byref(wanted), 0, 0)
    if failed:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def end_everything_else() -> None:
    """Kill what a question left behind, which could answer the next; only in an own namespace."""
    if (os.getpid(), os.getppid()) == (2, 1):
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)


def limit_processor_time(seconds: int) -> None:
    """Let this process end after so much processor time, 0 for never."""
    if seconds:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
