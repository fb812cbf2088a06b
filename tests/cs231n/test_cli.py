"""The runner of both programs: every error is one line, and the exit code says whose turn it is."""

import errno
import importlib
import os
import shutil
import sys
import tempfile
import types
from fnmatch import fnmatch
from pathlib import Path

import pytest

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


def test_the_log_of_a_bug_has_a_new_name_each_time_which_begins_with_the_program(
    outcome, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    logs = set()
    for _ in range(2):
        assert outcome(raises(KeyError("lost"))) == 3
        logs.add(capsys.readouterr().err.strip().rpartition(" ")[2])
    assert logs == {str(path) for path in tmp_path.iterdir()} and len(logs) == 2
    assert all(fnmatch(log, str(tmp_path / "program-*.log")) for log in logs)


def test_a_command_that_is_asked_for_is_the_only_one_that_is_loaded(outcome):
    assert outcome(lambda: 0) == 0
    program = Program("program", "commands_of_a_test", ("work", "missing"), "Has two commands.")
    assert run(program, ["work"]) == 0
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("commands_of_a_test.missing")


def test_arguments_that_every_command_has_reach_the_command(outcome):
    given = []
    assert outcome(lambda: 0) == 0
    program = Program(
        "program",
        "commands_of_a_test",
        ("work",),
        "Has an argument for every command.",
        lambda parser: parser.add_argument("--course"),
    )
    sys.modules["commands_of_a_test.work"].run = lambda args: given.append(args.course) or 0
    assert run(program, ["work", "--course", "here"]) == 0
    assert given == ["here"]


def test_a_command_line_that_cannot_be_parsed_ends_with_2(outcome, capsys):
    outcome(lambda: 0)
    program = Program("program", "commands_of_a_test", ("work",), "Does what a test says.")
    with pytest.raises(SystemExit) as end:
        run(program, ["work", "--unknown"])
    assert end.value.code == 2 and "--unknown" in capsys.readouterr().err
