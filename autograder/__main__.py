"""``autograder`` on the command line: from sources to student kits, from hand-ins to scores."""

import sys
from pathlib import Path

from cs231n.__main__ import run

from .errors import UserError

COMMANDS = (
    "init",
    "release",
    "collect",
    "grade",
    "feedback",
    "export",
    "validate",
    "doctor",
    "demo",
)


def main(argv=None):
    """Run one command and exit with 0 (done), 1 (your turn), 3 (a bug here) or 130 (interrupted)."""
    description = (
        "Turn one source into student kits, collect hand-ins, and grade them in a sandbox."
    )
    sys.exit(
        run(
            "autograder",
            "autograder.commands",
            COMMANDS,
            description,
            argv,
            (UserError, OSError),
            _configure,
        )
    )


def _configure(parser):
    parser.add_argument(
        "--course",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the course folder (default: here)",
    )


if __name__ == "__main__":
    main()
