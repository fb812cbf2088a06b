"""The course kit around the package: which assignment it is, and what belongs to it."""

import json
from dataclasses import dataclass
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
    """

    root: Path
    assignment: str
    exercises: dict
    hand_in: tuple


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
        return Kit(root, str(manifest["assignment"]), dict(manifest["exercises"]), tuple(map(str, manifest["hand_in"])))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: damaged ({error}); get the kit again") from None
