"""Runs judging jobs: in threads, in processes of this machine, or on a cluster.

Every judging process has a judge, with its sandbox and its reference, for as long as it lives. A
job is small: where the course lies, and digests of what decides points. So the same call runs in a
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
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loky import ProcessPoolExecutor

from ..course.locks import locked
from ..course.manifest import Course
from ..course.verdicts import Verdict
from ..errors import UserError
from ..sandbox.find import find_sandbox
from .judge import Judge
from .preflight import prove_machine

_SCRATCH_PREFIX = "cs231n-grade-"


class AnotherCourseError(UserError):
    """A machine sees another course, or other programs, than the one that asks."""


@dataclass(frozen=True)
class JudgingJob:
    """What is to be judged, and by which rules.

    Parameters
    ----------
    root : str
        The course folder.
    assignment : str
    digests : (str, str)
        Of the kit and of the exercises.
    allow_unisolated : bool
    evidence : bool
        Whether the notebooks are run as well.
    """

    root: str
    assignment: str
    digests: tuple[str, str]
    allow_unisolated: bool
    evidence: bool


_lock = threading.Lock()
_judges: dict[JudgingJob, Judge] = {}


def run_job(job: JudgingJob, student: str) -> Verdict:
    """Judge a submission with the judge of this process, which the first call makes and proves.

    Parameters
    ----------
    job : JudgingJob
    student : str

    Returns
    -------
    verdict : Verdict

    Raises
    ------
    AnotherCourseError
    UserError
        If the reference does not get everything on this machine.
    """
    # Threads of a cluster's worker may come at once: one makes the judge, the others wait for it.
    with _lock:
        if job not in _judges:
            # One judge at a time: each holds a sandbox and a reference.
            _close_judges()
            _judges[job] = _make_judge(job)
        judge = _judges[job]
    verdict = judge.judge_submission(student)
    if job.evidence:
        _save_evidence(judge, student)
    return verdict


@contextmanager
def thread_executor(threads: int, job: JudgingJob, judge: Judge) -> Iterator[Executor]:
    """Judge in threads of this process, with a judge that is there already, once it is proved.

    Parameters
    ----------
    threads : int
    job : JudgingJob
    judge : Judge

    Yields
    ------
    executor : ThreadPoolExecutor

    Raises
    ------
    UserError
        If the reference does not get everything on this machine.
    """
    with judge:
        prove_machine(judge)
        _judges[job] = judge
        try:
            with ThreadPoolExecutor(threads) as executor:
                yield executor
        finally:
            del _judges[job]


@contextmanager
def process_executor(processes: int) -> Iterator[Executor]:
    """Start judging processes on this machine; they end with the one that started them.

    Each process asks the reference for itself. Handing it the answers could block for ever: whoever
    starts a process holds both ends of its pipe, and if the process is killed meanwhile, writes
    until the pipe is full. The executor is loky's, since up to Python 3.12 that of the standard
    library hangs if a process is killed while others are being started.

    When the block fails, the processes are killed, whatever they are doing: a second Ctrl-C while
    they are waited for would leave them running. Their files lie in one folder and go with it.

    Parameters
    ----------
    processes : int

    Yields
    ------
    executor : ProcessPoolExecutor
    """
    with (
        _scratch_folder() as folder,
        ProcessPoolExecutor(
            processes,
            context=multiprocessing.get_context("spawn"),
            initializer=_prepare_process,
            initargs=(folder,),
        ) as executor,
    ):
        try:
            yield executor
        except BaseException:
            # loky's own kill_workers fails on jobs that are canceled.
            for process in list(executor._processes.values()):
                process.kill()
            raise


@contextmanager
def _scratch_folder() -> Iterator[str]:
    """A folder for the files of a run. If the run is killed, the next one removes it."""
    _remove_abandoned_folders()
    with (
        tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX, ignore_cleanup_errors=True) as folder,
        locked(folder),
    ):
        os.chmod(folder, 0o711)  # a sandbox without namespaces reads its files as another user
        (Path(folder) / "running").touch()  # from here on, a free lock means that the run is over
        yield folder


def _remove_abandoned_folders() -> None:
    if not hasattr(os, "getuid"):
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_SCRATCH_PREFIX}*"):
        with contextlib.suppress(OSError):
            is_mine = folder.lstat().st_uid == os.getuid()
            if is_mine and (folder / "running").exists():
                with locked(folder) as held:
                    if held:
                        shutil.rmtree(folder)


def cluster_executor(address: str) -> Executor:
    """Give the executor of a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler: ``"tcp://host:8786"``. Its machines see the course folder under the same
        path.

    Returns
    -------
    executor : concurrent.futures.Executor
        If a machine is lost, another one does what it had to do.

    Raises
    ------
    UserError
        If Dask is not installed, or no scheduler answers.
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
    # Not pure: a student who is judged again must not get what Dask remembers.
    return client.get_executor(retries=3, pure=False)


def _make_judge(job: JudgingJob) -> Judge:
    course = Course.open(job.root)
    sandbox = find_sandbox(job.allow_unisolated)
    judge = Judge(course, course.assignment(job.assignment), sandbox)
    if judge.digests != job.digests:
        raise AnotherCourseError(
            f"{job.root} is not the same there: another kit, other exercises, or another version"
        )
    # It outlives this call, and is closed when the process ends or is given another job.
    judge.__enter__()
    try:
        prove_machine(judge)
    except BaseException:
        judge.__exit__(None, None, None)
        raise
    return judge


def _save_evidence(judge: Judge, student: str) -> None:
    # It comes with nbgrader, which takes seconds to load and which judging alone does not need.
    from ..evidence.outputs import gather_evidence, save_evidence

    course = judge.course
    assignment = judge.assignment
    path = course.evidence(assignment.name) / f"{student}.json"
    open_submission = judge.notebooks.open_submission
    digest, outputs = gather_evidence(course, assignment, student, open_submission)
    save_evidence(path, digest, outputs)


def _prepare_process(folder: str) -> None:
    """End when the parent does, however it ends: a pool's process would wait for ever."""
    # Ctrl-C reaches every process of the terminal; what becomes of these is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _close_judges() -> None:
    for judge in _judges.values():
        judge.__exit__(None, None, None)
    _judges.clear()


atexit.register(_close_judges)
