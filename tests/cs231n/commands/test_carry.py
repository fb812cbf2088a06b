"""``cs231n carry`` between two real kits: nothing is lost, and every module is accounted for."""

import argparse
import os
import subprocess
import sys

import pytest

from autograder.reference.package_files import package_files
from cs231n.commands import carry as command
from cs231n.errors import UserError
from cs231n.kit import find_kit

AFFINE, NORMALIZATION = "cs231n/layers/affine.py", "cs231n/layers/normalization.py"


@pytest.fixture
def kits(two_assignments):
    """The kits of a first and a second assignment, in which modules of the first are empty."""
    course = two_assignments("own")
    return [course.release_folder(name) for name in course.assignments]


def carry(kit, *arguments):
    """Run the command inside a kit."""
    command = [sys.executable, "-m", "cs231n", "carry", *map(str, arguments)]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=kit, env=environment, capture_output=True, text=True)


def write(kit, name, text=""):
    """Write a module as somebody who solved it; more text makes it another solution."""
    (kit / name).write_text(package_files()[name].read_text(encoding="utf-8") + text)


def test_what_was_written_is_carried_and_what_it_replaces_is_kept(kits):
    first, second = kits
    write(first, AFFINE)
    write(first, NORMALIZATION)
    empty = (second / AFFINE).read_bytes()
    done = carry(second, "../first")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == [f"carried: {AFFINE}", f"carried: {NORMALIZATION}"]
    assert all(
        (second / name).read_bytes() == (first / name).read_bytes()
        for name in (AFFINE, NORMALIZATION)
    )
    assert (second / "before_carry" / AFFINE).read_bytes() == empty
    assert str(second / "before_carry") in done.stdout
    again = carry(second, first)
    assert (
        again.returncode == 0
        and again.stdout.count("the same already") == 2
        and "replaced" not in again.stdout
    )


def test_modules_that_nobody_wrote_stay_where_they_are(kits):
    first, second = kits
    write(first, AFFINE)
    (first / NORMALIZATION).write_bytes(
        (first / NORMALIZATION).read_bytes().replace(b"\n", b"\r\n")
    )
    before = (second / NORMALIZATION).read_bytes()
    done = carry(second, first)
    assert done.returncode == 0 and f"not written there: {NORMALIZATION}" in done.stdout
    assert (second / NORMALIZATION).read_bytes() == before
    write(first, NORMALIZATION)
    (first / AFFINE).unlink()
    assert f"not written there: {AFFINE}" in carry(second, first).stdout


def test_an_untouched_kit_is_told_in_one_line(kits):
    first, second = kits
    (first / AFFINE).unlink()
    done = carry(second, "../first")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert done.stdout.startswith(
        "Nothing was carried: the modules in ../first are as they were released."
    )
    assert not (second / "before_carry").exists()


def test_work_begun_here_is_replaced_only_with_force_and_kept_even_then(kits):
    first, second = kits
    write(first, NORMALIZATION)
    write(second, NORMALIZATION, "\n# begun here\n")
    begun = (second / NORMALIZATION).read_text()
    done = carry(second, first)
    assert (
        done.returncode == 1
        and f"left out: {NORMALIZATION} (you changed it here; --force" in done.stdout
    )
    assert (second / NORMALIZATION).read_text() == begun and not (second / "before_carry").exists()
    assert carry(second, first, "--force").returncode == 0
    assert (second / NORMALIZATION).read_bytes() == (first / NORMALIZATION).read_bytes()
    assert (second / "before_carry" / NORMALIZATION).read_text() == begun


def test_what_was_kept_before_is_never_overwritten(kits):
    first, second = kits
    for text in ("\n# one\n", "\n# two\n", "\n# three\n"):
        write(first, AFFINE, text)
        assert carry(second, first, "--force").returncode == 0
    assert "# one" in (second / "before_carry_2" / AFFINE).read_text()
    assert "# two" in (second / "before_carry_3" / AFFINE).read_text()
    assert "# three" in (second / AFFINE).read_text()


@pytest.mark.parametrize(
    "content, words",
    [
        (b"def affine_forward(x, w, b)\n    return x\n", "not Python: expected ':' in line 1"),
        (b"x = '\xff'\n", "not Python"),
        (b"x = 1\0\n", "not Python"),
    ],
)
def test_a_module_that_does_not_parse_is_named_and_the_others_are_carried(kits, content, words):
    first, second = kits
    (first / AFFINE).write_bytes(content)
    write(first, NORMALIZATION)
    before = (second / AFFINE).read_bytes()
    done = carry(second, first)
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        f"left out: {AFFINE} ({words}" in done.stdout and f"carried: {NORMALIZATION}" in done.stdout
    )
    assert (second / AFFINE).read_bytes() == before


def test_what_is_no_earlier_kit_is_refused_in_one_line(kits, tmp_path):
    first, second = kits
    for kit, path, words in (
        (second, tmp_path, "is not a student kit: there is no kit.json in it"),
        (second, tmp_path / "nowhere", "is not a student kit"),
        (second, ".", "is this kit itself"),
        (first, second, "first builds on no earlier assignment"),
    ):
        done = carry(kit, path)
        assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1
    (first / "kit.json").write_text("{")
    assert "damaged" in carry(second, first).stderr


def test_outside_of_a_kit_there_is_nothing_to_carry_into(kits):
    folder = package_files()["cs231n/kit.py"].parents[1]
    done = carry(folder, kits[0])
    assert done.returncode == 1 and "this is not a student kit" in done.stderr


def test_carried_layers_pass_their_checks_in_the_later_kit(kits):
    first, second = kits
    write(first, AFFINE)
    command = [sys.executable, "-m", "cs231n", "check", "affine_forward"]
    assert (
        "NOT STARTED" in subprocess.run(command, cwd=second, capture_output=True, text=True).stdout
    )
    carry(second, first)
    assert "PASS" in subprocess.run(command, cwd=second, capture_output=True, text=True).stdout


def test_every_outcome_is_said_and_kept_apart(kits, monkeypatch, capsys):
    first, second = kits
    monkeypatch.setattr("cs231n.kit.find_kit", lambda root=second: find_kit(root))
    arguments = argparse.ArgumentParser()
    command.configure(arguments)

    def run(*words):
        code = command.run(arguments.parse_args([str(first), *words]))
        return code, capsys.readouterr().out

    assert run() == (
        0,
        f"Nothing was carried: the modules in {first} are as they were released. "
        "Is it the kit that you wrote in?\n",
    )
    write(first, AFFINE)
    write(first, NORMALIZATION, "def broken(:\n")
    code, said = run()
    assert code == 1 and f"carried: {AFFINE}" in said and f"left out: {NORMALIZATION}" in said
    assert f"the same already: {AFFINE}" in run()[1]
    write(second, AFFINE, "# changed here\n")
    before = (second / AFFINE).read_bytes()
    code, said = run()
    assert code == 1 and (second / AFFINE).read_bytes() == before
    assert f"carried: {AFFINE}" in run("--force")[1]
    for earlier, complaint in ((second, "this kit itself"), (first.parent, "is not a student kit")):
        with pytest.raises(UserError, match=complaint):
            command.run(arguments.parse_args([str(earlier)]))
