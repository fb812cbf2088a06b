"""Modes of what another user reads."""

from autograder.course.modes import open_to_readers


def test_everybody_reads_and_only_the_owner_writes_whatever_the_modes_were(tmp_path):
    tree = tmp_path / "tree"
    (tree / "folder").mkdir(mode=0o700, parents=True)
    for name, mode in {"closed": 0o600, "writable": 0o666, "fixed": 0o444}.items():
        (tree / "folder" / name).touch()
        (tree / "folder" / name).chmod(mode)
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    (tree / "link").symlink_to(secret)
    open_to_readers(tree)
    assert tree.stat().st_mode & 0o777 == (tree / "folder").stat().st_mode & 0o777 == 0o755
    modes = {path.stat().st_mode & 0o777 for path in (tree / "folder").iterdir()}
    assert modes == {0o644}
    assert secret.stat().st_mode & 0o777 == 0o600
