"""Check exercises against the public cases: PASS, FAIL or NOT STARTED, and what is wrong."""

import argparse
import sys

HELP = "check what you wrote"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from ..check import SECONDS

    parser.add_argument(
        "exercises",
        nargs="*",
        metavar="EXERCISE",
        help="such as affine_backward; default: all of this kit",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        help="longest wait for one case (%(default)g)",
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when everything passes, else 1."""
    from tqdm import tqdm

    from .. import check

    names = args.exercises or exercises_here()
    progress = tqdm(
        names, unit="exercise", leave=False, disable=len(names) < 4 or not sys.stderr.isatty()
    )
    report = check.run(
        names, args.seconds, lambda found: (item for item, _ in zip(found, progress, strict=True))
    )
    print(report)
    return 0 if all(result.status == "pass" for result in report.results) else 1


def exercises_here() -> list[str]:
    """list of str : the exercises of the kit in the current folder, or all there are."""
    from ..check import EXERCISES
    from ..kit import find_kit

    kit = find_kit()
    return list(kit.exercises) if kit else list(EXERCISES)
