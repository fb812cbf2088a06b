"""Check exercises against the public cases: PASS, FAIL or NOT STARTED, and what is wrong."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import UserError

HELP = "check what you wrote"
MIN_WITH_PROGRESS = 4
"""int : from this number of exercises on there is a progress bar."""


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
    _check_names(names)
    hidden = len(names) < MIN_WITH_PROGRESS or not sys.stderr.isatty()
    progress = tqdm(names, unit="exercise", leave=False, disable=hidden)

    def counted(exercises: Iterable[Any]) -> Iterator[Any]:
        for exercise, _ in zip(exercises, progress, strict=True):
            yield exercise

    report = check.run(names, args.seconds, counted)
    print(report)
    return 0 if all(result.status == "pass" for result in report.results) else 1


def exercises_here() -> list[str]:
    """list of str : the exercises of the kit in the current folder, or all there are."""
    from ..check import EXERCISES
    from ..kit import find_kit

    kit = find_kit()
    return list(kit.exercises) if kit else list(EXERCISES)


def _check_names(names: list[str]) -> None:
    from ..check import find

    for name in names:
        try:
            find(name)
        except ValueError as error:
            raise UserError(str(error)) from None
