"""Tries an assignment before students do: reference, untouched kit, and every typical mistake."""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cs231n.check.exercises import EXERCISES

from ..course.manifest import Assignment, Course
from ..course.verdicts import Finding
from ..grading.judge import Judge
from ..progress import Progress, no_progress
from ..reference.mistakes import Mistake, all_mistakes
from ..reference.submission import train_weights, write_submission
from ..release.kit import release
from ..sandbox.base import Sandbox
from .course_setup import set_up


@dataclass(frozen=True)
class Trial:
    """A submission whose scores are known in advance.

    Parameters
    ----------
    name : str
    score, max_score : float
        Of the exercise that the mistake belongs to, or of all.
    problems : tuple of str
        What is not as it should be; empty when all is well.
    """

    name: str
    score: float
    max_score: float
    problems: tuple[str, ...]


def validate(
    course: Course,
    assignment: Assignment,
    sandbox: Sandbox,
    progress: Progress = no_progress,
) -> Iterator[Trial]:
    """Release an assignment into a scratch course and judge submissions whose scores are known.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    sandbox : Bubblewrap, Landlock or Unisolated
    progress : callable
        Wraps an iterable, takes ``total`` and ``desc``, as ``tqdm`` does.

    Yields
    ------
    trial : Trial

    Raises
    ------
    UserError
        If the assignment cannot be released, or its reference does not train.
    """
    with tempfile.TemporaryDirectory(prefix="cs231n-validate-") as scratch_folder:
        folder = Path(scratch_folder)
        # A course of its own: a trial must not touch the real one's kits, seed or gradebook.
        scratch, _ = set_up(folder / "course", course.source)
        release(scratch, assignment)
        weights = train_weights(scratch, assignment)
        mistakes = [m for m in all_mistakes() if m.exercise in assignment.points]
        with (
            Judge(scratch, assignment, sandbox) as judge,
            # Threads are enough, since the work is done in the processes of the judge.
            ThreadPoolExecutor(os.cpu_count() or 1) as executor,
        ):
            trials = [
                executor.submit(_try_reference, judge, folder / "reference", weights),
                executor.submit(_try_untouched, judge),
            ]
            for number, mistake in enumerate(mistakes):
                place = folder / f"mistake{number}"
                trials.append(executor.submit(_try_mistake, judge, place, weights, mistake))
            for trial in progress(trials, total=len(trials), desc="validate"):
                yield trial.result()


def _try_reference(judge: Judge, folder: Path, weights: dict[str, bytes]) -> Trial:
    write_submission(judge.course, judge.assignment, folder, None, weights)
    findings = judge.findings(folder)
    return _sum_up("the reference", findings, _losses(findings))


def _try_untouched(judge: Judge) -> Trial:
    findings = judge.findings(judge.course.release_folder(judge.assignment.name))
    problems = [
        f"{name}: {f.status}, {f.score:g} points"
        for name, f in findings.items()
        if f.status != "not started" or f.score
    ]
    return _sum_up("the untouched kit", findings, problems)


def _try_mistake(judge: Judge, folder: Path, weights: dict[str, bytes], mistake: Mistake) -> Trial:
    write_submission(judge.course, judge.assignment, folder, mistake.changes(), weights)
    findings = judge.findings(folder)
    own = findings.pop(mistake.exercise)
    problems = _losses(findings)
    if own.score >= own.max_score:
        problems.append("it loses nothing")
    if mistake.message not in own.text:
        problems.append("its message does not appear")
    return Trial(mistake.name, own.score, own.max_score, tuple(problems))


def _losses(findings: dict[str, Finding]) -> list[str]:
    return [
        f"{name} loses {f.max_score - f.score:g} points"
        for name, f in findings.items()
        if f.score < f.max_score
    ]


def _sum_up(name: str, findings: dict[str, Finding], problems: list[str]) -> Trial:
    score = sum(finding.score for finding in findings.values())
    max_score = sum(finding.max_score for finding in findings.values())
    return Trial(name, score, max_score, tuple(problems))


def exercises_without_mistake(assignment: Assignment) -> list[str]:
    """list of str : exercises that no typical mistake is known for; training goals need none."""
    known = {mistake.exercise for mistake in all_mistakes()}
    return [name for name in assignment.points if name not in known and EXERCISES[name].module]
