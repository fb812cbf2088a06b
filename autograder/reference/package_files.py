"""The files of the package ``cs231n``, laid out as one folder: the base of kits, of the reference
and of its mutants.
"""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {"cs231n": "cs231n", "cs231n.datasets": "cs231n/datasets"}
SUFFIXES = {".py", ".pyx", ".pxd", ".h", ".c", ".npz"}


def package_files() -> dict[str, Path]:
    """Find the source files of the package; nothing compiled, downloaded or cached.

    Returns
    -------
    files : dict of str -> Path
        Path in the tree, such as ``"cs231n/layers/affine.py"`` -> the file.
    """
    files = {}
    for package, target in PACKAGES.items():
        folder = _folder_of(package)
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            # An installed package holds the data sets below itself, which are listed on their own.
            is_listed_elsewhere = package == "cs231n" and inside.parts[0] == "datasets"
            if path.is_file() and _is_source(inside) and not is_listed_elsewhere:
                files[f"{target}/{inside.as_posix()}"] = path
    return files


def write_tree(folder: str | os.PathLike[str], changes: Mapping[str, str] | None = None) -> None:
    """Copy the package into a folder.

    Parameters
    ----------
    folder : path-like
        Will hold ``cs231n/``.
    changes : dict of str -> str, optional
        Text of the files that differ, by path in the tree.
    """
    changes = changes or {}
    for name, path in package_files().items():
        target = Path(folder) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(changes[name].encode() if name in changes else path.read_bytes())


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(spec.submodule_search_locations[0])


def _is_source(inside: Path) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
    data = inside.suffix == ".npz" and inside.parent.name != "public"
    # Cython writes its C beside the .pyx; the C of `kernels` is written by hand.
    generated = inside.suffix == ".c" and inside.parent.name != "kernels"
    return inside.suffix in SUFFIXES and not hidden and not data and not generated
