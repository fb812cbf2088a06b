"""Modes of what another user reads: students a kit, and the user of a sandbox a copy of it.

What a program writes takes the umask of the shell that it is started in, and root's is 027 or 077
on many a server. A sandbox that root starts runs as nobody, who then could read nothing.
"""

from pathlib import Path

FOLDER_MODE = 0o755
FILE_MODE = 0o644


def open_to_readers(tree: Path) -> None:
    """Let everybody read a folder and all below it, and nobody but the owner write to it.

    Parameters
    ----------
    tree : Path
        A folder or a file. Links stay as they are.
    """
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        if path.is_dir():
            path.chmod(FOLDER_MODE)
        else:
            path.chmod(FILE_MODE)
