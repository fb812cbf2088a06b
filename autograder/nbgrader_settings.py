"""What nbgrader is told about a course, and the way to its gradebook."""

import os
import sysconfig
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, InvalidEntry
from nbgrader.api import Course as CourseRow
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from tornado.log import app_log
from traitlets.config import Config, PyFileConfigLoader

from .course.manifest import CONFIG, Course
from .errors import UserError
from .feedback import exporter as feedback_page
from .gradebook import preprocessors as plugins
from .release.solution_regions import STUB


def configure(c, config_file):
    """Set up nbgrader for a course; called by the course's ``nbgrader_config.py``.

    Parameters
    ----------
    c : Config
    config_file : path
        That file; its folder is the course.
    """
    course = Course.open(Path(config_file).resolve().parent)
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.course_id = course.id
    c.CourseDirectory.source_directory = course.source.name
    c.CoursePreprocessor.course_root = str(course.root)
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = "*Your answer here.*"
    c.GenerateAssignment.preprocessors = plugins.RELEASE
    c.Autograde.sanitize_preprocessors = plugins.SANITIZE
    c.Autograde.autograde_preprocessors = plugins.AUTOGRADE
    c.GenerateFeedback.preprocessors = feedback_page.PREPROCESSORS
    c.GenerateFeedback.exporter_class = feedback_page.FeedbackExporter
    c.HTMLExporter.sanitize_html = True
    c.FeedbackExporter.template_name = "course_feedback"
    c.FeedbackExporter.extra_template_basedirs = [str(feedback_page.TEMPLATES)]


def load(course):
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
    wanted = {
        "root": str(course.root),
        "source_directory": course.source.name,
        "course_id": course.id,
    }
    for name, value in wanted.items():
        if getattr(found, name) != value:
            raise UserError(
                f"{path}: CourseDirectory.{name} is {getattr(found, name)!r}; the course needs {value!r}"
            )
    return config


def course_directory(config, **changes):
    """CourseDirectory : nbgrader's view of the course, with some of its settings changed."""
    return CourseDirectory(config=Config(config), **changes)


@contextmanager
def open_gradebook(course, config=None):
    """Open the gradebook of a course, under the course's own id.

    nbgrader's preprocessors open it without the id and leave an empty course behind; it is removed on the way out.

    Parameters
    ----------
    course : Course
    config : Config, optional
        Its settings, where they are at hand.

    Yields
    ------
    gradebook : nbgrader.api.Gradebook
    """
    url = course_directory(config or load(course)).db_url
    try:
        with _quiet_log():
            with _scripts_on_path():
                gradebook = Gradebook(url, course.id)
            with gradebook:
                yield gradebook
                _forget_empty_courses(gradebook)
    except (SQLAlchemyError, InvalidEntry) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UserError(
            f"the gradebook {url} cannot be used: {reason}; when it is free again, run the same command"
        ) from error


@contextmanager
def _quiet_log():
    """nbgrader logs whole tracebacks of what is one line here."""
    before, app_log.disabled = app_log.disabled, True
    try:
        yield
    finally:
        app_log.disabled = before


@contextmanager
def _scripts_on_path():
    """nbgrader starts ``alembic`` by its bare name when it makes a gradebook; an environment need not be active."""
    path = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), path])
    try:
        yield
    finally:
        os.environ["PATH"] = path


def _forget_empty_courses(gradebook):
    used = gradebook.db.query(Assignment.course_id)
    empty = gradebook.db.query(CourseRow).filter(
        CourseRow.id != gradebook.course_id, CourseRow.id.not_in(used)
    )
    if empty.count():
        empty.delete(synchronize_session=False)
        gradebook.db.commit()
