"""Where hand-ins are questioned: one sandbox with the kit laid out in it, and one hand-in after another on top."""

import compileall
import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode

from cs231n.check.client import Worker

from .digests import regular_file


class Desks:
    """The desks of one judge, each used by one thread at a time.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap, Landlock or Unisolated
        Where it is reusable, so are the desks; elsewhere every hand-in gets a sandbox of its own.
    """

    def __init__(self, course, assignment, sandbox):
        self.course, self.assignment, self.sandbox = course, assignment, sandbox
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
            Modules of the package that the sandbox does not hold.

        Yields
        ------
        worker : Worker
        """
        with self._lock:
            free = self._free.setdefault(without, [])
            desk = free.pop() if free else None
        desk = desk or _Desk(self.course, self.assignment, self.sandbox, without)
        try:
            desk.put(folder)
            yield desk.worker
            if self.sandbox.reusable:
                desk.worker.renew()
                with self._lock:
                    self._free.setdefault(without, []).append(desk)
                desk = None
        finally:
            if desk is not None:
                desk.close()


class _Desk:
    def __init__(self, course, assignment, sandbox, without):
        self.assignment, self.most = assignment, course.limits.hand_in_mb * 2**20
        self._kit, self._without = course.kit(assignment.name), without
        self._folder = tempfile.TemporaryDirectory(prefix="cs231n-judge-")
        self._tree = Path(self._folder.name)
        self._lay_out_kit(compiled=sandbox.reusable)
        limits, megabyte = course.limits, 2**20
        self.worker = Worker(
            sandbox.command(self._tree, limits), limits.seconds, int(limits.answer_mb * megabyte),
            total_seconds=limits.submission_seconds, output_bytes=int(limits.output_mb * megabyte),
        )

    def close(self):
        self.worker.close()
        self._folder.cleanup()

    def put(self, folder):
        """Take over what the student may write, and nothing else; what is missing is as the kit has it."""
        for name in (*self.assignment.editable, *self.assignment.weights):
            source = regular_file(folder, name)
            if source is None or source.stat().st_size > self.most:
                source = self._kit / name if name in self.assignment.editable and not self._is_absent(name) else None
            self._replace(self._tree / name, source)

    def _lay_out_kit(self, compiled):
        shutil.copytree(self._kit / "cs231n", self._tree / "cs231n")
        for path in self._tree.rglob("*"):
            if path.is_file() and self._is_absent(path.relative_to(self._tree).as_posix()):
                path.unlink()
        if compiled:
            for name in self.assignment.editable:
                (self._tree / name).unlink(missing_ok=True)
            compileall.compile_dir(self._tree, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)

    def _is_absent(self, name):
        return name.split(".")[0].replace("/", ".") in self._without

    def _replace(self, target, source):
        target.unlink(missing_ok=True)
        if source is not None and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o644)
            target.parent.chmod(0o755)
