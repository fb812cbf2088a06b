"""Whose a submission is, where a learning platform packed those of a whole class.

Canvas
    ``lovelaceada_LATE_4711_98765_kit.zip``: name without spaces, user, submission, file
Moodle
    ``Ada Lovelace_4711_assignsubmission_file_kit.zip``, or a folder that ends after ``file_``
Gradescope
    ``submission_98765/``: a folder, and ``submission_metadata.yml`` says whose each of them is

Names and numbers of a platform become student ids through the roster alone. What a student can
write, a profile name or the name of a file, must not be read as what a platform wrote: a name that
can be read in two ways is nobody's.
"""

import contextlib
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..course.manifest import is_student_id
from ..errors import UserError
from .archives import Submission

ROSTER = "roster.csv"
METADATA = "submission_metadata.yml"
MAX_METADATA = 16 << 20
_CANVAS = re.compile(r"_(?:LATE_)?(?P<number>\d+)(?=_\d+_.)")
_MOODLE = re.compile(r"_\d+_assignsubmission_file_")
_MOODLE_TEXT = re.compile(r"[^/]+_\d+_assignsubmission_onlinetext_.*")
_COLUMNS = "student_id, and name, email or canvas_id as the platform knows them"


@dataclass(frozen=True)
class Entry:
    """One submission: whose it is, where it came from, and how to read it.

    Parameters
    ----------
    student : str
        The id; "" where nobody can be found for it.
    source : str
        Name of its file or folder.
    read : callable
        ``read(wanted, max_bytes)``, as `read_submission` does.
    problem : str
        Why there is no id.
    """

    student: str
    source: str
    read: Callable[[Sequence[str], int], Submission]
    problem: str = ""


@dataclass(frozen=True)
class Owner:
    """Somebody as a platform knows them; what is not known is empty."""

    name: str = ""
    number: str = ""
    sid: str = ""
    email: str = ""

    def __str__(self) -> str:
        return self.name or self.sid or self.email or self.number

    def described(self) -> str:
        """str : the name, and the number where there is one."""
        if not self.number:
            return str(self)
        return f"{self.name} with number {self.number}"


def readings(name: str) -> list[Owner]:
    """Everybody whose submission a file of this name may be.

    Where a platform gives a name, what is in front is what somebody entered in a profile, and what
    follows the numbers is a file name. Both may hold underscores and digits, so that the same text
    can stand for several people.

    Parameters
    ----------
    name : str
        Of a file or folder.

    Returns
    -------
    owners : list of Owner
        More than one where it cannot be told; none where no platform gives such names.
    """
    owners = [Owner(name[: found.start()]) for found in _MOODLE.finditer(name)]
    for found in _CANVAS.finditer(name):
        owners.append(Owner(name[: found.start()], found["number"]))
    return [owner for owner in owners if owner.name]


def is_typed_text(name: str) -> bool:
    """bool : whether Moodle gives this name to text that was typed, which is no file."""
    return _MOODLE_TEXT.fullmatch(name) is not None


def read_metadata(data: bytes) -> dict[str, list[Owner]]:
    """Read what Gradescope says about the submissions of an export.

    Parameters
    ----------
    data : bytes
        The file ``submission_metadata.yml``.

    Returns
    -------
    owners : dict of str -> list of Owner
        By folder; several handed in together.

    Raises
    ------
    UserError
        If it is damaged or too large.
    """
    document = None
    if len(data) <= MAX_METADATA:
        with contextlib.suppress(yaml.YAMLError, UnicodeDecodeError, RecursionError):
            document = yaml.load(data.decode("utf-8"), Loader=yaml.BaseLoader)
    if not isinstance(document, dict):
        raise UserError(f"{METADATA} cannot be read; download the export from Gradescope again")
    owners = {}
    for folder, body in document.items():
        if isinstance(folder, str):
            owners[folder] = list(_submitters(body))
    return owners


def _submitters(body: Any) -> Iterator[Owner]:
    people = body.get(":submitters") if isinstance(body, dict) else None
    if not isinstance(people, list):
        return
    for person in people:
        if isinstance(person, dict):
            yield Owner(
                name=_text(person.get(":name")),
                sid=_text(person.get(":sid")),
                email=_text(person.get(":email")),
            )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def find_student(name: str, roster: "Roster | None") -> tuple[str, str] | None:
    """Find the student that a platform's name of a file stands for.

    Parameters
    ----------
    name : str
    roster : Roster or None

    Returns
    -------
    found : (str, str) or None
        As `Roster.find` gives it; None where no platform gives such names.

    Raises
    ------
    UserError
        If it is such a name, and there is no roster.
    """
    owners = readings(name)
    if not owners:
        return None
    if roster is None:
        raise _no_roster(owners[0])
    if len(owners) > 1 and roster.knows_all_numbers:
        # Whose number is not in the roster is none of its students.
        owners = [owner for owner in owners if roster.knows_number(owner)] or owners
    if len(owners) == 1:
        return roster.find(owners[0])
    first, second = owners[:2]
    return "", (
        f"its name can be read in two ways, as of {first.described()} and of {second.described()}; "
        "find out whose it is and take it with --student"
    )


def find_students(owners: Iterable[Owner], roster: "Roster | None") -> Iterator[tuple[str, str]]:
    """Find the student that each owner is.

    Parameters
    ----------
    owners : iterable of Owner
    roster : Roster or None

    Yields
    ------
    student : str
        The id, or "".
    problem : str
        Why there is none, or "".

    Raises
    ------
    UserError
        If there is an owner and no roster.
    """
    for owner in owners:
        if roster is None:
            raise _no_roster(owner)
        yield roster.find(owner)


def _no_roster(owner: Owner) -> UserError:
    return UserError(f"{ROSTER} is missing: {owner} cannot be told apart from others without it")


class Roster:
    """The students of a course; nobody else can hand in.

    Parameters
    ----------
    students : list of dict
        With ``student_id``, and perhaps ``name``, ``email``, ``canvas_id``.
    """

    def __init__(self, students: Iterable[Mapping[str, str]]):
        self.ids: set[str] = set()
        self._known: dict[tuple[str, str], set[str]] = {}
        self.knows_all_numbers = True
        for student in students:
            if not student.get("canvas_id"):
                self.knows_all_numbers = False
            self.ids.add(student["student_id"])
            for key in _keys(student):
                self._known.setdefault(key, set()).add(student["student_id"])

    @classmethod
    def read(cls, path: Path) -> "Roster | None":
        """Read the roster in a CSV file.

        Parameters
        ----------
        path : Path

        Returns
        -------
        roster : Roster or None
            None where there is no such file. Rows without a valid id are left out.

        Raises
        ------
        UserError
            If it is no CSV file in UTF-8, or has no column ``student_id``.
        """
        if not path.exists():
            return None
        try:
            students = _read_rows(path)
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{path}: not a CSV file in UTF-8: {error}") from None
        return cls([student for student in students if is_student_id(student["student_id"])])

    def knows_number(self, owner: Owner) -> bool:
        """bool : whether somebody has the number that this one has on Canvas."""
        return ("canvas_id", owner.number.casefold()) in self._known

    def find(self, owner: Owner) -> tuple[str, str]:
        """Find the one student that somebody on a platform is.

        Parameters
        ----------
        owner : Owner

        Returns
        -------
        student : str
            The id, or "".
        problem : str
            Why there is none, or "".
        """
        person = {"canvas_id": owner.number, "student_id": owner.sid, "email": owner.email}
        # A name is whatever somebody entered in a profile: it counts where nothing better is known.
        keys = list(_keys(person)) or list(_keys({"name": owner.name}))
        if owner.number and not any(key in self._known for key in keys):
            keys = list(_keys({"name": owner.name}))
        found: set[str] = set()
        for key in keys:
            found |= self._known.get(key, set())
        if len(found) == 1:
            return found.pop(), ""
        if found:
            return "", (
                f"{len(found)} students of the roster are like {owner}; "
                "tell them apart in a column email or canvas_id"
            )
        return "", f"{owner} is not in the roster; it needs the columns {_COLUMNS}"


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if "student_id" not in (rows.fieldnames or ()):
            raise UserError(f"{path}: no column student_id; the first line must name the columns")
        return [_clean_row(row) for row in rows]


def _clean_row(row: Mapping[Any, Any]) -> dict[str, str]:
    """Leave out what has no column, and spaces; what is missing at the end of a row is empty."""
    return {key: (text or "").strip() for key, text in row.items() if isinstance(key, str)}


def _keys(person: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what somebody may be known by: column and text."""
    for column in ("student_id", "email", "canvas_id"):
        if person.get(column):
            yield column, person[column].casefold()
    words = []
    for word in person.get("name", "").casefold().split():
        words.append("".join(c for c in word if c.isalnum()))
    # Platforms write the family name first or last, and some leave the spaces out.
    for start in range(len(words)):
        yield "name", "".join(words[start:] + words[:start])
