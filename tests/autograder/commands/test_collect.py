"""``autograder collect`` on the command line."""

import argparse
import zipfile

import pytest

from autograder.commands import collect


@pytest.fixture
def run(course, capsys):
    def run(*arguments):
        parser = argparse.ArgumentParser()
        parser.add_argument("--course")
        collect.configure(parser)
        code = collect.run(
            parser.parse_args(["--course", str(course.root), "assignment2", *map(str, arguments)])
        )
        return code, capsys.readouterr().out.splitlines()

    return run


def test_good_hand_ins_exit_0(course, run):
    inbox = course.root / "inbox" / "assignment2"
    inbox.mkdir(parents=True)
    with zipfile.ZipFile(inbox / "ada.zip", "w") as archive:
        for name in course.assignment("assignment2").submission_files:
            archive.writestr(
                name, '{"nbformat": 4, "cells": []}' if name.endswith(".ipynb") else ""
            )
    assert run() == (0, ["1 accepted, 0 unchanged, 0 refused"])
    assert run() == (0, ["0 accepted, 1 unchanged, 0 refused"])


def test_each_refusal_is_one_line_and_exits_1(course, run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bob.zip").write_bytes(b"no zip")
    (tmp_path / "in" / "a b.zip").write_bytes(b"no zip")
    with zipfile.ZipFile(tmp_path / "in" / "eve.zip", "w") as archive:
        archive.writestr("cs231n/optim.py", "")
    code, lines = run("--from", tmp_path / "in")
    assert code == 1
    assert [line.split(":")[0] for line in lines[:-1]] == ["bob", "eve", "a b.zip"]
    assert lines[0].startswith("bob: refused: it is not a zip archive")
    assert "taken without fully_connected_nets.ipynb" in lines[1]
    assert lines[-1] == "1 accepted, 0 unchanged, 2 refused"
