"""``autograder`` on the command line: from sources to student kits, from submissions to scores."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cs231n.cli import Program, run


def _add_course(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--course",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the course folder (default: here)",
    )


PROGRAM = Program(
    name="autograder",
    package="autograder.commands",
    # Names alone: a command is imported when it is asked for, since nbgrader takes seconds.
    commands=(
        "init",
        "release",
        "collect",
        "grade",
        "feedback",
        "export",
        "validate",
        "doctor",
        "demo",
    ),
    description=(
        "Turn one source into student kits, collect hand-ins, and grade them in a sandbox."
    ),
    configure=_add_course,
)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 your turn, 3 a bug here, 130 interrupted."""
    sys.exit(run(PROGRAM, argv))


if __name__ == "__main__":
    main()
