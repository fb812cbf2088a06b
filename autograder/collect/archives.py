"""Reads a hand-in that may be anything: a zip or tar archive, a folder, a single notebook. It writes nothing.

The names, kinds and sizes of all files are checked before one is taken.
"""

import contextlib
import errno
import gzip
import os
import posixpath
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cs231n.printable import printable

from ..errors import RefusedError

MAX_FILES = 2000
MAX_DEPTH = 16
MAX_NAME = 255
MAX_RATIO = 200
MAX_TAR_HEADER = 1 << 16
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".ipynb")
_CENTRAL_HEADER = b"PK\x01\x02"
_ASIDE = ("__MACOSX", "__pycache__", ".ipynb_checkpoints")
_DAMAGE = (
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


@dataclass(frozen=True)
class Submission:
    """What is taken of a hand-in.

    Parameters
    ----------
    files : dict of str -> bytes
        The wanted files that it holds.
    aside : tuple of str
        The names of its other files, as they are in it.
    """

    files: dict
    aside: tuple


@dataclass(frozen=True)
class Member:
    """One file of a hand-in, and how to read it."""

    name: str
    size: int
    read: Callable


def read_submission(path, wanted, most_bytes):
    """Read the wanted files of a hand-in.

    Parameters
    ----------
    path : path
        A zip or tar archive, a folder, or a notebook; told apart by what it is and how its name ends.
    wanted : sequence of str
        Paths of the files to take. They may lie in a folder of the hand-in, as in one that was packed whole.
    most_bytes : int
        The largest hand-in, packed and unpacked.

    Returns
    -------
    hand_in : Submission

    Raises
    ------
    RefusedError
        If any file of it is not as it should be, or none is wanted.
    """
    path = Path(path)
    return take(lambda: _members(path, wanted, most_bytes), wanted, most_bytes)


def _members(path, wanted, most_bytes):
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return _folder(path)
    if stat.S_ISREG(mode):
        return _file(path, wanted, most_bytes)
    raise RefusedError(f"it is {_kind(mode)}, not a file or folder")


def take(find_members, wanted, most_bytes):
    """Submission : what is wanted of the members that a function finds, once all of them are checked; or raise `RefusedError`."""
    try:
        members = _checked(find_members(), most_bytes)
        taken = _choose(members, wanted)
        files = {name: _contents(member) for name, member in taken.items()}
    except OSError as error:
        # Damaged archives lead their readers to impossible places, and checksums have no error number.
        damaged = error.errno in (None, errno.EINVAL)
        words = f"is damaged: {_words(error)}" if damaged else f"cannot be read: {error.strerror}"
        raise RefusedError(f"it {words}") from None
    used = {member.name for member in taken.values()}
    return Submission(files, tuple(member.name for member in members if member.name not in used))


def plain(name, most=80):
    """str : a name as it may be printed, without control characters and not too long."""
    text = printable(name, "?")
    return text if len(text) <= most else text[: most - 3] + "..."


def _file(path, wanted, most_bytes):
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise RefusedError("it is not a zip or tar archive, a folder or a notebook")
    if path.lstat().st_size > most_bytes:
        raise RefusedError(
            f"it has {path.lstat().st_size:,} bytes; a hand-in may have {most_bytes:,}"
        )
    if name.endswith(".ipynb"):
        return [
            Member(
                _notebook_name(path.name, wanted), path.lstat().st_size, lambda: _read_regular(path)
            )
        ]
    try:
        if name.endswith(".zip"):
            return _zip(path)
        return _tar(path, most_bytes)
    except _DAMAGE as error:
        kind = "zip" if name.endswith(".zip") else "tar"
        raise RefusedError(f"it is not a {kind} archive, or is damaged: {_words(error)}") from None


def _notebook_name(name, wanted):
    """A single notebook is called after its student; where an assignment has one, it is clear which one it is."""
    notebooks = [n for n in wanted if n.endswith(".ipynb")]
    if name in notebooks:
        return name
    if len(notebooks) != 1:
        raise RefusedError(
            f"it is a notebook, but not clear which; put it into a zip under its name: {', '.join(notebooks)}"
        )
    return notebooks[0]


def _folder(root):
    members, folders = [], [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                name = Path(entry.path).relative_to(root).as_posix()
                if stat.S_ISDIR(found.st_mode):
                    if name.count("/") >= MAX_DEPTH:
                        raise RefusedError(
                            f"folders are nested more than {MAX_DEPTH} deep: {plain(name)}"
                        )
                    folders.append(entry.path)
                    continue
                if not stat.S_ISREG(found.st_mode):
                    raise RefusedError(f"{plain(name)} is {_kind(found.st_mode)}")
                if found.st_nlink > 1:
                    raise RefusedError(f"{plain(name)} is a hard link; hand in copies")
                members.append(
                    Member(name, found.st_size, lambda path=entry.path: _read_regular(path))
                )
                if len(members) > MAX_FILES:
                    return members
    return members


def _read_regular(path):
    """Read a file that was regular a moment ago, and follow no link that has taken its place."""
    flags = [getattr(os, name, 0) for name in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")]
    with os.fdopen(os.open(path, sum(flags)), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise RefusedError(f"{plain(Path(path).name)} is {_kind(found.st_mode)}")
        return file.read(found.st_size)


def _zip(path):
    # Every entry becomes an object as soon as the archive is opened, so that their number is bounded before.
    if path.read_bytes().count(_CENTRAL_HEADER) > 4 * MAX_FILES:
        raise RefusedError(
            f"it holds more than {MAX_FILES:,} files; hand in what `cs231n handin` packs"
        )
    with zipfile.ZipFile(path) as archive:
        return zip_members(path, archive.infolist())


def zip_members(archive, entries, folder=""):
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
    """
    members = []
    for info in entries:
        mode = info.external_attr >> 16
        # Slashes of both kinds part folders: archives from Windows have either.
        name = info.orig_filename.replace("\\", "/").removeprefix(folder)
        if name.endswith("/") or not name:
            _check_name(name.rstrip("/") or folder)
            continue
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise RefusedError(f"{plain(name)} is {_kind(mode)}")
        if info.flag_bits & 1:
            raise RefusedError(f"{plain(name)} is encrypted; hand in an archive without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise RefusedError(f"{plain(name)} is packed in an unusual way; use the ordinary zip")
        if info.file_size > MAX_RATIO * max(info.compress_size, 1 << 12):
            raise RefusedError(f"{plain(name)} unpacks to more than {MAX_RATIO} times its size")
        members.append(Member(name, info.file_size, lambda info=info: _read_zipped(archive, info)))
    return members


def _read_zipped(archive, info):
    with contextlib.ExitStack() as stack:
        if not isinstance(archive, zipfile.ZipFile):
            archive = stack.enter_context(zipfile.ZipFile(archive))
        with archive.open(info) as file:
            data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise zipfile.BadZipFile("a file is not as long as it says")
    return data


def _tar(path, most_bytes):
    """Read a tar archive from start to end; its reader cannot go back, which some attacks would need."""
    packed = path.lstat().st_size
    members = []
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        most = min(2 * most_bytes, MAX_RATIO * max(packed, 1 << 12)) if zipped else packed
        stream = _Bounded(gzip.GzipFile(fileobj=raw) if zipped else raw, most)
        with tarfile.open(
            fileobj=stream, mode="r|", tarinfo=_TarInfo, errors="surrogateescape"
        ) as archive:
            total = 0
            for info in archive:
                if info.isdir():
                    _check_name(info.name.rstrip("/"))
                    continue
                if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
                    kind = "a link" if info.issym() or info.islnk() else "a special file"
                    raise RefusedError(f"{plain(info.name)} is {kind}")
                total += info.size
                if total > most_bytes or len(members) >= MAX_FILES:
                    members.append(Member(info.name, info.size, bytes))
                    break
                data = archive.extractfile(info).read()
                members.append(Member(info.name, len(data), lambda data=data: data))
    return members


class _TarInfo(tarfile.TarInfo):
    """Refuses extended headers of a size that no honest archive has."""

    def _proc_member(self, archive):
        headers = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
        if self.type not in (*tarfile.SUPPORTED_TYPES, *headers):
            raise RefusedError("it holds an entry of an unknown kind")
        if self.type not in tarfile.REGULAR_TYPES and not 0 <= self.size <= MAX_TAR_HEADER:
            raise RefusedError("it is not a tar archive, or is damaged: a header is too long")
        if self.size < 0:
            raise RefusedError("it is not a tar archive, or is damaged: a negative size")
        return super()._proc_member(archive)


class _Bounded:
    """A stream that gives no more than it may."""

    def __init__(self, stream, most):
        self._stream, self._left = stream, most

    def read(self, size):
        data = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise RefusedError("it unpacks to more than a hand-in may have")
        return data


def _checked(members, most_bytes):
    """The members, in order, once every name and every size is as it should be."""
    if len(members) > MAX_FILES:
        raise RefusedError(
            f"it holds more than {MAX_FILES:,} files; hand in what `cs231n handin` packs"
        )
    total, seen = 0, {}
    for member in members:
        _check_name(member.name)
        total += member.size
        if total > most_bytes:
            largest = max(members, key=lambda m: m.size)
            raise RefusedError(
                f"it unpacks to more than {most_bytes:,} bytes; largest is {plain(largest.name)}"
            )
        name = posixpath.normpath(member.name)
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            if seen[key] == name:
                raise RefusedError(f"{plain(name)} is in it twice")
            raise RefusedError(
                f"{plain(name)} and {plain(seen[key])} differ only in their letter case"
            )
        seen[key] = name
    return members


def _check_name(name):
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or "\\" in name or name[1:2] == ":":
        raise RefusedError(f"the name {plain(name)!r} leads out of the hand-in")
    if "\0" in name:
        raise RefusedError(f"the name {plain(name)!r} holds a zero byte")
    if len(parts) > MAX_DEPTH or max(map(len, parts)) > MAX_NAME:
        raise RefusedError(f"the name {plain(name)} is too long or too deep")


def _choose(members, wanted):
    """The wanted files: those in the outermost folder that holds any.

    Returns
    -------
    chosen : dict of str -> Member
    """
    roots = {}
    for member in members:
        name = posixpath.normpath(member.name)
        for path in wanted:
            root = name.removesuffix(path)
            if root != name and root[-1:] in ("", "/") and not set(_ASIDE) & set(root.split("/")):
                roots.setdefault(root, {})[path] = member
    if not roots:
        some = ", ".join(wanted[:3]) + ", ..." * (len(wanted) > 3)
        raise RefusedError(f"it holds none of the files of this assignment: {some}")
    depth = min(root.count("/") for root in roots)
    outermost = sorted(root for root in roots if root.count("/") == depth)
    if len(outermost) > 1:
        first, second = map(plain, outermost[:2])
        raise RefusedError(f"it holds two sets of files, in {first} and {second}; hand in one")
    return roots[outermost[0]]


def _contents(member):
    try:
        return member.read()
    except _DAMAGE as error:
        raise RefusedError(f"{plain(member.name)} is damaged: {_words(error)}") from None


def _words(error):
    return plain(" ".join(str(error).split()) or type(error).__name__, 120)


def _kind(mode):
    names = {
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFBLK: "a device",
        stat.S_IFCHR: "a device",
        stat.S_IFDIR: "a folder",
    }
    return names.get(stat.S_IFMT(mode), "a special file")
