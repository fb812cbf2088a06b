"""Makes the student kit: notebooks and package without solutions, and nothing else."""

import json
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException

from cs231n.archive import write_zip
from cs231n.atomic import atomic_folder
from cs231n.kit import text_digest

from ..course.manifest import OWN, REFERENCE, Assignment, Course
from ..course.modes import FILE_MODE, open_to_readers
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
    OWN: """\
What you wrote for earlier assignments belongs here too. This copies it from an earlier kit, \
keeps a copy of
every file that it replaces, and says what it did:

    .venv/bin/cs231n carry ../{before}

""",
    REFERENCE: """\
The modules of earlier assignments are solved here. To go on with your own, \
copy them from an earlier
kit; every file that is replaced is kept:

    .venv/bin/cs231n carry ../{before}

""",
}
_TEXT_SUFFIXES = {".py", ".pyx", ".pxd", ".h", ".c"}


def release(course: Course, assignment: Assignment) -> tuple[Path, Path]:
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
        If sources and manifest disagree, or anything in the kit must not reach students. Then there
        is no new kit, and an older one stays.
    """
    check_sources(course, assignment)
    target = course.release_folder(assignment.name)
    archive = course.root / "kits" / f"{assignment.name}.zip"
    for folder in (target.parent, archive.parent):
        if not folder.is_dir():
            folder.mkdir()
            open_to_readers(folder)
    with atomic_folder(target) as kit:
        _write_package(kit, assignment)
        _write_front_matter(kit, course, assignment)
        _write_notebooks(kit, course, assignment)
        leaks = find_leaks(kit, course, assignment, allowed_files(assignment))
        if leaks:
            raise UserError(
                f"{assignment.name} is not released, {len(leaks)} leaks: {'; '.join(leaks[:5])}"
            )
        open_to_readers(kit)
        _pack(kit, assignment.name, archive)
    return target, archive


def allowed_files(assignment: Assignment) -> set[str]:
    """set of str : the files of a kit, and there are no others."""
    notebooks = {f"{name}.ipynb" for name in assignment.notebooks}
    front = {path.name for path in _templates()}
    return notebooks | set(package_files()) | front | {"kit.json"}


def _templates() -> list[Path]:
    return sorted(path for path in TEMPLATE.iterdir() if path.is_file())


def _write_package(kit: Path, assignment: Assignment) -> None:
    for name, path in package_files().items():
        target = kit / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in _TEXT_SUFFIXES:
            text = show_solved(path.read_text(encoding="utf-8"), name, assignment.solved)
            target.write_text(clear(text, name), encoding="utf-8")
        else:
            shutil.copyfile(path, target)


def _write_front_matter(kit: Path, course: Course, assignment: Assignment) -> None:
    modules = sorted({*assignment.editable, *assignment.carried})
    facts = {
        "assignment": assignment.name,
        "title": assignment.title,
        "hand_in": list(assignment.submission_files),
        "editable": list(assignment.editable),
        "carried": list(assignment.carried),
        "released": {name: text_digest(kit / name) for name in modules},
        "exercises": assignment.points,
    }
    (kit / "kit.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    words = _words(course, assignment)
    for path in _templates():
        text = path.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        (kit / path.name).write_text(text, encoding="utf-8")


def _words(course: Course, assignment: Assignment) -> dict[str, str]:
    """What the templates of a kit leave open, by its mark."""
    before = _assignment_before(course, assignment)
    earlier = ""
    if before:
        earlier = _EARLIER[assignment.earlier].format(before=before)
    notebooks = [f"{name}.ipynb" for name in assignment.notebooks]
    return {
        "@ASSIGNMENT@": assignment.name,
        "@TITLE@": assignment.title,
        "@NOTEBOOKS@": _bullets(notebooks),
        "@EDITABLE@": _bullets(assignment.editable),
        "@EARLIER@\n\n": earlier,
        "@NOTEBOOK@": notebooks[0],
        "@EXERCISE@": next(iter(assignment.points), ""),
    }


def _bullets(names: Iterable[str]) -> str:
    return "\n".join(f"- `{name}`" for name in names)


def _assignment_before(course: Course, assignment: Assignment) -> str:
    """str : name of the assignment before this one in the manifest; "" for the first."""
    names = list(course.assignments)
    position = names.index(assignment.name)
    return names[position - 1] if position else ""


def _write_notebooks(kit: Path, course: Course, assignment: Assignment) -> None:
    """Run nbgrader's GenerateAssignment, which tells the gradebook too, and take its notebooks."""
    # Beside the kit in its hidden folder: what a killed run leaves there goes with it.
    staging = kit.parent / "generated"
    _generate(staging, course, assignment)
    for name in assignment.notebooks:
        notebook = nbformat.read(staging / assignment.name / f"{name}.ipynb", as_version=4)
        # Below the title, and only now: the gradebook need not know this cell.
        notebook.cells.insert(1, _colab_cell(course, assignment))
        (kit / f"{name}.ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _generate(staging: Path, course: Course, assignment: Assignment) -> None:
    config = load_settings(course)
    directory = course_directory(
        config,
        assignment_id=assignment.name,
        release_directory=staging.relative_to(course.root).as_posix(),
    )
    problems = _Problems()
    converter = GenerateAssignment(coursedir=directory, config=config, force=True)
    # A logger that nobody else listens to: nbgrader logs tracebacks, of which one line is wanted.
    converter.log = logging.Logger("release")
    converter.log.addHandler(problems)
    try:
        # The converter opens the gradebook itself. This creates it, tells its errors in one line,
        # and removes the empty course that nbgrader's steps leave behind.
        with open_gradebook(course, config):
            converter.start()
    except NbGraderException as error:
        reason = problems.last() or error
        raise UserError(f"{assignment.name} is not released: {reason}") from None


def _colab_cell(course: Course, assignment: Assignment) -> NotebookNode:
    """Make the cell that gets the kit where a notebook comes alone, as sources need not have it."""
    address = ""
    if course.kits_url:
        address = f"{course.kits_url.rstrip('/')}/{assignment.name}.zip"
    text = COLAB.read_text(encoding="utf-8")
    text = text.replace("@ADDRESS@", address).replace("@ASSIGNMENT@", assignment.name)
    return new_code_cell(text.rstrip(), id="colab")


class _Problems(logging.Handler):
    """Keeps what nbgrader logs as the reason of a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def last(self) -> str:
        tracebacks = [text for text in self.texts if text.startswith("Traceback")]
        if not tracebacks:
            return ""
        return tracebacks[-1].strip().splitlines()[-1]


def _pack(kit: Path, name: str, archive: Path) -> None:
    """Pack a kit as a folder with this name; the same files give the same bytes."""
    files = {}
    for path in sorted(kit.rglob("*")):
        if path.is_file():
            files[f"{name}/{path.relative_to(kit).as_posix()}"] = path
    # Beside the kit in its hidden folder, as the notebooks were.
    packed = kit.parent / archive.name
    write_zip(packed, files, reproducible=True)
    packed.chmod(FILE_MODE)
    packed.replace(archive)
