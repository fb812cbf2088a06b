"""What a sandbox shows of this machine: the interpreter, shared libraries, NumPy and SciPy, and what notebooks import."""

import functools
import os
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

PACKAGES, PYTHON = "/packages", "/python"


def real_executable():
    """str : the interpreter that a virtual environment is only a link to."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def interpreter():
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
    masks = list(Path("/usr/lib").glob("python3*/*-packages"))
    if library.parent in (Path("/usr/lib"), Path("/usr/lib64")):
        return (
            executable,
            {executable: executable},
            sorted(map(str, {*masks, *library.glob("*-packages")})),
        )
    inside = f"{PYTHON}/bin/{Path(executable).name}"
    folder = f"{PYTHON}/{library.parent.name}"
    files = {inside: executable, f"{folder}/{library.name}": str(library)}
    shared = [path for path in library.parent.glob("*.so*") if path.is_file()]
    files |= {f"{folder}/{path.name}": os.path.realpath(path) for path in shared}
    masks += [Path(folder, library.name, path.name) for path in library.glob("*-packages")]
    return inside, files, sorted(map(str, masks))


def libraries():
    """dict of str -> str : shared libraries and their loader, as path inside -> path outside."""
    paths = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
    return {path: path for path in paths if os.path.exists(path)}


def packages():
    """dict of str -> str : NumPy and SciPy with the libraries beside them, as path inside -> path outside."""
    return {
        f"{PACKAGES}/{Path(folder).name}": os.path.realpath(folder) for folder in package_folders()
    }


def package_folders():
    """list of str : the folders of NumPy and SciPy, and of the libraries beside them."""
    folders = []
    for package in ("numpy", "scipy"):
        folder = Path(find_spec(package).submodule_search_locations[0])
        folders += [
            str(part) for part in (folder, folder.with_name(f"{package}.libs")) if part.is_dir()
        ]
    return folders


def package_parents():
    """list of str : the folders that those lie in."""
    return sorted({str(Path(folder).parent) for folder in package_folders()})


def belongs_to(path, names):
    """bool : whether a path is the folder of one of these libraries, or of what is beside it, such as ``scipy.libs``."""
    return Path(path).name.partition(".")[0] in names


def open_parts(folder, closed):
    """list of Path : the folder, or its parts where something below it stays closed."""
    if folder in closed:
        return []
    if not any(path.is_relative_to(folder) for path in closed):
        return [folder]
    return [
        part
        for child in folder.iterdir()
        if not child.is_symlink()
        for part in open_parts(child, closed)
    ]


@functools.cache
def notebook_packages():
    """Find what a notebook imports beyond NumPy and SciPy; never the packages of the course.

    Returns
    -------
    files : dict of str -> str
        Path inside -> path outside.
    """
    program = (
        "import sys, IPython.core.interactiveshell, matplotlib_inline.backend_inline, matplotlib.pyplot, contourpy, "
        "mpl_toolkits, PIL.Image, sklearn.datasets, sklearn.cluster, tqdm.auto, requests; "
        "from matplotlib.backends import backend_agg; "
        "print(*{n.split('.')[0] for n, m in sys.modules.items() if getattr(m, '__spec__', None)}, sep='\\n')"
    )
    environment, files = os.environ | {"MPLBACKEND": "agg"}, {}
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    site, known = (
        Path(sysconfig.get_path("purelib")),
        set(run.stdout.split()) - set(sys.stdlib_module_names),
    )
    for name in sorted(known - {"cs231n", "autograder", "numpy", "scipy"}):
        spec = _spec(name)
        places = (
            [*(spec.submodule_search_locations or ()), spec.origin or ""]
            if spec is not None
            else [""]
        )
        path = Path(places[0])
        if path.parent == site:
            files[f"{PACKAGES}/{path.name}"] = os.path.realpath(path)
    for pattern in (
        "*.libs",
        "matplotlib_inline-*.dist-info",
    ):  # the latter names the backend that %matplotlib finds
        files |= {f"{PACKAGES}/{path.name}": os.path.realpath(path) for path in site.glob(pattern)}
    return files


def _spec(name):
    try:
        return find_spec(name)
    except ValueError:  # a module without one, made by an extension
        return None
