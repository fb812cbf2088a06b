"""A file or folder is the old one or the new one, never half of it; nothing is left beside it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cs231n.atomic import atomic_folder, atomic_write, recover_folder


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    return path


def test_the_old_file_stays_until_the_new_one_is_whole(path):
    with atomic_write(path, "t", encoding="utf-8") as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new" and os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(path, error):
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old" and os.listdir(path.parent) == [path.name]


def test_a_disk_that_fills_up_at_the_end_keeps_the_old_file(path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_write(path) as file:
        file.write(b"new")
    assert path.read_text() == "old" and os.listdir(path.parent) == [path.name]


def test_two_writers_of_one_file_do_not_meet(path):
    with atomic_write(path) as first, atomic_write(path) as second:
        first.write(b"first")
        second.write(b"second")
    assert path.read_text() == "first" and os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_missing_is_an_error(path):
    with pytest.raises(FileNotFoundError), atomic_write(path.parent / "none" / "scores.csv"):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_private_file_is_for_its_owner_alone_and_others_follow_the_umask(path):
    before = os.umask(0o027)
    try:
        for private in (True, False):
            with atomic_write(path, private=private):
                pass
            assert stat.S_IMODE(path.stat().st_mode) == (0o600 if private else 0o640)
    finally:
        os.umask(before)


def fill(folder, text):
    """Write the files of a folder, some of them in a folder of their own."""
    (folder / "inside").mkdir(parents=True, exist_ok=True)
    for name in ("a", "b", "inside/c"):
        (folder / name).write_text(f"{name} {text}")


def version(folder):
    """Tell which text a folder was filled with; None where there is no folder."""
    if not folder.exists():
        return None
    text = (folder / "a").read_text().removeprefix("a ")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert names == {"a", "b", "inside", "inside/c"}
    assert all((folder / name).read_text() == f"{name} {text}" for name in ("b", "inside/c"))
    return text


@pytest.fixture
def target(tmp_path):
    fill(tmp_path / "kit", "old")
    return tmp_path / "kit"


def test_the_old_folder_stays_until_the_new_one_is_whole(target):
    with atomic_folder(target) as folder:
        fill(folder, "new")
        assert version(target) == "old"
    assert version(target) == "new" and os.listdir(target.parent) == ["kit"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_folder_and_leaves_nothing_behind(target, error):
    with pytest.raises(error), atomic_folder(target) as folder:
        fill(folder, "half")
        raise error
    assert version(target) == "old" and os.listdir(target.parent) == ["kit"]


def test_a_new_folder_that_cannot_be_put_in_place_brings_the_old_one_back(target, monkeypatch):
    rename = os.rename

    def refuse(source, destination):
        if Path(source).name == "new":
            raise PermissionError(13, "Permission denied")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse)
    for keep in (None, target.with_name("kept")):
        with pytest.raises(PermissionError), atomic_folder(target, keep) as folder:
            fill(folder, "new")
        assert version(target) == "old" and os.listdir(target.parent) == ["kit"]


def test_a_disk_that_fills_up_at_the_end_keeps_the_old_folder(target, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_folder(target) as folder:
        fill(folder, "new")
    assert version(target) == "old" and os.listdir(target.parent) == ["kit"]


def test_the_old_folder_can_be_kept(target):
    with atomic_folder(target, keep=target.with_name("kept")) as folder:
        fill(folder, "new")
    assert version(target) == "new" and version(target.with_name("kept")) == "old"
    assert sorted(os.listdir(target.parent)) == ["kept", "kit"]


def test_two_writers_of_one_folder_do_not_meet(target):
    with atomic_folder(target) as first, atomic_folder(target) as second:
        fill(first, "first")
        fill(second, "second")
    assert version(target) == "first" and os.listdir(target.parent) == ["kit"]


def test_a_writer_between_two_steps_of_another_takes_nothing_from_it(target, monkeypatch):
    rename = os.rename

    def rename_after_another(source, destination):
        if Path(source).name == "new":
            monkeypatch.setattr(os, "rename", rename)
            with atomic_folder(target) as folder:
                fill(folder, "other")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", rename_after_another)
    with atomic_folder(target) as folder:
        fill(folder, "new")
    assert version(target) == "new" and os.listdir(target.parent) == ["kit"]


def test_names_that_begin_alike_are_different_folders(target):
    with atomic_folder(target.with_name("kit.d")) as folder:
        fill(folder, "other")
        with atomic_folder(target) as inner:
            fill(inner, "new")
    assert version(target) == "new" and version(target.with_name("kit.d")) == "other"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_folder_is_as_open_as_any_new_one_and_hidden_until_it_is_whole(target):
    before = os.umask(0o027)
    try:
        with atomic_folder(target) as folder:
            assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


KILLS = """
import os, signal, sys
from pathlib import Path

from cs231n.atomic import atomic_folder

root, with_old, with_keep = Path(sys.argv[1]), sys.argv[2] == "old", sys.argv[3] == "keep"
STEPS = ("open", "close", "mkdir", "rename", "unlink", "rmdir", "fsync")


def fill(folder, text):
    (folder / "inside").mkdir(parents=True)
    for name in ("a", "b", "inside/c"):
        (folder / name).write_text(f"{name} {text}")


def die_at(number):
    left = [number]

    def counted(step):
        def call(*args, **options):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*args, **options)
        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def run(folder, number):
    target = folder / "kit"
    folder.mkdir()
    if with_old:
        fill(target, "old")
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    die_at(number)
    with atomic_folder(target, folder / "kept" if with_keep else None) as fresh:
        fill(fresh, "new")
    os._exit(0)


number = 0
while run(root / str(number), number) == signal.SIGKILL:
    number += 1
print(number)
"""


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("before", ["old", "none"])
@pytest.mark.parametrize("keep", ["keep", "remove"])
def test_a_kill_at_any_step_leaves_the_old_folder_or_the_new_one(tmp_path, before, keep):
    command = [sys.executable, "-c", KILLS, tmp_path, before, keep]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps >= 15
    old = "old" if before == "old" else None
    seen = []
    for number in range(steps + 1):
        folder = tmp_path / str(number)
        target, kept = folder / "kit", folder / "kept"
        assert version(target) in (old, "new", None)
        recover_folder(target)
        seen.append(version(target))
        assert [name for name in os.listdir(folder) if name.startswith(".")] == []
        assert {"new", old} >= {version(target), version(kept)} - {None}
        assert old in (version(target), version(kept), None) or keep == "remove"
        with atomic_folder(target) as fresh:
            fill(fresh, "newest")
        assert version(target) == "newest"
        assert set(os.listdir(folder)) <= {"kit", "kept"}
    # Once the new folder is there it stays, and before that it is the old one.
    assert seen == sorted(seen, key=lambda text: text == "new")
    assert seen[0] == old and seen[-1] == "new" and set(seen) == {old, "new"}


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_what_belongs_to_a_run_that_goes_on_is_left_alone(target):
    script = (
        "import sys; from cs231n.atomic import atomic_folder\n"
        "with atomic_folder(sys.argv[1]) as folder:\n"
        "    print(folder, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, target]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as alive:
        folder = Path(alive.stdout.readline().strip())
        with atomic_folder(target) as fresh:
            fill(fresh, "new")
        recover_folder(target)
        assert folder.is_dir() and version(target) == "new"
        alive.kill()
    recover_folder(target)
    assert os.listdir(target.parent) == ["kit"]
