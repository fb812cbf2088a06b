"""The intake: takes hand-ins from an inbox, checks them whole, and files them where grading finds them.

A hand-in is filed at once or not at all. One that is replaced by a later one is kept under ``replaced/``. What
became of each is written to ``collect/<assignment>.json``, so that whoever was refused is not forgotten.
"""

import contextlib
import errno
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..course.digests import digest_contents, submission_digest
from ..course.locks import locked
from ..course.manifest import TIMESTAMP, check_student_id, is_student_id
from ..course.receipts import (
    ACCEPTED,
    REFUSED,
    UNCHANGED,
    Receipt,
    load_receipts,
    receipts_folder,
    save_receipts,
)
from ..errors import RefusedError, UserError
from ..notebooks.format_check import check_notebook
from ..progress import no_progress
from .archives import SUFFIXES, plain, read_submission
from .class_archive import open_bulk
from .lms import METADATA, ROSTER, Entry, Roster, find_students, owner_of, read_metadata

MAX_NAMES = 20


@dataclass(frozen=True)
class Collection:
    """What one run did.

    Parameters
    ----------
    students : dict of str -> Receipt
    strangers : dict of str -> str
        Entries of the inbox that belong to no student of the course, by name, and why.
    """

    students: dict
    strangers: dict

    def count(self, status):
        """int : how many hand-ins have this status."""
        return sum(receipt.status == status for receipt in self.students.values())

    @property
    def complete(self):
        """bool : whether everything in the inbox was taken."""
        return not self.strangers and not self.count(REFUSED)


def collect(course, assignment, path=None, student=None, progress=no_progress, bulk=False):
    """Take hand-ins.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    path : path, optional
        Folder with one archive, folder or notebook for each student, called after the student's id; by
        default ``inbox/<assignment>`` of the course. With ``student``, the one hand-in itself.
    student : str, optional
    progress : callable, optional
        Wraps an iterable, takes ``total`` and ``desc``, as ``tqdm`` does.
    bulk : bool
        ``path`` is one zip archive with the hand-ins of a class, as a learning platform packs them.

    Returns
    -------
    collection : Collection

    Raises
    ------
    UserError
        If there is nothing to take, no room to put it, or another collect at work. What was taken before then is
        recorded.
    """
    path = course.root / "inbox" / assignment.name if path is None else Path(path)
    roster = Roster.read(course.root / ROSTER)
    with _alone(course), contextlib.ExitStack() as stack:
        if student is not None:
            entries = [_entry(check_student_id(student), path)]
        elif bulk:
            entries = stack.enter_context(open_bulk(path, roster))
        else:
            entries = list(find_entries(path, assignment, roster))
        return _collect(course, assignment, entries, roster, progress)


def _collect(course, assignment, entries, roster, progress):
    kept = load_receipts(course, assignment.name)
    collection = Collection({}, {})
    _sweep(course)
    try:
        for entry in progress(entries, total=len(entries), desc="collect"):
            problem = _stranger(entry, roster)
            if problem:
                collection.strangers[plain(entry.source)] = problem
            else:
                twins = [e.source for e in entries if e.student == entry.student]
                before = kept.get(entry.student)
                collection.students[entry.student] = _take(course, assignment, entry, twins, before)
    except BaseException:
        with contextlib.suppress(OSError):
            _save(course, assignment, kept, collection)
        raise
    _save(course, assignment, kept, collection)
    return collection


def _save(course, assignment, kept, collection):
    save_receipts(course, assignment.name, kept | collection.students, collection.strangers)


def find_entries(inbox, assignment, roster=None):
    """Find the hand-ins of an inbox.

    Parameters
    ----------
    inbox : Path
        A folder of hand-ins; a single file is one hand-in.
    assignment : Assignment
    roster : Roster, optional
        Needed where a learning platform gave the names.

    Yields
    ------
    entry : Entry
        Files of the system, whose names begin with a dot, are none.
    """
    if not inbox.exists():
        raise UserError(f"no hand-ins: {inbox} does not exist; name the folder or file with --from")
    if not inbox.is_dir():
        yield _entry(_student_of(inbox), inbox)
        return
    if any((inbox / name).is_file() for name in assignment.submission_files):
        raise UserError(
            f"{inbox} looks like one hand-in, not a folder of them; say whose it is with --student ID"
        )
    paths = sorted(path for path in inbox.iterdir() if not path.name.startswith("."))
    if not paths:
        raise UserError(f"no hand-ins: {inbox} is empty")
    shared = inbox / METADATA
    owners = (
        read_metadata(shared.read_bytes()) if shared.is_file() and not shared.is_symlink() else {}
    )
    for path in paths:
        people = owners.get(path.name) or filter(None, [owner_of(path.name)])
        known = list(find_students(people, roster))
        if not known and path.name != METADATA:
            known = [(_student_of(path), "")]
        for student, problem in known:
            yield _entry(student, path, problem)


def _entry(student, path, problem=""):
    return Entry(
        student,
        path.name,
        lambda wanted, most_bytes: read_submission(path, wanted, most_bytes),
        problem,
    )


def _student_of(path):
    if path.is_dir() and not path.is_symlink():
        return path.name
    longest_first = sorted(SUFFIXES, key=len, reverse=True)
    suffix = next((s for s in longest_first if path.name.lower().endswith(s)), path.suffix)
    return path.name[: len(path.name) - len(suffix)] if suffix else path.name


def _stranger(entry, roster):
    if entry.problem:
        return entry.problem
    if not is_student_id(entry.student):
        return "its name is not a student id; use letters, digits and ._@+- (at most 64), as in ada.zip"
    if roster is not None and entry.student not in roster.ids:
        return f"{entry.student} is not in {ROSTER}"
    return ""


def _take(course, assignment, entry, twins, before):
    """Check one hand-in and file it.

    Returns
    -------
    receipt : Receipt
    """
    now = datetime.now(UTC)
    received = now.isoformat(timespec="microseconds")
    source = plain(entry.source)
    try:
        if len(twins) > 1:
            first, second = map(plain, twins[:2])
            raise RefusedError(f"handed in {len(twins)} times, as {first} and {second}; keep one")
        hand_in = entry.read(assignment.submission_files, int(course.limits.hand_in_mb * 2**20))
        for name, data in hand_in.files.items():
            if name.endswith(".ipynb"):
                check_notebook(name, data)
    except RefusedError as refusal:
        return Receipt(REFUSED, source, str(refusal), received)
    digest = digest_contents(hand_in.files)
    missing = tuple(name for name in assignment.submission_files if name not in hand_in.files)
    aside = tuple(plain(name) for name in hand_in.aside[:MAX_NAMES])
    if _stands(course, assignment, entry.student, digest):
        if before is not None:
            received = before.received
        return Receipt(UNCHANGED, source, "", received, digest, missing, aside)
    _file_away(course, assignment.name, entry.student, hand_in.files, now)
    return Receipt(ACCEPTED, source, "", received, digest, missing, aside)


def _stands(course, assignment, student, digest):
    target = course.submitted(student, assignment.name)
    return (target / TIMESTAMP).is_file() and submission_digest(
        course, assignment, student
    ) == digest


def _file_away(course, assignment, student, files, now):
    """Write a hand-in to a folder of its own, then put that in its place, so that it is there whole or not at all."""
    target = course.submitted(student, assignment)
    stamp = now.strftime("%Y-%m-%d %H:%M:%S.%f UTC\n").encode()
    incoming = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=receipts_folder(course)))
        for name, data in (files | {TIMESTAMP: stamp}).items():
            _write(incoming / name, data)
        incoming.chmod(0o755)
        _set_aside(course, target, student, assignment)
        os.rename(incoming, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"no room on the disk of {course.root} for what {student} handed in; nothing of it was filed. "
                "Make room and run the same command again"
            ) from None
        raise
    finally:
        if incoming is not None:
            shutil.rmtree(incoming, ignore_errors=True)


def _write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _set_aside(course, target, student, assignment):
    """Move an earlier hand-in to ``replaced/``, under the time of its receipt."""
    if not target.is_dir():
        return
    folder = course.root / "replaced" / assignment / student
    folder.mkdir(parents=True, exist_ok=True)
    received = datetime.fromtimestamp(target.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H%M%SZ")
    names = (f"{received}-{number}" for number in range(1, 1_000_000))
    os.rename(target, folder / next(name for name in names if not (folder / name).exists()))


@contextlib.contextmanager
def _alone(course):
    """Hold the lock of the intake."""
    with locked(receipts_folder(course)) as held:
        if not held:
            raise UserError(f"another collect is at work in {course.root}; wait until it is done")
        yield


def _sweep(course):
    """Remove what a run that was killed has left half-written."""
    folder = receipts_folder(course)
    for path in folder.glob(".incoming-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(".*.part"):
        path.unlink(missing_ok=True)
