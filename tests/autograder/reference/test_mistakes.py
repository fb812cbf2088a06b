"""Typical mistakes apply to the reference; each has a name and a message of its own."""

from autograder.reference.mistakes import all_mistakes
from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES


def test_every_mistake_still_fits_the_reference():
    for mistake in all_mistakes():
        changes = mistake.changes()
        assert list(changes) == [EXERCISES[mistake.exercise].file]
        compile(*changes.values(), mistake.name, "exec")


def test_names_and_messages_of_mistakes_are_unique_within_an_exercise():
    mistakes = all_mistakes()
    assert len({m.name for m in mistakes}) == len(mistakes)
    assert len({(m.exercise, m.message) for m in mistakes}) == len(mistakes)


def test_every_exercise_has_a_typical_mistake():
    known = {mistake.exercise for mistake in all_mistakes()}
    assert [
        name
        for name, e in EXERCISES.items()
        if name not in known and not isinstance(e, TrainingGoal)
    ] == []
