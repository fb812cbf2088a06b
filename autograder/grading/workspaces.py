"""Where submissions are questioned: a sandbox with the kit laid out in it, and a submission on top.

Starting an interpreter with NumPy takes a second, forking it a millisecond. So one sandbox serves
many submissions, one after another, where that is safe: only where a filter of system calls holds
the process that runs a submission. It shares the sandbox with the warm worker alone, and it can
start no process that outlives it, signal or trace none, and use no memory, message, lock or
attribute that another one sees. Its limits are its own. The worker runs nothing of a submission; it
forks the process, waits for its end, and resets the streams that they share. A file that was
written ends the worker, and with it the sandbox and its disk; so does an answer out of turn.

Where there is no such filter every submission has a sandbox of its own, at the price of a second.
"""

import filecmp
import shutil
import tempfile
import threading
from collections.abc import Iterator
from compileall import compile_dir
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import cast

from cs231n.check.process.client import WorkerClient

from ..course.digests import regular_file
from ..course.manifest import Assignment, Course
from ..course.modes import FILE_MODE, FOLDER_MODE, open_to_readers
from ..reference.package_files import package_files
from ..sandbox.base import Sandbox
from ..sandbox.bubblewrap import Bubblewrap

_MEGABYTE = 2**20


class WorkspacePool:
    """The workspaces of one judge, each used by one thread at a time.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Sandbox
        If it is reusable, so are the workspaces; if not, every submission gets one of its own.
    notebooks : bool
        Whether notebooks are run in them, in place of exercises.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        sandbox: Sandbox,
        notebooks: bool = False,
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.sandbox = sandbox
        self.notebooks = notebooks
        self._lock = threading.Lock()
        self._free: dict[tuple[str, ...], list[Workspace]] = {}

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            pools = list(self._free.values())
            self._free.clear()
        for workspaces in pools:
            for workspace in workspaces:
                workspace.close()

    @contextmanager
    def open_submission(
        self, folder: Path, without: tuple[str, ...] = ()
    ) -> Iterator[WorkerClient]:
        """Put a submission into a workspace.

        Parameters
        ----------
        folder : path
        without : tuple of str
            Modules of the package, and libraries, that the sandbox does not hold.

        Yields
        ------
        worker : WorkerClient
        """
        workspace = self._take(without)
        is_reusable = False
        try:
            workspace.install(folder)
            yield workspace.worker
            if self.sandbox.reusable:
                workspace.worker.reset()
                is_reusable = True
        finally:
            if is_reusable:
                self._give_back(workspace, without)
            else:
                workspace.close()

    def _take(self, without: tuple[str, ...]) -> "Workspace":
        with self._lock:
            free = self._free.get(without)
            if free:
                return free.pop()
        return Workspace(self.course, self.assignment, self.sandbox, without, self.notebooks)

    def _give_back(self, workspace: "Workspace", without: tuple[str, ...]) -> None:
        with self._lock:
            self._free.setdefault(without, []).append(workspace)


class Workspace:
    """A sandbox with a worker, and a copy of the kit that the worker sees.

    Parameters
    ----------
    course, assignment, sandbox, notebooks
        As for `WorkspacePool`.
    without : tuple of str
        Modules of the package, and libraries, that the sandbox does not hold.

    Attributes
    ----------
    worker : WorkerClient
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        sandbox: Sandbox,
        without: tuple[str, ...],
        notebooks: bool,
    ) -> None:
        limits = course.limits
        self._assignment = assignment
        self._max_bytes = limits.hand_in_mb * _MEGABYTE
        self._kit = course.release_folder(assignment.name)
        self._without = without
        self._folder = tempfile.TemporaryDirectory(prefix="cs231n-judge-")
        self._tree = Path(self._folder.name)
        lay_out(self._kit, self._tree, without)
        if notebooks:
            _add_kernels(self._tree)
        if sandbox.reusable:
            # What a worker loads for all must not need what students write, so that is not there.
            for name in (*assignment.editable, *assignment.own):
                _replace(self._tree / name, None)
            # Nothing that is left was handed in: each submission would compile it again, in 10 ms.
            compile_dir(self._tree, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
        open_to_readers(self._tree / "cs231n")
        if notebooks:
            # `grade` asks for evidence only where there is bubblewrap.
            command = cast(Bubblewrap, sandbox).notebook_command(self._tree, limits)
            seconds = limits.notebook_seconds
        else:
            command = sandbox.command(self._tree, limits, without)
            seconds = limits.seconds
        self.worker = WorkerClient(
            command,
            seconds,
            int(limits.answer_mb * _MEGABYTE),
            total_seconds=limits.submission_seconds,
            output_bytes=int(limits.output_mb * _MEGABYTE),
        )
        if sandbox.reusable:
            try:
                self.worker.start()
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """End the worker and remove the files."""
        self.worker.shutdown()
        self._folder.cleanup()

    def install(self, folder: Path) -> None:
        """Take over what students may write, and nothing else; what is missing is as in the kit."""
        modules = (*self._assignment.editable, *self._assignment.own)
        for name in modules:
            source = self._submitted_file(folder, name) or self._kit / name
            is_absent = _is_absent(name, self._without)
            _replace(self._tree / name, None if is_absent else source)
        for name in self._assignment.weights:
            _replace(self._tree / name, self._submitted_file(folder, name))

    def _submitted_file(self, folder: Path, name: str) -> Path | None:
        source = regular_file(folder, name)
        if source is None or source.stat().st_size > self._max_bytes:
            return None
        return source


def lay_out(kit: Path, tree: Path, without: tuple[str, ...] = ()) -> None:
    """Copy the package of a kit into a folder, without the files of some modules."""
    shutil.copytree(kit / "cs231n", tree / "cs231n")
    open_to_readers(tree / "cs231n")
    for name in removed(tree, without):
        (tree / name).unlink()


def removed(folder: Path, without: tuple[str, ...]) -> set[str]:
    """set of str : the files of some modules of the package in a folder, relative to it."""
    names = set()
    for path in (folder / "cs231n").rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and _is_absent(name, without):
            names.add(name)
    return names


def _add_kernels(tree: Path) -> None:
    """Copy the compiled kernels, if they are built from what the kit holds.

    With NumPy a notebook that trains convolutions takes several times as long, and shows other
    times than students saw.
    """
    sources = set()
    modules = {}
    same = set()
    for name, path in package_files().items():
        if name.endswith((".h", ".c")):
            sources.add(name)
        elif name.endswith(".pyx"):
            modules[name] = path
        else:
            continue
        if (tree / name).is_file() and filecmp.cmp(path, tree / name, shallow=False):
            same.add(name)
    if not sources <= same:
        return
    for name in modules.keys() & same:
        for suffix in EXTENSION_SUFFIXES:
            built = modules[name].with_suffix(suffix)
            if built.is_file():
                shutil.copyfile(built, (tree / name).with_suffix(suffix))


def _is_absent(name: str, without: tuple[str, ...]) -> bool:
    return name.split(".")[0].replace("/", ".") in without


def _replace(target: Path, source: Path | None) -> None:
    """Write a file anew, or remove it where there is no source.

    It is written into the file that is there: ext4 takes ten times as long to give the place of one
    that was just deleted.
    """
    if source is None or not source.is_file():
        target.unlink(missing_ok=True)
        return
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        target.chmod(FILE_MODE)
        target.parent.chmod(FOLDER_MODE)
    with source.open("rb") as given, target.open("r+b") as file:
        shutil.copyfileobj(given, file)
        file.truncate()
