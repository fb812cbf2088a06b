"""The course: its manifest ``course.toml``, the folders that nbgrader lays out, and the secret seed."""

import os
import re
import secrets
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cs231n.check.exercises import EXERCISES

from ..errors import UserError
from .limits import Limits

MANIFEST = "course.toml"
CONFIG = "nbgrader_config.py"
OWN = "own"
REFERENCE = "reference"
TIMESTAMP = "timestamp.txt"
"""The file of a submission that says when it was received, as nbgrader calls it."""
_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_WEB = re.compile(r"(https?://[A-Za-z0-9._~:/?&=%+@-]+)?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_MOST = 1_000_000


@dataclass(frozen=True)
class Assignment:
    """One assignment of the manifest.

    Parameters
    ----------
    name : str
    title : str
    notebooks : tuple of str
        Names without ``.ipynb``.
    points : dict of str -> float
        By exercise; decided by the judge.
    written : dict of str -> float
        By ``grade_id`` of a written question; decided by a person.
    earlier : {"own", "reference"}
        Whether the modules of earlier assignments are empty in the kit, for the student's own, or solved.
    carried : tuple of str
        The modules of earlier assignments, relative to the kit.
    solved : frozenset of str
        The exercises whose solutions the kit shows: those in `carried` that neither this assignment nor a later one
        asks for; none where students carry their own.
    """

    name: str
    title: str
    notebooks: tuple
    points: dict
    written: dict
    earlier: str = OWN
    carried: tuple = ()
    solved: frozenset = frozenset()

    @cached_property
    def editable(self):
        """tuple of str : the modules that students write, relative to the kit."""
        return tuple(sorted({EXERCISES[e].file for e in self.points if EXERCISES[e].module}))

    @cached_property
    def own(self):
        """tuple of str : the modules of earlier assignments that students bring along, relative to the kit."""
        return (
            tuple(name for name in self.carried if name not in self.editable)
            if self.earlier == OWN
            else ()
        )

    @cached_property
    def weights(self):
        """tuple of str : the weight files that training goals are judged from, relative to the kit."""
        return tuple(EXERCISES[e].weights for e in self.points if hasattr(EXERCISES[e], "weights"))

    @cached_property
    def submission_files(self):
        """tuple of str : every file that a hand-in may hold; all others are left aside."""
        return (
            *(f"{name}.ipynb" for name in self.notebooks),
            *self.editable,
            *self.own,
            *self.weights,
        )


@dataclass(frozen=True)
class Course:
    """A course folder.

    Parameters
    ----------
    root : Path
    source : Path
        Folder of the manifest and of the source notebooks, one folder for each assignment.
    id : str
    kits_url : str
        Where students find the zip files of ``kits/`` on the web, or "".
    limits : Limits
    assignments : dict of str -> Assignment
    """

    root: Path
    source: Path
    id: str
    kits_url: str
    limits: Limits
    assignments: dict

    @classmethod
    def open(cls, root):
        """Read the manifest of the course in a folder.

        Raises
        ------
        UserError
            If there is no course, or its manifest is malformed.
        """
        root = Path(root).resolve()
        source = _find_source(root)
        manifest = _read_manifest(source / MANIFEST)
        try:
            return cls(root, source, *_parse(manifest))
        except _Malformed as problem:
            raise UserError(f"{source / MANIFEST}: {problem}") from None

    def assignment(self, name):
        """Assignment : the one with this name; a `UserError` names those that exist."""
        if name not in self.assignments:
            raise UserError(
                f"unknown assignment {name!r}; this course has: {', '.join(self.assignments)}"
            )
        return self.assignments[name]

    def release_folder(self, assignment):
        """Path : the released student kit."""
        return self.root / "release" / assignment

    def submitted(self, student, assignment):
        """Path : what a student handed in."""
        return self.root / "submitted" / student / assignment

    def verdicts(self, assignment):
        """Path : the folder of verdict files, one for each submission."""
        return self.root / "verdicts" / assignment

    def evidence(self, assignment):
        """Path : the folder of what notebooks printed and drew, one file for each submission."""
        return self.root / "evidence" / assignment

    @property
    def database(self):
        """Path : nbgrader's gradebook."""
        return self.root / "gradebook.db"

    def students(self, assignment):
        """list of str : who has handed in, in order."""
        folders = sorted((self.root / "submitted").glob(f"*/{assignment}"))
        return [f.parent.name for f in folders if f.is_dir() and is_student_id(f.parent.name)]

    def secret_seed(self):
        """Read the seed of the hidden cases, drawn once for each course and kept from students.

        Returns
        -------
        seed : bytes of length 32
        """
        path = self.root / "secret_seed"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
        text = path.read_text().strip()
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise UserError(
                f"{path}: not a seed of 64 hexadecimal digits; restore it, or delete it to draw a new one"
            )
        return bytes.fromhex(text)


def is_student_id(text):
    """bool : whether a text can name a student: letters, digits and ``._@+-``, no separator, at most 64."""
    return _STUDENT.fullmatch(text) is not None


def check_student_id(text):
    """Return the id, or raise `UserError` where it cannot name a student."""
    if not is_student_id(text):
        raise UserError(
            f"student id {text!r} is not valid; use letters, digits and ._@+- (at most 64, no slash)"
        )
    return text


class _Malformed(ValueError):
    pass


def _find_source(root):
    for name in ("source", "assignments"):
        if (root / name / MANIFEST).is_file():
            return root / name
    raise UserError(
        f"no course in {root}: neither source/{MANIFEST} nor assignments/{MANIFEST}; run `autograder init`"
    )


def _read_manifest(path):
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def _parse(manifest):
    course = _table(manifest, "course", {"id", "title", "kits_url"})
    kits_url = course.get("kits_url", "")
    if not (isinstance(kits_url, str) and _WEB.fullmatch(kits_url)):
        raise _Malformed(
            f"course.kits_url must be an address such as 'https://example.org/kits', or ''; got {kits_url!r}"
        )
    course_id = course.get("id", "cs231n")
    if not (isinstance(course_id, str) and course_id.strip()):
        raise _Malformed(f"course.id must be a text such as 'cs231n'; got {course_id!r}")
    limits = _table(manifest, "limits", set(Limits.__dataclass_fields__))
    for name, value in limits.items():
        (_whole_number if Limits.__annotations__[name] is int else _number)(f"limits.{name}", value)
    assignments = [
        _parse_assignment(name, body) for name, body in _dict(manifest, "assignments").items()
    ]
    if not assignments:
        raise _Malformed("there is no table [assignments.NAME]")
    unknown = set(manifest) - {"course", "limits", "assignments"}
    if unknown:
        raise _Malformed(
            f"unknown table [{sorted(unknown)[0]}]; known: course, limits, assignments"
        )
    return course_id, kits_url, Limits(**limits), {a.name: a for a in _in_order(assignments)}


def _in_order(assignments):
    """Tell each assignment what those before it leave to it; the order is that of the manifest."""
    for number, assignment in enumerate(assignments):
        before, rest = assignments[:number], assignments[number:]
        carried = {file for a in before for file in a.editable}
        asked = {e for a in rest for e in a.points}
        solved = {
            e
            for e in EXERCISES
            if EXERCISES[e].module and EXERCISES[e].file in carried and e not in asked
        }
        shown = solved if assignment.earlier == REFERENCE else ()
        yield replace(assignment, carried=tuple(sorted(carried)), solved=frozenset(shown))


def _parse_assignment(name, body):
    where = f"assignments.{name}"
    if not _NAME.fullmatch(name):
        raise _Malformed(f"{name!r} cannot name an assignment")
    body = _table({where: body}, where, {"title", "notebooks", "points", "written", "earlier"})
    notebooks = body.get("notebooks")
    if not (
        isinstance(notebooks, list)
        and notebooks
        and all(isinstance(n, str) and _NAME.fullmatch(n) for n in notebooks)
    ):
        raise _Malformed(f"{where}.notebooks must be a list of notebook names; got {notebooks!r}")
    points, written = _dict(body, "points"), _dict(body, "written")
    for exercise, value in (points | written).items():
        _number(f"{where}: points of {exercise}", value)
    twice = sorted(set(points) & set(written))
    if twice:
        raise _Malformed(
            f"{where}: {twice[0]!r} stands among the points and among the written questions; give it two names"
        )
    unknown = sorted(set(points) - set(EXERCISES))
    if unknown:
        raise _Malformed(f"{where}.points: unknown exercise {unknown[0]!r}")
    earlier = body.get("earlier", OWN)
    if earlier not in (OWN, REFERENCE):
        raise _Malformed(f"{where}.earlier must be {OWN!r} or {REFERENCE!r}; got {earlier!r}")
    return Assignment(
        name, str(body.get("title", name)), tuple(notebooks), points, written, earlier
    )


def _table(parent, name, known):
    table = _dict(parent, name)
    unknown = sorted(set(table) - known)
    if unknown:
        raise _Malformed(
            f"unknown key {unknown[0]!r} in [{name}]; known: {', '.join(sorted(known))}"
        )
    return table


def _dict(parent, name):
    table = parent.get(name, {})
    if not isinstance(table, dict):
        raise _Malformed(f"{name} must be a table; got {table!r}")
    return table


def _number(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _MOST:
        raise _Malformed(f"{name} must be a number above 0 and at most {_MOST:,}; got {value!r}")


def _whole_number(name, value):
    _number(name, value)
    if not isinstance(value, int):
        raise _Malformed(f"{name} must be a whole number; got {value!r}")
