"""The strongest tier: namespaces of its own, made by bubblewrap."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cs231n.check.process.client import python_command

from .base import (
    DEVICES,
    ENVIRONMENT,
    HOME,
    NOBODY,
    FilterFiles,
    Unavailable,
    check_alive,
    has_nobody,
    make_readable,
    worker_options,
)
from .mounts import PACKAGES, belongs_to, interpreter, libraries, notebook_packages, packages
from .seccomp import NoFilter

KIT, NOTEBOOKS = "/kit", "/notebooks"
QUESTION_FILTER = "/question.filter"
FILTER_DESCRIPTOR = 9
PRELOADED = ("scipy.special", "scipy.spatial.distance", "encodings.cp437")
"""tuple of str : modules that take long to load, and that some submissions load."""


class Bubblewrap:
    """Namespaces of its own for files, processes, network, users and messages, made by bubblewrap.

    The root user of the machine first becomes nobody: a user namespace alone would leave root's files its own,
    and the kernel counts no processes of root. That takes two rounds of bubblewrap, because nobody may not read
    what lies in root's home, such as an interpreter: the first lays out the files, the second locks the door.
    """

    isolation = "bubblewrap"

    def __init__(self, bwrap, become_nobody=False):
        self.bwrap, self.become_nobody = bwrap, become_nobody
        self.python, python_files, self._masks = interpreter()
        self._files = libraries() | python_files | packages()
        self._filters, self.unfiltered = None, "filters were not asked for"
        self._help = subprocess.run([bwrap, "--help"], capture_output=True, text=True).stdout

    @classmethod
    def find(cls):
        """Return a sandbox in which Python has started, or raise `Unavailable`."""
        bwrap = shutil.which("bwrap")
        if sys.platform != "linux":
            raise Unavailable(f"not made for {sys.platform}")
        if bwrap is None:
            raise Unavailable("bwrap is not installed")
        sandbox = cls(bwrap, become_nobody=os.geteuid() == 0 and has_nobody())
        try:
            sandbox.add_filters()
        except NoFilter as reason:
            sandbox.unfiltered = str(reason)
        check_alive(sandbox)
        return sandbox

    def add_filters(self):
        """Refuse system calls as well; raises `NoFilter` where they cannot be compiled."""
        self._filters = FilterFiles()
        self._files[QUESTION_FILTER] = self._filters.question
        self.isolation, self.unfiltered = f"{Bubblewrap.isolation} + seccomp", ""

    @property
    def reusable(self):
        """bool : whether one worker may serve submission after submission.

        It may where the process of a question can start no other, signal none, and leave no message behind, all of
        which the filter sees to, and where a worker ends as soon as a question has written a file.
        """
        return self._filters is not None

    def command(self, tree, limits, without=()):
        """Say what to start for a worker on a submission.

        Parameters
        ----------
        tree : path
            Folder with the rebased ``cs231n``, which nobody else writes to. Where root grades, its files are
            made readable to all, since the worker is not root.
        limits : Limits
        without : sequence of str
            Libraries that it does not hold: calling them would be the whole answer.

        Returns
        -------
        command : list of str
            For `cs231n.check.process.client.WorkerClient`. The worker dies with the thread that starts it.
        """
        own = [
            f"--processes={limits.processes}",
            f"--open-files={limits.open_files}",
            "--alone",
            f"--scratch={HOME}",
        ]
        own += [f"--filter={QUESTION_FILTER}"] if self._filters else []
        preloaded = [module for module in PRELOADED if module.partition(".")[0] not in without]
        own += [f"--preload={module}" for module in preloaded] if self.reusable else []
        arguments = python_command(KIT, [PACKAGES], self.python, [*worker_options(limits), *own])
        return self.enclose(arguments, tree, limits.disk_mb, without=without)

    def notebook_command(self, tree, limits):
        """list of str : what to start for a worker that runs notebooks, see `autograder.evidence.notebook_worker`."""
        own = [
            f"--processes={limits.processes}",
            f"--open-files={limits.open_files}",
            "--alone",
            f"--scratch={HOME}",
        ]
        own += ["--wipe"]
        own += [f"--filter={QUESTION_FILTER}"] if self._filters else []
        path = [KIT, PACKAGES, NOTEBOOKS]
        program = f"import sys; sys.path[:0] = {path}; from notebook_worker import main; main()"
        options = [*worker_options(limits, limits.notebook_cpu_seconds), *own]
        arguments = [self.python, "-s", "-P", "-S", "-B", "-c", program, *options]
        worker = Path(__file__).parents[1] / "evidence" / "notebook_worker.py"
        files = notebook_packages() | {f"{NOTEBOOKS}/{worker.name}": str(worker)}
        return self.enclose(arguments, tree, limits.disk_mb, files)

    def enclose(self, arguments, tree=None, disk_mb=64, more=None, without=()):
        """Say what to start for some other program.

        Parameters
        ----------
        arguments : sequence of str
        tree : path, optional
            Appears in the sandbox as ``/kit``, read-only.
        disk_mb : float
            How much it may write to its home folder, which is also ``/tmp``.
        more : dict of str -> str, optional
            Other files that it sees, as path inside -> path outside.
        without : sequence of str
            Libraries that it does not see.
        """
        files = {
            path: outside for path, outside in self._files.items() if not belongs_to(path, without)
        } | (more or {})
        if tree is not None:
            files[KIT] = str(tree)
        locked = self._lock(
            files if not self.become_nobody else {path: path for path in files}, disk_mb
        )
        if self.become_nobody:
            if tree is not None:
                make_readable(Path(tree))
            locked = [*self._lay_out(files), *locked]
        choom = shutil.which("choom")
        first_to_go = [choom, "-n", "1000", "--"] if choom else []
        return [*self._with_filter(), *first_to_go, *locked, "--", *map(str, arguments)]

    def knows(self, option):
        """bool : whether this bubblewrap has an option; old ones cannot forbid user namespaces, nor size a tmpfs.

        A tmpfs without a size is not mounted at all; the submission then cannot write anywhere.
        """
        return f"{option} " in self._help

    def _with_filter(self):
        """A shell opens the filter where bubblewrap reads it, since a command has no descriptors of its own."""
        if self._filters is None:
            return []
        return ["/bin/sh", "-c", f'exec "$@" {FILTER_DESCRIPTOR}<"$0"', self._filters.sandbox]

    def _lay_out(self, files):
        setpriv = shutil.which("setpriv") or "setpriv"
        tools = {path: path for path in (self.bwrap, setpriv)}
        parents = sorted(
            {str(parent) for path in files | tools for parent in Path(path).parents} - {"/"}
        )
        folders = [
            word for path in (*parents, "/tmp") for word in ("--perms", "0755", "--dir", path)
        ]
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        capabilities = [
            word
            for name in ("SETUID", "SETGID", "SETPCAP")
            for word in ("--cap-add", f"CAP_{name}")
        ]
        return [
            self.bwrap,
            "--die-with-parent",
            *folders,
            *_binds(files | tools),
            "--bind",
            "/proc",
            "/proc",
            "--dev-bind",
            "/dev",
            "/dev",
            "--cap-drop",
            "ALL",
            *capabilities,
            "--",
            setpriv,
            *ids,
            "--inh-caps=-all",
            "--bounding-set=-all",
            "--",
        ]

    def _lock(self, files, disk_mb):
        size = (
            ["--size", str(int(disk_mb * 2**20)), "--tmpfs", HOME]
            if self.knows("--size")
            else ["--dir", HOME]
        )
        masks = [word for path in self._masks for word in ("--tmpfs", path, "--remount-ro", path)]
        devices = [word for path in DEVICES for word in ("--dev-bind", path, path)]
        environment = [word for pair in ENVIRONMENT.items() for word in ("--setenv", *pair)]
        nested = ["--disable-userns"] if self.knows("--disable-userns") else []
        filtered = ["--seccomp", str(FILTER_DESCRIPTOR)] if self._filters else []
        return [
            self.bwrap,
            "--unshare-all",
            "--unshare-user",
            *nested,
            "--uid",
            "1000",
            "--gid",
            "1000",
            "--hostname",
            "sandbox",
            "--cap-drop",
            "ALL",
            "--die-with-parent",
            "--new-session",
            *filtered,
            "--clearenv",
            *environment,
            *_binds(files),
            *masks,
            *devices,
            *size,
            "--symlink",
            HOME,
            "/tmp",
            "--remount-ro",
            "/",
            "--chdir",
            HOME,
        ]


def _binds(files):
    """Read-only mounts; a link such as /lib -> usr/lib stays one."""
    words = []
    for inside, outside in files.items():
        link = inside in ("/lib", "/lib64") and os.path.islink(inside)
        words += (
            ["--symlink", os.readlink(inside), inside] if link else ["--ro-bind", outside, inside]
        )
    return words
