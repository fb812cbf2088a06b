"""Makes the student kit: notebooks without solutions, the package without solutions, and nothing else."""

import itertools
import json
import logging
import shutil
import tempfile
import zipfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException

from cs231n.kit import text_digest

from ..course.manifest import OWN, REFERENCE
from ..errors import UserError
from ..gradebook.database import course_directory, load_settings, open_gradebook
from ..reference.package_files import package_files
from .leaks import find_leaks
from .shown_solutions import show_solved
from .solution_regions import clear
from .source_check import check_sources

TEMPLATE = Path(__file__).parent / "templates" / "kit"
COLAB = Path(__file__).parent / "templates" / "colab_cell.py"
_EARLIER = {
    OWN: """What you wrote for earlier assignments belongs here too. This copies it from an earlier kit, keeps a copy of
every file that it replaces, and says what it did:

    .venv/bin/cs231n carry ../{before}

""",
    REFERENCE: """The modules of earlier assignments are solved here. To go on with your own, copy them from an earlier
kit; every file that is replaced is kept:

    .venv/bin/cs231n carry ../{before}

""",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TEXT_SUFFIXES = {".py", ".pyx", ".pxd", ".h", ".c"}


def release(course, assignment):
    """Release an assignment: register it in the gradebook, write its kit and a zip of it.

    Parameters
    ----------
    course : Course
    assignment : Assignment

    Returns
    -------
    kit, archive : Path

    Raises
    ------
    UserError
        If sources and manifest disagree, or anything in the kit must not reach students; then there is no new kit.
    """
    check_sources(course, assignment)
    with tempfile.TemporaryDirectory(prefix=".release-", dir=course.root) as staging:
        kit = Path(staging) / assignment.name
        kit.mkdir()
        _write_package(kit, assignment)
        _write_front_matter(kit, course, assignment)
        _write_notebooks(kit, course, assignment)
        leaks = find_leaks(kit, course, assignment, allowed_files(assignment))
        if leaks:
            raise UserError(
                f"{assignment.name} is not released, {len(leaks)} leaks: {'; '.join(leaks[:5])}"
            )
        target = course.release_folder(assignment.name)
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(exist_ok=True)
        kit.rename(target)
    return target, _zip(target, course.root / "kits" / f"{assignment.name}.zip")


def allowed_files(assignment):
    """set of str : the files of a kit, and there are no others."""
    front = {path.name for path in TEMPLATE.iterdir() if path.is_file()} | {"kit.json"}
    return {f"{name}.ipynb" for name in assignment.notebooks} | set(package_files()) | front


def _write_package(kit, assignment):
    for name, path in package_files().items():
        target = kit / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in _TEXT_SUFFIXES:
            text = show_solved(path.read_text(encoding="utf-8"), name, assignment.solved)
            target.write_text(clear(text, name), encoding="utf-8")
        else:
            shutil.copyfile(path, target)


def _write_front_matter(kit, course, assignment):
    *_, before = "", *itertools.takewhile(lambda name: name != assignment.name, course.assignments)
    facts = {
        "assignment": assignment.name,
        "title": assignment.title,
        "hand_in": list(assignment.submission_files),
        "editable": list(assignment.editable),
        "carried": list(assignment.carried),
        "released": {
            name: text_digest(kit / name)
            for name in sorted({*assignment.editable, *assignment.carried})
        },
        "exercises": assignment.points,
    }
    (kit / "kit.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    words = {
        "@ASSIGNMENT@": assignment.name,
        "@TITLE@": assignment.title,
        "@NOTEBOOKS@": "\n".join(f"- `{name}.ipynb`" for name in assignment.notebooks),
        "@EDITABLE@": "\n".join(f"- `{name}`" for name in assignment.editable),
        "@EARLIER@\n\n": _EARLIER[assignment.earlier].format(before=before) if before else "",
        "@NOTEBOOK@": f"{assignment.notebooks[0]}.ipynb",
        "@EXERCISE@": next(iter(assignment.points), ""),
    }
    for path in sorted(p for p in TEMPLATE.iterdir() if p.is_file()):
        text = path.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        (kit / path.name).write_text(text, encoding="utf-8")


def _write_notebooks(kit, course, assignment):
    """Run nbgrader's GenerateAssignment, which also tells the gradebook, and take over its notebooks alone."""
    config = load_settings(course)
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=course.root) as staging:
        directory = course_directory(
            config, assignment_id=assignment.name, release_directory=Path(staging).name
        )
        problems = _Problems()
        converter = GenerateAssignment(coursedir=directory, config=config, force=True)
        converter.log = logging.Logger("release")
        converter.log.addHandler(problems)
        try:
            with open_gradebook(course, config):
                converter.start()
        except NbGraderException as error:
            raise UserError(
                f"{assignment.name} is not released: {problems.last() or error}"
            ) from None
        for name in assignment.notebooks:
            notebook = nbformat.read(
                Path(staging) / assignment.name / f"{name}.ipynb", as_version=4
            )
            notebook.cells.insert(1, _colab_cell(course, assignment))
            (kit / f"{name}.ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _colab_cell(course, assignment):
    """The cell that gets the kit where a notebook comes alone, which is nothing that sources have to repeat."""
    address = f"{course.kits_url.rstrip('/')}/{assignment.name}.zip" if course.kits_url else ""
    text = (
        COLAB.read_text(encoding="utf-8")
        .replace("@ADDRESS@", address)
        .replace("@ASSIGNMENT@", assignment.name)
    )
    return new_code_cell(text.rstrip(), id="colab")


class _Problems(logging.Handler):
    """Keeps what nbgrader logs as the reason of a failure."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())

    def last(self):
        lines = [
            text.strip().splitlines()[-1] for text in self.texts if text.startswith("Traceback")
        ]
        return lines[-1] if lines else ""


def _zip(kit, archive):
    """Pack a kit; the same files give the same bytes."""
    archive.parent.mkdir(exist_ok=True)
    partial = archive.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(p for p in kit.rglob("*") if p.is_file()):
            info = zipfile.ZipInfo(f"{kit.name}/{path.relative_to(kit).as_posix()}", _EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            file.writestr(info, path.read_bytes())
    partial.replace(archive)
    return archive
