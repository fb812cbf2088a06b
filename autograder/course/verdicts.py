"""The verdict on one submission: a JSON file that the judge writes and everything after it only reads."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cs231n.atomic import atomic_write

from .digests import submission_digest

STATUSES = ("pass", "fail", "not started")
MAX_BYTES = 4 << 20


class BadVerdict(ValueError):
    """A verdict file that does not say what a verdict says."""


@dataclass(frozen=True)
class Finding:
    """What became of one exercise.

    Parameters
    ----------
    status : {"pass", "fail", "not started"}
    score, max_score : float
    text : str
        The report, as instructor and student read it.
    warnings : tuple of str
        They cost nothing.
    """

    status: str
    score: float
    max_score: float
    text: str = ""
    warnings: tuple = ()


@dataclass(frozen=True)
class Verdict:
    """Everything that the judge found about one submission, bound to what it looked at.

    Parameters
    ----------
    student, assignment : str
    submission, kit, exercise_set : str
        Digests of what was judged: the hand-in, the kit it was put into, the exercises and their points.
    isolation : str
        How the submission was isolated.
    exercises : dict of str -> Finding
    received : str
        When the intake received it, in ISO format; "" if unknown.
    """

    student: str
    assignment: str
    submission: str
    kit: str
    exercise_set: str
    isolation: str
    exercises: dict = field(default_factory=dict)
    received: str = ""


def save(verdict, path):
    """Write a verdict, so that a reader sees the old file or the new one and nothing between."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(verdict), indent=1, sort_keys=True, allow_nan=False) + "\n"
    with atomic_write(path, "t", private=True, encoding="utf-8") as file:
        file.write(text)


def load(path):
    """Read a verdict.

    Raises
    ------
    FileNotFoundError
    BadVerdict
        If anything is missing, extra, of another type, or a score is not between 0 and its maximum.
    """
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise BadVerdict(f"{path}: larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _parse(document)
    except (ValueError, RecursionError) as error:
        raise BadVerdict(f"{path}: {error}") from None


def trusted_findings(course, assignment, student):
    """Read what may be recorded for a submission, and nothing that was found about another one.

    Parameters
    ----------
    course : Course
    assignment, student : str

    Returns
    -------
    findings : dict of str -> Finding
        Empty where there is no verdict on exactly this hand-in.
    problem : str
        Why it is empty, or "".
    """
    path = course.verdicts(assignment) / f"{student}.json"
    try:
        verdict = load(path)
        digest = submission_digest(course, course.assignment(assignment), student)
    except FileNotFoundError:
        return {}, "This hand-in has not been judged."
    except (BadVerdict, OSError) as error:
        return {}, f"The verdict cannot be read: {error}."
    if (verdict.student, verdict.assignment, verdict.submission) != (student, assignment, digest):
        return {}, "The verdict is about another hand-in."
    return verdict.exercises, ""


def _parse(document):
    values = _fields(document, Verdict, "verdict")
    exercises = values.pop("exercises")
    if not isinstance(exercises, dict):
        raise ValueError("exercises is not a table")
    texts = [name for name, value in values.items() if not isinstance(value, str)]
    if texts:
        raise ValueError(f"{texts[0]} is not a text")
    return Verdict(
        **values, exercises={name: _parse_finding(name, body) for name, body in exercises.items()}
    )


def _parse_finding(name, body):
    values = _fields(body, Finding, name)
    if values["status"] not in STATUSES:
        raise ValueError(f"{name}: unknown status {values['status']!r}")
    score, most = values["score"], values["max_score"]
    if not (_is_number(score) and _is_number(most) and 0 <= score <= most):
        raise ValueError(f"{name}: score {score!r} of {most!r}")
    warnings = values["warnings"]
    if not (
        isinstance(values["text"], str)
        and isinstance(warnings, list)
        and all(isinstance(w, str) for w in warnings)
    ):
        raise ValueError(f"{name}: text and warnings must be texts")
    return Finding(values["status"], float(score), float(most), values["text"], tuple(warnings))


def _fields(body, kind, where):
    expected = set(kind.__dataclass_fields__)
    if not isinstance(body, dict) or set(body) != expected:
        raise ValueError(f"{where}: expected the fields {', '.join(sorted(expected))}")
    return dict(body)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
