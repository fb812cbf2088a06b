"""Reads a submission that may be anything: a zip or tar archive, a folder, a single notebook.

It writes nothing. The names, kinds and sizes of all files are checked before one is taken.
"""

import contextlib
import errno
import gzip
import mmap
import os
import posixpath
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cs231n.printable import printable

from ..errors import RefusedError
from ..regular_files import IrregularFileError, read_regular_file

MAX_FILES = 2000
MAX_DEPTH = 16
MAX_NAME = 255
MAX_RATIO = 200
MAX_TAR_HEADER = 1 << 16
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".ipynb")
_CENTRAL_HEADER = b"PK\x01\x02"
_ASIDE = ("__MACOSX", "__pycache__", ".ipynb_checkpoints")
DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    struct.error,
    ArithmeticError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
)
"""tuple of type : what the libraries raise where an archive is damaged, on purpose or not."""

READ_ERRORS: tuple[type[Exception], ...] = (*DAMAGE, OSError)
"""tuple of type : all that they raise; `is_damage` tells the two kinds apart."""


@dataclass(frozen=True)
class Submission:
    """What is taken of a submission.

    Parameters
    ----------
    files : dict of str -> bytes
        The wanted files that it holds.
    aside : tuple of str
        The names of its other files, as they are in it.
    """

    files: dict[str, bytes]
    aside: tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """One file of a submission, and how to read it."""

    name: str
    size: int
    read: Callable[[], bytes]


def read_submission(path: str | Path, wanted: Sequence[str], max_bytes: int) -> Submission:
    """Read the wanted files of a submission.

    Parameters
    ----------
    path : path
        A zip or tar archive, a folder, or a notebook, told apart by what it is and how its name
        ends.
    wanted : sequence of str
        Paths of the files to take. They may lie in a folder of the submission, as in one that was
        packed whole.
    max_bytes : int
        The largest submission, packed and unpacked.

    Returns
    -------
    submission : Submission

    Raises
    ------
    RefusedError
        If any file of it is not as it should be, or none is wanted.
    """
    path = Path(path)
    return take(lambda: _members(path, wanted, max_bytes), wanted, max_bytes)


def take(
    find_members: Callable[[], list[Member]], wanted: Sequence[str], max_bytes: int
) -> Submission:
    """Take what is wanted of the members that a function finds, once all of them are checked.

    Parameters
    ----------
    find_members : callable
    wanted : sequence of str
    max_bytes : int

    Returns
    -------
    submission : Submission

    Raises
    ------
    RefusedError
        As `read_submission` does.
    """
    try:
        members = find_members()
        _check_members(members, max_bytes)
        taken = _choose(members, wanted)
        files = {name: read_member(member) for name, member in taken.items()}
    except OSError as error:
        if is_damage(error):
            raise RefusedError(f"it is damaged: {_words(error)}") from None
        raise RefusedError(f"it cannot be read: {error.strerror}") from None
    used = {member.name for member in taken.values()}
    return Submission(files, tuple(m.name for m in members if m.name not in used))


def read_member(member: Member) -> bytes:
    """Read one file of a submission.

    Raises
    ------
    RefusedError
        If it is damaged.
    OSError
        If it cannot be read.
    """
    try:
        return member.read()
    except READ_ERRORS as error:
        if not is_damage(error):
            raise
        raise RefusedError(f"{plain(member.name)} is damaged: {_words(error)}") from None


def is_damage(error: Exception) -> bool:
    """bool : whether an error says that an archive is damaged, and not that it cannot be read."""
    if isinstance(error, OSError):
        # A damaged archive makes its reader seek where nothing can be, and an error of a checksum
        # has no number.
        return error.errno in (None, errno.EINVAL)
    return isinstance(error, DAMAGE)


def plain(name: str, max_length: int = 80) -> str:
    """str : a name as it may be printed, without control characters and not too long."""
    text = printable(name, "?")
    return text if len(text) <= max_length else text[: max_length - 3] + "..."


def archive_suffix(name: str) -> str:
    """str : how the name of an archive or notebook ends, such as ".tar.gz"; "" for other names."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return suffix
    return ""


def has_more_entries(path: Path, most: int) -> bool:
    """Tell whether a zip archive holds more entries than that, without opening it as one.

    The library makes an object of every entry as soon as it opens an archive.
    """
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        count = 0
        place = data.find(_CENTRAL_HEADER)
        while place >= 0 and count <= most:
            count += 1
            place = data.find(_CENTRAL_HEADER, place + 1)
    return count > most


def _members(path: Path, wanted: Sequence[str], max_bytes: int) -> list[Member]:
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return _folder_members(path)
    if stat.S_ISREG(mode):
        return _file_members(path, wanted, max_bytes)
    raise RefusedError(f"it is {_kind(mode)}, not a file or folder")


def _file_members(path: Path, wanted: Sequence[str], max_bytes: int) -> list[Member]:
    suffix = archive_suffix(path.name)
    size = path.lstat().st_size
    if not suffix:
        raise RefusedError("it is not a zip or tar archive, a folder or a notebook")
    if size > max_bytes:
        raise RefusedError(f"it has {size:,} bytes; a hand-in may have {max_bytes:,}")
    if suffix == ".ipynb":
        name = _notebook_name(path.name, wanted)
        return [Member(name, size, lambda: _read_regular(path))]
    try:
        return _zip_file_members(path) if suffix == ".zip" else _tar_members(path, max_bytes)
    except DAMAGE as error:
        kind = "zip" if suffix == ".zip" else "tar"
        raise RefusedError(f"it is not a {kind} archive, or is damaged: {_words(error)}") from None


def _notebook_name(name: str, wanted: Sequence[str]) -> str:
    """Tell which notebook a single one is: it may be called after its student.

    That is clear where the assignment has one notebook alone.
    """
    notebooks = [n for n in wanted if n.endswith(".ipynb")]
    if name in notebooks:
        return name
    if len(notebooks) != 1:
        raise RefusedError(
            "it is a notebook, but not clear which; put it into a zip under its name: "
            f"{', '.join(notebooks)}"
        )
    return notebooks[0]


def _folder_members(root: Path) -> list[Member]:
    members: list[Member] = []
    folders: list[Path | str] = [root]
    while folders and len(members) <= MAX_FILES:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                name = Path(entry.path).relative_to(root).as_posix()
                if entry.is_dir(follow_symlinks=False):
                    _check_depth(name)
                    folders.append(entry.path)
                else:
                    members.append(_folder_member(name, entry))
                if len(members) > MAX_FILES:
                    break
    return members


def _check_depth(name: str) -> None:
    if name.count("/") >= MAX_DEPTH:
        raise RefusedError(f"folders are nested more than {MAX_DEPTH} deep: {plain(name)}")


def _folder_member(name: str, entry: os.DirEntry[str]) -> Member:
    found = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{plain(name)} is {_kind(found.st_mode)}")
    if found.st_nlink > 1:
        raise RefusedError(f"{plain(name)} is a hard link; hand in copies")
    return Member(name, found.st_size, lambda: _read_regular(entry.path))


def _read_regular(path: str | Path) -> bytes:
    """Read a file that was regular a moment ago."""
    try:
        return read_regular_file(path)
    except IrregularFileError as error:
        raise RefusedError(f"{plain(Path(path).name)} is {_kind(error.mode)}") from None


def _zip_file_members(path: Path) -> list[Member]:
    # The mark of an entry may stand in what is packed, too.
    if has_more_entries(path, 4 * MAX_FILES):
        raise RefusedError(_too_many_files())
    with zipfile.ZipFile(path) as archive:
        return zip_members(path, archive.infolist())


def zip_members(
    archive: Path | zipfile.ZipFile, entries: Iterable[zipfile.ZipInfo], folder: str = ""
) -> list[Member]:
    """Find the files of a zip archive, or of a folder in it.

    Parameters
    ----------
    archive : path or ZipFile
    entries : iterable of ZipInfo
    folder : str
        What their names begin with, which is left out.

    Returns
    -------
    members : list of Member

    Raises
    ------
    RefusedError
        If one of them is no plain file, or packed in an unusual way.
    """
    members = []
    for info in entries:
        # Slashes of both kinds separate folders: archives from Windows have either.
        name = info.orig_filename.replace("\\", "/").removeprefix(folder)
        if name.endswith("/") or not name:
            _check_name(name.rstrip("/") or folder)
        else:
            _check_zip_entry(name, info)
            members.append(Member(name, info.file_size, _zip_reader(archive, info)))
    return members


def _check_zip_entry(name: str, info: zipfile.ZipInfo) -> None:
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise RefusedError(f"{plain(name)} is {_kind(mode)}")
    if info.flag_bits & 1:
        raise RefusedError(f"{plain(name)} is encrypted; hand in an archive without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError(f"{plain(name)} is packed in an unusual way; use the ordinary zip")
    if info.file_size > MAX_RATIO * max(info.compress_size, 1 << 12):
        raise RefusedError(f"{plain(name)} unpacks to more than {MAX_RATIO} times its size")


def _zip_reader(archive: Path | zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with contextlib.ExitStack() as stack:
            opened = archive
            if not isinstance(opened, zipfile.ZipFile):
                opened = stack.enter_context(zipfile.ZipFile(opened))
            data = stack.enter_context(opened.open(info)).read(info.file_size + 1)
        if len(data) != info.file_size:
            raise zipfile.BadZipFile("a file is not as long as it says")
        return data

    return read


def _tar_members(path: Path, max_bytes: int) -> list[Member]:
    """Read a tar archive from start to end.

    Its reader cannot go back, which some attacks would need.
    """
    packed = path.lstat().st_size
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if is_gzip:
            most = min(2 * max_bytes, MAX_RATIO * max(packed, 1 << 12))
            stream = _BoundedStream(gzip.GzipFile(fileobj=raw), most)
        else:
            stream = _BoundedStream(raw, packed)
        # Typeshed wants a whole file where the library reads alone.
        fileobj: Any = stream
        with tarfile.open(
            fileobj=fileobj, mode="r|", tarinfo=_TarInfo, errors="surrogateescape"
        ) as archive:
            return list(_read_tar(archive, max_bytes))


def _read_tar(archive: tarfile.TarFile, max_bytes: int) -> Iterator[Member]:
    """Yield the files of a tar archive, and none after the one that is too much."""
    total = 0
    count = 0
    for info in archive:
        if info.isdir():
            _check_name(info.name.rstrip("/"))
            continue
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            kind = "a link" if info.issym() or info.islnk() else "a special file"
            raise RefusedError(f"{plain(info.name)} is {kind}")
        total += info.size
        if total > max_bytes or count >= MAX_FILES:
            yield Member(info.name, info.size, bytes)
            return
        file = archive.extractfile(info)
        assert file is not None  # as for every regular file
        data = file.read()
        count += 1
        yield Member(info.name, len(data), lambda data=data: data)  # type: ignore[misc]


class _TarInfo(tarfile.TarInfo):
    """Refuses extended headers of a size that no honest archive has."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        headers = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
        if self.type not in (*tarfile.SUPPORTED_TYPES, *headers):
            raise RefusedError("it holds an entry of an unknown kind")
        if self.type not in tarfile.REGULAR_TYPES and not 0 <= self.size <= MAX_TAR_HEADER:
            raise RefusedError("it is not a tar archive, or is damaged: a header is too long")
        if self.size < 0:
            raise RefusedError("it is not a tar archive, or is damaged: a negative size")
        return super()._proc_member(archive)  # type: ignore[misc]


class _BoundedStream:
    """A stream that gives no more than it may."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, most: int):
        self._stream = stream
        self._left = most

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise RefusedError("it unpacks to more than a hand-in may have")
        return data


def _check_members(members: list[Member], max_bytes: int) -> None:
    """Refuse where a name or size is not as it should be, or a name occurs twice."""
    if len(members) > MAX_FILES:
        raise RefusedError(_too_many_files())
    total = 0
    seen: dict[str, str] = {}
    for member in members:
        _check_name(member.name)
        total += member.size
        if total > max_bytes:
            largest = max(members, key=lambda m: m.size)
            raise RefusedError(
                f"it unpacks to more than {max_bytes:,} bytes; largest is {plain(largest.name)}"
            )
        name = posixpath.normpath(member.name)
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            _refuse_twins(name, seen[key])
        seen[key] = name


def _refuse_twins(name: str, other: str) -> None:
    if other == name:
        raise RefusedError(f"{plain(name)} is in it twice")
    raise RefusedError(f"{plain(name)} and {plain(other)} differ only in their letter case")


def _too_many_files() -> str:
    return f"it holds more than {MAX_FILES:,} files; hand in what `cs231n handin` packs"


def _check_name(name: str) -> None:
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or "\\" in name or name[1:2] == ":":
        raise RefusedError(f"the name {plain(name)!r} leads out of the hand-in")
    if "\0" in name:
        raise RefusedError(f"the name {plain(name)!r} holds a zero byte")
    if len(parts) > MAX_DEPTH or max(map(len, parts)) > MAX_NAME:
        raise RefusedError(f"the name {plain(name)} is too long or too deep")


def _choose(members: list[Member], wanted: Sequence[str]) -> dict[str, Member]:
    """Choose the wanted files: those in the outermost folder that holds any."""
    by_root: dict[str, dict[str, Member]] = {}
    for member in members:
        name = posixpath.normpath(member.name)
        for path in wanted:
            root = name.removesuffix(path)
            if root != name and _is_root(root):
                by_root.setdefault(root, {})[path] = member
    if not by_root:
        some = ", ".join(wanted[:3])
        if len(wanted) > 3:
            some += ", ..."
        raise RefusedError(f"it holds none of the files of this assignment: {some}")
    depth = min(root.count("/") for root in by_root)
    outermost = sorted(root for root in by_root if root.count("/") == depth)
    if len(outermost) > 1:
        first, second = map(plain, outermost[:2])
        raise RefusedError(f"it holds two sets of files, in {first} and {second}; hand in one")
    return by_root[outermost[0]]


def _is_root(root: str) -> bool:
    """bool : whether a text is the whole name of a folder, and of none that systems write to."""
    return root[-1:] in ("", "/") and set(_ASIDE).isdisjoint(root.split("/"))


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return plain(text or type(error).__name__, 120)


def _kind(mode: int) -> str:
    names = {
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFBLK: "a device",
        stat.S_IFCHR: "a device",
        stat.S_IFDIR: "a folder",
    }
    return names.get(stat.S_IFMT(mode), "a special file")
