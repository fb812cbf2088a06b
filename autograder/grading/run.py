"""Grades an assignment: judges what changed, keeps the other verdicts, and meanwhile records them in the gradebook."""

import os
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, nullcontext
from functools import partial

from ..course import verdicts
from ..errors import UserError
from ..evidence.outputs import load_evidence
from ..gradebook.record import record
from ..progress import no_progress
from ..sandbox.find import Unisolated
from . import executors as pool
from .judge import Judge
from .run_log import Journal

FEW = 8
"""Up to so many hand-ins are judged in this process; more are worth the start of others."""
PATIENCE = 3
"""So often may judging processes end, one time after another, before they have judged anything."""


def grade(
    course,
    assignment,
    sandbox,
    students=None,
    force=False,
    executor=None,
    progress=no_progress,
    dry_run=False,
    with_evidence=False,
):
    """Judge every submission whose verdict is missing or out of date, and update the gradebook.

    Each verdict is written as soon as it stands, so that an interrupted run goes on where it was. The gradebook is
    written beside the judging, always in the order of the students. Where it cannot be used, the judging is finished
    before that is said: a night's work is not lost to a gradebook that is locked.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap, Landlock or Unisolated
    students : list of str, optional
        All who handed in, by default.
    force : bool
        Judge again even where nothing changed.
    executor : concurrent.futures.Executor, optional
        Runs the judging, such as `autograder.grading.executors.cluster_executor`; processes of this machine, by default.
    progress : callable, optional
        Wraps an iterable, takes ``total`` and ``desc``, as ``tqdm`` does.
    dry_run : bool
        Write nothing: neither verdicts nor gradebook.
    with_evidence : bool
        Run the notebooks as well, for their plots and text.

    Returns
    -------
    verdicts : dict of str -> Verdict
        Without those who withdrew their hand-in meanwhile.
    judged : int
        How many of them are new.
    """
    students = course.students(assignment.name) if students is None else students
    if not students:
        raise UserError(
            f"nobody has handed in {assignment.name}: {course.root / 'submitted'} has no folder for it"
        )
    if with_evidence and not hasattr(sandbox, "notebook_command"):
        raise UserError(
            f"evidence needs a sandbox made by bubblewrap, not {sandbox.isolation}; leave --evidence out"
        )
    judge = Judge(course, assignment, sandbox)
    kept = (
        {}
        if force
        else {s: v for s in students if (v := _load(course, assignment, s)) and judge.is_current(v)}
    )
    if with_evidence:
        kept = {
            s: v for s, v in kept.items() if load_evidence(course, assignment.name, s) is not None
        }
    fresh = [student for student in students if student not in kept]
    order = pool.Order(
        str(course.root),
        assignment.name,
        judge.digests,
        sandbox.isolation == Unisolated.isolation,
        with_evidence and not dry_run,
    )
    judged = _verdicts(judge, order, fresh, _choose(judge, order, len(fresh), executor))
    with Journal(None if dry_run else course, assignment) as journal, closing(judged):
        journal.write(
            "begin", hand_ins=len(students), unchanged=len(kept), isolation=sandbox.isolation
        )
        found = dict(kept)
        settled = _settle(
            students,
            found,
            _noted(judged, journal, None if dry_run else course.verdicts(assignment.name)),
        )
        present = _present(progress(settled, total=len(students), desc="grade"), found, journal)
        if dry_run:
            _finish(present)
        else:
            _record(course, assignment, present)
        found = {student: found[student] for student in students if found[student] is not None}
        journal.write("end", judged=len(fresh), failed=journal.failed)
    return found, len(fresh)


def _load(course, assignment, student):
    try:
        found = verdicts.load_verdict(course.verdicts(assignment.name) / f"{student}.json")
    except (FileNotFoundError, verdicts.VerdictError):
        return None
    return found if found.student == student else None


def _noted(judged, journal, folder):
    """Pass on students and verdicts, which are in the log and in the folder by then."""
    for student, verdict in judged:
        journal.verdict(student, verdict)
        if verdict is not None and folder is not None:
            verdicts.save_verdict(verdict, folder / f"{student}.json")
        yield student, verdict


def _settle(students, found, judged):
    """Yield the students in their order, each when the verdicts up to it are found."""
    for student in students:
        while student not in found:
            done, verdict = next(judged)
            found[done] = verdict
        yield student


def _present(bar, found, journal):
    """Yield who has not withdrawn."""
    for student in bar:
        if hasattr(bar, "set_postfix"):
            bar.set_postfix(failed=journal.failed)
        if found[student] is not None:
            yield student


def _record(course, assignment, students):
    try:
        record(course, assignment, students)
    except UserError:
        _finish(students)
        raise


def _finish(students):
    for _ in students:
        pass


def _choose(judge, order, count, given):
    """callable : gives a context with an executor; again, where the last one broke."""
    if given is not None:
        return partial(nullcontext, given)
    if count <= FEW:
        return partial(pool.thread_executor, _processors(), order, judge)
    return partial(pool.process_executor, _processors())


def _verdicts(judge, order, students, start):
    """Yield students and their verdicts as they are done, None for who has withdrawn.

    Where a judging process is killed, others are started for those who are left.
    """
    left, in_vain = dict.fromkeys(students), 0
    while left:
        before = len(left)
        try:
            with start() as executor:
                running = {executor.submit(pool.judge, order, student): student for student in left}
                try:
                    for future in as_completed(running):
                        student = running.pop(future)
                        verdict = future.result()
                        del left[student]
                        yield (
                            student,
                            verdict
                            if judge.course.submitted(student, judge.assignment.name).is_dir()
                            else None,
                        )
                finally:
                    for future in running:
                        future.cancel()
        except BrokenProcessPool:
            in_vain = in_vain + 1 if len(left) == before else 0
            if in_vain == PATIENCE:
                raise UserError(
                    "the judging processes end before they judge anything; is there enough memory?"
                ) from None


def _processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
