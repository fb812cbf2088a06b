"""Which system calls a submission may make: everything that NumPy needs, nothing that reaches other
processes, other machines, or rarely used parts of the kernel.

The filters are lists of what is refused. A list of what is allowed would be harder to attack, but
breaks with every new C library, and what breaks is switched off. They are compiled with libseccomp,
through pyseccomp.
"""

import contextlib
import errno
import socket
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from .landlock_exec import PR_SET_PDEATHSIG

Condition = tuple[Any, ...]
"""An argument's number, the name of a test, and what it is compared with."""

LOW_HALF = 0xFFFFFFFF
"""int : the bits that the kernel looks at, where it takes a number of 32 bits."""
CLONE_THREAD = 0x00010000
NAMESPACES = {
    "CLONE_NEWNS": 0x00020000,
    "CLONE_NEWCGROUP": 0x02000000,
    "CLONE_NEWUTS": 0x04000000,
    "CLONE_NEWIPC": 0x08000000,
    "CLONE_NEWUSER": 0x10000000,
    "CLONE_NEWPID": 0x20000000,
    "CLONE_NEWNET": 0x40000000,
}
SIGNAL_COMMANDS = {
    "F_SETOWN": 8,
    "F_SETSIG": 10,
    "F_SETOWN_EX": 15,
    "F_SETLEASE": 1024,
    "F_NOTIFY": 1026,
}
"""dict of str -> int : what lets ``fcntl`` direct signals."""
TERMINAL_REQUESTS = {
    "TIOCSTI": 0x5412,
    "TIOCLINUX": 0x541C,
    "FIOSETOWN": 0x8901,
    "SIOCSPGRP": 0x8902,
}
"""dict of str -> int : what lets ``ioctl`` type for a terminal, or direct signals."""
NEWER = range(451, 512)
"""range : calls that came after this list was made; their numbers are the same everywhere."""

KERNEL = """
    acct add_key bpf chroot clock_adjtime clock_settime create_module delete_module
    fanotify_init finit_module fsconfig fsmount fsopen fspick get_mempolicy init_module
    io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load
    keyctl lookup_dcookie lsm_set_self_attr mbind memfd_secret migrate_pages modify_ldt mount
    mount_setattr move_mount move_pages name_to_handle_at nfsservctl open_by_handle_at open_tree
    perf_event_open personality pidfd_getfd pidfd_open pivot_root process_madvise
    process_mrelease process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot
    request_key set_mempolicy set_mempolicy_home_node setdomainname sethostname setns
    settimeofday swapoff swapon syslog umount2 unshare userfaultfd uselib ustat vhangup vmsplice
""".split()
"""What no submission needs: debugging, mounting, modules, keys, clocks, and interfaces with a long
list of holes.
"""

MESSAGES = """
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv
    msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget memfd_create
""".split()
"""Memory and messages that belong to no file and no process, and so to no limit."""

OTHERS = """
    execve execveat fork vfork kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo
    pidfd_send_signal setpgid setsid setpriority sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler ioprio_set setxattr lsetxattr fsetxattr setxattrat flock
""".split()
"""What starts other processes, acts on them or leaves them a note; the process that answers a
question needs none of it.
"""

FILES = """
    chmod chown fchmod fchmodat fchown fchownat inotify_add_watch inotify_init inotify_init1
    lchown truncate utime utimensat utimes futimesat setxattr lsetxattr fsetxattr removexattr
    lremovexattr fremovexattr flock
""".split()
"""What Landlock leaves open on files that it otherwise closes, at least in older kernels."""


class FilterUnavailableError(Exception):
    """There is no filter on this machine; the text says why."""


def sandbox_filter(alone: bool = True) -> bytes:
    """Compile the filter for everything that runs in a sandbox.

    Parameters
    ----------
    alone : bool
        Whether the sandbox has files and sockets of its own. If not, it may neither make any
        socket nor change anything about a file; if so, only the sockets of a network are refused.

    Returns
    -------
    program : bytes
        What ``bwrap --seccomp`` and ``prctl(PR_SET_SECCOMP)`` take.

    Raises
    ------
    FilterUnavailableError
    """
    refused = [*KERNEL, *MESSAGES]
    if not alone:
        refused += FILES
    return _compile(refused, lambda rules: _add_sandbox_rules(rules, alone))


def question_filter(threads: bool = True) -> bytes:
    """Compile the filter that the process for one question puts on top.

    It starts nothing and signals nobody.

    Parameters
    ----------
    threads : bool
        Whether it may start threads.

    Returns
    -------
    program : bytes

    Raises
    ------
    FilterUnavailableError
    """
    refused = [*OTHERS, "socket", "socketpair"]
    return _compile(refused, lambda rules: _add_question_rules(rules, threads))


def _compile(refused: Sequence[str], add_rules: Callable[["_Rules"], None]) -> bytes:
    try:
        # Importing it loads libseccomp, which not every machine has.
        import pyseccomp
    except (ImportError, RuntimeError, AttributeError) as error:
        raise FilterUnavailableError(
            f"{error}; install libseccomp (`sudo apt install libseccomp2`) and pyseccomp"
        ) from None
    rules = _Rules(pyseccomp)
    for name in refused:
        rules.refuse(name)
    add_rules(rules)
    return rules.program()


def _add_sandbox_rules(rules: "_Rules", alone: bool) -> None:
    # Arguments of clone3 lie in memory where no filter reads them; C libraries fall back on clone.
    rules.refuse("clone3", code=errno.ENOSYS)
    for flag in NAMESPACES.values():
        rules.refuse("clone", (0, "MASKED_EQ", flag, flag))
    of_a_network = (0, "NE", int(socket.AF_UNIX))
    if alone:
        rules.refuse("socket", of_a_network)
    else:
        rules.refuse("socket")
    rules.refuse("socketpair", of_a_network)
    # 0 is the process itself: it may lower its own limits, and see no other's.
    rules.refuse("prlimit64", (0, "NE", 0))
    # "No such call", as an older kernel says: a C library then uses what it used before.
    for number in NEWER:
        rules.refuse(number, code=errno.ENOSYS)
    for request in TERMINAL_REQUESTS.values():
        rules.refuse("ioctl", (1, "MASKED_EQ", LOW_HALF, request))


def _add_question_rules(rules: "_Rules", threads: bool) -> None:
    if threads:
        # Without this flag a clone is a process.
        rules.refuse("clone", (0, "MASKED_EQ", CLONE_THREAD, 0))
    else:
        rules.refuse("clone")
    rules.refuse("clone3", code=errno.ENOSYS)
    # The process dies with the worker, and must not be able to take that back.
    rules.refuse("prctl", (0, "MASKED_EQ", LOW_HALF, PR_SET_PDEATHSIG))
    for command in SIGNAL_COMMANDS.values():
        rules.refuse("fcntl", (1, "MASKED_EQ", LOW_HALF, command))


class _Rules:
    """A filter that allows what it does not refuse; calls of another architecture are deadly."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.filter = library.SyscallFilter(library.ALLOW)
        self.filter.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)
        with contextlib.suppress(OSError):  # a tree in place of a list; from libseccomp 2.5 on
            self.filter.set_attr(library.Attr.CTL_OPTIMIZE, 2)

    def refuse(self, call: str | int, *conditions: Condition, code: int = errno.EPERM) -> None:
        """Refuse a call, by its name or number, where all conditions hold."""
        if isinstance(call, str):
            number = self.library.resolve_syscall(self.library.Arch.NATIVE, call)
        else:
            number = call
        if number < 0:  # not known to this libseccomp, or not a call of this architecture
            return
        tests = []
        for argument, test, *values in conditions:
            tests.append(self.library.Arg(argument, getattr(self.library, test), *values))
        self.filter.add_rule(self.library.ERRNO(code), number, *tests)

    def program(self) -> bytes:
        """bytes : the compiled filter."""
        with tempfile.TemporaryFile() as file:
            self.filter.export_bpf(file)
            file.seek(0)
            return file.read()
