"""Check exercises against the public cases: PASS, FAIL or NOT STARTED, and what is wrong."""

import sys

from .. import check

HELP = "check what you wrote"


def configure(parser):
    """Add the arguments."""
    parser.add_argument(
        "exercises",
        nargs="*",
        metavar="EXERCISE",
        help="such as affine_backward; default: all of this kit",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=check.SECONDS,
        help="longest wait for one case (%(default)g)",
    )


def run(args):
    """Return 0 when everything passes, else 1."""
    from tqdm import tqdm

    names = args.exercises or exercises_here()
    progress = tqdm(
        names, unit="exercise", leave=False, disable=len(names) < 4 or not sys.stderr.isatty()
    )
    report = check.run(
        names, args.seconds, lambda found: (item for item, _ in zip(found, progress, strict=True))
    )
    print(report)
    return 0 if all(result.status == "pass" for result in report.results) else 1


def exercises_here():
    """list of str : the exercises of the kit in the current folder, or all there are."""
    from ..kit import find_kit

    kit = find_kit()
    return list(kit.exercises) if kit else list(check.EXERCISES)
