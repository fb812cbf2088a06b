"""The archive of a whole class, as a learning platform packs it.

It is one zip, and in it an archive or a folder for each student. Nothing of it is unpacked but what
one student handed in, while that is read.
"""

import contextlib
import functools
import posixpath
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import RefusedError, UserError
from .archives import (
    READ_ERRORS,
    Submission,
    archive_suffix,
    has_more_entries,
    is_damage,
    plain,
    read_member,
    read_submission,
    take,
    zip_members,
)
from .lms import (
    MAX_METADATA,
    METADATA,
    Entry,
    Owner,
    Roster,
    find_students,
    owner_of,
    owners_of,
    read_metadata,
)

MAX_ENTRIES = 200_000

_Groups = dict[str, list[zipfile.ZipInfo]]


@contextlib.contextmanager
def open_class_archive(path: str | Path, roster: Roster | None) -> Iterator[list[Entry]]:
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
        If it is no such archive, or there is no roster to tell whose its submissions are.
    """
    path = Path(path)
    with contextlib.ExitStack() as stack:
        _check_number_of_entries(path)
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            entries = list(_entries(archive, roster))
        except READ_ERRORS as error:
            if not is_damage(error):
                raise
            raise UserError(
                f"{path} is not a zip archive, or is damaged: {plain(str(error))}"
            ) from None
        if not entries:
            raise UserError(f"{path}: no file in it is named as Canvas, Moodle or Gradescope do")
        yield entries


def _check_number_of_entries(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"{path} is not a file; --bulk takes one zip archive of a class")
    if has_more_entries(path, MAX_ENTRIES):
        raise UserError(f"{path} holds more than {MAX_ENTRIES:,} files; that is no class")


def _entries(archive: zipfile.ZipFile, roster: Roster | None) -> Iterator[Entry]:
    groups, owners = _groups(archive)
    for top, infos in sorted(groups.items()):
        name = posixpath.basename(top)
        people = owners_of(name, owners)
        read = functools.partial(_read, archive, top, infos)
        for student, problem in find_students(people, roster):
            yield Entry(student, name, read, problem)


def _groups(archive: zipfile.ZipFile) -> tuple[_Groups, dict[str, list[Owner]]]:
    """Put together what belongs to one submission.

    Returns
    -------
    groups : dict of str -> list of ZipInfo
        By file or folder next to the metadata, or else outermost.
    owners : dict of str -> list of Owner
        By folder, as the metadata say.
    """
    names = {info: info.orig_filename.replace("\\", "/") for info in archive.infolist()}
    metadata = _find_metadata(names)
    owners: dict[str, list[Owner]] = {}
    if metadata is None:
        root = _common_folder(names)
    else:
        owners = read_metadata(archive.read(metadata))
        root = names[metadata].removesuffix(METADATA)
    groups: _Groups = {}
    for info, name in names.items():
        rest = name.removeprefix(root)
        if name.startswith(root) and rest and rest != METADATA:
            groups.setdefault(root + rest.partition("/")[0], []).append(info)
    return groups, owners


def _find_metadata(names: dict[zipfile.ZipInfo, str]) -> zipfile.ZipInfo | None:
    """Find what Gradescope says of an export, which lies outermost or in its one folder."""
    for info, name in names.items():
        if name.count("/") <= 1 and posixpath.basename(name) == METADATA:
            if info.file_size > MAX_METADATA:
                raise UserError(
                    f"{METADATA} has {info.file_size:,} bytes; that is not what Gradescope writes"
                )
            return info
    return None


def _common_folder(names: dict[zipfile.ZipInfo, str]) -> str:
    """str : the folder that everything lies in, with a slash; "" where there is none."""
    tops = {name.partition("/")[0] for name in names.values()}
    if len(tops) != 1:
        return ""
    top = tops.pop()
    return "" if owner_of(top) else f"{top}/"


def _read(
    archive: zipfile.ZipFile,
    top: str,
    infos: list[zipfile.ZipInfo],
    wanted: Sequence[str],
    max_bytes: int,
) -> Submission:
    members = zip_members(archive, infos, f"{top}/")
    first = members[0] if len(members) == 1 else None
    suffix = archive_suffix(first.name) if first else ""
    if first is None or not suffix or (suffix == ".ipynb" and first.name in wanted):
        return take(lambda: members, wanted, max_bytes)
    if first.size > max_bytes:
        raise RefusedError(f"it has {first.size:,} bytes; a hand-in may have {max_bytes:,}")
    with tempfile.TemporaryDirectory(prefix="cs231n-collect-") as folder:
        path = Path(folder) / f"hand-in{suffix}"
        path.write_bytes(read_member(first))
        return read_submission(path, wanted, max_bytes)
