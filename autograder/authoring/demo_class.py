"""A demo class: one hand-in of each kind that a real class contains, named after what it is."""

import tempfile
import zipfile
from pathlib import Path

from ..reference.mistakes import all_mistakes
from ..reference.package_files import package_files
from ..reference.submission import train_weights, write_submission

MISTAKES = {
    "mistake-db-axis": "affine_backward: db keeps a dimension",
    "mistake-no-shift": "softmax_loss: no shift by the maximum",
    "mistake-no-half": "TwoLayerNet: no one half in the regularization",
}
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
_WARNINGS = """
import warnings

import numpy as _numpy

_plain_softmax_loss = softmax_loss


def softmax_loss(x, y):
    warnings.warn("a deprecated thing was used")
    print("dividing", _numpy.divide(1.0, 0.0))
    return _plain_softmax_loss(x, y)
"""


def write_class(course, assignment, inbox):
    """Write the hand-ins of the demo class, as zip files in an inbox.

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
    """
    inbox = Path(inbox)
    inbox.mkdir(parents=True, exist_ok=True)
    weights = train_weights(course, assignment)
    for student, changes in _changes().items():
        with tempfile.TemporaryDirectory(prefix="cs231n-demo-") as folder:
            write_submission(course, assignment, folder, changes, weights)
            _zip(folder, assignment.submission_files, inbox / f"{student}.zip")
        yield student
    _zip(
        course.release_folder(assignment.name), assignment.submission_files, inbox / "untouched.zip"
    )
    yield "untouched"
    whole = (inbox / "perfect.zip").read_bytes()
    (inbox / "broken-zip.zip").write_bytes(whole[: len(whole) // 2])
    yield "broken-zip"


def _changes():
    """dict of str -> dict : by student, the modules that differ from the reference."""
    reference = {
        name: path.read_text(encoding="utf-8")
        for name, path in package_files().items()
        if path.suffix == ".py"
    }
    affine, losses = "cs231n/layers/affine.py", "cs231n/layers/losses.py"
    activations = "cs231n/layers/activations.py"
    mistakes = {mistake.name: mistake for mistake in all_mistakes()}
    return {
        "perfect": {},
        **{student: mistakes[name].changes() for student, name in MISTAKES.items()},
        "prints-warnings": {losses: reference[losses] + _WARNINGS},
        "never-returns": {
            activations: reference[activations]
            + "\n\ndef relu_forward(x):\n    while True:\n        pass\n"
        },
        "patches-numpy": {affine: reference[affine] + _PATCH},
        "syntax-error": {
            affine: reference[affine].replace(
                "def affine_backward(dout, cache):", "def affine_backward(dout, cache)"
            )
        },
    }


def _zip(folder, names, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            if (Path(folder) / name).is_file():
                archive.write(Path(folder) / name, f"{path.stem}/{name}")
