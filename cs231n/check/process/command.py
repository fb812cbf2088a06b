"""The command that starts a worker: an isolated interpreter on the package of a submission."""

import os
import sys
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from .messages import Ready
from .protocol import frame_bytes

BOOTSTRAP = """\
import sys
sys.path[:0] = {path!r}
try:
    from {program} import main
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("cs231n.check."):
        raise
    sys.stdout.buffer.write({no_version!r})
else:
    main()
"""
"""What a worker's interpreter runs. A kit without that module answers as one of another version."""


def python_command(
    tree: str | PathLike[str],
    packages: Iterable[str | PathLike[str]] = (),
    executable: str | PathLike[str] = sys.executable,
    options: Iterable[str] = (),
    program: str = "cs231n.check.process.worker",
) -> list[str]:
    """The command that starts a worker on the package tree in a folder.

    Parameters
    ----------
    tree : path
        Folder that holds the ``cs231n`` to ask about.
    packages : iterable of path
        Folders with NumPy and SciPy, where they are not part of the interpreter.
    executable : path
    options : iterable of str
        Arguments of ``cs231n.check.process.worker``.
    program : str
        The module that has its ``main``.

    Returns
    -------
    command : list of str
        It runs isolated: no user or site packages, no files from the current folder. `WorkerClient`
        clears the environment.
    """
    path = [str(tree), *map(str, packages)]
    no_version = frame_bytes(Ready(0).to_frame())
    bootstrap = BOOTSTRAP.format(path=path, program=program, no_version=no_version)
    return [str(executable), "-s", "-P", "-S", "-B", "-c", bootstrap, *options]


def site_packages() -> list[str]:
    """Return the folders of installed packages that this interpreter uses."""
    return [p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")]


def local_command() -> list[str]:
    """Return the command for a worker on the ``cs231n`` that is imported here."""
    return python_command(Path(__file__).resolve().parents[3], site_packages())


def quiet_environment() -> dict[str, str]:
    """Return the environment of a worker: one thread each for libraries, as many run at once."""
    keep = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = "1"
    environment["PYTHONHASHSEED"] = "0"
    return environment
