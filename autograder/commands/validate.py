"""Try an assignment before students do: the reference gets everything, the untouched kit nothing,
and every typical mistake loses points on its own exercise and on no other.
"""

import argparse

HELP = "try an assignment with the reference, the untouched kit and typical mistakes"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment")
    parser.add_argument(
        "--allow-unisolated", action="store_true", help="grade without a sandbox if there is none"
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when everything scores as it should, else 1."""
    from ..authoring.validate import exercises_without_mistake, validate
    from ..course.manifest import Course
    from ..progress import progress_bar
    from ..sandbox.find import find_sandbox

    course = Course.open(args.course)
    assignment = course.assignment(args.assignment)
    sandbox = find_sandbox(args.allow_unisolated)
    trials = list(validate(course, assignment, sandbox, progress_bar))
    width = max(len(trial.name) for trial in trials)
    for trial in trials:
        word = "WRONG" if trial.problems else "ok   "
        print(f"{word}  {trial.name:<{width}}  {trial.score:>5g} of {trial.max_score:g}")
        for problem in trial.problems:
            print(f"       {problem}")
    for name in exercises_without_mistake(assignment):
        print(f"note   no typical mistake is known for {name}")
    wrong = sum(bool(trial.problems) for trial in trials)
    right = len(trials) - wrong
    mistakes = len(trials) - 2  # the others are the reference and the untouched kit
    print(f"{right} of {len(trials)} as they should be; mistakes known: {mistakes}")
    return 1 if wrong else 0
