"""Evidence: what a submission's notebooks print and draw, for whoever reads the written answers.

The notebook is the released one with the answers of the submission, and its check cells are left to
the judge. It runs in a sandbox. What comes out are text and pixels; the PNG files are made here, so
that no byte that a browser decodes was written by a submission.
"""

import base64
import copy
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from PIL import Image

from cs231n.atomic import atomic_write
from cs231n.check.exercise import Case
from cs231n.check.process.client import QuestionPart, WorkerClient
from cs231n.vis_utils import PNG

from ..course.digests import regular_file, submission_digest
from ..course.manifest import Assignment, Course
from ..notebooks.cells import is_check
from ..notebooks.merge_answers import merge_answers, read_answers
from ..notebooks.sanitize import shorten, strip_control

CellOutputs = dict[str, list[dict[str, Any]]]
"""The outputs of a notebook by cell id, in the format of notebooks: text and pictures."""
OpenSubmission = Callable[[Path], AbstractContextManager[WorkerClient]]
MAX_TEXT = 8_000
"""int : characters of a cell's text."""
MAX_ALT = 600
"""int : characters of a picture's alternative text."""
MAX_IMAGES = 24
"""int : pictures of a notebook."""
MAX_PIXELS = 4_000_000
MAX_PNG_BYTES = 2 << 20
MAX_FILE_BYTES = 64 << 20
_STOPPED = "[stopped here: the notebook takes too long, or more than it may use]\n"


def run_notebook(worker: WorkerClient, path: str | Path, pristine: NotebookNode) -> CellOutputs:
    """Run a notebook of a submission and keep what may be shown.

    Parameters
    ----------
    worker : WorkerClient
        On the notebook worker, in a sandbox.
    path : path
        The notebook that was submitted.
    pristine : NotebookNode
        The released one.

    Returns
    -------
    outputs : dict of str -> list of dict
        By cell id, in the format of notebooks: streams of plain text, and PNG pictures.
    """
    notebook = merge_answers(pristine, read_answers(path, pristine))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not is_check(cell)]
    cases = [("", "", Case(cell.id, {"source": cell.source})) for cell in cells]
    answers = worker.ask_together([QuestionPart(cases)])
    images_left = MAX_IMAGES
    outputs: CellOutputs = {}
    # A notebook that was stopped has fewer answers than cells.
    for cell, answer in zip(cells, answers, strict=False):
        found = _outputs(answer.arrays, images_left)
        images_left -= sum(output["output_type"] == "display_data" for output in found)
        outputs[cell.id] = found
    if len(answers) < len(cells):
        outputs[cells[len(answers)].id] = [_text(_STOPPED)]
    return outputs


def save_evidence(path: Path, digest: str, outputs: dict[str, CellOutputs]) -> None:
    """Write evidence, bound to the submission that it comes from.

    Parameters
    ----------
    path : Path
    digest : str
        Of the submission.
    outputs : dict of str -> dict of str -> list of dict
        By notebook and cell id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path, "t", private=True, encoding="utf-8") as file:
        json.dump({"submission": digest, "notebooks": outputs}, file, sort_keys=True)


def load_evidence(course: Course, assignment: str, student: str) -> dict[str, CellOutputs] | None:
    """Read what was saved for exactly this submission.

    Parameters
    ----------
    course : Course
    assignment, student : str

    Returns
    -------
    outputs : dict of str -> dict of str -> list of dict, or None
        By notebook and cell id; None where there is nothing that can be read, or it was saved for
        another submission.
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


def gather_evidence(
    course: Course, assignment: Assignment, student: str, open_submission: OpenSubmission
) -> tuple[str, dict[str, CellOutputs]]:
    """Run all notebooks of a submission; see `run_notebook`.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    student : str
    open_submission : callable
        Takes the folder of a submission and gives a context with a worker that runs its notebooks.

    Returns
    -------
    digest : str
        Of the submission.
    outputs : dict of str -> dict of str -> list of dict
        By notebook and cell id.
    """
    folder = course.submitted(student, assignment.name)
    digest = submission_digest(course, assignment, student)
    outputs = {}
    for name in assignment.notebooks:
        pristine = nbformat.read(
            course.release_folder(assignment.name) / f"{name}.ipynb", as_version=4
        )
        path = regular_file(folder, f"{name}.ipynb") or folder / f"{name}.ipynb"
        with open_submission(folder) as worker:
            outputs[name] = run_notebook(worker, path, pristine)
    return digest, outputs


def outputs_of_cell(outputs: CellOutputs, cell: NotebookNode) -> list[NotebookNode]:
    """list of NotebookNode : copies of the outputs of a cell, for a notebook."""
    found = outputs.get(cell.get("id", ""), [])
    return [nbformat.from_dict(copy.deepcopy(output)) for output in found]


def _outputs(arrays: dict[str, Any], most_images: int) -> list[dict[str, Any]]:
    """list of dict : the outputs of a cell, whatever a worker sent as its arrays."""
    text = _decode(arrays.get("text"), MAX_TEXT)
    outputs = []
    if text.strip():
        outputs.append(_text(text))
    for number in range(most_images):
        pixels = arrays.get(f"pixels {number}")
        if not isinstance(pixels, np.ndarray):
            break
        png = _png(pixels)
        if png:
            alt = _decode(arrays.get(f"alt {number}"), MAX_ALT)
            outputs.append(_picture(png, alt))
    return outputs


def _picture(png: str, alt: str) -> dict[str, Any]:
    return {
        "output_type": "display_data",
        "data": {"image/png": png, "text/plain": alt or "a picture"},
        "metadata": {"image/png": {"alt": alt}} if alt else {},
    }


def _png(pixels: np.ndarray) -> str:
    """str : base64 of the picture; empty for what is no picture, or too large."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        return ""
    if not 0 < pixels.size <= 3 * MAX_PIXELS:
        return ""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **PNG)
    if file.tell() > MAX_PNG_BYTES:
        return ""
    return base64.b64encode(file.getvalue()).decode("ascii")


def _decode(array: Any, most: int) -> str:
    """str : at most so many characters of a text that was sent as bytes."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
        return ""
    # A character of UTF-8 has at most four bytes.
    text = array.tobytes()[: 4 * most].decode("utf-8", "replace")
    return shorten(strip_control(text), most)


def _text(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}
