"""The reference as a student would hand it in: its modules, its notebooks, and weights that it trained."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ..errors import UserError
from .package_files import package_files, write_tree

WEIGHTS_TAG = "weights"


def write_hand_in(course, assignment, folder, changes=None, weights=None):
    """Write a hand-in of the reference.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    folder : path
    changes : dict of str -> str, optional
        Text of the modules that differ from the reference.
    weights : dict of str -> bytes, optional
        Weight files, as `train_weights` returns them; none by default.
    """
    sources = package_files()
    modules = (*assignment.editable, *assignment.own)
    files = {
        name: (changes or {}).get(name, sources[name].read_text(encoding="utf-8"))
        for name in modules
    }
    released = [
        course.release_folder(assignment.name) / f"{name}.ipynb" for name in assignment.notebooks
    ]
    files |= {path.name: path.read_text(encoding="utf-8") for path in released}
    for name, content in (files | (weights or {})).items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def train_weights(course, assignment):
    """Run the notebook cells with the tag ``weights`` on the reference, and read the files that they leave.

    Returns
    -------
    weights : dict of str -> bytes
        By path in the hand-in; empty when the assignment has no training goal.

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


def _tagged_cells(course, assignment):
    for name in assignment.notebooks:
        path = course.source / assignment.name / f"{name}.ipynb"
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if WEIGHTS_TAG in cell["metadata"].get("tags", ()):
                lines = "".join(cell["source"]).splitlines()
                yield "\n".join(line for line in lines if not line.startswith("%"))


def _environment(tree):
    """What is drawn needs no screen, and matplotlib's caches go where the rest goes, not into the home folder."""
    return os.environ | {"MPLBACKEND": "Agg", "MPLCONFIGDIR": str(Path(tree) / ".matplotlib")}
