"""The inbox: takes submissions, checks them whole, and files them where grading finds them.

A submission is filed whole or not at all. One that is replaced by a later one is kept under
``replaced/``. What became of each is written to ``collect/<assignment>.json``, so that whoever was
refused is not forgotten.
"""

import contextlib
import errno
import functools
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cs231n.atomic import atomic_folder, recover_folder

from ..course.digests import digest_contents, submission_digest
from ..course.locks import locked
from ..course.manifest import TIMESTAMP, Assignment, Course, check_student_id, is_student_id
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
from ..progress import Progress, no_progress
from .archives import Submission, archive_suffix, plain, read_submission
from .class_archive import open_class_archive
from .lms import (
    METADATA,
    ROSTER,
    Entry,
    Owner,
    Roster,
    find_student,
    find_students,
    read_metadata,
)

MAX_NAMES = 20
"""int : files left aside that a receipt names."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass
class Collection:
    """What one run did.

    Parameters
    ----------
    students : dict of str -> Receipt
    strangers : dict of str -> str
        Entries of the inbox that belong to no student of the course, by name, and why.
    doubles : int
        Entries that belong to a student of whom there is another one.
    """

    students: dict[str, Receipt]
    strangers: dict[str, str]
    doubles: int = 0

    def count(self, status: str) -> int:
        """int : how many submissions have this status."""
        return sum(receipt.status == status for receipt in self.students.values())

    @property
    def refused(self) -> int:
        """int : how many entries were not taken, strangers among them."""
        return self.count(REFUSED) + len(self.strangers) + self.doubles

    @property
    def complete(self) -> bool:
        """bool : whether everything in the inbox was taken."""
        return not self.refused


def collect(
    course: Course,
    assignment: Assignment,
    path: str | Path | None = None,
    student: str | None = None,
    progress: Progress = no_progress,
    bulk: bool = False,
) -> Collection:
    """Take submissions.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    path : path, optional
        Folder with one archive, folder or notebook for each student, called after the student's id;
        by default ``inbox/<assignment>`` of the course. With ``student``, the one submission
        itself.
    student : str, optional
    progress : callable, optional
        Wraps an iterable, takes ``total`` and ``desc``, as ``tqdm`` does.
    bulk : bool
        ``path`` is one zip archive with the submissions of a class, as a learning platform packs
        them.

    Returns
    -------
    collection : Collection

    Raises
    ------
    UserError
        If there is nothing to take, no room to put it, or another collect at work. What was taken
        before then is recorded.
    """
    path = course.root / "inbox" / assignment.name if path is None else Path(path)
    roster = Roster.read(course.root / ROSTER)
    with _alone(course), contextlib.ExitStack() as stack:
        if student is not None:
            entries = [_entry(check_student_id(student), path)]
        elif bulk:
            entries = stack.enter_context(open_class_archive(path, roster))
        else:
            entries = list(find_entries(path, assignment, roster))
        return _collect(course, assignment, entries, roster, progress)


def _collect(
    course: Course,
    assignment: Assignment,
    entries: Sequence[Entry],
    roster: Roster | None,
    progress: Progress,
) -> Collection:
    kept = load_receipts(course, assignment.name)
    collection = Collection({}, {})
    sources = defaultdict(list)
    for entry in entries:
        sources[entry.student].append(entry.source)
    _sweep(course, assignment)
    try:
        for entry in progress(entries, total=len(entries), desc="collect"):
            student = entry.student
            problem = _why_stranger(entry, roster)
            source = plain(entry.source)
            if problem and source in collection.strangers:
                collection.strangers[source] += f"; {problem}"
            elif problem:
                collection.strangers[source] = problem
            else:
                collection.doubles += student in collection.students
                collection.students[student] = _take(
                    course, assignment, entry, sources[student], kept.get(student)
                )
    except BaseException:
        with contextlib.suppress(OSError):
            _save(course, assignment, kept, collection)
        raise
    _save(course, assignment, kept, collection)
    return collection


def _save(
    course: Course, assignment: Assignment, kept: dict[str, Receipt], collection: Collection
) -> None:
    save_receipts(course, assignment.name, kept | collection.students, collection.strangers)


def find_entries(
    inbox: Path, assignment: Assignment, roster: Roster | None = None
) -> Iterator[Entry]:
    """Find the submissions of an inbox.

    Parameters
    ----------
    inbox : Path
        A folder of submissions; a single file is one submission.
    assignment : Assignment
    roster : Roster, optional
        Needed where a learning platform gave the names.

    Yields
    ------
    entry : Entry
        Files of the system, whose names begin with a dot, are none.

    Raises
    ------
    UserError
        If there is nothing, or one submission where a folder of them is expected.
    """
    if not inbox.exists():
        raise UserError(f"no hand-ins: {inbox} does not exist; name the folder or file with --from")
    if not inbox.is_dir():
        yield _entry(_student_of(inbox), inbox)
        return
    if any((inbox / name).is_file() for name in assignment.submission_files):
        raise UserError(
            f"{inbox} looks like one hand-in, not a folder of them; "
            "say whose it is with --student ID"
        )
    paths = sorted(path for path in inbox.iterdir() if not path.name.startswith("."))
    if not paths:
        raise UserError(f"no hand-ins: {inbox} is empty")
    metadata = _read_inbox_metadata(inbox)
    for path in paths:
        if path.name == METADATA and metadata:
            continue
        known = list(find_students(metadata.get(path.name, ()), roster))
        if not known:
            known = [find_student(path.name, roster) or (_student_of(path), "")]
        for student, problem in known:
            yield _entry(student, path, problem)


def _read_inbox_metadata(inbox: Path) -> dict[str, list[Owner]]:
    """Read what Gradescope says of the folders of an inbox; nothing, if it names none of them."""
    path = inbox / METADATA
    if path.is_symlink() or not path.is_file():
        return {}
    owners = read_metadata(path.read_bytes())
    if not any((inbox / name).is_dir() for name in owners):
        return {}
    return owners


def _entry(student: str, path: Path, problem: str = "") -> Entry:
    return Entry(student, path.name, functools.partial(read_submission, path), problem)


def _student_of(path: Path) -> str:
    if path.is_dir() and not path.is_symlink():
        return path.name
    suffix = archive_suffix(path.name) or path.suffix
    return path.name[: len(path.name) - len(suffix)]


def _why_stranger(entry: Entry, roster: Roster | None) -> str:
    """str : why an entry belongs to no student of the course; "" where it does."""
    if entry.problem:
        return entry.problem
    if not is_student_id(entry.student):
        return (
            "its name is not a student id; "
            "use letters, digits and ._@+- (at most 64), as in ada.zip"
        )
    if roster is not None and entry.student not in roster.ids:
        return f"{entry.student} is not in {ROSTER}"
    return ""


def _take(
    course: Course,
    assignment: Assignment,
    entry: Entry,
    sources: Sequence[str],
    before: Receipt | None,
) -> Receipt:
    """Check one submission and file it; `sources` are all that came from the same student."""
    now = datetime.now(UTC)
    received = now.isoformat(timespec="microseconds")
    source = plain(entry.source)
    try:
        submission = _read_checked(course, assignment, entry, sources)
    except RefusedError as refusal:
        return Receipt(REFUSED, source, str(refusal), received)
    digest = digest_contents(submission.files)
    missing = tuple(n for n in assignment.submission_files if n not in submission.files)
    aside = tuple(plain(name) for name in submission.aside[:MAX_NAMES])
    if _is_filed(course, assignment, entry.student, digest):
        if before is not None:
            received = before.received
        return Receipt(UNCHANGED, source, "", received, digest, missing, aside)
    _file_away(course, assignment.name, entry.student, submission.files, now)
    return Receipt(ACCEPTED, source, "", received, digest, missing, aside)


def _read_checked(
    course: Course, assignment: Assignment, entry: Entry, sources: Sequence[str]
) -> Submission:
    if len(sources) > 1:
        first, second = map(plain, sources[:2])
        raise RefusedError(f"handed in {len(sources)} times, as {first} and {second}; keep one")
    max_bytes = int(course.limits.hand_in_mb * 2**20)
    submission = entry.read(assignment.submission_files, max_bytes)
    for name, data in submission.files.items():
        if name.endswith(".ipynb"):
            check_notebook(name, data)
    return submission


def _is_filed(course: Course, assignment: Assignment, student: str, digest: str) -> bool:
    stamp = course.submitted(student, assignment.name) / TIMESTAMP
    return stamp.is_file() and submission_digest(course, assignment, student) == digest


def _file_away(
    course: Course, assignment: str, student: str, files: Mapping[str, bytes], now: datetime
) -> None:
    target = course.submitted(student, assignment)
    stamp = now.strftime("%Y-%m-%d %H:%M:%S.%f UTC\n").encode()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        keep = _place_for_replaced(course, assignment, student)
        with atomic_folder(target, keep) as folder:
            for name, data in {**files, TIMESTAMP: stamp}.items():
                _write(folder / name, data)
            folder.chmod(0o755)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise UserError(
                f"no room on the disk of {course.root} for what {student} handed in; "
                "nothing of it was filed. Make room and run the same command again"
            ) from None
        raise


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _place_for_replaced(course: Course, assignment: str, student: str) -> Path | None:
    """Find where an earlier submission goes: under ``replaced/``, by the time of its receipt."""
    target = course.submitted(student, assignment)
    if not target.is_dir():
        return None
    folder = course.root / "replaced" / assignment / student
    folder.mkdir(parents=True, exist_ok=True)
    received = datetime.fromtimestamp(target.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H%M%SZ")
    for number in itertools.count(1):
        place = folder / f"{received}-{number}"
        if not place.exists():
            break
    return place


@contextlib.contextmanager
def _alone(course: Course) -> Iterator[None]:
    """Hold the lock of the inbox."""
    with locked(receipts_folder(course)) as held:
        if not held:
            raise UserError(f"another collect is at work in {course.root}; wait until it is done")
        yield


def _sweep(course: Course, assignment: Assignment) -> None:
    """Complete or remove what a run that was killed has left."""
    for path in receipts_folder(course).glob(".*.part"):
        path.unlink(missing_ok=True)
    for folder in (course.root / "submitted").glob("*/"):
        recover_folder(folder / assignment.name)
