"""Writes zip archives, whole or not at all."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from .atomic import atomic_write

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip archive can hold


def write_zip(
    path: str | os.PathLike[str], files: Mapping[str, Path], reproducible: bool = False
) -> None:
    """Write a zip archive of some files.

    Parameters
    ----------
    path : path-like
        In a folder that exists; an older archive stays until the new one is whole.
    files : mapping of str -> Path
        Name in the archive -> file, in the order in which they are packed.
    reproducible : bool
        Leave out the times and permissions of the files, so that the same files always give the
        same bytes.

    Raises
    ------
    OSError
        If a file cannot be read, or the archive cannot be written.
    """
    with (
        atomic_write(path) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, source in files.items():
            if reproducible:
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, source.read_bytes())
            else:
                archive.write(source, name)
