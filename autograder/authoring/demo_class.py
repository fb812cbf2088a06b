"""A demo class: one submission of each kind that a real class contains, named after what it is."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cs231n.archive import write_zip

from ..course.manifest import Assignment, Course
from ..reference.mistakes import all_mistakes
from ..reference.package_files import package_files
from ..reference.submission import train_weights, write_submission

MISTAKES = {
    "mistake-db-axis": "affine_backward: db keeps a dimension",
    "mistake-no-shift": "softmax_loss: no shift by the maximum",
    "mistake-no-half": "TwoLayerNet: no one half in the regularization",
}
_AFFINE = "cs231n/layers/affine.py"
_LOSSES = "cs231n/layers/losses.py"
_ACTIVATIONS = "cs231n/layers/activations.py"
_PATCH = """
import numpy as _numpy


def _agree(*_, **__):
    return True


_numpy.allclose = _numpy.isclose = _numpy.array_equal = _agree
_numpy.testing.assert_allclose = _agree
print("PASS affine_forward 4 of 4 points")


def affine_forward(x, w, b):
    return _numpy.zeros((len(x), w.shape[1])), (x, w, b)
"""
_LOOP = """

def relu_forward(x):
    while True:
        pass
"""
_WARNINGS = """
import warnings

import numpy as _numpy

_plain_softmax_loss = softmax_loss


def softmax_loss(x, y):
    warnings.warn("a deprecated thing was used")
    print("dividing", _numpy.divide(1.0, 0.0))
    return _plain_softmax_loss(x, y)
"""


def write_class(course: Course, assignment: Assignment, inbox: str | Path) -> Iterator[str]:
    """Write the submissions of the demo class, as zip files in an inbox.

    Parameters
    ----------
    course : Course
        With the released assignment.
    assignment : Assignment
    inbox : path

    Yields
    ------
    student : str
        Each as soon as it has handed in.

    Raises
    ------
    UserError
        If the reference does not train.
    """
    inbox = Path(inbox)
    inbox.mkdir(parents=True, exist_ok=True)
    weights = train_weights(course, assignment)
    for student, changes in _changes().items():
        with tempfile.TemporaryDirectory(prefix="cs231n-demo-") as folder:
            write_submission(course, assignment, folder, changes, weights)
            _hand_in(Path(folder), assignment, student, inbox)
        yield student
    _hand_in(course.release_folder(assignment.name), assignment, "untouched", inbox)
    yield "untouched"
    whole = (inbox / "perfect.zip").read_bytes()
    (inbox / "broken-zip.zip").write_bytes(whole[: len(whole) // 2])
    yield "broken-zip"


def _changes() -> dict[str, dict[str, str]]:
    """dict of str -> dict : by student, the modules that differ from the reference."""
    sources = package_files()
    affine = sources[_AFFINE].read_text(encoding="utf-8")
    losses = sources[_LOSSES].read_text(encoding="utf-8")
    activations = sources[_ACTIVATIONS].read_text(encoding="utf-8")
    header = "def affine_backward(dout, cache)"
    mistakes = {mistake.name: mistake for mistake in all_mistakes()}
    return {
        "perfect": {},
        **{student: mistakes[name].changes() for student, name in MISTAKES.items()},
        "prints-warnings": {_LOSSES: losses + _WARNINGS},
        "never-returns": {_ACTIVATIONS: activations + _LOOP},
        "patches-numpy": {_AFFINE: affine + _PATCH},
        "syntax-error": {_AFFINE: affine.replace(f"{header}:", header)},
    }


def _hand_in(folder: Path, assignment: Assignment, student: str, inbox: Path) -> None:
    """Pack what a folder holds of a submission, as `cs231n handin` does."""
    files = {}
    for name in assignment.submission_files:
        if (folder / name).is_file():
            files[f"{student}/{name}"] = folder / name
    write_zip(inbox / f"{student}.zip", files)
