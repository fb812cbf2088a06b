"""Who would move, and by how much, if the gradebook took over new verdicts."""

from dataclasses import dataclass

from nbgrader.api import MissingEntry

from .database import open_gradebook


@dataclass(frozen=True)
class Move:
    """What would change for one student.

    Parameters
    ----------
    student : str
    before : float or None
        Points in the gradebook, without what is taken off for being late; None where nothing is recorded.
    after : float
    changes : dict of str -> (float, float)
        By exercise, before and after.
    by_hand : tuple of str
        Exercises that were judged otherwise, but where somebody entered the points.
    """

    student: str
    before: float | None
    after: float
    changes: dict
    by_hand: tuple = ()


def find_moves(course, assignment, verdicts):
    """Compare verdicts with what the gradebook says.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    verdicts : dict of str -> Verdict

    Returns
    -------
    moves : list of Move
        Of those for whom something would change, the largest loss first.
    """
    with open_gradebook(course) as gradebook:
        moves = [_move(gradebook, assignment, verdict) for verdict in verdicts.values()]
    moves = [move for move in moves if move.before is None or move.changes or move.by_hand]
    return sorted(moves, key=lambda move: (move.after - (move.before or 0), move.student))


def moves_table(moves):
    """str : the moves, as an instructor reads them."""
    if not moves:
        return "Nobody would move. Nothing was written."
    lines = [line for move in moves for line in _lines(move)]
    losing = sum(move.before is not None and move.after < move.before for move in moves)
    return "\n".join(
        [*lines, "", f"{len(moves)} would move, {losing} of them down. Nothing was written."]
    )


def _move(gradebook, assignment, verdict):
    new = {name: finding.score for name, finding in verdict.exercises.items()}
    try:
        submission = gradebook.find_submission(assignment.name, verdict.student)
    except MissingEntry:
        return Move(verdict.student, None, sum(new.values()), {})
    rows = {grade.name: grade for notebook in submission.notebooks for grade in notebook.grades}
    old = {name: row.score or 0.0 for name, row in rows.items()}
    fixed = {name for name, row in rows.items() if row.manual_score is not None}
    extra = {name: row.extra_credit or 0.0 for name, row in rows.items()}
    after = {name: score + extra.get(name, 0.0) for name, score in new.items() if name not in fixed}
    changes = {
        name: (old.get(name, 0.0), score) for name, score in after.items() if score != old.get(name)
    }
    by_hand = tuple(name for name in new if name in fixed and new[name] != rows[name].auto_score)
    return Move(verdict.student, sum(old.values()), sum((old | after).values()), changes, by_hand)


def _lines(move):
    if move.before is None:
        yield f"{move.student}  new, {move.after:g} points"
        return
    yield f"{move.student}  {move.before:g} -> {move.after:g}  ({move.after - move.before:+g})"
    for name, (before, after) in move.changes.items():
        yield f"    {name}  {before:g} -> {after:g}"
    for name in move.by_hand:
        yield f"    {name}  stays as it was entered by hand"
