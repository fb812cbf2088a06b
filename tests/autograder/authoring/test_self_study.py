"""A copy to study alone: whole or not there, and nothing of anybody else's is lost."""

import os

import pytest

from autograder.authoring import self_study
from autograder.errors import UserError


@pytest.fixture
def kit(tmp_path):
    (tmp_path / "kit" / "inside").mkdir(parents=True)
    (tmp_path / "kit" / "inside" / "a").write_text("a")
    return tmp_path / "kit"


def test_a_new_folder_appears_whole(kit, tmp_path):
    self_study._copy(kit, tmp_path / "mine" / "copy")
    assert (tmp_path / "mine" / "copy" / "inside" / "a").read_text() == "a"
    assert os.listdir(tmp_path / "mine") == ["copy"]


def test_an_empty_folder_is_filled_where_it_is(kit, tmp_path):
    (tmp_path / "mine").mkdir()
    before = (tmp_path / "mine").stat().st_ino
    self_study._copy(kit, tmp_path / "mine")
    assert (tmp_path / "mine").stat().st_ino == before
    assert (tmp_path / "mine" / "inside" / "a").read_text() == "a"


def test_an_interrupted_copy_leaves_nothing(kit, tmp_path, monkeypatch):
    def interrupt(source, target, **options):
        (target / "half").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(self_study.shutil, "copytree", interrupt)
    with pytest.raises(KeyboardInterrupt):
        self_study._copy(kit, tmp_path / "mine")
    assert os.listdir(tmp_path) == ["kit"]


def test_what_appears_there_in_the_meantime_is_kept(kit, tmp_path, monkeypatch):
    copytree = self_study.shutil.copytree

    def copy_and_interfere(source, target, **options):
        monkeypatch.undo()  # copytree calls itself by its name
        copytree(source, target, **options)
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "work").write_text("work")

    monkeypatch.setattr(self_study.shutil, "copytree", copy_and_interfere)
    with pytest.raises(UserError, match="nothing in it is overwritten"):
        self_study._copy(kit, tmp_path / "mine")
    assert os.listdir(tmp_path / "mine") == ["work"]
