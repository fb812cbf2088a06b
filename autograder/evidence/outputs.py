"""Evidence: what the notebooks of a hand-in print and draw, for the person who reads the written answers.

The notebook is the released one with the answers of the hand-in, and its check cells are left to the judge. It runs in
a sandbox. What comes out are text and pixels; the PNG files are made here, so that no byte that a browser decodes was
written by a submission.
"""

import base64
import copy
import io
import json

import nbformat
import numpy as np
from nbgrader import utils
from PIL import Image

from cs231n.atomic import atomic_write
from cs231n.check.exercise import Case
from cs231n.check.process.client import Part
from cs231n.vis_utils import PNG

from ..course.digests import regular_file, submission_digest
from ..notebooks.merge_answers import read_answers, rebase
from ..notebooks.sanitize import shorten, strip_control

MAX_TEXT = 8_000
MAX_ALT = 600
MAX_IMAGES, MAX_PIXELS, MAX_PNG_BYTES = 24, 4_000_000, 2 << 20
MAX_FILE_BYTES = 64 << 20


def run_notebook(worker, path, pristine):
    """Run a notebook of a hand-in and keep what may be shown.

    Parameters
    ----------
    worker : Worker
        On the notebook worker, in a sandbox.
    path : path
        The notebook that was handed in.
    pristine : NotebookNode
        The released one.

    Returns
    -------
    outputs : dict of str -> list of dict
        By cell id, in the format of notebooks: streams of plain text, and PNG pictures.
    """
    notebook = rebase(pristine, read_answers(path, pristine))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not _is_check(cell)]
    answers = worker.ask_together(
        [Part([("", "", Case(cell.id, {"source": cell.source})) for cell in cells])]
    )
    left, outputs = MAX_IMAGES, {}
    for cell, answer in zip(cells, answers):
        outputs[cell.id] = _outputs(answer.get("arrays", {}), left)
        left -= sum(output["output_type"] == "display_data" for output in outputs[cell.id])
    if len(answers) < len(cells):
        outputs[cells[len(answers)].id] = [
            _text("[stopped here: the notebook takes too long, or more than it may use]\n")
        ]
    return outputs


def save(path, digest, outputs):
    """Write evidence, bound to the hand-in that it comes from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, "t", private=True, encoding="utf-8") as file:
        json.dump({"submission": digest, "notebooks": outputs}, file, sort_keys=True)


def load(course, assignment, student):
    """Read what was saved for exactly this hand-in.

    Returns
    -------
    outputs : dict of str -> dict of str -> list of dict, or None
        By notebook and cell id.
    """
    path = course.evidence(assignment) / f"{student}.json"
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return None
        saved = json.loads(path.read_text(encoding="utf-8"))
        digest = submission_digest(course, course.assignment(assignment), student)
    except (OSError, ValueError):
        return None
    return saved["notebooks"] if saved["submission"] == digest else None


def gather(judge, student):
    """Run all notebooks of a hand-in; see `run_notebook`.

    Returns
    -------
    digest : str
    outputs : dict of str -> dict of str -> list of dict
    """
    course, assignment = judge.course, judge.assignment
    folder = course.submitted(student, assignment.name)
    digest, outputs = submission_digest(course, assignment, student), {}
    for name in assignment.notebooks:
        pristine = nbformat.read(course.kit(assignment.name) / f"{name}.ipynb", as_version=4)
        path = regular_file(folder, f"{name}.ipynb") or folder / f"{name}.ipynb"
        with judge.notebooks.with_hand_in(folder) as worker:
            outputs[name] = run_notebook(worker, path, pristine)
    return digest, outputs


def show(outputs, cell):
    """list of NotebookNode : copies of the outputs of a cell, for a notebook."""
    return [nbformat.from_dict(copy.deepcopy(output)) for output in outputs.get(cell.get("id"), ())]


def _outputs(arrays, left):
    text = _decode(arrays.get("text"), MAX_TEXT)
    outputs = [_text(text)] if text.strip() else []
    for number in range(left):
        pixels = arrays.get(f"pixels {number}")
        if not isinstance(pixels, np.ndarray):
            break
        png = _png(pixels)
        if png:
            alt = _decode(arrays.get(f"alt {number}"), MAX_ALT)
            metadata = {"image/png": {"alt": alt}} if alt else {}
            outputs.append(
                {
                    "output_type": "display_data",
                    "data": {"image/png": png, "text/plain": alt or "a picture"},
                    "metadata": metadata,
                }
            )
    return outputs


def _png(pixels):
    """str : base64 of the picture; empty for what is no picture, or too large."""
    if (
        pixels.dtype != np.uint8
        or pixels.ndim != 3
        or pixels.shape[2] != 3
        or not 0 < pixels.size <= 3 * MAX_PIXELS
    ):
        return ""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **PNG)
    return base64.b64encode(file.getvalue()).decode("ascii") if file.tell() <= MAX_PNG_BYTES else ""


def _decode(array, most):
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
        return ""
    return shorten(strip_control(array.tobytes()[: 4 * most].decode("utf-8", "replace")), most)


def _text(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def _is_check(cell):
    return utils.is_grade(cell) and not utils.is_solution(cell)
