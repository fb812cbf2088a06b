"""The verdict on a submission: a JSON file that the judge writes and everything after it reads."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

from cs231n.atomic import atomic_write

from .digests import submission_digest
from .manifest import Course

MAX_BYTES = 4 << 20


class VerdictError(ValueError):
    """A verdict file that does not say what a verdict says."""


@dataclass(frozen=True)
class Finding:
    """What became of one exercise.

    Parameters
    ----------
    status : {"pass", "fail", "not started"}
    score, max_score : float
        Points.
    text : str
        The report, as instructor and student read it.
    warnings : tuple of str
        They cost nothing.
    """

    status: str
    score: float
    max_score: float
    text: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Everything that the judge found about one submission, bound to what it looked at.

    Parameters
    ----------
    student, assignment : str
    submission, kit, exercise_set : str
        Digests of what was judged: the submission, the kit it was put into, the exercises and
        their points.
    isolation : str
        What the submission was isolated by.
    exercises : dict of str -> Finding
    received : str
        When the submission was collected, in ISO format; "" if unknown.
    """

    student: str
    assignment: str
    submission: str
    kit: str
    exercise_set: str
    isolation: str
    exercises: dict[str, Finding] = field(default_factory=dict)
    received: str = ""


def save_verdict(verdict: Verdict, path: str | Path) -> None:
    """Write a verdict, so that a reader sees the old file or the new one and nothing between.

    Raises
    ------
    ValueError
        If a score is not a finite number; nothing is written then.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(verdict), indent=1, sort_keys=True, allow_nan=False) + "\n"
    with atomic_write(path, "t", private=True, encoding="utf-8") as file:
        file.write(text)


def load_verdict(path: str | Path) -> Verdict:
    """Read a verdict.

    Raises
    ------
    FileNotFoundError
    VerdictError
        If anything is missing, extra, of another type, or a score is not between 0 and its maximum.
    """
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise VerdictError(f"{path}: larger than {MAX_BYTES} bytes")
    try:
        return _parse(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise VerdictError(f"{path}: {error}") from None


def trusted_findings(
    course: Course, assignment: str, student: str
) -> tuple[dict[str, Finding], str]:
    """Read what may be recorded for a submission, and nothing that was found about another one.

    Parameters
    ----------
    course : Course
    assignment, student : str

    Returns
    -------
    findings : dict of str -> Finding
        Empty where there is no verdict on exactly this submission.
    problem : str
        Why it is empty, or "".
    """
    path = course.verdicts(assignment) / f"{student}.json"
    try:
        verdict = load_verdict(path)
        digest = submission_digest(course, course.assignment(assignment), student)
    except FileNotFoundError:
        return {}, "This hand-in has not been judged."
    except (VerdictError, OSError) as error:
        return {}, f"The verdict cannot be read: {error}."
    # The digest alone would let a copied verdict count for somebody who handed in the same files.
    if (verdict.student, verdict.assignment, verdict.submission) != (student, assignment, digest):
        return {}, "The verdict is about another hand-in."
    return verdict.exercises, ""


def _parse(document: bytes) -> Verdict:
    values = msgspec.structs.asdict(msgspec.json.decode(document, type=_STRICT_VERDICT))
    exercises = values.pop("exercises")
    findings = {}
    for name, body in exercises.items():
        if not body.score <= body.max_score:
            raise ValueError(f"{name}: score {body.score} of {body.max_score}")
        findings[name] = Finding(**msgspec.structs.asdict(body))
    return Verdict(**values, exercises=findings)


def _strict(kind: type, **constraints: Any) -> Any:
    """The fields of a dataclass as msgspec reads them from a file: none may be missing or extra."""
    # Not the dataclass itself: its defaults would stand in for what a file lacks.
    fields = get_type_hints(kind) | constraints
    return msgspec.defstruct(kind.__name__, list(fields.items()), forbid_unknown_fields=True)


_STRICT_FINDING = _strict(
    Finding,
    status=Literal["pass", "fail", "not started"],
    score=Annotated[float, msgspec.Meta(ge=0)],
)
_STRICT_VERDICT = _strict(Verdict, exercises=GenericAlias(dict, (str, _STRICT_FINDING)))
