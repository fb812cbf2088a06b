"""``autograder`` as a whole: what is asked for is loaded, and every error ends in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.__main__ import PROGRAM, main
from autograder.commands import doctor
from cs231n import __version__

HEAVY = {"nbgrader", "nbconvert", "sqlalchemy", "IPython", "scipy"}
"""set of str : packages that take a noticeable time to import."""


def ended(*arguments):
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return end.value.code


def loaded_by(*arguments):
    """The heavy packages that a command line imports, in a process of its own."""
    program = (
        "import sys\n"
        "from autograder.__main__ import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print('loaded', *{name.partition('.')[0] for name in sys.modules})\n"
    )
    command = [sys.executable, "-c", program, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split()) & HEAVY


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["grdae"], ["grade", "--help"], ["grade", "--forse"]]
)
def test_help_and_typing_errors_load_no_machinery(arguments):
    assert loaded_by(*arguments) == set()


def test_init_loads_no_machinery(tmp_path):
    assert loaded_by("init", "--course", tmp_path / "course") == set()
    assert (tmp_path / "course" / "nbgrader_config.py").is_file()


@pytest.mark.parametrize("command", PROGRAM.commands)
def test_every_command_explains_itself(command, capsys):
    assert ended(command, "--help") == 0
    assert f"usage: autograder {command}" in capsys.readouterr().out


def test_help_lists_every_command_with_a_line(capsys):
    assert ended("--help") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    told = {words[0] for words in lines if len(words) > 1}
    assert set(PROGRAM.commands) <= told


def test_a_mistyped_command_names_those_that_exist(capsys):
    assert ended("grdae") == 2
    error = capsys.readouterr().err
    assert "invalid choice: 'grdae'" in error
    assert all(command in error for command in PROGRAM.commands)


def test_the_version_is_told(capsys):
    assert ended("--version") == 0
    assert capsys.readouterr().out == f"autograder {__version__}\n"


@pytest.mark.parametrize("action", [lambda args: 1 / 0, lambda args: int("x")])
def test_a_bug_is_told_apart_from_bad_input(tmp_path, monkeypatch, capsys, action):
    monkeypatch.setattr(doctor, "run", action)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert ended("doctor") == 3
    message = capsys.readouterr().err
    assert message.startswith("autograder: this is a bug") and message.count("\n") == 1
    log = Path(message.split()[-1])
    assert log.parent == tmp_path and "Traceback" in log.read_text()
