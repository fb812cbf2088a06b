"""The one runner of both programs, ``cs231n`` and ``autograder``: parse, run, report errors."""

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

DONE, USERS_TURN, BUG, INTERRUPTED = 0, 1, 3, 130


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


def run(program: Program, argv: Sequence[str] | None, expected: tuple[type[Exception], ...]) -> int:
    """Parse the command line and run a command; every error ends in one line.

    Parameters
    ----------
    program : Program
    argv : sequence of str or None
        The arguments; by default those of this process.
    expected : tuple of type
        Errors that are the user's turn.

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
    try:
        args = _parse(program, sys.argv[1:] if argv is None else argv)
        return args.run(args)
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left; what Python still flushes at its end must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return USERS_TURN
    except expected as error:
        print(f"{program.name}: {' '.join(str(error).split())}", file=sys.stderr)
        return USERS_TURN
    except Exception:
        log = _write_log(program.name)
        print(f"{program.name}: this is a bug; the details are in {log}", file=sys.stderr)
        return BUG


def _parse(program: Program, argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(program.name, description=program.description)
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
    with tempfile.NamedTemporaryFile("w", prefix=f"{name}-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    return log.name
