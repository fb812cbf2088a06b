"""``cs231n check`` on the package that is installed, and on a kit."""

import argparse

import pytest

from cs231n import check as checks
from cs231n.commands import check
from cs231n.errors import UserError
from cs231n.kit import Kit


def run(*arguments):
    parser = argparse.ArgumentParser()
    check.configure(parser)
    return check.run(parser.parse_args(list(arguments)))


def test_named_exercises_are_checked_one_after_another(capsys):
    assert run("affine_forward", "relu_backward", "--seconds", "60") == 0
    assert capsys.readouterr().out.splitlines() == [
        "PASS         affine_forward",
        "PASS         relu_backward",
        "2 of 2 exercises pass",
    ]


def test_what_is_not_right_yet_makes_the_exit_code_1(capsys):
    assert run("train_linear") == 1
    assert capsys.readouterr().out == "NOT STARTED  train_linear\n"


def test_without_names_the_exercises_of_the_kit_are_checked(monkeypatch, tmp_path, capsys):
    kit = Kit(tmp_path, "assignment2", {"relu_forward": 1.0}, ())
    monkeypatch.setattr("cs231n.kit.find_kit", lambda: kit)
    assert run() == 0
    assert capsys.readouterr().out == "PASS         relu_forward\n"


def test_without_a_kit_there_are_all_exercises():
    assert set(check.exercises_here()) == set(checks.EXERCISES)


def test_an_unknown_name_is_refused():
    with pytest.raises(UserError, match="Did you mean relu_forward"):
        run("relu_forwad")


def test_check_in_a_script_prints_and_in_a_notebook_displays(monkeypatch, capsys):
    checks.check("relu_forward")
    assert capsys.readouterr().out == "PASS         relu_forward\n"
    monkeypatch.setattr(checks, "in_notebook", lambda: True)
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    checks.check("relu_forward")
    assert "PASS</strong> <code>relu_forward</code>" in shown[0]._repr_html_()
