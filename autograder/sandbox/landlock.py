"""The tier for machines that let nobody make namespaces: rules of the kernel on files, and a filter."""

import os
import sys
import sysconfig
from pathlib import Path

from cs231n.check.process.client import python_command

from . import landlock_exec
from .base import (
    DEVICES,
    ENVIRONMENT,
    NOBODY,
    FilterFiles,
    Unavailable,
    check_alive,
    has_nobody,
    make_readable,
    worker_options,
)
from .mounts import (
    belongs_to,
    libraries,
    open_parts,
    package_folders,
    package_parents,
    real_executable,
)
from .seccomp import NoFilter


class Landlock:
    """No namespaces, for want of the right to make any: rules on files, a filter of system calls, and limits.

    A submission may read the interpreter, NumPy, SciPy and its kit, and can write nothing at all. It has no sockets,
    starts nothing and signals nobody. It can still ask whether a path exists and how large it is.

    Root becomes nobody where nobody may read the interpreter, and otherwise at least loses every capability.
    """

    isolation, reusable = "Landlock + seccomp", False

    def __init__(self, user=None):
        self.user, self.python = user, real_executable()
        self._filters = FilterFiles(alone=False)

    @classmethod
    def find(cls):
        """Return a sandbox in which Python has started, or raise `Unavailable`."""
        if sys.platform != "linux":
            raise Unavailable(f"not made for {sys.platform}")
        if not landlock_exec.version():
            raise Unavailable(
                "this kernel has no Landlock, or it is switched off (see lsm= of its command line)"
            )
        users = (NOBODY, None) if os.geteuid() == 0 and has_nobody() else (None,)
        for user in users:
            try:
                sandbox = cls(user)
                check_alive(sandbox)
                return sandbox
            except NoFilter as missing:
                raise Unavailable(f"it needs the filter: {missing}") from None
            except Unavailable as problem:
                reason = problem
        raise reason

    def command(self, tree, limits, without=()):
        """list of str : what to start for a worker on the submission in ``tree``, which cannot read some libraries."""
        own = [f"--open-files={limits.open_files}", f"--filter={self._filters.question}"]
        arguments = python_command(
            tree, package_parents(), self.python, [*worker_options(limits), *own]
        )
        return self.enclose(arguments, tree, without)

    def enclose(self, arguments, tree=None, without=()):
        """list of str : what to start for some other program, which may read a ``tree`` where it lies."""
        if tree is not None and self.user is not None:
            make_readable(Path(tree))
        readable = [path for path in self._readable() if not belongs_to(path, without)]
        readable += [self._filters.question, *([str(tree)] if tree is not None else [])]
        environment = ENVIRONMENT | {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
        options = [f"--read={path}" for path in readable] + [f"--write={path}" for path in DEVICES]
        # An interpreter finds its modules by listing their folder; the names in it are no secret.
        listed = {os.path.realpath(sysconfig.get_path("stdlib")), *package_parents()}
        options += [f"--list={path}" for path in sorted(listed)]
        options += [f"--setenv={name}={value}" for name, value in environment.items()]
        options += [f"--user={self.user}"] if self.user is not None else []
        launcher = [
            self.python,
            "-I",
            "-S",
            "-B",
            landlock_exec.__file__,
            f"--filter={self._filters.sandbox}",
            *options,
        ]
        return [*launcher, "--", *map(str, arguments)]

    def _readable(self):
        """Folders and files to read: packages of other programs, among them perhaps this one, stay closed."""
        library = Path(os.path.realpath(sysconfig.get_path("stdlib")))
        closed = [*library.glob("*-packages"), *Path("/usr/lib").glob("python3*/*-packages")]
        folders = {os.path.realpath(path) for path in libraries()}
        paths = [
            part
            for folder in sorted({*folders, str(library)})
            for part in open_parts(Path(folder), closed)
        ]
        shared = [path for path in library.parent.glob("*.so*") if path.is_file()]
        return [*map(str, (*paths, *shared)), self.python, *package_folders()]
