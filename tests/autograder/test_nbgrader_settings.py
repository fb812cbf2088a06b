import subprocess
import sys

from traitlets.config import Config

from autograder.feedback.exporter import FeedbackExporter
from autograder.gradebook import preprocessors
from autograder.nbgrader_settings import configure


def test_the_folder_of_the_file_is_the_course(course):
    config = Config()
    configure(config, course.root / "nbgrader_config.py")
    assert config.CourseDirectory.root == config.CoursePreprocessor.course_root == str(course.root)
    assert config.CourseDirectory.course_id == course.id
    assert config.CourseDirectory.source_directory == course.source.name


def test_nbgrader_runs_the_steps_of_the_course_and_executes_nothing(course):
    config = Config()
    configure(config, course.root / "nbgrader_config.py")
    assert config.Autograde.sanitize_preprocessors == preprocessors.SANITIZE
    assert config.Autograde.autograde_preprocessors == preprocessors.AUTOGRADE
    assert config.GenerateFeedback.exporter_class is FeedbackExporter
    steps = preprocessors.SANITIZE + preprocessors.AUTOGRADE + preprocessors.RELEASE
    assert not [step.__name__ for step in steps if "Execute" in step.__name__]


def test_the_module_is_light_to_import():
    code = (
        "import sys; import autograder.nbgrader_settings; "
        "print([name for name in ('nbgrader', 'nbconvert', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
