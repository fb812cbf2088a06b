"""``cs231n`` as a whole: its commands, its help and its version."""

import pytest

from cs231n import __version__
from cs231n.__main__ import PROGRAM, main


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
