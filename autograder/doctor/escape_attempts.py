"""A submission that tries what a submission must not; `autograder doctor` says what it gained.

It stands in the place of ``cs231n/layers/affine.py``, runs where student code runs, and answers
with text in an array. Each attempt returns what it gained, or "" for nothing; an error means
nothing gained as well.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

TARGETS: dict[str, Any] = {}
"""dict : canary file and variable, port, process and limits of who asks; the doctor fills it in."""

# Nothing of the pipeline can be imported here, where numbers of the kernel have names as well.
CLONE_NEWUSER = 0x10000000
PTRACE_SEIZE = 0x4206
CAPABILITY_VERSION = 0x20080522


def read_a_file() -> str:
    with open(TARGETS["canary"]) as file:
        return f"read {len(file.read())} characters"


def list_homes() -> str:
    names = []
    for folder in TARGETS["homes"]:
        if os.path.isdir(folder):
            names += os.listdir(folder)
    return f"saw {len(names)} names" if names else ""


def read_variables() -> str:
    return "read it" if TARGETS["variable"] in os.environ else ""


def import_the_reference() -> str:
    import autograder

    return f"imported {autograder.__name__}"


def connect_to_this_machine() -> str:
    with socket.create_connection(("127.0.0.1", TARGETS["port"]), timeout=2):
        return "connected"


def connect_by_name() -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + TARGETS["abstract"])
        return "connected"


def reach_the_network() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("192.0.2.1", 9))
        return "there is a route"


def see_a_process() -> str:
    with contextlib.suppress(OSError), open(f"/proc/{TARGETS['process']}/cmdline") as file:
        return f"read its {len(file.read())} characters of arguments"
    # A number up to one's own may be a process of the sandbox itself.
    if TARGETS["process"] > os.getpid():
        os.kill(TARGETS["process"], 0)
        return "may send it signals"
    return ""


def write_outside() -> str:
    path = TARGETS["canary"] + ".written"
    with open(path, "w") as file:
        file.write("x")
    return "wrote a file"


def change_the_kit() -> str:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "written.py")
    with open(path, "w"):
        os.unlink(path)
    return "wrote a file"


def fill_the_disk() -> str:
    chunk = b"x" * (1 << 20)
    most = TARGETS["disk_bytes"]
    written = 0
    with contextlib.ExitStack() as kept:
        for folder in ("/tmp", os.path.expanduser("~"), "/var/tmp", "/dev/shm", os.getcwd(), "/"):
            with contextlib.suppress(OSError):
                scratch = kept.enter_context(tempfile.TemporaryDirectory(dir=folder))
                written += _fill(scratch, chunk, most - written)
    return f"wrote {written >> 20} MB" if written >= most else ""


def take_memory() -> str:
    return f"took {len(bytearray(TARGETS['memory_bytes'])) >> 20} MB"


def start_processes() -> str:
    children: list[int] = []
    try:
        while len(children) < TARGETS["processes"]:
            child = os.fork()
            if child == 0:
                signal.pause()
            children.append(child)
        return f"started {len(children)}"
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def use_other_descriptors() -> str:
    found = [fd for fd in range(3, 256) if _is_open(fd)]
    return f"found {found}" if len(found) > 1 else ""


def make_a_user_namespace() -> str:
    _call("unshare", CLONE_NEWUSER)
    return "it may mount and configure what it likes in it"


def become_root() -> str:
    if os.geteuid() != 0:
        os.setuid(0)
    capabilities = (ctypes.c_uint32 * 6)()
    _call("capget", (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), capabilities)
    return "it has what makes root powerful" if any(capabilities) else ""


def trace_its_parent() -> str:
    _call("ptrace", PTRACE_SEIZE, os.getppid(), None, None)
    return "it reads and writes its memory"


def reach_the_machine_below() -> str:
    with socket.socket(getattr(socket, "AF_VSOCK", 40), socket.SOCK_STREAM):
        return "it has a socket for that"


def hide_memory() -> str:
    path = f"/proc/self/fd/{os.memfd_create('hidden')}"
    return f"it has memory that no limit counts, at {path}"


def leave_a_process() -> str:
    child = os.fork()
    if child == 0:
        os.setsid()
        os._exit(0)
    os.waitpid(child, 0)
    return "it started one in a session of its own"


def touch_a_file() -> str:
    os.utime(TARGETS["canary"], (0, 0))
    return "it set the time of one"


ATTEMPTS: dict[str, Callable[[], str]] = {
    "read a file of the instructor": read_a_file,
    "look into home folders": list_homes,
    "read the instructor's environment": read_variables,
    "import the reference": import_the_reference,
    "connect to a server on this machine": connect_to_this_machine,
    "connect to a local socket by name": connect_by_name,
    "reach the network": reach_the_network,
    "see or signal another process": see_a_process,
    "write where the instructor works": write_outside,
    "change the kit that it runs in": change_the_kit,
    "fill the disk": fill_the_disk,
    "take more memory than allowed": take_memory,
    "start more processes than allowed": start_processes,
    "use descriptors that are not its own": use_other_descriptors,
    "make a user namespace": make_a_user_namespace,
    "be root": become_root,
    "trace the process that started it": trace_its_parent,
    "reach the machine that this one runs on": reach_the_machine_below,
    "hold memory that no limit counts": hide_memory,
    "leave a process behind": leave_a_process,
    "change a file that it cannot open": touch_a_file,
}


def affine_forward(x: Any, w: Any, b: Any) -> tuple[np.ndarray, None]:
    report = {name: _attempt(function) for name, function in ATTEMPTS.items()}
    return np.frombuffer(json.dumps(report).encode(), np.uint8), None


def _attempt(function: Callable[[], str]) -> dict[str, str]:
    try:
        return {"gained": function(), "refused": ""}
    # A refusal may be anything, SystemExit included; the next attempt has its turn all the same.
    except BaseException as error:
        return {"gained": "", "refused": f"{type(error).__name__}: {error}"[:200]}


def _call(name: str, *arguments: Any) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _fill(folder: str, chunk: bytes, most: int) -> int:
    written = 0
    with contextlib.suppress(OSError):
        while written < most:
            with open(os.path.join(folder, str(written)), "wb", buffering=0) as file:
                written += file.write(chunk)
    return written


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
