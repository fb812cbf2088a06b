"""What a sandbox shows of this machine: the interpreter, shared libraries, NumPy and SciPy, and
what notebooks import.
"""

import functools
import os
import subprocess
import sys
import sysconfig
from collections.abc import Collection
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

PACKAGES = "/packages"
PYTHON = "/python"


def real_executable() -> str:
    """str : the interpreter that a virtual environment is only a link to."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def interpreter() -> tuple[str, dict[str, str], list[str]]:
    """Lay out the real interpreter.

    Returns
    -------
    executable : str
        Its path inside.
    files : dict of str -> str
        Path inside -> path outside. One that is not part of the system appears as ``/python``.
    masks : list of str
        Folders inside with packages that it must not show.
    """
    executable = real_executable()
    library = Path(os.path.realpath(sysconfig.get_path("stdlib")))
    # Debian keeps packages beside its standard library, and all of /usr/lib is shown.
    masks = {str(path) for path in Path("/usr/lib").glob("python3*/*-packages")}
    if library.parent in (Path("/usr/lib"), Path("/usr/lib64")):
        masks.update(map(str, library.glob("*-packages")))
        return executable, {executable: executable}, sorted(masks)
    inside = f"{PYTHON}/bin/{Path(executable).name}"
    folder = f"{PYTHON}/{library.parent.name}"
    files = {inside: executable, f"{folder}/{library.name}": str(library)}
    for path in library.parent.glob("*.so*"):
        if path.is_file():
            files[f"{folder}/{path.name}"] = os.path.realpath(path)
    for path in library.glob("*-packages"):
        masks.add(f"{folder}/{library.name}/{path.name}")
    return inside, files, sorted(masks)


def libraries() -> dict[str, str]:
    """dict of str -> str : shared libraries and their loader, as path inside -> path outside."""
    paths = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
    return {path: path for path in paths if os.path.exists(path)}


def packages() -> dict[str, str]:
    """NumPy and SciPy with the libraries beside them.

    Returns
    -------
    files : dict of str -> str
        Path inside -> path outside.
    """
    return {
        f"{PACKAGES}/{Path(folder).name}": os.path.realpath(folder) for folder in package_folders()
    }


def package_folders() -> list[str]:
    """list of str : the folders of NumPy and SciPy, and of the libraries beside them."""
    folders = []
    for package in ("numpy", "scipy"):
        folder = _folder_of(package)
        folders.append(str(folder))
        shared = folder.with_name(f"{package}.libs")
        if shared.is_dir():
            folders.append(str(shared))
    return folders


def package_parents() -> list[str]:
    """list of str : the folders that those lie in."""
    return sorted({str(Path(folder).parent) for folder in package_folders()})


def belongs_to(path: str, names: Collection[str]) -> bool:
    """bool : whether a path is the folder of one of these libraries, or of what is beside it.

    What is beside SciPy is called ``scipy.libs``.
    """
    return Path(path).name.partition(".")[0] in names


def open_parts(folder: Path, closed: Collection[Path]) -> list[Path]:
    """list of Path : the folder, or its parts where something below it stays closed."""
    if folder in closed:
        return []
    if not any(path.is_relative_to(folder) for path in closed):
        return [folder]
    parts = []
    for child in folder.iterdir():
        if not child.is_symlink():
            parts += open_parts(child, closed)
    return parts


_IMPORTED_BY_NOTEBOOKS = """
import sys
import IPython.core.interactiveshell, contourpy, matplotlib.pyplot, matplotlib_inline.backend_inline
import mpl_toolkits, PIL.Image, requests, sklearn.cluster, sklearn.datasets, tqdm.auto
from matplotlib.backends import backend_agg
for name, module in list(sys.modules.items()):
    if getattr(module, "__spec__", None):
        print(name.partition(".")[0])
"""


@functools.cache
def notebook_packages() -> dict[str, str]:
    """Find what a notebook imports beyond NumPy and SciPy; never the packages of the course.

    Returns
    -------
    files : dict of str -> str
        Path inside -> path outside.

    Raises
    ------
    CalledProcessError
        If a package that notebooks need cannot be imported here.
    """
    run = subprocess.run(
        [sys.executable, "-c", _IMPORTED_BY_NOTEBOOKS],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"MPLBACKEND": "agg"},
    )
    imported = set(run.stdout.split()) - set(sys.stdlib_module_names)
    site = Path(sysconfig.get_path("purelib"))
    found = []
    # The kit brings its own cs231n; NumPy and SciPy are there for every submission.
    for name in sorted(imported - {"cs231n", "autograder", "numpy", "scipy"}):
        path = _place(_spec(name))
        if path.parent == site:
            found.append(path)
    found += site.glob("*.libs")
    found += site.glob("matplotlib_inline-*.dist-info")  # names the backend of %matplotlib
    return {f"{PACKAGES}/{path.name}": os.path.realpath(path) for path in found}


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(spec.submodule_search_locations[0])


def _spec(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ValueError:  # a module without one, made by an extension
        return None


def _place(spec: ModuleSpec | None) -> Path:
    """The folder or the file of a module; an empty path where it has none."""
    if spec is None:
        return Path()
    if spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0])
    return Path(spec.origin or "")
