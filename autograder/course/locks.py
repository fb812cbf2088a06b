"""Locks on folders; the system releases them however the process that holds them ends.

Not the library `filelock`: its locks are files that stay behind, in folders whose contents other
commands list, and a folder itself can be locked.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cs231n.locks import try_lock


@contextmanager
def locked(folder: str | os.PathLike[str]) -> Iterator[bool]:
    """Hold the lock of a folder, if nobody else does.

    Parameters
    ----------
    folder : path

    Yields
    ------
    held : bool
        True as well where folders cannot be locked: on Windows and on some network file systems.
    """
    if sys.platform == "win32":
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            held = try_lock(descriptor)
        except OSError:
            held = True
        yield held
    finally:
        os.close(descriptor)
