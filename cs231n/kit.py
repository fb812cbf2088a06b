"""The course kit around the package: which assignment it is, and what belongs to it."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from .errors import UserError

MANIFEST = "kit.json"


@dataclass(frozen=True)
class Kit:
    """A student kit.

    Parameters
    ----------
    root : Path
    assignment : str
    exercises : dict of str -> float
        Exercise -> points.
    submission_files : tuple of str
        Files that are handed in, relative to the root.
    carried : tuple of str
        Modules of earlier assignments, relative to the root.
    released : dict of str -> str
        `text_digest` of the modules that students write, as they were in the kit.
    """

    root: Path
    assignment: str
    exercises: dict[str, float]
    submission_files: tuple[str, ...]
    carried: tuple[str, ...] = ()
    released: dict[str, str] = field(default_factory=dict)

    def is_untouched(self, name: str) -> bool:
        """bool : whether a module is as it was released; False where the kit does not know it."""
        return name in self.released and text_digest(self.root / name) == self.released[name]


def text_digest(path: str | os.PathLike[str]) -> str:
    """str : digest of a text file, whatever its line ends."""
    content = Path(path).read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def find_kit(folder: str | os.PathLike[str] | None = None) -> Kit | None:
    """Find the kit around a folder.

    Parameters
    ----------
    folder : path-like, optional
        The folder that holds the package ``cs231n`` in use, by default.

    Returns
    -------
    kit : Kit or None
        None where there is no kit, as in the source tree.

    Raises
    ------
    UserError
        If ``kit.json`` is damaged.
    """
    root = Path(__file__).resolve().parents[1] if folder is None else Path(folder)
    path = root / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return Kit(
            root=root,
            assignment=str(manifest["assignment"]),
            exercises=dict(manifest["exercises"]),
            submission_files=tuple(map(str, manifest["hand_in"])),
            carried=tuple(map(str, manifest.get("carried", ()))),
            released=dict(manifest.get("released", {})),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: damaged ({error}); get the kit again") from None


def find_own_kit() -> Kit:
    """Find the kit that this package belongs to.

    Returns
    -------
    kit : Kit

    Raises
    ------
    UserError
        If there is none, or its ``kit.json`` is damaged.
    """
    kit = find_kit()
    if kit is None:
        raise UserError("this is not a student kit: there is no kit.json beside the package cs231n")
    return kit
