"""Tries an assignment before students do: the reference, the untouched kit, and every typical mistake."""

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cs231n.check.exercises import EXERCISES

from ..grading.judge import Judge
from ..progress import no_progress
from ..reference.mistakes import all_mistakes
from ..reference.submission import train_weights, write_submission
from ..release.kit import release
from .course_setup import set_up


@dataclass(frozen=True)
class Trial:
    """A hand-in whose scores are known in advance.

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
    problems: tuple


def validate(course, assignment, sandbox, progress=no_progress):
    """Release an assignment into a scratch course and judge hand-ins whose scores are known.

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
    """
    with tempfile.TemporaryDirectory(prefix="cs231n-validate-") as folder:
        scratch, _ = set_up(Path(folder) / "course", course.source)
        release(scratch, assignment)
        weights = train_weights(scratch, assignment)
        mistakes = [m for m in all_mistakes() if m.exercise in assignment.points]
        with (
            Judge(scratch, assignment, sandbox) as judge,
            ThreadPoolExecutor(os.cpu_count() or 1) as executor,
        ):
            trials = [
                executor.submit(_try_reference, judge, Path(folder) / "reference", weights),
                executor.submit(_try_untouched, judge),
            ]
            trials += [
                executor.submit(_try_mistake, judge, Path(folder) / f"mistake{k}", weights, mistake)
                for k, mistake in enumerate(mistakes)
            ]
            for trial in progress(trials, total=len(trials), desc="validate"):
                yield trial.result()


def _try_reference(judge, folder, weights):
    findings = _hand_in(judge, folder, weights)
    return _trial("the reference", findings, _losses(findings))


def _try_untouched(judge):
    findings = judge.findings(judge.course.release_folder(judge.assignment.name))
    problems = [
        f"{name}: {f.status}, {f.score:g} points"
        for name, f in findings.items()
        if f.status != "not started" or f.score
    ]
    return _trial("the untouched kit", findings, problems)


def _try_mistake(judge, folder, weights, mistake):
    findings = _hand_in(judge, folder, weights, mistake.changes())
    own = findings[mistake.exercise]
    problems = _losses({name: f for name, f in findings.items() if name != mistake.exercise})
    if own.score >= own.max_score:
        problems.append("it loses nothing")
    if mistake.message not in own.text:
        problems.append("its message does not appear")
    return Trial(mistake.name, own.score, own.max_score, tuple(problems))


def _hand_in(judge, folder, weights, changes=None):
    write_submission(judge.course, judge.assignment, folder, changes, weights)
    return judge.findings(folder)


def _losses(findings):
    return [
        f"{name} loses {f.max_score - f.score:g} points"
        for name, f in findings.items()
        if f.score < f.max_score
    ]


def _trial(name, findings, problems):
    score, most = (
        sum(getattr(f, key) for f in findings.values()) for key in ("score", "max_score")
    )
    return Trial(name, score, most, tuple(problems))


def exercises_without_mistake(assignment):
    """list of str : exercises that no typical mistake is known for; training goals need none."""
    known = {mistake.exercise for mistake in all_mistakes()}
    return [name for name in assignment.points if name not in known and EXERCISES[name].module]
