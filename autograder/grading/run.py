"""Grades an assignment: judges what changed, keeps the other verdicts, and records them all."""

import os
from collections.abc import Callable, Generator
from concurrent.futures import Executor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from functools import partial

from ..course.manifest import Assignment, Course
from ..course.verdicts import Verdict, VerdictError, load_verdict, save_verdict
from ..errors import UserError
from ..evidence.outputs import load_evidence
from ..gradebook.record import GradebookWriter
from ..progress import Progress, no_progress
from ..sandbox.base import Sandbox
from ..sandbox.find import Unisolated
from .executors import JudgingJob, process_executor, run_job, thread_executor
from .judge import Judge
from .run_log import RunLog

MAX_IN_THREADS = 8
"""Up to this many submissions are judged in this process; more are worth starting others."""
MAX_RESTARTS = 3
"""How often in a row the judging processes may die before any of them has judged anything."""

StartExecutor = Callable[[], AbstractContextManager[Executor]]


@dataclass(frozen=True)
class GradeOptions:
    """What of a class is graded, and how.

    Parameters
    ----------
    students : sequence of str, optional
        Everybody who handed in, by default.
    force : bool
        Judge again even where nothing changed.
    dry_run : bool
        Write nothing: no verdicts, no log, no gradebook.
    with_evidence : bool
        Run the notebooks as well, for their plots and text.
    """

    students: tuple[str, ...] | None = None
    force: bool = False
    dry_run: bool = False
    with_evidence: bool = False


def grade(
    course: Course,
    assignment: Assignment,
    sandbox: Sandbox,
    options: GradeOptions = GradeOptions(),
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> tuple[dict[str, Verdict], int]:
    """Judge every submission whose verdict is missing or out of date, and update the gradebook.

    Each verdict is on disk as soon as it stands, so that an interrupted run goes on where it was.
    The gradebook is written beside the judging, in the order of the students. If it cannot be
    used, the judging is finished before that is said: a night's work is not lost to a locked
    gradebook.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Sandbox
    options : GradeOptions
    executor : concurrent.futures.Executor, optional
        Runs the judging, such as `autograder.grading.executors.cluster_executor`; threads or
        processes of this machine, by default.
    progress : callable
        See `autograder.progress`.

    Returns
    -------
    verdicts : dict of str -> Verdict
        In the order of the students, without those who withdrew their submission meanwhile.
    judged : int
        How many submissions were judged.

    Raises
    ------
    UserError
        If nobody handed in, the assignment is not released, the sandbox cannot do what is asked,
        the reference does not get everything here, no judging process survives, or the disk or the
        gradebook cannot be written.
    """
    students = _students(course, assignment, options)
    if options.with_evidence and not hasattr(sandbox, "notebook_command"):
        raise UserError(
            f"evidence needs a sandbox made by bubblewrap, not {sandbox.isolation}; "
            "leave --evidence out"
        )
    judge = Judge(course, assignment, sandbox)
    verdicts = _current_verdicts(judge, students, options)
    outdated = [student for student in students if student not in verdicts]
    job = JudgingJob(
        root=str(course.root),
        assignment=assignment.name,
        digests=judge.digests,
        allow_unisolated=sandbox.isolation == Unisolated.isolation,
        evidence=options.with_evidence and not options.dry_run,
    )
    start = _executor_starter(judge, job, len(outdated), executor)
    with RunLog(course, assignment, options.dry_run) as log:
        log.write(
            "begin",
            hand_ins=len(students),
            unchanged=len(verdicts),
            isolation=sandbox.isolation,
        )
        with (
            _gradebook_writer(course, assignment, students, options) as gradebook,
            closing(_judge_all(job, outdated, start)) as judged,
        ):
            for student in verdicts:
                gradebook.add(student)
            bar = progress(judged, total=len(students), initial=len(verdicts), desc="grade")
            for student, verdict in bar:
                if course.submitted(student, assignment.name).is_dir():
                    if not options.dry_run:
                        _save(course, verdict)
                    log.verdict(verdict)
                    verdicts[student] = verdict
                    gradebook.add(student)
                else:
                    log.withdrawn(student)
                    gradebook.skip(student)
                if hasattr(bar, "set_postfix"):
                    bar.set_postfix(failed=log.failed)
        log.write("end", judged=len(outdated), failed=log.failed)
    in_order = {student: verdicts[student] for student in students if student in verdicts}
    return in_order, len(outdated)


def _students(course: Course, assignment: Assignment, options: GradeOptions) -> list[str]:
    if options.students is not None:
        students = list(options.students)
    else:
        students = course.students(assignment.name)
    if not students:
        submitted = course.root / "submitted"
        raise UserError(f"nobody has handed in {assignment.name}: {submitted} has no folder for it")
    return students


def _current_verdicts(
    judge: Judge, students: list[str], options: GradeOptions
) -> dict[str, Verdict]:
    """dict of str -> Verdict : the verdicts of earlier runs that still hold."""
    current: dict[str, Verdict] = {}
    if options.force:
        return current
    course = judge.course
    assignment = judge.assignment.name
    for student in students:
        try:
            verdict = load_verdict(course.verdicts(assignment) / f"{student}.json")
        except (FileNotFoundError, VerdictError):
            continue
        if verdict.student != student or not judge.is_current(verdict):
            continue
        if options.with_evidence and load_evidence(course, assignment, student) is None:
            continue
        current[student] = verdict
    return current


class _NoWriter:
    """Takes the place of the gradebook's writer in a dry run."""

    def add(self, student: str) -> None: ...

    def skip(self, student: str) -> None: ...


def _gradebook_writer(
    course: Course, assignment: Assignment, students: list[str], options: GradeOptions
) -> AbstractContextManager[GradebookWriter | _NoWriter]:
    if options.dry_run:
        return nullcontext(_NoWriter())
    return GradebookWriter(course, assignment, students)


def _executor_starter(
    judge: Judge, job: JudgingJob, count: int, given: Executor | None
) -> StartExecutor:
    """Choose an executor; what is returned starts it, and another one where the last one broke."""
    if given is not None:
        return lambda: nullcontext(given)
    if count <= MAX_IN_THREADS:
        return partial(thread_executor, _processors(), job, judge)
    return partial(process_executor, _processors())


def _judge_all(
    job: JudgingJob, students: list[str], start: StartExecutor
) -> Generator[tuple[str, Verdict], None, None]:
    """Yield students and their verdicts as they are done.

    Where a judging process is killed, others are started for those who are left.
    """
    left = dict.fromkeys(students)
    in_vain = 0
    while left:
        before = len(left)
        try:
            with start() as executor, closing(_judge_with(executor, job, list(left))) as judged:
                for student, verdict in judged:
                    del left[student]
                    yield student, verdict
        except BrokenProcessPool:
            if len(left) < before:
                in_vain = 0
            else:
                in_vain += 1
            if in_vain == MAX_RESTARTS:
                raise UserError(
                    "the judging processes end before they judge anything; is there enough memory?"
                ) from None


def _judge_with(
    executor: Executor, job: JudgingJob, students: list[str]
) -> Generator[tuple[str, Verdict], None, None]:
    running = {executor.submit(run_job, job, student): student for student in students}
    try:
        for future in as_completed(running):
            student = running.pop(future)
            yield student, future.result()
    finally:
        for future in running:
            future.cancel()


def _save(course: Course, verdict: Verdict) -> None:
    path = course.verdicts(verdict.assignment) / f"{verdict.student}.json"
    try:
        save_verdict(verdict, path)
    except OSError as error:
        raise UserError(
            f"{path}: {error.strerror}; make room and run the same command again"
        ) from None


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
