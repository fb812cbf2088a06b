"""Which exercises are asked of one process, in which order, and when its answer is the last word.

A process for each exercise costs ten times as much as one for all. What speaks against one for all: some exercises must
not use modules that others need, and what is said of a case that is shown must not tell what is hidden.
"""

from dataclasses import dataclass

from cs231n.check.evaluation import NOT_STARTED, PASS
from cs231n.check.exercise import Case, TrainingGoal
from cs231n.check.process.client import QuestionPart
from cs231n.check.process.sent_modules import pack_modules

from .workspaces import removed


@dataclass(frozen=True)
class Group:
    """Exercises that go without the same modules.

    Parameters
    ----------
    without : tuple of str
    standards : list of Standard
    """

    without: tuple
    standards: list


@dataclass(frozen=True)
class Round:
    """What is asked of a hand-in at once, of one process: the first probe of each exercise.

    The process begins where the strictest exercises are asked, without the modules that these must not use. For the next
    group it is sent those modules of the package that may be used from there on, once the answers before are in.

    Parameters
    ----------
    groups : list of Group
        The strictest first. Goals, which run nothing of a hand-in, are in the first.
    parts : list of QuestionPart
        For each group the shown cases, and then the hidden ones: nothing that is said of a case which is shown can tell
        what is hidden in its group, as that is not there by then.
    """

    groups: list
    parts: list

    def settles(self, standard, result):
        """Whether nothing more is asked about an exercise that has this result.

        To be right once is enough, in this process or alone. What does not pass is asked again, alone, so that no
        exercise suffers from what another one did to the process; but weights are what they are. Of a group that comes
        later nothing may be told that is not the same in every hand-in that passes: its process has seen the hidden
        cases of other exercises.
        """
        if isinstance(standard.exercise, TrainingGoal):
            return True
        if standard.exercise.without == self.groups[0].without:
            return (
                result.status == PASS
                or result.status == NOT_STARTED
                and len(standard.expected) == 1
            )
        return result.status == PASS and not result.warnings


def rounds(standards, kit, assignment):
    """Put exercises together.

    Parameters
    ----------
    standards : list of Standard
    kit : path
    assignment : Assignment

    Returns
    -------
    rounds : list of Round
        As few as can hold all of them: one, where each group goes without nothing that a stricter one may use.
    """
    goals, kinds, chains = [], {}, []
    for standard in standards:
        is_goal = isinstance(standard.exercise, TrainingGoal)
        (goals if is_goal else kinds.setdefault(standard.exercise.without, [])).append(standard)
    for without in sorted(kinds or [()], key=lambda names: (-len(names), names)):
        chain = next((chain for chain in chains if set(without) <= set(chain[-1].without)), None)
        if chain is None:
            chains.append(chain := [])
        chain.append(Group(without, kinds.get(without, [])))
    chains[0][0].standards.extend(goals)
    return [Round(chain, _parts(chain, kit, assignment)) for chain in chains]


def weights_cases(standard):
    """list of Case : those of a goal, without the images that weights are judged by."""
    return [Case(case.name, {}) for case in standard.cases]


def _parts(groups, kit, assignment):
    parts, missing = [], removed(kit, groups[0].without) - {*assignment.editable, *assignment.own}
    for group in groups:
        lent_now = missing - removed(kit, group.without)
        missing -= lent_now
        sources = {
            name.removesuffix(".py").replace("/", "."): kit / name
            for name in lent_now
            if name.endswith(".py")
        }
        rows = [(_is_hidden(s, row[2]), row) for s in group.standards for row in _first_rows(s)]
        shown, hidden = (
            [row for is_hidden, row in rows if is_hidden == late] for late in (False, True)
        )
        parts += QuestionPart(shown, pack_modules(sources)), QuestionPart(hidden)
    return parts


def _is_hidden(standard, case):
    """Of a goal's images nothing is sent but the name."""
    return case.name in standard.hidden and not isinstance(standard.exercise, TrainingGoal)


def _first_rows(standard):
    if isinstance(standard.exercise, TrainingGoal):
        return [(standard.exercise.id, "weights", case) for case in weights_cases(standard)]
    probe = standard.exercise.probe(next(iter(standard.expected)))
    return (
        []
        if probe.stand_ins
        else [(standard.exercise.id, probe.name, case) for case in standard.cases]
    )
