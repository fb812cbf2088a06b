"""`check` as students call it."""

import subprocess
import sys

import pytest

from autograder.reference.package_files import write_tree
from cs231n.check import find, needs_your_code


def test_an_unknown_name_tells_the_nearest():
    with pytest.raises(ValueError, match="Did you mean affine_backward"):
        find("affine_bakward")


def test_a_cell_that_needs_unwritten_code_says_so_in_one_line(capsys):
    with needs_your_code():
        raise NotImplementedError
    assert capsys.readouterr().out.startswith("Not started yet")


@pytest.mark.process
def test_the_command_line_reports_and_returns_a_code(tmp_path, changed):
    write_tree(
        tmp_path,
        changed(
            "cs231n/layers/affine.py",
            "db = dout.sum(axis=0)",
            "db = dout.sum(axis=0, keepdims=True)",
        ),
    )
    command = [sys.executable, "-m", "cs231n", "check"]
    run = subprocess.run(
        [*command, "affine_backward", "relu_forward"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "FAIL         affine_backward  (2 of 3 parts are right)" in run.stdout
    assert "sum over the batch without keepdims" in run.stdout
    assert "PASS         relu_forward" in run.stdout
    assert (
        subprocess.run([*command, "relu_forward"], cwd=tmp_path, capture_output=True).returncode
        == 0
    )
    unknown = subprocess.run([*command, "relu"], cwd=tmp_path, capture_output=True, text=True)
    assert unknown.returncode == 1 and len(unknown.stderr.splitlines()) == 1
