"""Digests that tell whether a submission or a kit is still the one that was judged."""

import hashlib
import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .manifest import Assignment, Course


def regular_file(folder: str | os.PathLike[str], name: str) -> Path | None:
    """Find a file of a submission without following links.

    Parameters
    ----------
    folder : path
    name : str
        Path relative to it.

    Returns
    -------
    path : Path or None
        None where the file is missing, is not a regular file, or a link stands on the way to it.
    """
    # As text: with Path objects, a hundred files of a submission take 2 ms.
    path = os.fspath(folder)
    mode = 0
    for part in _parts(name):
        # Every part is looked at: a link further up leads out of the folder as well.
        path = os.path.join(path, part)
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return None
        if stat.S_ISLNK(mode):
            return None
    return Path(path) if stat.S_ISREG(mode) else None


@cache
def _parts(name: str) -> tuple[str, ...]:
    return Path(name).parts


def submission_digest(course: Course, assignment: Assignment, student: str) -> str:
    """Digest the files of a submission that count.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    student : str

    Returns
    -------
    digest : str
        SHA-256, hexadecimal; that of `digest_contents` for the same files.
    """
    folder = course.submitted(student, assignment.name)
    found = {}
    for name in assignment.submission_files:
        path = regular_file(folder, name)
        if path is not None:
            found[name] = path
    return digest_files(found)


def kit_digest(course: Course, assignment: Assignment) -> str:
    """str : the digest of everything in the released kit."""
    kit = course.release_folder(assignment.name)
    files = (path for path in kit.rglob("*") if path.is_file())
    return digest_files({path.relative_to(kit).as_posix(): path for path in files})


def digest_files(files: Mapping[str, Path]) -> str:
    """str : the digest of some files on disk, by name."""
    digests = {}
    for name, path in files.items():
        with path.open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return _combine(digests)


def digest_contents(contents: Mapping[str, bytes]) -> str:
    """str : the digest of some files in memory, by name; the same once they are on disk."""
    return _combine({name: hashlib.sha256(data).hexdigest() for name, data in contents.items()})


def _combine(digests: Mapping[str, str]) -> str:
    total = hashlib.sha256()
    for name in sorted(digests):
        # No name holds a NUL, so that different files never make the same text.
        total.update(f"{name}\0{digests[name]}\n".encode())
    return total.hexdigest()
