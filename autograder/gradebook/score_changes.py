"""Whose score would change, and by how much, if the gradebook took over new verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nbgrader.api import Gradebook, MissingEntry

from ..course.manifest import Assignment, Course
from ..course.verdicts import Verdict
from .database import open_gradebook


@dataclass(frozen=True)
class ScoreChange:
    """What would change for one student.

    Parameters
    ----------
    student : str
    before : float or None
        Points in the gradebook, before anything is taken off for lateness; None where nothing is
        recorded.
    after : float
    exercises : dict of str -> (float, float)
        Points before and after of the exercises that change.
    manual_overrides : tuple of str
        Exercises that were judged otherwise, but whose points somebody entered by hand.
    """

    student: str
    before: float | None
    after: float
    exercises: dict[str, tuple[float, float]]
    manual_overrides: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """float : points gained; negative for a loss."""
        return self.after - (self.before or 0)


def compare_with_gradebook(
    course: Course, assignment: Assignment, verdicts: Mapping[str, Verdict]
) -> list[ScoreChange]:
    """Compare verdicts with what the gradebook says.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    verdicts : dict of str -> Verdict

    Returns
    -------
    changes : list of ScoreChange
        Of those for whom something would change, the largest loss first.

    Raises
    ------
    UserError
        If the gradebook cannot be used.
    """
    with open_gradebook(course) as gradebook:
        compared = [_compare(gradebook, assignment, verdict) for verdict in verdicts.values()]
    changes = [
        change
        for change in compared
        if change.before is None or change.exercises or change.manual_overrides
    ]
    return sorted(changes, key=lambda change: (change.difference, change.student))


def changes_table(changes: Sequence[ScoreChange]) -> str:
    """str : the changes, as an instructor reads them."""
    if not changes:
        return "Nobody would move. Nothing was written."
    lines: list[str] = []
    losing = 0
    for change in changes:
        lines.extend(_lines(change))
        if change.before is not None and change.after < change.before:
            losing += 1
    summary = f"{len(changes)} would move, {losing} of them down. Nothing was written."
    return "\n".join([*lines, "", summary])


def _compare(gradebook: Gradebook, assignment: Assignment, verdict: Verdict) -> ScoreChange:
    judged = {name: finding.score for name, finding in verdict.exercises.items()}
    try:
        submission = gradebook.find_submission(assignment.name, verdict.student)
    except MissingEntry:
        return ScoreChange(verdict.student, None, sum(judged.values()), {})
    grades = {}
    for notebook in submission.notebooks:
        grades.update({grade.name: grade for grade in notebook.grades})
    before = {name: grade.score or 0.0 for name, grade in grades.items()}
    after = dict(before)
    exercises = {}
    manual_overrides = []
    for name, score in judged.items():
        grade = grades.get(name)
        # What somebody entered by hand stays, whatever the judge says now.
        if grade is not None and grade.manual_score is not None:
            if score != grade.auto_score:
                manual_overrides.append(name)
            continue
        extra_credit = (grade.extra_credit or 0.0) if grade is not None else 0.0
        after[name] = score + extra_credit
        if after[name] != before.get(name):
            exercises[name] = (before.get(name, 0.0), after[name])
    return ScoreChange(
        student=verdict.student,
        before=sum(before.values()),
        after=sum(after.values()),
        exercises=exercises,
        manual_overrides=tuple(manual_overrides),
    )


def _lines(change: ScoreChange) -> Iterator[str]:
    if change.before is None:
        yield f"{change.student}  new, {change.after:g} points"
        return
    points = f"{change.before:g} -> {change.after:g}"
    yield f"{change.student}  {points}  ({change.difference:+g})"
    for name, (before, after) in change.exercises.items():
        yield f"    {name}  {before:g} -> {after:g}"
    for name in change.manual_overrides:
        yield f"    {name}  stays as it was entered by hand"
