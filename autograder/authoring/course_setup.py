"""Makes a folder a course: the sources, and the settings that let nbgrader agree with the pipeline.

The first command that opens the gradebook creates it, since loading nbgrader takes seconds.
"""

import shutil
from pathlib import Path

from ..course.manifest import CONFIG, MANIFEST, Course
from ..errors import UserError


def _find_shipped() -> Path:
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "assignments", package.parent / "assignments"):
        if folder.is_dir():
            return folder
    return package / "assignments"


SHIPPED = _find_shipped()
"""Path : the sources that come with the pipeline: inside it where it is installed, or beside it."""

_CONFIG_TEXT = '''"""Settings of nbgrader for this course. What is set below comes last and wins.

`configure` sets the folders, the id of the course (from course.toml), and lists of preprocessors \
with which nbgrader
records the verdicts of `autograder grade` and never runs what students handed in.
"""

from autograder.nbgrader_settings import configure

c = get_config()
configure(c, __file__)
'''


def set_up(root: str | Path, source: str | Path | None = None) -> tuple[Course, list[Path]]:
    """Make a course folder, or complete one; files that exist are kept.

    Parameters
    ----------
    root : path
    source : path, optional
        Sources to use where they lie; by default those that come with the repository are copied.

    Returns
    -------
    course : Course
    written : list of Path
        What is new.

    Raises
    ------
    UserError
        If there are no sources, or a folder in use is asked for again with other sources.
    """
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    root = root.resolve()
    written = _set_up_sources(root, source)
    course = Course.open(root)
    config = root / CONFIG
    if not config.exists():
        config.write_text(_CONFIG_TEXT, encoding="utf-8")
        written.append(config)
    # Drawn here, before several processes could want one at once.
    course.secret_seed()
    return course, written


def _set_up_sources(root: Path, source: str | Path | None) -> list[Path]:
    target = root / "source"
    if source is not None:
        return _link(target, Path(source).resolve())
    if (root / "assignments" / MANIFEST).is_file() or (target / MANIFEST).is_file():
        return []
    if not (SHIPPED / MANIFEST).is_file():
        raise UserError(
            f"no sources beside the installed package ({SHIPPED}); name a folder with --source"
        )
    shutil.copytree(
        SHIPPED, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "__pycache__")
    )
    return [target]


def _link(target: Path, source: Path) -> list[Path]:
    if not (source / MANIFEST).is_file():
        raise UserError(f"--source {source}: there is no {MANIFEST} in it")
    if target.exists() and target.resolve() == source:
        return []
    if target.exists() or target.is_symlink():
        raise UserError(f"{target} exists already; remove it to use {source} in its place")
    target.symlink_to(source, target_is_directory=True)
    return [target]
