"""Files that appear whole or not at all."""

import os
import secrets
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path, mode="b", private=False, **options):
    """Open a file that takes its name when the block ends well; until then an older one stays as it is.

    What is written lies beside it, as a hidden file that ends with ``.part``, and goes away when the block fails.

    Parameters
    ----------
    path : path-like
        In a folder that exists.
    mode : {"b", "t"}
        Bytes or text.
    private : bool
        Whether nobody else on this machine may read it; otherwise it is as open as any new file.
    **options
        For `open`, such as ``encoding``.

    Yields
    ------
    file : file object
        For writing.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    allowed = 0o600 if private else 0o666
    try:
        with open(
            draft, f"x{mode}", opener=lambda name, flags: os.open(name, flags, allowed), **options
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
