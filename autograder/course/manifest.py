"""The course: its manifest ``course.toml``, its folders as nbgrader has them, the secret seed."""

import os
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from cs231n.check.exercises import EXERCISES

from ..errors import UserError
from .decode import MalformedError, Number, decode_table, decode_value, open_table
from .limits import Limits

MANIFEST = "course.toml"
CONFIG = "nbgrader_config.py"
OWN = "own"
REFERENCE = "reference"
TIMESTAMP = "timestamp.txt"
"""The file of a submission that says when it was received, as nbgrader calls it."""
# An id becomes the name of folders and an argument of commands: no slash, no dot or dash in front.
_STUDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_WEB = r"^(https?://[A-Za-z0-9._~:/?&=%+@-]+)?\Z"


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
        Whether the modules of earlier assignments are empty in the kit, for the student's own, or
        solved.
    carried : tuple of str
        The modules of earlier assignments, relative to the kit.
    solved : frozenset of str
        The exercises whose solutions the kit shows: those in `carried` that neither this assignment
        nor a later one asks for; none where students carry their own.
    """

    name: str
    title: str
    notebooks: tuple[str, ...]
    points: dict[str, float]
    written: dict[str, float]
    earlier: str = OWN
    carried: tuple[str, ...] = ()
    solved: frozenset[str] = frozenset()

    @cached_property
    def editable(self) -> tuple[str, ...]:
        """tuple of str : the modules that students write, relative to the kit."""
        # A training goal has no module: weights are handed in for it.
        return tuple(sorted({EXERCISES[e].file for e in self.points if EXERCISES[e].module}))

    @cached_property
    def own(self) -> tuple[str, ...]:
        """tuple of str : modules of earlier assignments that students bring along."""
        if self.earlier != OWN:
            return ()
        return tuple(name for name in self.carried if name not in self.editable)

    @cached_property
    def weights(self) -> tuple[str, ...]:
        """tuple of str : the files that training goals are judged from, relative to the kit."""
        return tuple(EXERCISES[e].weights for e in self.points if hasattr(EXERCISES[e], "weights"))

    @cached_property
    def submission_files(self) -> tuple[str, ...]:
        """tuple of str : every file that a submission may hold; all others are left aside."""
        notebooks = [f"{name}.ipynb" for name in self.notebooks]
        return (*notebooks, *self.editable, *self.own, *self.weights)


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
    assignments: dict[str, Assignment]

    @classmethod
    def open(cls, root: str | Path) -> "Course":
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
            facts, limits, assignments = _parse(manifest)
        except MalformedError as problem:
            raise UserError(f"{source / MANIFEST}: {problem}") from None
        return cls(root, source, facts.id, facts.kits_url, limits, assignments)

    def assignment(self, name: str) -> Assignment:
        """Assignment : the one with this name; a `UserError` names those that exist."""
        if name not in self.assignments:
            raise UserError(
                f"unknown assignment {name!r}; this course has: {', '.join(self.assignments)}"
            )
        return self.assignments[name]

    def release_folder(self, assignment: str) -> Path:
        """Path : the released student kit."""
        return self.root / "release" / assignment

    def submitted(self, student: str, assignment: str) -> Path:
        """Path : what a student handed in."""
        return self.root / "submitted" / student / assignment

    def verdicts(self, assignment: str) -> Path:
        """Path : the folder of verdict files, one for each submission."""
        return self.root / "verdicts" / assignment

    def evidence(self, assignment: str) -> Path:
        """Path : the folder of what notebooks printed and drew, one file for each submission."""
        return self.root / "evidence" / assignment

    @property
    def database(self) -> Path:
        """Path : nbgrader's gradebook."""
        return self.root / "gradebook.db"

    def students(self, assignment: str) -> list[str]:
        """list of str : who has handed in, in order."""
        folders = sorted((self.root / "submitted").glob(f"*/{assignment}"))
        return [f.parent.name for f in folders if f.is_dir() and is_student_id(f.parent.name)]

    def secret_seed(self) -> bytes:
        """Read the seed of the hidden cases, drawn once for each course and kept from students.

        Returns
        -------
        seed : bytes of length 32
        """
        path = self.root / "secret_seed"
        if not path.exists():
            # Never over a seed that another command has just drawn; from its first byte on for the
            # owner alone.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
        text = path.read_text().strip()
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise UserError(
                f"{path}: not a seed of 64 hexadecimal digits; "
                "restore it, or delete it to draw a new one"
            )
        return bytes.fromhex(text)


def is_student_id(text: str) -> bool:
    """bool : whether a text can name a student: letters, digits and ``._@+-``, at most 64."""
    return _STUDENT.fullmatch(text) is not None


def check_student_id(text: str) -> str:
    """Return the id; a `UserError` says so where it cannot name a student."""
    if not is_student_id(text):
        raise UserError(
            f"student id {text!r} is not valid; "
            "use letters, digits and ._@+- (at most 64, no slash)"
        )
    return text


def _find_source(root: Path) -> Path:
    # A course has the first; in a checkout of the project the sources are graded where they lie.
    for name in ("source", "assignments"):
        if (root / name / MANIFEST).is_file():
            return root / name
    raise UserError(
        f"no course in {root}: neither source/{MANIFEST} nor assignments/{MANIFEST}; "
        "run `autograder init`"
    )


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


@dataclass(frozen=True)
class _CourseTable:
    """The table ``[course]``; its title is for people who read the file."""

    id: Annotated[str, msgspec.Meta(pattern=r"\S", description="a text such as 'cs231n'")] = (
        "cs231n"
    )
    title: Annotated[object, msgspec.Meta()] = ""
    kits_url: Annotated[
        str,
        msgspec.Meta(
            pattern=_WEB, description="an address such as 'https://example.org/kits', or ''"
        ),
    ] = ""


_NotebookName = Annotated[str, msgspec.Meta(pattern=rf"^{_NAME.pattern}\Z")]


@dataclass(frozen=True)
class _AssignmentTable:
    """A table ``[assignments.NAME]``, but for its tables of points, whose keys are free."""

    notebooks: Annotated[
        tuple[_NotebookName, ...],
        msgspec.Meta(min_length=1, description="a list of notebook names"),
    ]
    title: Annotated[object, msgspec.Meta()] = None
    earlier: Annotated[
        Literal["own", "reference"],
        msgspec.Meta(description=f"{OWN!r} or {REFERENCE!r}"),
    ] = "own"
    points: Annotated[dict[str, Any], msgspec.Meta(description="a table")] = field(
        default_factory=dict
    )
    written: Annotated[dict[str, Any], msgspec.Meta(description="a table")] = field(
        default_factory=dict
    )


def _parse(manifest: Mapping[str, Any]) -> tuple[_CourseTable, Limits, dict[str, Assignment]]:
    unknown = sorted(set(manifest) - {"course", "limits", "assignments"})
    if unknown:
        raise MalformedError(f"unknown table [{unknown[0]}]; known: course, limits, assignments")
    facts = decode_table(manifest.get("course", {}), _CourseTable, "course")
    limits = decode_table(manifest.get("limits", {}), Limits, "limits")
    tables = open_table(manifest.get("assignments", {}), "assignments")
    if not tables:
        raise MalformedError("there is no table [assignments.NAME]")
    assignments = [_parse_assignment(name, body) for name, body in tables.items()]
    return facts, limits, {a.name: a for a in _in_order(assignments)}


def _parse_assignment(name: str, body: object) -> Assignment:
    where = f"assignments.{name}"
    if not _NAME.fullmatch(name):
        raise MalformedError(f"{name!r} cannot name an assignment")
    values = dict(open_table(body, where))
    values.setdefault("notebooks", None)  # so that it is told like a wrong one
    table = decode_table(values, _AssignmentTable, where)
    points = _parse_points(table.points, where)
    written = _parse_points(table.written, where)
    for exercise in sorted(points):
        if exercise in written:
            raise MalformedError(
                f"{where}: {exercise!r} stands among the points and among the written questions; "
                "give it two names"
            )
        if exercise not in EXERCISES:
            raise MalformedError(f"{where}.points: unknown exercise {exercise!r}")
    title = name if table.title is None else str(table.title)
    return Assignment(name, title, table.notebooks, points, written, table.earlier)


def _parse_points(table: Mapping[str, Any], where: str) -> dict[str, float]:
    points = {}
    for exercise, value in table.items():
        points[exercise] = decode_value(value, Number, f"{where}: points of {exercise}")
    return points


def _in_order(assignments: Sequence[Assignment]) -> Iterator[Assignment]:
    """Tell each assignment what those before it leave to it; the order is that of the manifest."""
    for number, assignment in enumerate(assignments):
        carried: set[str] = set()
        for before in assignments[:number]:
            carried.update(before.editable)
        asked: set[str] = set()
        # From this one on: a kit must not show what it asks for itself, or what is asked later.
        for other in assignments[number:]:
            asked.update(other.points)
        solved: set[str] = set()
        if assignment.earlier == REFERENCE:
            solved = {e for e in _exercises_in(carried) if e not in asked}
        yield replace(assignment, carried=tuple(sorted(carried)), solved=frozenset(solved))


def _exercises_in(modules: set[str]) -> Iterator[str]:
    for name, exercise in EXERCISES.items():
        if exercise.module and exercise.file in modules:
            yield name
