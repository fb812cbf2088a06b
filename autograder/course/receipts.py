"""Receipts: what became of each submission that was collected, in ``collect/<assignment>.json``."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from cs231n.atomic import atomic_write

from ..errors import UserError
from .manifest import Course, is_student_id

ACCEPTED = "accepted"
UNCHANGED = "unchanged"
REFUSED = "refused"


@dataclass(frozen=True)
class Receipt:
    """What became of one submission.

    Parameters
    ----------
    status : {"accepted", "unchanged", "refused"}
    source : str
        Name of its file or folder in the inbox.
    reason : str
        Why it was refused.
    received : str
        When, in ISO format.
    sha256 : str
        Digest of the files that were taken, the same that a verdict is bound to.
    missing, aside : tuple of str
        Files of the assignment that it lacks; files of its own that were left aside, the first of
        them.
    """

    status: str
    source: str = ""
    reason: str = ""
    received: str = ""
    sha256: str = ""
    missing: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Report:
    """The whole file, as it is read."""

    students: dict[str, Receipt]
    strangers: dict[str, str] = field(default_factory=dict)


def receipts_folder(course: Course) -> Path:
    """Path : where the receipts lie; it is made where it does not exist."""
    folder = course.root / "collect"
    folder.mkdir(exist_ok=True)
    return folder


def load_receipts(course: Course, assignment: str) -> dict[str, Receipt]:
    """Read the receipts of an assignment.

    Parameters
    ----------
    course : Course
    assignment : str

    Returns
    -------
    receipts : dict of str -> Receipt
        By student; empty where nothing was collected yet.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    path = course.root / "collect" / f"{assignment}.json"
    if not path.is_file():
        return {}
    try:
        report = msgspec.json.decode(path.read_bytes(), type=_Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            f"{path} is damaged ({error}); "
            f"delete it and run `autograder collect {assignment}` again"
        ) from None
    # Ids become paths, and somebody may have edited the file.
    return {s: receipt for s, receipt in report.students.items() if is_student_id(s)}


def save_receipts(
    course: Course,
    assignment: str,
    receipts: Mapping[str, Receipt],
    strangers: Mapping[str, str],
) -> None:
    """Write the receipts of an assignment.

    Parameters
    ----------
    course : Course
    assignment : str
    receipts : mapping of str -> Receipt
        By student, those of earlier runs included.
    strangers : mapping of str -> str
        What belongs to no student of the course, by name, and why.
    """
    students = {student: asdict(receipts[student]) for student in sorted(receipts)}
    report = {"assignment": assignment, "students": students, "strangers": dict(strangers)}
    path = receipts_folder(course) / f"{assignment}.json"
    with atomic_write(path, "t", private=True, encoding="utf-8") as file:
        file.write(json.dumps(report, indent=1) + "\n")


def refusals(course: Course, assignment: str) -> dict[str, str]:
    """Read whose last submission was refused.

    Parameters
    ----------
    course : Course
    assignment : str

    Returns
    -------
    reasons : dict of str -> str
        By student.
    """
    receipts = load_receipts(course, assignment)
    return {s: receipt.reason for s, receipt in receipts.items() if receipt.status == REFUSED}
