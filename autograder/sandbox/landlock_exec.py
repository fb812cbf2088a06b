"""Becomes another program after giving up what Landlock, a filter and capabilities can take away.

It is run by its path, in an interpreter that need not find this package: it imports nothing but
the standard library, and so the numbers of ``prctl`` and the structure of a filter stand here and
in `cs231n.check.process.limits`, which runs where this package must not be. It is written on the
bare system calls: the library that is kept for this, sandlock, needs Linux 6.12, and the sandbox
that needs this is for older machines.

Documented in https://docs.kernel.org/userspace-api/landlock.html
"""

import argparse
import ctypes
import os
import signal
import stat
import struct
import sys
from collections.abc import Mapping, Sequence

# System calls, the same on every architecture.
CREATE_RULESET = 444
ADD_RULE = 445
RESTRICT_SELF = 446

VERSION_QUESTION = 1
PATH_BENEATH = 1
EXECUTE = 1
WRITE_FILE = 2
READ_FILE = 4
READ_DIR = 8
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""dict of int -> int : all that may be forbidden on files, by the version that brought it."""
NETWORK_RIGHTS = 3
"""int : binding and connecting over TCP."""
NETWORK_SINCE = 4
SCOPES = 3
"""int : sockets by name, and signals to outside."""
SCOPES_SINCE = 6

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
FILTER_MODE = 2
NO_ROOT = 0x2F
"""int : SECBIT_NOROOT and SECBIT_NO_SETUID_FIXUP with their locks, and the lock on KEEP_CAPS."""
CAPABILITY_VERSION = 0x20080522
CAPABILITIES = 64

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """A compiled filter, as ``prctl`` takes it."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def version() -> int:
    """int : the version of Landlock in this kernel; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    found = _libc.syscall(
        CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_QUESTION)
    )
    return max(0, found)


def main(argv: Sequence[str] | None = None) -> None:
    """Confine this process, then become the program.

    Raises
    ------
    OSError
        If a path cannot be opened, or the kernel refuses a step. Nothing is run then.
    """
    options = _parse(argv)
    # No rule takes back a descriptor that is open already.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    parent = os.getppid()
    _prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # While still root: the user nobody might not be able to open all of these paths.
    rights = {
        READ_FILE | READ_DIR | EXECUTE: options.read,
        READ_FILE | WRITE_FILE: options.write,
        READ_DIR: options.list,
    }
    ruleset = _ruleset(rights)
    with open(options.filter, "rb") as file:
        program = file.read()
    _give_up_root(options.user)
    # After the change of user, at which the kernel forgets this signal.
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent ended before the signal was set: it will never come.
    if os.getppid() != parent:
        return
    _check(_libc.syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    os.close(ruleset)
    # Last, so that the filter need not allow any of these steps.
    _filter(program)
    environment = dict(pair.split("=", 1) for pair in options.setenv)
    os.execve(options.program[0], options.program, environment)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--read", action="append", default=[], help="a file or folder that may be read"
    )
    parser.add_argument(
        "--list", action="append", default=[], help="a folder whose names may be read"
    )
    parser.add_argument(
        "--write", action="append", default=[], help="a file that may be written as well"
    )
    parser.add_argument("--filter", required=True, help="a compiled filter of system calls")
    parser.add_argument("--user", type=int, help="the user to become, where root starts this")
    parser.add_argument("--setenv", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(argv)


def _ruleset(paths: Mapping[int, Sequence[str]]) -> int:
    """Make rules that forbid everything but some rights on some paths, and on what is below them.

    Parameters
    ----------
    paths : dict of int -> list of str
        Rights -> the paths that have them.

    Returns
    -------
    descriptor : int
    """
    found = version()
    if not found:
        raise OSError("this kernel has no Landlock")
    # A kernel refuses a ruleset with a right, or with a field, that it does not know.
    handled = max(rights for since, rights in FILE_RIGHTS.items() if since <= found)
    fields = [handled]
    if found >= NETWORK_SINCE:
        fields.append(NETWORK_RIGHTS)
    if found >= SCOPES_SINCE:
        fields.append(SCOPES)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    size = ctypes.c_size_t(len(attributes))
    ruleset = _check(_libc.syscall(CREATE_RULESET, attributes, size, ctypes.c_uint32(0)))
    for rights, allowed in paths.items():
        for path in allowed:
            _allow(ruleset, path, rights)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            # The kernel refuses a rule that gives a file a right of folders.
            rights &= ~READ_DIR
        rule = struct.pack("=Qi", rights, descriptor)
        kind = ctypes.c_int(PATH_BENEATH)
        _check(_libc.syscall(ADD_RULE, ctypes.c_int(ruleset), kind, rule, ctypes.c_uint32(0)))
    finally:
        os.close(descriptor)


def _give_up_root(user: int | None) -> None:
    """Lose every capability, and root's name too where there is another user to become."""
    if os.geteuid() != 0:
        return
    # Otherwise root would get its capabilities back by becoming the program. With these bits they
    # also stay when the user changes, and so are given up by hand below.
    _prctl(PR_SET_SECUREBITS, NO_ROOT, 0, 0, 0)
    for capability in range(CAPABILITIES):
        # Not checked: there are fewer of them, and the kernel refuses numbers beyond its last.
        _libc.prctl(PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0)))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    nothing = bytes(24)
    _check(_libc.capset(ctypes.create_string_buffer(header, len(header)), nothing))


def _filter(program: bytes) -> None:
    wanted = _Program(len(program) // 8, program)
    _check(_libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(FILTER_MODE), ctypes.byref(wanted), 0, 0))


def _prctl(option: int, *arguments: int) -> None:
    _check(_libc.prctl(option, *map(ctypes.c_ulong, arguments)))


def _check(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


if __name__ == "__main__":
    main()
