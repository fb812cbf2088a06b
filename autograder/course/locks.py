"""Locks of folders, which the system lets go of however the process that holds them ends."""

import os
from contextlib import contextmanager

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextmanager
def locked(folder):
    """Hold the lock of a folder, if nobody else does.

    Parameters
    ----------
    folder : path

    Yields
    ------
    held : bool
        True as well where folders cannot be locked.
    """
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except BlockingIOError:
            held = False
        yield held
    finally:
        os.close(descriptor)
