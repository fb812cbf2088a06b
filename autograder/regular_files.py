"""Reads files that somebody else may exchange for anything at any moment."""

import errno
import os
import stat


class IrregularFileError(OSError):
    """What should be a file is a link, a folder, a pipe or a device; `mode` says which."""

    def __init__(self, path: str | os.PathLike[str], mode: int):
        super().__init__(errno.EINVAL, "not a regular file", os.fspath(path))
        self.mode = mode


def read_regular_file(path: str | os.PathLike[str], max_bytes: int | None = None) -> bytes:
    """Read a regular file, and neither follow a link nor wait for a pipe that has taken its place.

    Parameters
    ----------
    path : path-like
    max_bytes : int, optional

    Returns
    -------
    data : bytes

    Raises
    ------
    IrregularFileError
        If it is no regular file.
    OSError
        If it cannot be read, is a link, or is larger than that.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # no system has all of them
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise IrregularFileError(path, found.st_mode)
        if max_bytes is not None and found.st_size > max_bytes:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), os.fspath(path))
        # Python makes no file object of a folder, and leaves the descriptor open then.
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(found.st_size)
    finally:
        os.close(descriptor)
