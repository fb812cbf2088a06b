"""Digests that bind a verdict to what was judged: the hand-in, the kit, the exercises."""

import hashlib
import json
import os
import stat
from functools import cache
from pathlib import Path

from ..reference.mistakes import all_mistakes
from ..reference.package_files import package_files


def regular_file(folder, name):
    """Find a file of a hand-in without following links.

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
    path = os.fspath(folder)  # as text: with Path objects, a hundred files of a hand-in take 2 ms
    for part in _parts(name):
        path = os.path.join(path, part)
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return None
        if stat.S_ISLNK(mode):
            return None
    return Path(path) if stat.S_ISREG(mode) else None


@cache
def _parts(name):
    return Path(name).parts


def submission_digest(course, assignment, student):
    """Digest the files of a hand-in that count.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    student : str

    Returns
    -------
    digest : str
        SHA-256, hexadecimal.
    """
    folder = course.submitted(student, assignment.name)
    found = {name: regular_file(folder, name) for name in assignment.hand_in}
    return _digest_files({name: path for name, path in found.items() if path is not None})


def kit_digest(course, assignment):
    """str : digest of everything in the released kit."""
    kit = course.kit(assignment.name)
    return _digest_files({p.relative_to(kit).as_posix(): p for p in kit.rglob("*") if p.is_file()})


def exercise_set_digest(course, assignment):
    """str : digest of what decides points: reference, cases, messages, points, limits and the secret seed."""
    rules = {
        "points": assignment.points,
        "limits": vars(course.limits),
        "package": _digest_files(package_files()),
        "mistakes": [(m.name, m.message, m.edits) for m in all_mistakes()],
        "seed": hashlib.sha256(course.secret_seed()).hexdigest(),
    }
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def _digest_files(files):
    total = hashlib.sha256()
    for name in sorted(files):
        with files[name].open("rb") as file:
            total.update(f"{name}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
