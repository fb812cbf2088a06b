"""Where hand-ins are questioned: one sandbox with the kit laid out in it, and one hand-in after another on top.

Starting an interpreter with NumPy takes a second, forking it a millisecond. So a sandbox serves many hand-ins, where
that is safe: only where a filter of system calls holds the process that runs a hand-in. It shares the sandbox with the
warm worker alone, and it can start no process that outlives it, signal or trace none, and use no memory, message,
lock or attribute that another one sees. Its limits are its own. The worker runs nothing of a hand-in; it forks the
process, waits for its end, and sets the streams back that they share. A file that was written ends the worker, and
with it the sandbox and its disk; so does an answer out of turn.

Where there is no such filter every hand-in has a sandbox of its own, at the price of a second.
"""

import filecmp
import shutil
import tempfile
import threading
from compileall import compile_dir
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from py_compile import PycInvalidationMode

from cs231n.check.process.client import WorkerClient

from ..course.digests import regular_file
from ..reference.package_files import package_files


class Desks:
    """The desks of one judge, each used by one thread at a time.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap, Landlock or Unisolated
        Where it is reusable, so are the desks; elsewhere every hand-in gets a sandbox of its own.
    notebooks : bool
        Whether notebooks are run on them, in place of exercises.
    """

    def __init__(self, course, assignment, sandbox, notebooks=False):
        self.course, self.assignment, self.sandbox, self.notebooks = (
            course,
            assignment,
            sandbox,
            notebooks,
        )
        self._lock, self._free = threading.Lock(), {}

    def close(self):
        """Close those that nobody uses."""
        with self._lock:
            desks = [desk for free in self._free.values() for desk in free]
            self._free.clear()
        for desk in desks:
            desk.close()

    @contextmanager
    def with_hand_in(self, folder, without=()):
        """Put a hand-in on a desk.

        Parameters
        ----------
        folder : path
        without : tuple of str
            Modules of the package, and libraries, that the sandbox does not hold.

        Yields
        ------
        worker : WorkerClient
        """
        with self._lock:
            free = self._free.setdefault(without, [])
            desk = free.pop() if free else None
        desk = desk or _Desk(self.course, self.assignment, self.sandbox, without, self.notebooks)
        try:
            desk.put(folder)
            yield desk.worker
            if self.sandbox.reusable:
                desk.worker.reset()
                with self._lock:
                    self._free.setdefault(without, []).append(desk)
                desk = None
        finally:
            if desk is not None:
                desk.close()


class _Desk:
    def __init__(self, course, assignment, sandbox, without, notebooks):
        self.assignment, self.most = assignment, course.limits.hand_in_mb * 2**20
        self._kit, self._without = course.release_folder(assignment.name), without
        self._folder = tempfile.TemporaryDirectory(prefix="cs231n-judge-")
        self._tree = Path(self._folder.name)
        lay_out(self._kit, self._tree, without)
        limits, megabyte = course.limits, 2**20
        command, seconds = sandbox.command(self._tree, limits, without), limits.seconds
        if notebooks:
            _add_kernels(self._tree)
            command, seconds = sandbox.notebook_command(self._tree, limits), limits.notebook_seconds
        self.worker = WorkerClient(
            command,
            seconds,
            int(limits.answer_mb * megabyte),
            total_seconds=limits.submission_seconds,
            output_bytes=int(limits.output_mb * megabyte),
        )
        if sandbox.reusable:
            # What a worker loads for all must not need what students write: it starts where none of that is.
            for name in (*assignment.editable, *assignment.own):
                _replace(self._tree / name, None)
            # Nothing that is left was handed in: each hand-in would compile it again, 10 ms in all.
            compile_dir(self._tree, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
            self.worker.start()

    def close(self):
        self.worker.shutdown()
        self._folder.cleanup()

    def put(self, folder):
        """Take over what the student may write, and nothing else; what is missing is as the kit has it."""
        modules = (*self.assignment.editable, *self.assignment.own)
        for name in (*modules, *self.assignment.weights):
            source = regular_file(folder, name)
            if source is None or source.stat().st_size > self.most:
                source = self._kit / name if name in modules else None
            _replace(self._tree / name, None if _is_absent(name, self._without) else source)


def lay_out(kit, tree, without=()):
    """Copy the package of a kit into a folder, without the files of some modules."""
    shutil.copytree(kit / "cs231n", tree / "cs231n")
    for name in removed(tree, without):
        (tree / name).unlink()


def removed(folder, without):
    """set of str : the files of the package in a folder, relative to it, that belong to some modules."""
    names = (
        path.relative_to(folder).as_posix()
        for path in (folder / "cs231n").rglob("*")
        if path.is_file()
    )
    return {name for name in names if _is_absent(name, without)}


def _add_kernels(tree):
    """Copy the compiled kernels, where they are built from what the kit holds.

    On NumPy a notebook that trains convolutions takes several times as long, and shows other times than students saw.
    """
    sources = {
        name: path for name, path in package_files().items() if name.endswith((".pyx", ".h", ".c"))
    }
    same = {
        name
        for name, path in sources.items()
        if (tree / name).is_file() and filecmp.cmp(path, tree / name, shallow=False)
    }
    parts = {name for name in sources if name.endswith((".h", ".c"))}
    for name in same - parts if parts <= same else ():
        for suffix in EXTENSION_SUFFIXES:
            if (built := sources[name].with_suffix(suffix)).is_file():
                shutil.copyfile(built, (tree / name).with_suffix(suffix))


def _is_absent(name, without):
    return name.split(".")[0].replace("/", ".") in without


def _replace(target, source):
    """Write what is new into the file that is there: ext4 takes ten times as long to give the place of one just deleted."""
    if source is None or not source.is_file():
        target.unlink(missing_ok=True)
        return
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        target.chmod(0o644)
        target.parent.chmod(0o755)
    with source.open("rb") as given, target.open("r+b") as file:
        shutil.copyfileobj(given, file)
        file.truncate()
