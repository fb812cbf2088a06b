"""Searches a student kit, byte by byte, for what must not be in it."""

import json
import re
import sys
import zipfile
from pathlib import Path

import nbformat
import numpy as np
from nbgrader import utils

from ..reference.package_files import package_files
from .shown_solutions import show_solved
from .solution_regions import regions
from .source_check import MARKS, source_notebook

WINDOW = 2
SHORTEST = 24
_COMPILED = {
    b"\x7fELF": "ELF",
    b"MZ": "Windows",
    b"\xcf\xfa\xed\xfe": "Mach-O",
    b"\xca\xfe\xba\xbe": "Mach-O",
}
_COMPILED_SUFFIXES = {
    ".pyc",
    ".pyo",
    ".so",
    ".pyd",
    ".dll",
    ".dylib",
    ".o",
    ".a",
    ".c",
    ".cpp",
    ".html",
}
_NOTEBOOK_METADATA = {"kernelspec", "language_info"}
_CELL_METADATA = {"nbgrader", "deletable", "editable"}


def find_leaks(kit, course, assignment, allowed):
    """Find everything in a kit that students must not get.

    Parameters
    ----------
    kit : path
    course : Course
    assignment : Assignment
    allowed : set of str
        The files of a kit, relative to it.

    Returns
    -------
    leaks : list of str
        One sentence each: a file outside the allow-list, a link, byte-code, compiled code, text of a solution, hidden
        test or mark scheme, an output, staff metadata, a path of this machine. Empty when all is well.
    """
    kit = Path(kit)
    secrets = secret_windows(course, assignment)
    paths = _machine_paths(course)
    leaks = []
    for path in sorted(kit.rglob("*")):
        name = path.relative_to(kit).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            leaks.append(f"{name}: a link or a special file")
        elif path.is_file():
            leaks += [
                f"{name}: {leak}" for leak in _file_leaks(path, name, secrets, paths, allowed)
            ]
    return leaks


def secret_windows(course, assignment):
    """Collect the text of all solutions, hidden tests and mark schemes; an answer without marks is one as a whole.

    Returns
    -------
    windows : dict of str -> str
        Up to `WINDOW` lines that follow each other, without white space -> where they come from.
    """
    windows = {}
    for name, path in package_files().items():
        if path.suffix != ".npz":
            text = show_solved(path.read_text(encoding="utf-8"), name, assignment.solved)
            windows |= dict.fromkeys(_secrets(text), name)
    for name in assignment.notebooks:
        for cell in nbformat.read(source_notebook(course, assignment, name), as_version=4).cells:
            windows |= dict.fromkeys(
                _secrets(cell.source, utils.is_solution(cell)), f"{name}.ipynb"
            )
    return windows


def _secrets(text, is_answer=False):
    found = [region for begin, end in MARKS for region in regions(text, begin, end)]
    if is_answer and not found:
        found = [text.split("\n")]
    return [window for region in found for window in _windows(region)]


def _windows(lines):
    squeezed = [line for line in map(_squeeze, lines) if line and not line.startswith("#")]
    found = ["".join(squeezed[i : i + WINDOW]) for i in range(max(len(squeezed) - WINDOW + 1, 1))]
    return [window for window in found if len(window) >= SHORTEST]


def _squeeze(text):
    return re.sub(r"\s+", "", text)


def _machine_paths(course):
    paths = {
        str(course.root),
        str(course.source.resolve()),
        str(Path(__file__).parents[2]),
        sys.prefix,
        str(Path.home()),
    }
    return [path.rstrip("/") + "/" for path in sorted(paths) if len(path) > 3]


def _file_leaks(path, name, secrets, paths, allowed):
    if name not in allowed:
        yield "not in the allow-list of a kit"
    data = path.read_bytes()
    if path.suffix in _COMPILED_SUFFIXES or "__pycache__" in path.parts:
        yield "compiled or generated file"
    yield from (
        f"{kind} machine code" for magic, kind in _COMPILED.items() if data.startswith(magic)
    )
    text = _text(path, data)
    for mark in (mark for pair in MARKS for mark in pair):
        if mark in text:
            yield f"the mark {mark!r}"
    squeezed = _squeeze(text)
    yield from (
        f"text of a solution in {where}: {window[:60]}"
        for window, where in secrets.items()
        if window in squeezed
    )
    yield from (f"a path of this machine: {p}" for p in paths if p in text)
    if path.suffix == ".ipynb":
        yield from _notebook_leaks(json.loads(data))


def _text(path, data):
    """Everything in a file that can be read as text."""
    if path.suffix == ".npz":
        return _array_text(path) + data.decode("latin-1")
    if path.suffix == ".ipynb":
        return "\n".join(_strings(json.loads(data)))
    return data.decode("utf-8", "replace")


def _array_text(path):
    with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as arrays:
        texts = [" ".join(archive.namelist())]
        for name in arrays.files:
            array = arrays[name]
            texts.append(
                " ".join(array.ravel().tolist())
                if array.dtype.kind == "U"
                else array.tobytes().decode("latin-1")
            )
    return "\n".join(texts)


def _strings(node):
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        if node and all(isinstance(item, str) for item in node):
            yield "".join(node)
        else:
            for item in node:
                yield from _strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)


def _notebook_leaks(notebook):
    extra = set(notebook["metadata"]) - _NOTEBOOK_METADATA
    if extra:
        yield f"notebook metadata {sorted(extra)}"
    for cell in notebook["cells"]:
        where = cell["metadata"].get("nbgrader", {}).get("grade_id") or cell.get("id")
        if cell.get("outputs") or cell.get("execution_count"):
            yield f"an output in cell {where}"
        extra = set(cell["metadata"]) - _CELL_METADATA
        if extra:
            yield f"metadata {sorted(extra)} in cell {where}"
