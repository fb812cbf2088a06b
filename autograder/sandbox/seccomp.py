"""Which system calls a submission may make: everything that NumPy needs, nothing that reaches other processes,
other machines, or rarely trodden parts of the kernel.

The filters are lists of what is refused. A list of what is allowed would be shorter to attack, but breaks with every
new C library, and what breaks is switched off. They are compiled with libseccomp, through pyseccomp.
"""

import contextlib
import errno
import tempfile

AF_UNIX = 1
CLONE_THREAD = 0x00010000
NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
"""tuple of int : CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
PR_SET_PDEATHSIG = 1
F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY = 8, 10, 15, 1024, 1026
NEWER = range(451, 512)
"""range : numbers that the kernel gave to calls after this list was made, the same on every architecture."""
IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)
"""tuple of int : TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP: they type for a terminal, or direct signals."""

KERNEL = """
    acct add_key bpf chroot clock_adjtime clock_settime create_module delete_module fanotify_init finit_module fsconfig
    fsmount fsopen fspick get_mempolicy init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp
    kexec_file_load kexec_load keyctl lookup_dcookie lsm_set_self_attr mbind memfd_secret migrate_pages modify_ldt mount
    mount_setattr move_mount move_pages name_to_handle_at nfsservctl open_by_handle_at open_tree perf_event_open
    personality pidfd_getfd pidfd_open pivot_root process_madvise process_mrelease process_vm_readv process_vm_writev
    ptrace quotactl quotactl_fd reboot request_key set_mempolicy set_mempolicy_home_node setdomainname sethostname setns
    settimeofday swapoff swapon syslog umount2 unshare userfaultfd uselib ustat vhangup vmsplice
""".split()
"""What no submission needs: debugging, mounting, modules, keys, clocks, and interfaces with a long list of holes."""

MESSAGES = """
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd
    semctl semget semop semtimedop shmat shmctl shmdt shmget memfd_create
""".split()
"""Memory and messages that belong to no file and no process, and so to no limit."""

OTHERS = """
    execve execveat fork vfork kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal setpgid setsid
    setpriority sched_setaffinity sched_setattr sched_setparam sched_setscheduler ioprio_set
    setxattr lsetxattr fsetxattr setxattrat flock
""".split()
"""What starts other processes, acts on them or leaves them a note; the process that answers a question needs none of it."""


FILES = """
    chmod chown fchmod fchmodat fchown fchownat inotify_add_watch inotify_init inotify_init1 lchown truncate utime utimensat
    utimes futimesat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr flock
""".split()
"""What Landlock leaves open on files that it otherwise closes, at least in older kernels."""


class NoFilter(Exception):
    """There is no filter on this machine; the text says why."""


def sandbox_filter(alone=True):
    """Compile the filter for everything that runs in a sandbox.

    Parameters
    ----------
    alone : bool
        Whether the sandbox has files and sockets of its own. If not, it may neither make any socket nor change
        anything about a file; if so, only the sockets of a network are refused.

    Returns
    -------
    program : bytes
        What ``bwrap --seccomp`` and ``prctl(PR_SET_SECCOMP)`` take.

    Raises
    ------
    NoFilter
    """
    refused = [*KERNEL, *MESSAGES] if alone else [*KERNEL, *MESSAGES, *FILES]
    return _compile(refused, lambda rules: _add_sandbox_rules(rules, alone))


def question_filter(threads=True):
    """Compile the filter that the process for one question puts on top: it starts nothing and signals nobody.

    Parameters
    ----------
    threads : bool
        Whether it may start threads.

    Returns
    -------
    program : bytes

    Raises
    ------
    NoFilter
    """
    return _compile(
        [*OTHERS, "socket", "socketpair"], lambda rules: _add_question_rules(rules, threads)
    )


def _compile(refused, add_rules):
    try:
        import pyseccomp
    except (ImportError, RuntimeError, AttributeError) as error:
        raise NoFilter(
            f"{error}; install libseccomp (`sudo apt install libseccomp2`) and pyseccomp"
        ) from None
    rules = _Rules(pyseccomp)
    for name in refused:
        rules.refuse(name)
    add_rules(rules)
    return rules.program()


def _add_sandbox_rules(rules, alone):
    # Arguments of clone3 lie in memory where no filter can read them; C libraries then fall back on clone.
    rules.refuse("clone3", code=errno.ENOSYS)
    for flag in NAMESPACES:
        rules.refuse("clone", (0, "MASKED_EQ", flag, flag))
    rules.refuse("socket", *[(0, "NE", AF_UNIX)] * alone)
    rules.refuse("socketpair", (0, "NE", AF_UNIX))
    rules.refuse("prlimit64", (0, "NE", 0))
    for number in NEWER:
        rules.refuse(number, code=errno.ENOSYS)
    for request in IOCTLS:
        rules.refuse("ioctl", (1, "MASKED_EQ", 0xFFFFFFFF, request))


def _add_question_rules(rules, threads):
    rules.refuse("clone", *[(0, "MASKED_EQ", CLONE_THREAD, 0)] * threads)
    rules.refuse("clone3", code=errno.ENOSYS)
    rules.refuse("prctl", (0, "MASKED_EQ", 0xFFFFFFFF, PR_SET_PDEATHSIG))
    for command in (F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY):
        rules.refuse("fcntl", (1, "MASKED_EQ", 0xFFFFFFFF, command))


class _Rules:
    """A filter that allows what it does not refuse; another architecture's calls end the process."""

    def __init__(self, library):
        self.library = library
        self.filter = library.SyscallFilter(library.ALLOW)
        self.filter.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)
        with contextlib.suppress(OSError):  # a tree in place of a list; from libseccomp 2.5 on
            self.filter.set_attr(library.Attr.CTL_OPTIMIZE, 2)

    def refuse(self, name, *conditions, code=errno.EPERM):
        number = name
        if isinstance(name, str):
            number = self.library.resolve_syscall(self.library.Arch.NATIVE, name)
        if number < 0:  # not known to this libseccomp, or not a call of this architecture
            return
        tests = [
            self.library.Arg(arg, getattr(self.library, test), *values)
            for arg, test, *values in conditions
        ]
        self.filter.add_rule(self.library.ERRNO(code), number, *tests)

    def program(self):
        with tempfile.TemporaryFile() as file:
            self.filter.export_bpf(file)
            file.seek(0)
            return file.read()
