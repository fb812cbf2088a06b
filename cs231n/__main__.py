"""``cs231n`` on the command line: check exercises, get data and kits, pack a hand-in, look at the machine."""

import argparse
import importlib
import os
import sys
import tempfile
import traceback

COMMANDS = ("check", "data", "start", "carry", "handin", "doctor")


def main(argv=None):
    """Run one command and exit with 0 (done), 1 (your turn), 3 (a bug here) or 130 (interrupted)."""
    sys.exit(run("cs231n", "cs231n.commands", COMMANDS, __doc__, argv, (ValueError, OSError)))


def run(program, package, names, description, argv, expected, configure=None):
    """Parse the command line and run a command; every error ends in one line.

    Parameters
    ----------
    program, description : str
    package : str
        Holds the command modules, each with ``HELP``, ``configure(parser)`` and ``run(args) -> int``.
    names : sequence of str
        The modules that exist, which are the names of the commands.
    argv : list of str or None
    expected : tuple of type
        Errors that are the user's turn.
    configure : callable, optional
        Adds arguments that every command has.

    Returns
    -------
    code : int
    """
    try:
        args = _parse(program, package, names, description, argv, configure)
        return args.run(args)
    except KeyboardInterrupt:
        print("\ninterrupted; run the same command again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except expected as error:
        print(f"{program}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except Exception:
        print(f"{program}: this is a bug; the details are in {_log(program)}", file=sys.stderr)
        return 3


def _parse(program, package, names, description, argv, configure):
    parser = argparse.ArgumentParser(program, description=description)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in names:
        module = importlib.import_module(f"{package}.{name}")
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        if configure:
            configure(command)
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser.parse_args(argv)


def _log(program):
    with tempfile.NamedTemporaryFile("w", prefix=f"{program}-", suffix=".log", delete=False) as log:
        traceback.print_exc(file=log)
    return log.name


if __name__ == "__main__":
    main()
