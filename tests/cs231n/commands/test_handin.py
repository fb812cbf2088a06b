"""``cs231n handin``: it packs exactly the files that count, or says what is missing."""

import argparse
import json
import sys
import zipfile
from pathlib import Path

import pytest

from cs231n import kit as kits
from cs231n.commands import handin
from cs231n.errors import UserError

FILES = ("net.ipynb", "cs231n/layers/affine.py", "weights/net.npz")


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """A kit with all its files and some others, found as the one around the package."""
    for name in (*FILES, "cs231n/solver.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    manifest = {"assignment": "assignment2", "exercises": {"affine_forward": 4}, "hand_in": FILES}
    (tmp_path / "kit.json").write_text(json.dumps(manifest))
    kit = kits.find_kit(tmp_path)
    monkeypatch.setattr(kits, "find_kit", lambda: kit)
    return tmp_path


def run(*arguments):
    parser = argparse.ArgumentParser()
    handin.configure(parser)
    return handin.run(parser.parse_args(list(arguments)))


@pytest.mark.parametrize("arguments", [[], ["assignment2"]])
def test_zip_holds_exactly_the_files_that_count(kit, capsys, arguments):
    assert run(*arguments) == 0
    with zipfile.ZipFile(kit / "assignment2.zip") as archive:
        assert archive.namelist() == [f"assignment2/{name}" for name in FILES]
        assert [archive.read(name).decode() for name in archive.namelist()] == list(FILES)
    assert str(kit / "assignment2.zip") in capsys.readouterr().out


def test_exit_code_is_1_and_nothing_is_packed_in_defect_hand_in_exits_0_when_files_are_missing(
    kit, capsys
):
    (kit / "weights" / "net.npz").unlink()
    assert run() == 1
    printed = capsys.readouterr().out
    assert "missing: weights/net.npz" in printed and "Nothing was packed" in printed
    assert not (kit / "assignment2.zip").exists()


def test_notebooks_are_packed_as_they_are_in_defect_hand_in_needs_latex(kit, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nbconvert", None)
    assert run() == 0
    with zipfile.ZipFile(kit / "assignment2.zip") as archive:
        assert archive.read("assignment2/net.ipynb") == (kit / "net.ipynb").read_bytes()
        assert not [name for name in archive.namelist() if name.endswith((".pdf", ".tex"))]


def test_zip_goes_where_it_is_asked_for(kit, tmp_path):
    assert run("--to", str(tmp_path / "mine.zip")) == 0
    assert (tmp_path / "mine.zip").is_file() and not (kit / "assignment2.zip").exists()


def test_second_packing_replaces_the_first(kit):
    run()
    (kit / FILES[1]).write_text("changed")
    assert run() == 0
    with zipfile.ZipFile(kit / "assignment2.zip") as archive:
        assert archive.read(f"assignment2/{FILES[1]}") == b"changed"
    assert not [path for path in Path(kit).iterdir() if path.name.endswith(".part")]


def test_kit_of_another_assignment_and_no_kit_are_said(kit, monkeypatch):
    with pytest.raises(UserError, match="kit of assignment2"):
        run("assignment1")
    monkeypatch.setattr(kits, "find_kit", lambda: None)
    with pytest.raises(UserError, match="not a student kit"):
        run()
