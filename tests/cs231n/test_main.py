"""The command line as a whole: every error is one line, and the exit code says whose turn it is."""

import errno
import os
import shutil
import sys
import types
from pathlib import Path

import pytest

from cs231n import __version__
from cs231n.__main__ import PROGRAM, main
from cs231n.cli import Program, run
from cs231n.errors import UserError


@pytest.fixture
def outcome(monkeypatch):
    """A function that runs a program with one command, which does what it is given."""

    def call(action, configure=lambda parser: None):
        command = types.ModuleType("commands_of_a_test.work")
        command.HELP, command.configure, command.run = "work", configure, lambda args: action()
        monkeypatch.setitem(sys.modules, command.__name__, command)
        program = Program("program", "commands_of_a_test", ("work",), "Does what a test says.")
        return run(program, ["work"])

    return call


def raises(error):
    def action():
        raise error

    return action


def test_a_command_decides_the_exit_code(outcome):
    assert [outcome(lambda code=code: code) for code in (0, 1)] == [0, 1]


def test_an_error_of_the_user_is_one_line(outcome, capsys):
    assert outcome(raises(UserError("no such\n  exercise"))) == 1
    assert capsys.readouterr().err == "program: no such exercise\n"


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "grades.csv"),
        OSError(errno.ENOSPC, "No space left on device"),
        shutil.Error([("from", "to", "No space left on device")]),
    ],
)
def test_a_file_that_cannot_be_read_or_written_is_the_users_turn(outcome, capsys, error):
    assert outcome(raises(error)) == 1
    message = capsys.readouterr().err
    assert message == f"program: {error}\n"


@pytest.mark.parametrize(
    "error",
    [
        KeyError("lost"),
        ValueError("invalid literal for int() with base 10: 'x'"),
        ProcessLookupError(errno.ESRCH, "No such process"),
    ],
)
def test_a_bug_is_one_line_and_its_traceback_is_in_a_file(outcome, capsys, error):
    assert outcome(raises(error)) == 3
    message = capsys.readouterr().err
    log = Path(message.split()[-1])
    try:
        assert message.startswith("program: this is a bug") and len(message.splitlines()) == 1
        assert f"{type(error).__name__}: {error}" in log.read_text()
    finally:
        log.unlink()


def test_an_interruption_says_how_to_go_on(outcome, capsys):
    assert outcome(raises(KeyboardInterrupt())) == 130
    assert "run the same command again to go on" in capsys.readouterr().err


def test_an_interruption_while_the_commands_are_loaded_is_no_traceback_either(outcome, capsys):
    def interrupted(parser):
        raise KeyboardInterrupt

    assert outcome(lambda: 0, interrupted) == 130
    assert "run the same command again to go on" in capsys.readouterr().err


def test_a_reader_that_left_is_no_error(outcome):
    stdout = os.dup(1)
    try:
        assert outcome(raises(BrokenPipeError())) == 1
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


@pytest.mark.parametrize("command", PROGRAM.commands)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0 and f"cs231n {command}" in capsys.readouterr().out


def test_no_command_at_all_shows_the_usage(capsys):
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2 and "usage: cs231n" in capsys.readouterr().err


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0 and capsys.readouterr().out == f"cs231n {__version__}\n"


def test_help_lists_every_command_with_a_line(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    told = {words[0] for words in lines if len(words) > 1}
    assert end.value.code == 0 and set(PROGRAM.commands) <= told
