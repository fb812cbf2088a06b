"""What nbgrader is told about a course."""

from os import PathLike
from pathlib import Path

from traitlets.config import Config

from .course.manifest import Course


def configure(c: Config, config_file: str | PathLike[str]) -> None:
    """Set up nbgrader for a course; called by the course's ``nbgrader_config.py``.

    Parameters
    ----------
    c : Config
    config_file : path
        That file; its folder is the course.
    """
    # nbgrader and its converters take a second to import: only whoever configures them pays for it.
    from .feedback import exporter
    from .gradebook import preprocessors
    from .release.solution_regions import STUB

    course = Course.open(Path(config_file).resolve().parent)
    c.CourseDirectory.root = str(course.root)
    c.CourseDirectory.course_id = course.id
    c.CourseDirectory.source_directory = course.source.name
    c.CoursePreprocessor.course_root = str(course.root)
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = "*Your answer here.*"
    c.GenerateAssignment.preprocessors = preprocessors.RELEASE
    c.Autograde.sanitize_preprocessors = preprocessors.SANITIZE
    c.Autograde.autograde_preprocessors = preprocessors.AUTOGRADE
    c.GenerateFeedback.preprocessors = exporter.PREPROCESSORS
    c.GenerateFeedback.exporter_class = exporter.FeedbackExporter
    c.HTMLExporter.sanitize_html = True
    c.FeedbackExporter.template_name = "course_feedback"
    c.FeedbackExporter.extra_template_basedirs = [str(exporter.TEMPLATES)]
