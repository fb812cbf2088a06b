"""The one runner of both programs, ``cs231n`` and ``autograder``: parse, run, report errors."""

import argparse
import errno
import importlib
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import __version__
from .errors import UserError

USERS_TURN = 1
BUG = 3
INTERRUPTED = 130
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}
"""set of int : errors of writing, which name no file."""


@dataclass(frozen=True)
class Program:
    """A program with commands.

    Parameters
    ----------
    name : str
    package : str
        Holds a module for each command, with ``HELP``, ``configure(parser)`` and
        ``run(args) -> int``. A module imports what its command needs in these functions, so
        that ``--help`` and a mistyped name are answered at once.
    commands : tuple of str
        The names of the modules, which are the names of the commands.
    description : str
    configure : callable, optional
        Adds arguments that every command has.
    """

    name: str
    package: str
    commands: tuple[str, ...]
    description: str
    configure: Callable[[argparse.ArgumentParser], None] | None = None


def run(program: Program, argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run a command; every error ends in one line.

    Parameters
    ----------
    program : Program
    argv : sequence of str, optional
        The arguments; by default those of this process.

    Returns
    -------
    code : int
        0 done, 1 the user's turn, 3 a bug (the line names a log with the traceback),
        130 interrupted.

    Raises
    ------
    SystemExit
        With 0 after ``--help``, with 2 when the command line cannot be parsed.
    """
    arguments = sys.argv[1:] if argv is None else argv

    def parse_and_run() -> int:
        args = _parse(program, arguments)
        return args.run(args)

    return exit_code(program.name, parse_and_run)


def exit_code(name: str, action: Callable[[], int]) -> int:
    """Do what a program does, and turn every error into one line and an exit code.

    Parameters
    ----------
    name : str
        Of the program; the line begins with it.
    action : callable
        Returns the exit code where nothing goes wrong.

    Returns
    -------
    code : int
        See `run`.
    """
    try:
        return action()
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left; what Python still flushes at its end must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return USERS_TURN
    except Exception as error:
        if is_users_turn(error):
            print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
            return USERS_TURN
        print(f"{name}: this is a bug; the details are in {_write_log(name)}", file=sys.stderr)
        return BUG


def is_users_turn(error: Exception) -> bool:
    """bool : whether the user can mend it: a `UserError`, or a file that cannot be read or written.

    Any other error of the system, such as a signal to a process that is gone, is a bug.
    """
    if isinstance(error, OSError):
        names_a_file = error.filename is not None or isinstance(error, shutil.Error)
        if names_a_file or error.errno in DISK_ERRORS:
            return True
    return isinstance(error, UserError)


def _parse(program: Program, argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(program.name, description=program.description)
    version = f"{program.name} {__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = next((word for word in argv if not word.startswith("-")), "")
    # Help and error messages list all commands; to run one, no other is loaded.
    names = [asked] if asked in program.commands else program.commands
    for name in names:
        module: Any = importlib.import_module(f"{program.package}.{name}")
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        if name == asked:
            if program.configure:
                program.configure(command)
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser.parse_args(argv)


def _write_log(name: str) -> str:
    """Write the traceback of the error being handled to a new file, and return its path."""
    prefix = name.replace(" ", "-") + "-"
    with tempfile.NamedTemporaryFile("w", prefix=prefix, suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    return log.name
