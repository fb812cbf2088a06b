"""Makes the kit of an assignment for somebody who studies alone: no class, no gradebook.

``cs231n start`` runs it: ``python -m autograder.authoring.self_study ASSIGNMENT FOLDER``.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cs231n.atomic import atomic_folder
from cs231n.cli import INTERRUPTED, exit_code

from ..course.manifest import OWN, Assignment
from ..errors import UserError
from ..release.kit import release
from .course_setup import set_up

_WINDOWS = os.name == "nt"
PYTHON = "py" if _WINDOWS else "python3"
SCRIPTS = ".venv\\Scripts\\" if _WINDOWS else ".venv/bin/"


def start(name: str, target: str | os.PathLike[str]) -> Assignment:
    """Write a kit.

    Parameters
    ----------
    name : str
        Of an assignment of the shipped course.
    target : path-like
        A folder that does not exist, or is empty.

    Returns
    -------
    assignment : Assignment

    Raises
    ------
    UserError
        If there is no such assignment, or something in the folder could be lost.
    """
    target = Path(target)
    _check_is_free(target)
    with tempfile.TemporaryDirectory(prefix="cs231n-start-") as folder:
        course, _ = set_up(Path(folder) / "course")
        assignment = course.assignment(name)
        kit, _ = release(course, assignment)
        _copy(kit, target)
    return assignment


def _check_is_free(target: Path) -> None:
    is_empty = target.is_dir() and not any(target.iterdir())
    if target.is_symlink() or (target.exists() and not is_empty):
        raise UserError(
            f"{target} exists already, and nothing in it is overwritten; "
            "name another folder with --to"
        )


def _copy(kit: Path, target: Path) -> None:
    if target.is_dir():
        # Somebody may stand in an empty folder, or have mounted it: it is filled, not replaced.
        _copy_files(kit, target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_folder(target) as folder:
        _copy_files(kit, folder)
        _check_is_free(target)


def _copy_files(kit: Path, folder: Path) -> None:
    """Copy the files, but not how open they are: who works in the copy decides that by a umask."""
    shutil.copytree(kit, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Make the kit and say what to do next; exit as `cs231n.cli.run` says."""
    name, target = sys.argv[1:] if argv is None else argv
    sys.exit(exit_code("cs231n start", lambda: _start_and_advise(name, target)))


def _start_and_advise(name: str, target: str) -> int:
    try:
        assignment = start(name, target)
    except KeyboardInterrupt:
        # `cs231n start`, which is interrupted as well, says so.
        return INTERRUPTED
    steps = [f"cd {target}", f"{PYTHON} -m venv .venv", f"{SCRIPTS}pip install -r requirements.txt"]
    if assignment.carried and assignment.earlier == OWN:
        steps.append(
            f"{SCRIPTS}cs231n carry EARLIER_KIT    # what you wrote for earlier assignments"
        )
    steps.append(f"{SCRIPTS}jupyter lab {assignment.notebooks[0]}.ipynb")
    print(f"{assignment.title}: your copy is in {target}\nNext:", *steps, sep="\n    ")
    print(f"The notebooks lead on from there; {SCRIPTS}cs231n check tells what is right.")
    return 0


if __name__ == "__main__":
    main()
