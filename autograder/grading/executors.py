"""Judging processes: each has one judge, with its sandbox and its reference, for as long as it lives.

What is handed to them is small: where the course lies, and digests of what decides points. So the same call runs in a
process of this machine and in a worker of a cluster that sees the same folder.
"""

import atexit
import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loky import ProcessPoolExecutor

from ..course.locks import locked
from ..course.manifest import Course
from ..errors import UserError
from ..sandbox.find import find_sandbox
from .judge import Judge


class AnotherCourse(UserError):
    """A machine sees another course, or another release of these programs, than the one that asks."""


@dataclass(frozen=True)
class Order:
    """What is to be judged, and by which rules.

    Parameters
    ----------
    root : str
        The course folder.
    assignment : str
    digests : tuple of str
        Of the kit and of the exercises.
    allow_unisolated, evidence : bool
    """

    root: str
    assignment: str
    digests: tuple
    allow_unisolated: bool
    evidence: bool


_lock = threading.Lock()
_judges = {}


def judge(order, student):
    """Judge one hand-in with the judge of this process, which the first call makes.

    Parameters
    ----------
    order : Order
    student : str

    Returns
    -------
    verdict : Verdict

    Raises
    ------
    AnotherCourse
    """
    with _lock:
        if order not in _judges:
            _close()
            course = Course.open(order.root)
            sandbox = find_sandbox(order.allow_unisolated)
            made = Judge(course, course.assignment(order.assignment), sandbox)
            if made.digests != order.digests:
                raise AnotherCourse(
                    f"{order.root} is not the same there: another kit, other exercises, or another version"
                )
            _judges[order] = made.__enter__()
    return _judge_with(_judges[order], student, order.evidence)


@contextmanager
def thread_executor(threads, order, judge):
    """Judge in threads of this process, with a judge that is there already.

    Parameters
    ----------
    threads : int
    order : Order
    judge : Judge

    Yields
    ------
    executor : ThreadPoolExecutor
    """
    with judge:
        _judges[order] = judge
        try:
            with ThreadPoolExecutor(threads) as executor:
                yield executor
        finally:
            del _judges[order]


@contextmanager
def process_executor(processes):
    """Start judging processes on this machine, which end with the one that started them.

    Each asks the reference for itself. To hand answers to a process that is killed while it starts would be to wait
    for ever: who starts it holds both ends of the pipe, and writes until it is full. The executor is loky's, as that of
    the standard library waits for ever, up to Python 3.12, where a process is killed while others are being started.

    When the block fails they are killed, whatever they do: a second Ctrl-C while they are waited for would leave them
    without a word that they should end. What they had written for themselves goes with the folder that it lies in.

    Parameters
    ----------
    processes : int

    Yields
    ------
    executor : ProcessPoolExecutor
    """
    context = multiprocessing.get_context("spawn")
    with (
        _scratch() as folder,
        ProcessPoolExecutor(
            processes, context=context, initializer=_prepare, initargs=(folder,)
        ) as executor,
    ):
        try:
            yield executor
        except BaseException:
            for process in list(
                executor._processes.values()
            ):  # its own kill_workers stumbles over what is canceled
                process.kill()
            raise


@contextmanager
def _scratch():
    """A folder for the files of a run. If the run is killed the next one removes it, as its lock is free then."""
    for folder in (
        Path(tempfile.gettempdir()).glob("cs231n-grade-*") if hasattr(os, "getuid") else ()
    ):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid() and (folder / "running").exists():
                with locked(folder) as held:
                    if held:
                        shutil.rmtree(folder)
    with (
        tempfile.TemporaryDirectory(prefix="cs231n-grade-", ignore_cleanup_errors=True) as folder,
        locked(folder),
    ):
        os.chmod(folder, 0o711)  # a sandbox without namespaces reads its files as another user
        (Path(folder) / "running").touch()  # whoever finds it can rely on the lock
        yield folder


def cluster_executor(address):
    """Give the executor of a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler: ``"tcp://host:8786"``. Its machines see the course folder under the same path.

    Returns
    -------
    executor : concurrent.futures.Executor
        What a machine that is lost had to do, another one does.

    Raises
    ------
    UserError
    """
    try:
        from distributed import Client
    except ImportError:
        raise UserError('a cluster needs Dask: pip install "cs231n[cluster]"') from None
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(
            f"no scheduler answers at {address}: {error}; start one with `dask scheduler`"
        ) from None
    return client.get_executor(retries=3, pure=False)


def _judge_with(judge, student, with_evidence):
    verdict = judge.judge(student)
    if with_evidence:
        from ..evidence.outputs import gather_evidence, save_evidence

        path = judge.course.evidence(judge.assignment.name) / f"{student}.json"
        save_evidence(path, *gather_evidence(judge, student))
    return verdict


def _prepare(folder):
    """End when the parent does, however it ends: a pool's process would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder
    parent = multiprocessing.parent_process()

    def wait():
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _close():
    for made in _judges.values():
        made.__exit__(None, None, None)
    _judges.clear()


atexit.register(_close)
