"""Becomes another program after giving up what Landlock, a filter and capabilities can take away.

It is run by its path, in an interpreter that need not find this package. Written on the bare system calls: the
library that is kept for this, sandlock, needs Linux 6.12, where the tier that needs this is for older machines.

Documented in https://docs.kernel.org/userspace-api/landlock.html
"""

import argparse
import ctypes
import os
import signal
import stat
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_QUESTION, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""dict of int -> int : everything that may be forbidden on files, by the version that brought it."""
NETWORK_RIGHTS, SCOPES = 3, 3
"""int : binding and connecting over TCP, from version 4; sockets by name and signals to outside, from version 6."""
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS = (
    1,
    22,
    24,
    28,
    38,
)
FILTER_MODE, NO_ROOT, CAPABILITY_VERSION, CAPABILITIES = 2, 0x2F, 0x20080522, 64

_libc = ctypes.CDLL(None, use_errno=True)


def version():
    """int : the version of Landlock in this kernel; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(
        0,
        _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_QUESTION)),
    )


def main(argv=None):
    """Confine this process, then become the program."""
    options = _parse(argv)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    parent = os.getppid()
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))))
    rights = {
        READ_FILE | READ_DIR | EXECUTE: options.read,
        READ_FILE | WRITE_FILE: options.write,
        READ_DIR: options.list,
    }
    ruleset = _ruleset(rights)
    with open(options.filter, "rb") as file:
        program = file.read()
    _give_up_root(options.user)
    _check(_libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL)))
    if os.getppid() != parent:
        return
    _check(_libc.syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    os.close(ruleset)
    _filter(program)
    os.execve(
        options.program[0], options.program, dict(pair.split("=", 1) for pair in options.setenv)
    )


def _parse(argv):
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


def _ruleset(paths):
    """Descriptor of a set of rules: everything is forbidden but some rights on some paths, and what is below them."""
    found = version()
    if not found:
        raise OSError("this kernel has no Landlock")
    handled = max(rights for since, rights in FILE_RIGHTS.items() if since <= found)
    fields = [handled, NETWORK_RIGHTS if found >= 4 else 0, SCOPES if found >= 6 else 0]
    length = 1 + (found >= 4) + (found >= 6)
    attributes = struct.pack(f"={length}Q", *fields[:length])
    ruleset = _check(
        _libc.syscall(
            CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)
        )
    )
    for rights, allowed in paths.items():
        for path in allowed:
            _allow(ruleset, path, rights)
    return ruleset


def _allow(ruleset, path, rights):
    descriptor = os.open(path, os.O_PATH)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= ~READ_DIR
        rule = struct.pack("=Qi", rights, descriptor)
        _check(
            _libc.syscall(
                ADD_RULE,
                ctypes.c_int(ruleset),
                ctypes.c_int(PATH_BENEATH),
                rule,
                ctypes.c_uint32(0),
            )
        )
    finally:
        os.close(descriptor)


def _give_up_root(user):
    """Lose every capability, and root's name too where there is another user to become."""
    if os.geteuid() != 0:
        return
    _check(_libc.prctl(PR_SET_SECUREBITS, *map(ctypes.c_ulong, (NO_ROOT, 0, 0, 0))))
    for capability in range(CAPABILITIES):
        _libc.prctl(PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0)))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header, nothing = struct.pack("=Ii", CAPABILITY_VERSION, 0), bytes(24)
    _check(_libc.capset(ctypes.create_string_buffer(header, len(header)), nothing))


def _filter(program):
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    wanted = Program(len(program) // 8, program)
    _check(_libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(FILTER_MODE), ctypes.byref(wanted), 0, 0))


def _check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


if __name__ == "__main__":
    main()
