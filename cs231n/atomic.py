"""Files and folders that appear whole or not at all."""

import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from .locks import try_lock

_DRAFT = "draft"  # what is being written
_NEW = "new"  # what is whole, and takes its place next
_OLD = "old"  # what was there before


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], mode: str = "b", private: bool = False, **options: Any
) -> Iterator[IO[Any]]:
    """Open a file that takes its name when the block ends well; an older one stays until then.

    What is written lies beside it, as a hidden file that ends with ``.part``, and goes away when
    the block fails.

    Parameters
    ----------
    path : path-like
        In a folder that exists.
    mode : {"b", "t"}
        Bytes or text.
    private : bool
        Whether nobody else on this machine may read it; otherwise it is as open as any new file.
    **options
        For `open`, such as ``encoding``.

    Yields
    ------
    file : file object
        For writing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    allowed = 0o600 if private else 0o666
    try:
        with open(
            draft, f"x{mode}", opener=lambda name, flags: os.open(name, flags, allowed), **options
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(
    target: str | os.PathLike[str], keep: str | os.PathLike[str] | None = None
) -> Iterator[Path]:
    """Fill a folder that takes its place when the block ends well; an older one stays until then.

    The new folder lies beside its place, inside a hidden one that ends with ``.part``. No system
    exchanges two folders in one step that works everywhere, so the older one is moved aside first.
    A process that is killed in between leaves the place empty for a moment: `recover_folder`, with
    which each call begins, puts the new folder there.

    Parameters
    ----------
    target : path-like
        In a folder that exists.
    keep : path-like, optional
        Where the older folder goes, on the same file system; by default it is removed.

    Yields
    ------
    folder : Path
        Empty. What else is written to the hidden folder, ``folder.parent``, is removed in the end.

    Raises
    ------
    OSError
        If the folder cannot be written. Then the older one is still there.
    """
    target = Path(target)
    recover_folder(target)
    scratch, lock = _open_scratch(target)
    try:
        scratch.mkdir(mode=0o700)
        draft = scratch / _DRAFT
        draft.mkdir()
        yield draft
        _sync(draft)
        complete = draft.rename(scratch / _NEW)
        _swap(complete, target, keep)
    finally:
        _close_scratch(scratch, lock, target)


def recover_folder(target: str | os.PathLike[str]) -> None:
    """Complete or remove what killed runs of `atomic_folder` have left, and nothing of live ones.

    Parameters
    ----------
    target : path-like
        It need not exist, nor the folder that it lies in.
    """
    target = Path(target)
    try:
        names = os.listdir(target.parent)
    except OSError:
        return
    ours = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{16}}\.lock")
    for name in filter(ours.fullmatch, names):
        with suppress(OSError):
            _remove_if_dead(target.with_name(name), target)


def _remove_if_dead(lock: Path, target: Path) -> None:
    descriptor = os.open(lock, os.O_RDWR)
    try:
        is_dead = _holds(descriptor, lock)
    except OSError:
        is_dead = False  # a file system without locks: nobody can tell
    if is_dead:
        _close_scratch(lock.with_suffix(".part"), descriptor, target)
    else:
        os.close(descriptor)


def _open_scratch(target: Path) -> tuple[Path, int]:
    """Name a hidden folder beside the target, and hold the lock that says that it is in use.

    The folder is made afterwards: who finds no lock on the file can be sure that nobody uses the
    folder.
    """
    while True:
        path = target.with_name(f".{target.name}.{secrets.token_hex(8)}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            held = _holds(descriptor, path)
        except OSError:
            held = True  # a file system without locks, where nobody can remove it either
        if held:
            return path.with_suffix(".part"), descriptor
        os.close(descriptor)  # another run took it for a leftover and has removed it


def _holds(descriptor: int, path: Path) -> bool:
    """bool : whether this process has locked the file now, and the file still has its name."""
    if not try_lock(descriptor):
        return False
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _close_scratch(scratch: Path, descriptor: int, target: Path) -> None:
    """Remove a hidden folder and its lock, once nothing in it is missing at the target."""
    _settle(scratch, target)
    if target.exists() or not (scratch / _OLD).exists():
        shutil.rmtree(scratch, ignore_errors=True)
    lock = scratch.with_suffix(".lock")
    if sys.platform != "win32":
        # Still locked, so that nobody finds it without its folder.
        if not scratch.exists():
            lock.unlink(missing_ok=True)
        os.close(descriptor)
    else:
        os.close(descriptor)
        if not scratch.exists():
            with suppress(OSError):
                lock.unlink()


def _settle(scratch: Path, target: Path) -> None:
    """Give a target that a swap has left empty the new folder, or else the old one again."""
    for name in (_NEW, _OLD):
        if (scratch / name).exists() and not os.path.lexists(target):
            with suppress(OSError):
                (scratch / name).rename(target)


def _swap(complete: Path, target: Path, keep: str | os.PathLike[str] | None) -> None:
    aside = complete.with_name(_OLD) if keep is None else Path(keep)
    while True:
        with suppress(FileNotFoundError):
            target.rename(aside)
        try:
            complete.rename(target)
            return
        except OSError:
            if not os.path.lexists(target):
                with suppress(OSError):
                    aside.rename(target)
                raise
            if keep is not None:
                raise
        # Another run was faster and put its own folder there, which makes way in the next round.
        shutil.rmtree(aside, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Let the disk have what was written before the folder takes its place."""
    mode = "r+b" if sys.platform == "win32" else "rb"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with open(path, mode) as file:
                os.fsync(file.fileno())
