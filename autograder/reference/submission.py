"""The reference as a student would hand it in: its modules, its notebooks, and trained weights."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..course.manifest import Assignment, Course
from ..errors import UserError
from .package_files import package_files, write_tree

WEIGHTS_TAG = "weights"


def write_submission(
    course: Course,
    assignment: Assignment,
    folder: str | os.PathLike[str],
    changes: Mapping[str, str] | None = None,
    weights: Mapping[str, bytes] | None = None,
) -> None:
    """Write a submission of the reference.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    folder : path-like
    changes : dict of str -> str, optional
        Text of the modules that differ from the reference.
    weights : dict of str -> bytes, optional
        Weight files, as `train_weights` returns them; none by default.
    """
    sources = package_files()
    files = {}
    for name in (*assignment.editable, *assignment.own):
        files[name] = sources[name].read_bytes()
        if changes and name in changes:
            files[name] = changes[name].encode()
    for name in assignment.notebooks:
        notebook = course.release_folder(assignment.name) / f"{name}.ipynb"
        files[notebook.name] = notebook.read_bytes()
    files.update(weights or {})
    for name, content in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def train_weights(course: Course, assignment: Assignment) -> dict[str, bytes]:
    """Run the notebook cells with the tag ``weights`` on the reference, and read what they leave.

    Returns
    -------
    weights : dict of str -> bytes
        By path in the submission; empty when the assignment has no training goal.

    Raises
    ------
    UserError
        If the cells fail or leave a weight file out.
    """
    if not assignment.weights:
        return {}
    with tempfile.TemporaryDirectory(prefix="cs231n-train-") as tree:
        write_tree(tree)
        script = Path(tree) / "train.py"
        script.write_text("\n\n".join(_tagged_cells(course, assignment)), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, script.name],
            cwd=tree,
            env=_environment(tree),
            capture_output=True,
            text=True,
        )
        missing = [name for name in assignment.weights if not (Path(tree) / name).is_file()]
        if run.returncode or missing:
            last = run.stderr.strip().splitlines()[-1:] or [f"no file {', '.join(missing)}"]
            raise UserError(
                f"{assignment.name}: the cells tagged {WEIGHTS_TAG!r} do not train: {last[0]}"
            )
        return {name: (Path(tree) / name).read_bytes() for name in assignment.weights}


def _tagged_cells(course: Course, assignment: Assignment) -> Iterator[str]:
    for name in assignment.notebooks:
        path = course.source / assignment.name / f"{name}.ipynb"
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if WEIGHTS_TAG in cell["metadata"].get("tags", ()):
                # Lines with magics are for IPython; this becomes a plain script.
                lines = "".join(cell["source"]).splitlines()
                yield "\n".join(line for line in lines if not line.startswith("%"))


def _environment(tree: str) -> dict[str, str]:
    """What is drawn needs no screen, and matplotlib's caches do not go into the home folder."""
    return os.environ | {"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(Path(tree) / ".matplotlib")}
