"""Whose a hand-in is, where a learning platform packed those of a whole class.

========== ============================================================================================
Canvas     ``lovelaceada_LATE_4711_98765_kit.zip``: name without spaces, user, submission, file
Moodle     ``Ada Lovelace_4711_assignsubmission_file_kit.zip``, or a folder that ends after ``file_``
Gradescope ``submission_98765/``: a folder, and ``submission_metadata.yml`` says whose each of them is
========== ============================================================================================

Names and numbers of a platform become student ids through the roster alone.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from ..course.manifest import is_student_id
from ..errors import UserError

ROSTER = "roster.csv"
METADATA = "submission_metadata.yml"
MAX_METADATA = 16 << 20
_CANVAS = re.compile(r"(?P<name>[^_/]+)_(?:LATE_)?(?P<number>\d+)_\d+_[^/]+")
_MOODLE = re.compile(r"(?P<name>[^/]+?)_\d+_assignsubmission_file_[^/]*")
_COLUMNS = "student_id, and name, email or canvas_id as the platform knows them"


@dataclass(frozen=True)
class Entry:
    """One hand-in: whose it is, where it came from, and how to read it.

    Parameters
    ----------
    student : str
        The id; "" where nobody can be found for it.
    source : str
        Name of its file or folder.
    read : callable
        ``read(wanted, most_bytes)``, as `read_submission` does.
    problem : str
        Why there is no id.
    """

    student: str
    source: str
    read: Callable
    problem: str = ""


@dataclass(frozen=True)
class Owner:
    """Somebody as a platform knows them; what is not known is empty."""

    name: str = ""
    number: str = ""
    sid: str = ""
    email: str = ""

    def __str__(self):
        return self.name or self.sid or self.email or self.number


def owner_of(name):
    """Owner or None : whose a file or folder with this name is; None where no platform gives such names."""
    found = _MOODLE.fullmatch(name) or _CANVAS.fullmatch(name)
    return Owner(**found.groupdict()) if found else None


def read_metadata(data):
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
    """
    try:
        document = (
            yaml.load(data.decode("utf-8"), Loader=yaml.BaseLoader)
            if len(data) <= MAX_METADATA
            else None
        )
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UserError(f"{METADATA} cannot be read; download the export from Gradescope again")
    return {
        folder: list(_submitters(body))
        for folder, body in document.items()
        if isinstance(folder, str)
    }


def _submitters(body):
    people = body.get(":submitters") if isinstance(body, dict) else None
    for person in people if isinstance(people, list) else ():
        if isinstance(person, dict):
            values = {key: person.get(f":{key}") for key in ("name", "sid", "email")}
            yield Owner(
                **{key: value.strip() for key, value in values.items() if isinstance(value, str)}
            )


def find_students(owners, roster):
    """Yield the student that each owner is, or "", and why there is none."""
    for owner in owners:
        if roster is None:
            raise UserError(
                f"{ROSTER} is missing: {owner} cannot be told apart from others without it"
            )
        yield roster.find(owner)


class Roster:
    """The students of a course; nobody else can hand in.

    Parameters
    ----------
    students : list of dict
        With ``student_id``, and perhaps ``name``, ``email``, ``canvas_id``.
    """

    def __init__(self, students):
        self.ids = {student["student_id"] for student in students}
        self._known = {}
        for student in students:
            for key in _keys(student):
                self._known.setdefault(key, set()).add(student["student_id"])

    @classmethod
    def read(cls, path):
        """Roster or None : the one in a CSV file, where there is such a file."""
        if not path.exists():
            return None
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                rows = csv.DictReader(file)
                if "student_id" not in (rows.fieldnames or ()):
                    raise UserError(
                        f"{path}: no column student_id; the first line must name the columns"
                    )
                students = [
                    {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
                    for row in rows
                ]
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{path}: not a CSV file in UTF-8: {error}") from None
        return cls([student for student in students if is_student_id(student["student_id"])])

    def find(self, owner):
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
        # A name is whatever somebody entered in a profile: it counts only where nothing better is known.
        keys = list(_keys(person)) or list(_keys({"name": owner.name}))
        if owner.number and not any(key in self._known for key in keys):
            keys = list(_keys({"name": owner.name}))
        found = set().union(*(self._known.get(key, ()) for key in keys))
        if len(found) == 1:
            return found.pop(), ""
        if found:
            return (
                "",
                f"{len(found)} students of the roster are like {owner}; tell them apart in a column email or canvas_id",
            )
        return "", f"{owner} is not in the roster; it needs the columns {_COLUMNS}"


def _keys(person):
    for column in ("student_id", "email", "canvas_id"):
        if person.get(column):
            yield column, person[column].casefold()
    words = [
        "".join(c for c in word if c.isalnum())
        for word in person.get("name", "").casefold().split()
    ]
    # Platforms write the family name first or last, and some leave the spaces out.
    for start in range(len(words)):
        yield "name", "".join(words[start:] + words[:start])
