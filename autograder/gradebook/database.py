"""Opens nbgrader's database for a course, with the settings that nbgrader itself would read."""

import os
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Assignment, Gradebook, InvalidEntry
from nbgrader.api import Course as CourseRow
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from tornado.log import app_log
from traitlets.config import Config, PyFileConfigLoader

from ..course.manifest import CONFIG, Course
from ..errors import UserError


def load_settings(course: Course) -> Config:
    """Read the settings of a course as nbgrader would.

    Parameters
    ----------
    course : Course

    Returns
    -------
    config : Config

    Raises
    ------
    UserError
        If they are missing, or name other folders than the course has.
    """
    path = course.root / CONFIG
    if not path.is_file():
        raise UserError(f"{path} is missing; run `autograder init` in {course.root}")
    config = PyFileConfigLoader(CONFIG, path=str(course.root)).load_config()
    found = CourseDirectory(config=config)
    # With other folders, plain nbgrader commands would work on another course than the pipeline.
    wanted = {
        "root": str(course.root),
        "source_directory": course.source.name,
        "course_id": course.id,
    }
    for name, value in wanted.items():
        given = getattr(found, name)
        if given != value:
            raise UserError(
                f"{path}: CourseDirectory.{name} is {given!r}; the course needs {value!r}"
            )
    return config


def course_directory(config: Config, **changes: Any) -> CourseDirectory:
    """CourseDirectory : nbgrader's view of the course, with some of its settings changed."""
    return CourseDirectory(config=Config(config), **changes)


@contextmanager
def open_gradebook(course: Course, config: Config | None = None) -> Iterator[Gradebook]:
    """Open the gradebook of a course, under the course's own id.

    nbgrader's own preprocessors open it without the id and leave an empty course behind, which is
    removed on the way out.

    Parameters
    ----------
    course : Course
    config : Config, optional
        The settings of the course, where they have been read already.

    Yields
    ------
    gradebook : nbgrader.api.Gradebook

    Raises
    ------
    UserError
        If the database cannot be used: locked, unreachable, or no gradebook.
    """
    url = course_directory(config or load_settings(course)).db_url
    try:
        with _quiet_log():
            with _scripts_on_path():
                gradebook = Gradebook(url, course.id)
            with gradebook:
                yield gradebook
                _forget_empty_courses(gradebook)
    except (SQLAlchemyError, InvalidEntry) as error:
        cause = getattr(error, "orig", None) or error
        reason = str(cause).splitlines()[0]
        raise UserError(
            f"the gradebook {url} cannot be used: {reason}; "
            "when it is free again, run the same command"
        ) from error


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Silence nbgrader's log: it writes whole tracebacks for what is one line here."""
    before = app_log.disabled
    app_log.disabled = True
    try:
        yield
    finally:
        app_log.disabled = before


@contextmanager
def _scripts_on_path() -> Iterator[None]:
    """Let nbgrader find ``alembic`` by its bare name, though the environment may be inactive."""
    path = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), path])
    try:
        yield
    finally:
        os.environ["PATH"] = path


def _forget_empty_courses(gradebook: Gradebook) -> None:
    used = gradebook.db.query(Assignment.course_id)
    empty = gradebook.db.query(CourseRow).filter(
        CourseRow.id != gradebook.course_id, CourseRow.id.not_in(used)
    )
    if empty.count():
        empty.delete(synchronize_session=False)
        gradebook.db.commit()
