"""Download with resume, progress and checksum; unpack safely."""

import errno
import hashlib
import re
import shutil
import tarfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from cs231n.atomic import atomic_folder
from cs231n.errors import UserError

if TYPE_CHECKING:
    import requests
    from tqdm import tqdm

_BLOCK = 1 << 14  # what a broken connection loses at most
_TIMEOUT = (15, 60)  # seconds: to connect, and between two blocks


class DownloadError(UserError, OSError):
    """A download failed; the message says why and what to do."""


def fetch(
    url: str,
    path: str | Path,
    md5: str,
    size: int,
    progress: bool = True,
    attempts: int = 5,
    pause: float = 1.0,
) -> Path:
    """Download a file, or what is missing of it.

    What has arrived is kept beside `path` as `.part`, and the next call goes on from there. Only a
    file with the right size and checksum ever gets the name `path`.

    Parameters
    ----------
    url : str
    path : str or Path
        Its folder is made if necessary. Where it exists with the right checksum, nothing is
        downloaded.
    md5 : str
        The published checksum, in hexadecimal digits.
    size : int
        The number of bytes.
    progress : bool
        Whether to show a progress bar.
    attempts : int
        How many connections in a row may bring nothing new.
    pause : float
        Seconds to wait after such a connection.

    Returns
    -------
    path : Path

    Raises
    ------
    DownloadError
        Without network, with a server that refuses, with a wrong checksum, or when the disk is
        full.
    """
    path = Path(path)
    if path.is_file() and _is_whole(path, md5, size):
        return path
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if part.is_file() and part.stat().st_size > size:
            part.unlink()
        _require_space(path.parent, size - _length(part))
        _fetch_part(url, part, size, progress, attempts, pause)
        if not _is_whole(part, md5, size):
            part.unlink()
            raise DownloadError(
                f"{url}: the checksum of what arrived is not {md5}. It was deleted; run the "
                "command again, and if that does not help, use another network."
            )
        part.replace(path)
    except DownloadError:
        raise
    except OSError as error:
        raise _explain(error, path) from error
    return path


def _fetch_part(
    url: str, part: Path, size: int, progress: bool, attempts: int, pause: float
) -> None:
    """Fill `part` up to `size` bytes, over as many connections as it takes."""
    import requests
    from tqdm import tqdm

    left = attempts
    most = _length(part)
    with tqdm(
        desc=part.stem,
        total=size,
        initial=_length(part),
        unit="B",
        unit_scale=True,
        disable=not progress,
    ) as bar:
        while _length(part) < size:
            reason = "the connection ended early"
            try:
                _receive(url, part, size, bar)
            except requests.RequestException as error:
                reason = _reason(error)
            # Only more than ever before is progress: with a server that has a shorter file,
            # this would go on for ever.
            if _length(part) > most:
                left = attempts
                most = _length(part)
                continue
            left -= 1
            if left <= 0:
                raise DownloadError(
                    f"{url}: {_length(part)} of {size} bytes arrived, then: {reason}. Check "
                    "the network and run the command again; it goes on from there."
                )
            time.sleep(pause)


def _receive(url: str, part: Path, size: int, bar: "tqdm") -> None:
    """Ask for the bytes that `part` lacks and append what comes.

    Where the server cannot go on from there, start over.
    """
    import requests

    start = _length(part)
    # No compression on the way: the bytes of the file are counted.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        partial = response.status_code == 206
        if response.status_code == 416 or (partial and _range_start(response) != start):
            part.unlink(missing_ok=True)
            bar.reset()
            return
        if response.status_code >= 400:
            raise DownloadError(
                f"{url}: the server answers {response.status_code} {response.reason}. "
                f"Try again later, or save the file as {part.with_suffix('')} by hand and run the "
                "command again."
            )
        mode = "ab"
        if not partial:  # the server ignores Range: it sends everything
            bar.reset()
            mode = "wb"
        with part.open(mode) as file:
            for block in response.iter_content(_BLOCK):
                file.write(block)
                bar.update(len(block))
                if file.tell() > size:
                    break
    if _length(part) > size:
        part.unlink()
        raise DownloadError(
            f"{url}: the server sends more than the {size} bytes of the file. What arrived "
            "was deleted; run the command again, and if that does not help, use another network."
        )


def _range_start(response: "requests.Response") -> int:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _reason(error: Exception) -> str:
    """The innermost cause, in one line: what requests wraps around it is long and says less."""
    while error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    cause = getattr(error, "reason", None) or error
    text = " ".join(str(cause).split()).rstrip(".")
    return text or type(error).__name__


def _explain(error: OSError, path: Path) -> DownloadError:
    if error.errno == errno.ENOSPC:
        return DownloadError(
            f"{path.parent}: the disk is full. Make room, or set CS231N_DATA_DIR to another disk, "
            "and run the command again."
        )
    return DownloadError(
        f"{path}: cannot be written ({error.strerror or error}). Set CS231N_DATA_DIR to a folder "
        "that you may write to."
    )


def _require_space(folder: Path, wanted: int) -> None:
    if shutil.disk_usage(folder).free < wanted:
        raise OSError(errno.ENOSPC, "No space left on device")


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _is_whole(path: Path, md5: str, size: int) -> bool:
    if path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest() == md5


def unpack(archive: str | Path, folder: str | Path) -> Path:
    """Unpack the folder `folder.name` of a tar archive and put it in place in one step.

    Parameters
    ----------
    archive : str or Path
        It holds plain files, directly in that folder, and nothing else.
    folder : str or Path
        Where the folder ends up. One that is there already is replaced when the new one is
        complete.

    Returns
    -------
    folder : Path

    Raises
    ------
    DownloadError
        If the archive is damaged or holds something else, or the disk is full.
    """
    archive = Path(archive)
    folder = Path(folder)
    try:
        _unpack_in_place(archive, folder)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DownloadError(
            f"{archive}: cannot be unpacked ({error}). Delete it and run the command again."
        ) from error
    except OSError as error:
        raise _explain(error, folder) from error
    return folder


def _unpack_in_place(archive: Path, folder: Path) -> None:
    """Unpack beside the folder, then let the new one take its place."""
    with atomic_folder(folder) as fresh:
        with tarfile.open(archive) as tar:
            for member in tar:
                _unpack_member(tar, member, folder.name, fresh)
        if not any(fresh.iterdir()):
            raise tarfile.TarError(f"it holds no folder {folder.name}")


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, fresh: Path) -> None:
    """Write one file of the archive.

    Links, devices and names that lead elsewhere on any system are refused.
    """
    if member.isdir():
        return
    match = re.fullmatch(r"(?:\./)?([\w.-]+)/([\w.-]*\w)", member.name, re.ASCII)
    if not member.isreg() or not match or match[1] != name:
        raise tarfile.TarError(f"{member.name!r} is not a plain file in {name}")
    source = tar.extractfile(member)
    assert source is not None  # as for every regular file
    with source, (fresh / match[2]).open("wb") as target:
        shutil.copyfileobj(source, target)
