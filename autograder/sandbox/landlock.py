"""The sandbox for machines without user namespaces: kernel rules on files (Landlock), and a filter
of system calls.
"""

import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from cs231n.check.process.command import python_command

from ..course.limits import Limits
from . import landlock_exec
from .base import (
    DEVICES,
    ENVIRONMENT,
    NOBODY,
    FilterFiles,
    SandboxUnavailableError,
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
from .seccomp import FilterUnavailableError


class Landlock:
    """No namespaces: rules on files, a filter of system calls, and limits.

    A submission may read the interpreter, NumPy, SciPy and its kit, and can write nothing at all.
    It has no sockets, starts nothing and signals nobody. It can still ask whether a path exists
    and how large it is.

    Root becomes nobody where nobody may read the interpreter, and otherwise at least loses every
    capability.

    Parameters
    ----------
    user : int, optional
        Whom root becomes.

    Raises
    ------
    FilterUnavailableError
        If the filter cannot be compiled, without which rules on files are not enough.
    """

    isolation = "Landlock + seccomp"
    reusable = False

    def __init__(self, user: int | None = None) -> None:
        self.user = user
        self.python = real_executable()
        self._filters = FilterFiles(alone=False)

    @classmethod
    def find(cls) -> "Landlock":
        """Return a sandbox in which Python has started.

        Raises
        ------
        SandboxUnavailableError
            If the kernel has no Landlock, there is no filter, or nothing starts.
        """
        if sys.platform != "linux":
            raise SandboxUnavailableError(f"not made for {sys.platform}")
        if not landlock_exec.version():
            raise SandboxUnavailableError(
                "this kernel has no Landlock, or it is switched off (see lsm= of its command line)"
            )
        try:
            if os.geteuid() == 0 and has_nobody():
                try:
                    return cls._try(NOBODY)
                except SandboxUnavailableError:
                    pass  # nobody may not read the interpreter: root stays, without its powers
            return cls._try(None)
        except FilterUnavailableError as missing:
            raise SandboxUnavailableError(f"it needs the filter: {missing}") from None

    @classmethod
    def _try(cls, user: int | None) -> "Landlock":
        sandbox = cls(user)
        check_alive(sandbox)
        return sandbox

    def command(
        self, tree: str | os.PathLike[str], limits: Limits, without: Sequence[str] = ()
    ) -> list[str]:
        """list of str : what starts a worker on ``tree``, which cannot read some libraries."""
        options = [
            *worker_options(limits),
            f"--open-files={limits.open_files}",
            f"--filter={self._filters.question}",
        ]
        arguments = python_command(tree, package_parents(), self.python, options)
        return self.enclose(arguments, tree, without)

    def enclose(
        self,
        arguments: Sequence[str],
        tree: str | os.PathLike[str] | None = None,
        without: Sequence[str] = (),
    ) -> list[str]:
        """list of str : what starts any other program, which may read ``tree`` where it lies."""
        if tree is not None and self.user is not None:
            make_readable(Path(tree))
        readable = [path for path in self._readable() if not belongs_to(path, without)]
        # The launcher reads its own filter before the rules hold; the worker reads this one inside.
        readable.append(self._filters.question)
        if tree is not None:
            readable.append(str(tree))
        # An interpreter finds its modules by listing their folder; the names in it are no secret.
        listed = {os.path.realpath(sysconfig.get_path("stdlib")), *package_parents()}
        environment = ENVIRONMENT | {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
        options = [f"--read={path}" for path in readable]
        options += [f"--write={path}" for path in DEVICES]
        options += [f"--list={path}" for path in sorted(listed)]
        options += [f"--setenv={name}={value}" for name, value in environment.items()]
        if self.user is not None:
            options.append(f"--user={self.user}")
        # -I and -S: nothing is imported from where this was started, nor from site-packages.
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

    def _readable(self) -> list[str]:
        """Files and folders to read.

        Packages of other programs stay closed: this program may be among them.
        """
        library = Path(os.path.realpath(sysconfig.get_path("stdlib")))
        closed = [*library.glob("*-packages"), *Path("/usr/lib").glob("python3*/*-packages")]
        folders = {os.path.realpath(path) for path in libraries()}
        readable: list[str] = []
        for folder in sorted({*folders, str(library)}):
            readable += map(str, open_parts(Path(folder), closed))
        readable += [str(path) for path in library.parent.glob("*.so*") if path.is_file()]
        return [*readable, self.python, *package_folders()]
