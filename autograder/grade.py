"""Grades an assignment: judges what changed, keeps the other verdicts, records all of them in the gradebook."""

import os
from concurrent.futures import ThreadPoolExecutor, as_completed

from . import verdict as verdicts
from .errors import UserError
from .gradebook import record
from .judge import Judge


def grade(course, assignment, sandbox, students=None, force=False, executor=None, progress=None):
    """Judge every submission whose verdict is missing or out of date, then update the gradebook.

    Each verdict is written as soon as it stands, so that an interrupted run goes on where it was.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap or Unisolated
    students : list of str, optional
        All who handed in, by default.
    force : bool
        Judge again even where nothing changed.
    executor : concurrent.futures.Executor, optional
        Runs the judging; threads, one for each processor, by default.
    progress : callable, optional
        Wraps an iterable, takes ``total`` and ``desc``, as ``tqdm`` does.

    Returns
    -------
    verdicts : dict of str -> Verdict
    judged : int
        How many of them are new.
    """
    progress = progress or (lambda items, **_: items)
    students = course.students(assignment.name) if students is None else students
    if not students:
        raise UserError(f"nobody has handed in {assignment.name}: {course.root / 'submitted'} has no folder for it")
    with Judge(course, assignment, sandbox) as judge:
        kept = {} if force else {s: v for s in students if (v := _load(course, assignment, s)) and judge.is_current(v)}
        fresh = [student for student in students if student not in kept]
        found = dict(_judge_all(judge, fresh, executor, progress))
    record(course, assignment, students, progress)
    return {student: (kept | found)[student] for student in students}, len(fresh)


def _judge_all(judge, students, executor, progress):
    own = executor is None
    executor = executor or ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        running = {executor.submit(judge.judge, student): student for student in students}
        for future in progress(as_completed(running), total=len(running), desc="judge"):
            student, verdict = running[future], future.result()
            verdicts.save(verdict, judge.course.verdicts(judge.assignment.name) / f"{student}.json")
            yield student, verdict
    finally:
        if own:
            executor.shutdown(cancel_futures=True)


def _load(course, assignment, student):
    try:
        found = verdicts.load(course.verdicts(assignment.name) / f"{student}.json")
    except (FileNotFoundError, verdicts.BadVerdict):
        return None
    return found if found.student == student else None
