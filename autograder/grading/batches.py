"""Which exercises are asked of one process, in which order, and when its answer is final.

One process per exercise costs ten times as much as one for all. Two things stand in the way of one
for all: some exercises must not use modules that others need, and an answer to a shown case must
not reveal hidden ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cs231n.check.evaluation import NOT_STARTED, PASS, Result
from cs231n.check.exercise import Case, TrainingGoal
from cs231n.check.process.client import QuestionPart, Row
from cs231n.check.process.sent_modules import pack_modules

from ..course.manifest import Assignment
from .expected import ExpectedResults
from .workspaces import removed


@dataclass(frozen=True)
class ExerciseGroup:
    """Exercises that go without the same modules.

    Parameters
    ----------
    without : tuple of str
    expected : list of ExpectedResults
    """

    without: tuple[str, ...]
    expected: list[ExpectedResults]


@dataclass(frozen=True)
class Batch:
    """What is asked of one process at once: the first probe of each exercise.

    The process starts where the strictest exercises are asked, without the modules that these must
    not use. For the next group it is sent those modules of the package that may be used from there
    on, once the answers before are in.

    Parameters
    ----------
    groups : list of ExerciseGroup
        The strictest first. Goals, which run nothing of a submission, are in the first.
    parts : list of QuestionPart
        For each group the shown cases, then the hidden ones. An answer to a shown case cannot
        reveal the hidden cases of its group, which have not been sent by then.
    """

    groups: list[ExerciseGroup]
    parts: list[QuestionPart]

    def is_final(self, expected: ExpectedResults, result: Result) -> bool:
        """Tell whether nothing more is asked about an exercise that has this result.

        An exercise passes if it is right once, in this process or in one of its own. What fails is
        asked again in a process of its own, so that no exercise suffers from what another one did
        to the process; weights are not asked again, as that would change nothing. In a later
        group, only a result that every passing submission shares is final: by then the process has
        seen the hidden cases of other exercises, and its texts could give them away.
        """
        if isinstance(expected.exercise, TrainingGoal):
            return True
        if expected.exercise.without != self.groups[0].without:
            return result.status == PASS and not result.warnings
        if result.status == NOT_STARTED:
            return len(expected.answers) == 1
        return result.status == PASS


def make_batches(
    exercises: Sequence[ExpectedResults], kit: Path, assignment: Assignment
) -> list[Batch]:
    """Put exercises together.

    Parameters
    ----------
    exercises : sequence of ExpectedResults
    kit : path
    assignment : Assignment

    Returns
    -------
    batches : list of Batch
        As few as can hold all of them: one, if each group goes without a part of what the stricter
        group before goes without.
    """
    goals = []
    by_modules: dict[tuple[str, ...], list[ExpectedResults]] = {}
    for expected in exercises:
        if isinstance(expected.exercise, TrainingGoal):
            goals.append(expected)
        else:
            by_modules.setdefault(expected.exercise.without, []).append(expected)
    # Goals alone need a group as well, in which they are asked.
    if not by_modules:
        by_modules[()] = []
    chains: list[list[ExerciseGroup]] = []
    # The strictest first: a process can be sent modules later, but none can be taken from it.
    for without in sorted(by_modules, key=lambda names: (-len(names), names)):
        group = ExerciseGroup(without, by_modules[without])
        for chain in chains:
            if set(without) <= set(chain[-1].without):
                chain.append(group)
                break
        else:
            chains.append([group])
    chains[0][0].expected.extend(goals)
    return [Batch(chain, _parts(chain, kit, assignment)) for chain in chains]


def weights_cases(expected: ExpectedResults) -> list[Case]:
    """list of Case : those of a goal, without the images that weights are judged by."""
    return [Case(case.name, {}) for case in expected.cases]


def module_name(file: str) -> str:
    """str : the module in a file of the package: ``cs231n.optim`` for ``cs231n/optim.py``."""
    return file.removesuffix(".py").replace("/", ".")


def _parts(groups: list[ExerciseGroup], kit: Path, assignment: Assignment) -> list[QuestionPart]:
    parts = []
    missing = removed(kit, groups[0].without) - {*assignment.editable, *assignment.own}
    for group in groups:
        allowed_now = missing - removed(kit, group.without)
        missing -= allowed_now
        sources = {module_name(name): kit / name for name in allowed_now if name.endswith(".py")}
        shown, hidden = _first_rows(group)
        parts.append(QuestionPart(shown, pack_modules(sources)))
        parts.append(QuestionPart(hidden))
    return parts


def _first_rows(group: ExerciseGroup) -> tuple[list[Row], list[Row]]:
    """The shown and the hidden rows of the first probe of each exercise."""
    shown: list[Row] = []
    hidden: list[Row] = []
    for expected in group.expected:
        exercise = expected.exercise
        if isinstance(exercise, TrainingGoal):
            # Of its hidden images nothing is sent but the name of the case.
            shown += [(exercise.id, "weights", case) for case in weights_cases(expected)]
            continue
        probe = exercise.probe(next(iter(expected.answers)))
        if probe.stand_ins:  # all rows of a question would have to use them
            continue
        for case in expected.cases:
            row = (exercise.id, probe.name, case)
            if case.name in expected.hidden:
                hidden.append(row)
            else:
                shown.append(row)
    return shown, hidden
