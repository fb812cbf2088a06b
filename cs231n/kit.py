"""The course kit around the package: which assignment it is, and what belongs to it."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

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
    hand_in : tuple of str
        Files that are handed in, relative to the root.
    carried : tuple of str
        Modules of earlier assignments, relative to the root.
    released : dict of str -> str
        `text_digest` of the modules that students write, as they were in the kit.
    """

    root: Path
    assignment: str
    exercises: dict
    hand_in: tuple
    carried: tuple = ()
    released: dict = field(default_factory=dict)

    def is_untouched(self, name):
        """bool : whether a module is still as it was released; False for one that the kit says nothing about."""
        return name in self.released and text_digest(self.root / name) == self.released[name]


def text_digest(path):
    """str : digest of a text file, whatever its line ends."""
    return hashlib.sha256(Path(path).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def find_kit(folder=None):
    """Find the kit around a folder.

    Parameters
    ----------
    folder : path, optional
        The folder that holds the package ``cs231n`` in use, by default.

    Returns
    -------
    kit : Kit or None
        None where there is no kit, as in the source tree.

    Raises
    ------
    ValueError
        If ``kit.json`` is damaged.
    """
    root = Path(__file__).resolve().parents[1] if folder is None else Path(folder)
    path = root / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return Kit(
            root,
            str(manifest["assignment"]),
            dict(manifest["exercises"]),
            tuple(map(str, manifest["hand_in"])),
            tuple(map(str, manifest.get("carried", ()))),
            dict(manifest.get("released", {})),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: damaged ({error}); get the kit again") from None
