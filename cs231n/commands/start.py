"""Make a copy of an assignment to study alone, such as:
cs231n start assignment3 --to ~/assignment3
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..errors import UserError
from ..kit import find_kit

HELP = "make a copy of an assignment to study alone"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("assignment", help="such as assignment3")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="the folder to make (default: one with its name, here)",
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when the copy is made."""
    if find_kit():
        raise UserError("this is a kit already; run it where the whole course is installed")
    # The pipeline, which clears the solutions, is a program of its own: this package never
    # imports it.
    if find_spec("autograder") is None:
        raise UserError(
            "only the package cs231n is installed here; "
            "install the whole course to make copies of it"
        )
    target = (args.to or Path(args.assignment)).expanduser().absolute()
    program = "autograder.authoring.self_study"
    command = [sys.executable, "-m", program, args.assignment, str(target)]
    return subprocess.run(command, cwd=Path(__file__).parents[2]).returncode
