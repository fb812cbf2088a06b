"""Data sets: what is bundled or generated, and what is downloaded.

Importable as `cs231n.datasets`.
"""

import os
import sys
from pathlib import Path


def candidate_folders() -> list[Path]:
    """List the folders where data may be, the preferred one first.

    Returns
    -------
    folders : list of Path
        Only `CS231N_DATA_DIR` if that environment variable is set; else this folder, then the
        user's cache folder.
    """
    chosen = os.environ.get("CS231N_DATA_DIR")
    if chosen:
        return [Path(chosen).expanduser()]
    folders = [Path(__file__).resolve().parent]
    cache = _user_cache()
    if cache is not None:
        folders.append(cache)
    return folders


def data_dir() -> Path:
    """Name the folder that downloads go to: the first candidate that can be written to.

    Returns
    -------
    folder : Path
        It may not exist yet.
    """
    candidates = candidate_folders()
    for folder in candidates[:-1]:
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
    return candidates[-1]


def find_folder(*names: str) -> Path | None:
    """Find the first folder with one of the names among the candidate folders.

    Parameters
    ----------
    *names : str
        Folder names, the preferred one first.

    Returns
    -------
    folder : Path or None
        None where there is none.
    """
    for root in candidate_folders():
        for name in names:
            if (root / name).is_dir():
                return root / name
    return None


def _user_cache() -> Path | None:
    """The user's cache folder, or None where platformdirs is missing, as in an old kit."""
    try:
        from platformdirs.unix import Unix
        from platformdirs.windows import Windows
    except ModuleNotFoundError:
        return None
    if sys.platform == "win32":
        return Windows("cs231n", appauthor=False, opinion=False).user_cache_path
    # On macOS, too, downloads have always been in ~/.cache.
    return Unix("cs231n").user_cache_path
