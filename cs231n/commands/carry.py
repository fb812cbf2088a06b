"""Copy what you wrote for earlier assignments into this kit, such as:
cs231n carry ../assignment2
"""

import argparse
import ast
import shutil
from itertools import count
from pathlib import Path

from ..atomic import atomic_write
from ..errors import UserError
from ..kit import Kit, find_kit, find_own_kit, text_digest

HELP = "bring what you wrote for earlier assignments"
BACKUP = "before_carry"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "kit", type=Path, metavar="KIT", help="folder of the earlier kit, such as ../assignment2"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace modules even where you changed them here"
    )


def run(args: argparse.Namespace) -> int:
    """Return 0 when all that could be carried is here, 1 when a module of yours was left out."""
    kit = find_own_kit()
    source = _find_source(args.kit, kit)
    if not any(_is_written(name, source) for name in kit.carried):
        print(
            f"Nothing was carried: the modules in {args.kit} are as they were released. "
            "Is it the kit that you wrote in?"
        )
        return 0
    backup = _free_folder(kit.root / BACKUP)
    outcomes = [carry(name, source, kit, backup, args.force) for name in kit.carried]
    if backup.exists():
        print(f"The files that were replaced are in {backup}")
    return 0 if all(outcomes) else 1


def carry(name: str, source: Kit, kit: Kit, backup: Path, force: bool = False) -> bool:
    """Carry one module, and print what became of it.

    Parameters
    ----------
    name : str
        Path in both kits.
    source, kit : Kit
    backup : Path
        Folder for the file that is replaced.
    force : bool
        Replace it even where it was changed here.

    Returns
    -------
    done : bool
        False where work in `source` was left out.
    """
    there = source.root / name
    if not _is_written(name, source):
        print(f"not written there: {name}")
        return True
    problem = _syntax_problem(there)
    if problem:
        print(f"left out: {name} ({problem}; mend it and carry again)")
        return False
    here = kit.root / name
    if here.is_file() and text_digest(here) == text_digest(there):
        print(f"the same already: {name}")
        return True
    if here.is_file() and not kit.is_untouched(name) and not force:
        print(f"left out: {name} (you changed it here; --force replaces it and keeps a copy)")
        return False
    _replace(here, there, backup / name)
    print(f"carried: {name}")
    return True


def _find_source(folder: Path, kit: Kit) -> Kit:
    """The earlier kit in a folder, or a `UserError` where nothing can be carried from it."""
    source = find_kit(folder)
    if source is None:
        raise UserError(
            f"{folder} is not a student kit: there is no kit.json in it; "
            "name the folder of your earlier kit"
        )
    if source.root.resolve() == kit.root.resolve():
        raise UserError(f"{folder} is this kit itself; name the folder of your earlier kit")
    if not kit.carried:
        raise UserError(
            f"{kit.assignment} builds on no earlier assignment; there is nothing to carry"
        )
    return source


def _is_written(name: str, source: Kit) -> bool:
    return (source.root / name).is_file() and not source.is_untouched(name)


def _syntax_problem(path: Path) -> str:
    """What keeps a file from being Python, or ""."""
    try:
        ast.parse(path.read_bytes())
    except SyntaxError as error:
        return f"not Python: {error.msg} in line {error.lineno}"
    except ValueError as error:
        return f"not Python: {error}"
    return ""


def _replace(here: Path, there: Path, copy: Path) -> None:
    """Put a file in place of another, whole or not at all, when the other one is safe."""
    if here.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(here, copy)
    here.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(here) as file:
        file.write(there.read_bytes())


def _free_folder(path: Path) -> Path:
    """The path, or the first with a number behind it, that does not exist."""
    if not path.exists():
        return path
    numbered = (path.with_name(f"{path.name}_{number}") for number in count(2))
    return next(free for free in numbered if not free.exists())
