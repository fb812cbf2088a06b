"""The archive of a whole class, as a learning platform packs it.

It is one zip, and in it an archive or a folder for each student. Nothing of it is unpacked but what
one student handed in, while that is read.
"""

import contextlib
import functools
import posixpath
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
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
    find_student,
    find_students,
    is_typed_text,
    read_metadata,
    readings,
)

MAX_ENTRIES = 200_000
_UNKNOWN = "it is not named as Canvas, Moodle or Gradescope do"
_GRADESCOPE = re.compile(r"submission_\d+")

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
        if all(entry.problem == _UNKNOWN for entry in entries):
            raise UserError(f"{path}: no file in it is named as Canvas, Moodle or Gradescope do")
        yield entries


def _check_number_of_entries(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"{path} is not a file; --bulk takes one zip archive of a class")
    if has_more_entries(path, MAX_ENTRIES):
        raise UserError(f"{path} holds more than {MAX_ENTRIES:,} files; that is no class")


def _entries(archive: zipfile.ZipFile, roster: Roster | None) -> Iterator[Entry]:
    """Make an entry of each submission, and of whatever else lies beside them."""
    groups, owners = _groups(archive)
    for top, infos in sorted(groups.items()):
        name = posixpath.basename(top)
        read = functools.partial(_read, archive, top, infos)
        if owners is None:
            found = find_student(name, roster)
            students = [("", _why_unknown(name)) if found is None else found]
        else:
            students = list(find_students(owners.get(name, ()), roster))
            if not students:
                students = [("", f"{METADATA} names nobody for it")]
        for student, problem in students:
            yield Entry(student, name, read, problem)


def _why_unknown(name: str) -> str:
    if is_typed_text(name):
        return "text that was typed into Moodle is not taken, files are"
    return _UNKNOWN


def _groups(archive: zipfile.ZipFile) -> tuple[_Groups, dict[str, list[Owner]] | None]:
    """Put together what belongs to one submission.

    Returns
    -------
    groups : dict of str -> list of ZipInfo
        By file or folder in the outermost folder that holds more than one thing.
    owners : dict of str -> list of Owner, or None
        By folder, as the metadata of Gradescope say; None where there are none.
    """
    names = {}
    for info in archive.infolist():
        name = info.orig_filename.replace("\\", "/")
        if not _is_of_the_system(name):
            names[info] = name
    root = _common_folder(names.values())
    groups: _Groups = {}
    for info, name in names.items():
        rest = name.removeprefix(root)
        if rest:
            groups.setdefault(root + rest.partition("/")[0], []).append(info)
    owners = None
    if root + METADATA in groups:
        owners = _read_metadata(archive, groups[root + METADATA])
    if owners is not None and any(root + folder in groups for folder in owners):
        del groups[root + METADATA]
        return groups, owners
    return groups, None


def _read_metadata(
    archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]
) -> dict[str, list[Owner]] | None:
    """Read what lies where Gradescope writes its metadata, if that is one file."""
    if len(infos) != 1 or infos[0].orig_filename.replace("\\", "/").endswith("/"):
        return None
    if infos[0].file_size > MAX_METADATA:
        raise UserError(
            f"{METADATA} has {infos[0].file_size:,} bytes; that is not what Gradescope writes"
        )
    return read_metadata(archive.read(infos[0]))


def _is_of_the_system(name: str) -> bool:
    """bool : whether a file manager put this into the archive, as macOS does."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or parts[-1] == ".DS_Store"


def _common_folder(names: Iterable[str]) -> str:
    """The folder that everything lies in, with a slash; "" where there is none.

    The folder of a submission is none, even if it is the only one: what lies in it was written by a
    student.
    """
    tops = {name.partition("/")[0] for name in names}
    if len(tops) != 1:
        return ""
    top = tops.pop()
    if readings(top) or is_typed_text(top) or _GRADESCOPE.fullmatch(top):
        return ""
    if f"{top}/" not in {name[: len(top) + 1] for name in names}:
        return ""
    return f"{top}/"


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
