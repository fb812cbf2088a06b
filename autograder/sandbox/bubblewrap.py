"""The strongest sandbox: namespaces of its own, made by bubblewrap."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cs231n.check.process.command import python_command

from ..course.limits import Limits
from .base import (
    DEVICES,
    ENVIRONMENT,
    HOME,
    MEGABYTE,
    NOBODY,
    FilterFiles,
    SandboxUnavailableError,
    check_alive,
    has_nobody,
    make_readable,
    worker_options,
)
from .mounts import PACKAGES, belongs_to, interpreter, libraries, notebook_packages, packages
from .seccomp import FilterUnavailableError

KIT = "/kit"
NOTEBOOKS = "/notebooks"
QUESTION_FILTER = "/question.filter"
FILTER_DESCRIPTOR = 9
PRELOADED = ("scipy.special", "scipy.spatial.distance", "encodings.cp437")
"""tuple of str : modules that take long to load, and that some submissions load."""


class Bubblewrap:
    """Namespaces of its own for files, processes, network, users and messages.

    The root user of the machine first becomes nobody: a user namespace alone would leave root's
    files its own, and the kernel counts no processes of root. That takes two rounds of bubblewrap,
    because nobody may not read what lies in root's home, such as an interpreter: the first lays
    out the files, the second locks the door.

    Parameters
    ----------
    bwrap : str
        The program.
    become_nobody : bool
        Whether root starts it.
    """

    isolation = "bubblewrap"

    def __init__(self, bwrap: str, become_nobody: bool = False) -> None:
        self.bwrap = bwrap
        self.become_nobody = become_nobody
        self.python, python_files, self._masks = interpreter()
        self._files = libraries() | python_files | packages()
        self._filters: FilterFiles | None = None
        self.unfiltered = "filters were not asked for"
        self._help = subprocess.run([bwrap, "--help"], capture_output=True, text=True).stdout

    @classmethod
    def find(cls) -> "Bubblewrap":
        """Return a sandbox in which Python has started.

        Raises
        ------
        SandboxUnavailableError
            If bubblewrap is not installed, or does not work here.
        """
        bwrap = shutil.which("bwrap")
        if sys.platform != "linux":
            raise SandboxUnavailableError(f"not made for {sys.platform}")
        if bwrap is None:
            raise SandboxUnavailableError("bwrap is not installed")
        sandbox = cls(bwrap, become_nobody=os.geteuid() == 0 and has_nobody())
        try:
            sandbox.add_filters()
        except FilterUnavailableError as reason:
            sandbox.unfiltered = str(reason)
        # Only a start can tell: a sysctl, AppArmor or a container may forbid namespaces.
        check_alive(sandbox)
        return sandbox

    def add_filters(self) -> None:
        """Refuse system calls as well.

        Raises
        ------
        FilterUnavailableError
            If the filters cannot be compiled.
        """
        self._filters = FilterFiles()
        self._files[QUESTION_FILTER] = self._filters.question
        self.isolation = f"{Bubblewrap.isolation} + seccomp"
        self.unfiltered = ""

    @property
    def reusable(self) -> bool:
        """bool : whether one worker may serve submission after submission.

        It may where the process of a question can start no other, signal none, and leave no
        message behind, all of which the filter sees to, and where a worker ends as soon as a
        question has written a file.
        """
        return self._filters is not None

    def command(
        self, tree: str | os.PathLike[str], limits: Limits, without: Sequence[str] = ()
    ) -> list[str]:
        """Say what to start for a worker on a submission.

        Parameters
        ----------
        tree : path-like
            Folder with the rebased ``cs231n``, which nobody else writes to. Where root grades, its
            files are made readable to all, since the worker is not root.
        limits : Limits
        without : sequence of str
            Libraries that it does not hold: calling them would be the whole answer.

        Returns
        -------
        command : list of str
            For `cs231n.check.process.client.WorkerClient`. The worker dies with the thread that
            starts it.
        """
        options = [*worker_options(limits), *self._own_options(limits)]
        if self.reusable:
            # A question is a fork: what its parent has loaded would be there in spite of `without`.
            for module in PRELOADED:
                if module.partition(".")[0] not in without:
                    options.append(f"--preload={module}")
        arguments = python_command(KIT, [PACKAGES], self.python, options)
        return self.enclose(arguments, tree, limits.disk_mb, without=without)

    def notebook_command(self, tree: str | os.PathLike[str], limits: Limits) -> list[str]:
        """Say what to start for `autograder.evidence.notebook_worker`, which runs notebooks.

        Parameters
        ----------
        tree : path-like
            As in `command`.
        limits : Limits

        Returns
        -------
        command : list of str
        """
        options = [
            *worker_options(limits, limits.notebook_cpu_seconds),
            *self._own_options(limits),
            "--wipe",
        ]
        path = [KIT, PACKAGES, NOTEBOOKS]
        program = f"import sys; sys.path[:0] = {path}; from notebook_worker import main; main()"
        arguments = [self.python, "-s", "-P", "-S", "-B", "-c", program, *options]
        worker = Path(__file__).parents[1] / "evidence" / "notebook_worker.py"
        files = notebook_packages() | {f"{NOTEBOOKS}/{worker.name}": str(worker)}
        return self.enclose(arguments, tree, limits.disk_mb, files)

    def _own_options(self, limits: Limits) -> list[str]:
        """What a worker is told that has namespaces of its own."""
        options = [
            f"--processes={limits.processes}",
            f"--open-files={limits.open_files}",
            "--alone",
            f"--scratch={HOME}",
        ]
        if self._filters:
            options.append(f"--filter={QUESTION_FILTER}")
        return options

    def enclose(
        self,
        arguments: Sequence[str],
        tree: str | os.PathLike[str] | None = None,
        disk_mb: float = 64,
        more: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
    ) -> list[str]:
        """Say what to start for some other program.

        Parameters
        ----------
        arguments : sequence of str
        tree : path-like, optional
            Appears in the sandbox as ``/kit``, read-only.
        disk_mb : float
            How much it may write to its home folder, which is also ``/tmp``.
        more : dict of str -> str, optional
            Other files that it sees, as path inside -> path outside.
        without : sequence of str
            Libraries that it does not see.

        Returns
        -------
        command : list of str
        """
        files = {
            path: outside for path, outside in self._files.items() if not belongs_to(path, without)
        }
        files.update(more or {})
        if tree is not None:
            files[KIT] = str(tree)
        if self.become_nobody:
            if tree is not None:
                make_readable(Path(tree))
            # The first round has put every file where the second finds it, at its path inside.
            laid_out = {path: path for path in files}
            locked = [*self._lay_out(files), *self._lock(laid_out, disk_mb)]
        else:
            locked = self._lock(files, disk_mb)
        return [
            *self._with_filter(),
            *_first_to_go(),
            *locked,
            "--",
            *map(str, arguments),
        ]

    def knows(self, option: str) -> bool:
        """bool : whether this bubblewrap has an option.

        Old ones cannot forbid user namespaces, nor size a tmpfs. A tmpfs without a size is not
        mounted at all; the submission then cannot write anywhere.
        """
        return f"{option} " in self._help

    def _with_filter(self) -> list[str]:
        """A shell opens the filter for bubblewrap: a command has no descriptors of its own."""
        if self._filters is None:
            return []
        return ["/bin/sh", "-c", f'exec "$@" {FILTER_DESCRIPTOR}<"$0"', self._filters.sandbox]

    def _lay_out(self, files: Mapping[str, str]) -> list[str]:
        """The first round: every file at its path inside, and root becomes nobody."""
        setpriv = shutil.which("setpriv") or "setpriv"
        tools = {self.bwrap: self.bwrap, setpriv: setpriv}
        laid_out = {**files, **tools}
        folders = []
        for path in (*_parents(laid_out), "/tmp"):
            folders += ["--perms", "0755", "--dir", path]
        # setpriv needs these to become nobody, and drops them on the way.
        capabilities = []
        for name in ("SETUID", "SETGID", "SETPCAP"):
            capabilities += ["--cap-add", f"CAP_{name}"]
        become_nobody = [
            setpriv,
            f"--reuid={NOBODY}",
            f"--regid={NOBODY}",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
            "--",
        ]
        return [
            self.bwrap,
            "--die-with-parent",
            *folders,
            *_binds(laid_out),
            # The second bubblewrap writes its map of users to the one, binds devices of the other.
            *("--bind", "/proc", "/proc"),
            *("--dev-bind", "/dev", "/dev"),
            *("--cap-drop", "ALL"),
            *capabilities,
            "--",
            *become_nobody,
        ]

    def _lock(self, files: Mapping[str, str], disk_mb: float) -> list[str]:
        """The second round: nothing but these files, and a home folder of a limited size."""
        masks = []
        for path in self._masks:
            masks += ["--tmpfs", path, "--remount-ro", path]
        devices = []
        for path in DEVICES:
            devices += ["--dev-bind", path, path]
        environment = []
        for name, value in ENVIRONMENT.items():
            environment += ["--setenv", name, value]
        if self.knows("--size"):
            home = ["--size", str(int(disk_mb * MEGABYTE)), "--tmpfs", HOME]
        else:
            home = ["--dir", HOME]
        # In a user namespace of its own a submission would have capabilities again.
        no_namespaces = ["--disable-userns"] if self.knows("--disable-userns") else []
        filtered = ["--seccomp", str(FILTER_DESCRIPTOR)] if self._filters else []
        # bubblewrap mounts in the order of its arguments: masks cover what the binds brought, and
        # the root becomes read-only when all is in place.
        return [
            self.bwrap,
            "--unshare-all",
            "--unshare-user",
            *no_namespaces,
            *("--uid", "1000"),
            *("--gid", "1000"),
            *("--hostname", "sandbox"),
            *("--cap-drop", "ALL"),
            "--die-with-parent",
            "--new-session",
            *filtered,
            "--clearenv",
            *environment,
            *_binds(files),
            *masks,
            *devices,
            *home,
            *("--symlink", HOME, "/tmp"),
            *("--remount-ro", "/"),
            *("--chdir", HOME),
        ]


def _first_to_go() -> list[str]:
    """Where there is choom, the kernel kills submissions first when memory runs out."""
    choom = shutil.which("choom")
    return [choom, "-n", "1000", "--"] if choom else []


def _parents(paths: Iterable[str]) -> list[str]:
    """list of str : the folders above some paths, each once, without the root."""
    folders = {str(parent) for path in paths for parent in Path(path).parents}
    return sorted(folders - {"/"})


def _binds(files: Mapping[str, str]) -> list[str]:
    """Read-only mounts; a link such as /lib -> usr/lib stays one."""
    options = []
    for inside, outside in files.items():
        if inside in ("/lib", "/lib64") and os.path.islink(inside):
            options += ["--symlink", os.readlink(inside), inside]
        else:
            options += ["--ro-bind", outside, inside]
    return options
