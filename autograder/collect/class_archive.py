"""The archive of a whole class, as a learning platform packs it: one zip, in it an archive or a folder for each student.

Nothing of it is unpacked but what one student handed in, while that is read.
"""

import contextlib
import mmap
import posixpath
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

from ..errors import RefusedError, UserError
from .archives import SUFFIXES, plain, read_submission, take, zip_members
from .lms import METADATA, Entry, find_students, owner_of, read_metadata

MAX_ENTRIES = 200_000
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    LookupError,
    struct.error,
    OverflowError,
)
_CENTRAL_HEADER = b"PK\x01\x02"


@contextlib.contextmanager
def open_bulk(path, roster):
    """Open the archive of a class.

    Parameters
    ----------
    path : path
    roster : Roster or None

    Yields
    ------
    entries : list of Entry
        Readable as long as the context lasts.

    Raises
    ------
    UserError
        If it is no such archive, or there is no roster to tell whose its hand-ins are.
    """
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(_counted(Path(path))))
            entries = list(_entries(archive, roster))
        except _DAMAGE as error:
            raise UserError(
                f"{path} is not a zip archive, or is damaged: {plain(str(error))}"
            ) from None
        if not entries:
            raise UserError(f"{path}: no file in it is named as Canvas, Moodle or Gradescope do")
        yield entries


def _counted(path):
    """The path, once its number of entries is known: every one becomes an object as soon as it is opened."""
    if not path.is_file():
        raise UserError(f"{path} is not a file; --bulk takes one zip archive of a class")
    if path.stat().st_size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            count, place = 0, data.find(_CENTRAL_HEADER)
            while place >= 0:
                count, place = count + 1, data.find(_CENTRAL_HEADER, place + 1)
                if count > MAX_ENTRIES:
                    raise UserError(
                        f"{path} holds more than {MAX_ENTRIES:,} files; that is no class"
                    )
    return path


def _entries(archive, roster):
    groups, owners = _groups(archive)
    for top, infos in sorted(groups.items()):
        people = owners.get(posixpath.basename(top)) or filter(
            None, [owner_of(posixpath.basename(top))]
        )

        def read(wanted, most_bytes, top=top, infos=infos):
            return _read(archive, top, infos, wanted, most_bytes)

        for student, problem in find_students(people, roster):
            yield Entry(student, posixpath.basename(top), read, problem)


def _groups(archive):
    """What belongs together: by file or folder next to the metadata, or outermost; and the owners by folder."""
    names = {info: info.orig_filename.replace("\\", "/") for info in archive.infolist()}
    metadata = [
        info
        for info, name in names.items()
        if name.count("/") <= 1 and posixpath.basename(name) == METADATA
    ]
    owners, root = {}, ""
    if metadata:
        if metadata[0].file_size > 16 << 20:
            raise UserError(
                f"{METADATA} has {metadata[0].file_size:,} bytes; that is not what Gradescope writes"
            )
        owners = read_metadata(archive.read(metadata[0]))
        root = names[metadata[0]].removesuffix(METADATA)
    else:
        tops = {name.partition("/")[0] for name in names.values()}
        if len(tops) == 1 and not owner_of(*tops):
            root = f"{tops.pop()}/"
    groups = {}
    for info, name in names.items():
        rest = name.removeprefix(root)
        if name.startswith(root) and rest and rest != METADATA:
            groups.setdefault(root + rest.partition("/")[0], []).append(info)
    return groups, owners


def _read(archive, top, infos, wanted, most_bytes):
    members = zip_members(archive, infos, f"{top}/")
    single = (
        members[0] if len(members) == 1 and members[0].name.lower().endswith(SUFFIXES) else None
    )
    if single is None or single.name.endswith(".ipynb") and single.name in wanted:
        return take(lambda: members, wanted, most_bytes)
    if single.size > most_bytes:
        raise RefusedError(f"it has {single.size:,} bytes; a hand-in may have {most_bytes:,}")
    suffix = next(
        s for s in sorted(SUFFIXES, key=len, reverse=True) if single.name.lower().endswith(s)
    )
    with tempfile.TemporaryDirectory(prefix="cs231n-intake-") as folder:
        path = Path(folder) / f"hand-in{suffix}"
        path.write_bytes(_bytes(single))
        return read_submission(path, wanted, most_bytes)


def _bytes(member):
    try:
        return member.read()
    except _DAMAGE as error:
        raise RefusedError(f"{plain(member.name)} is damaged: {plain(str(error))}") from None
