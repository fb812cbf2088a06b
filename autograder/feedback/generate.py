"""Generates the feedback pages of an assignment with nbgrader's own converter."""

import logging
from collections.abc import Sequence
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import chdir

from ..course.manifest import Assignment, Course
from ..errors import UserError
from ..gradebook.database import course_directory, load_settings, open_gradebook
from ..progress import Progress, no_progress


def generate_feedback(
    course: Course,
    assignment: Assignment,
    students: Sequence[str] | None = None,
    progress: Progress = no_progress,
) -> tuple[dict[str, Path], dict[str, str]]:
    """Write the feedback pages of an assignment; pages of an earlier run are replaced.

    Parameters
    ----------
    course : Course
    assignment : Assignment
    students : list of str, optional
        All who are in ``autograded/``, by default.
    progress : callable, optional
        Wraps an iterable, takes ``total`` and ``desc``, as ``tqdm`` does.

    Returns
    -------
    pages : dict of str -> Path
        The folder of each student.
    failed : dict of str -> str
        Why there is no page; the others are written all the same.

    Raises
    ------
    UserError
        If one of the students, or nobody at all, has been graded.
    """
    config = load_settings(course)
    graded = _graded_students(course, assignment)
    if students is None:
        students = graded
    if not students:
        raise _not_graded("the class", assignment)
    for student in students:
        if student not in graded:
            raise _not_graded(student, assignment)
    pages = {}
    failed = {}
    # The converter opens the gradebook itself; this tells its errors in one line.
    with open_gradebook(course, config):
        converter = _Converter(coursedir=course_directory(config), config=config, force=True)
        converter.log = logging.Logger("feedback", logging.CRITICAL)
        for student in progress(students, total=len(students), desc="feedback"):
            try:
                converter.convert_student(assignment.name, student)
                pages[student] = course.root / "feedback" / student / assignment.name
            except NbGraderException as error:
                failed[student] = str(error)
    return pages, failed


def _graded_students(course: Course, assignment: Assignment) -> list[str]:
    folders = (course.root / "autograded").glob(f"*/{assignment.name}")
    return sorted(folder.parent.name for folder in folders if folder.is_dir())


def _not_graded(who: str, assignment: Assignment) -> UserError:
    return UserError(f"{who} is not graded; run `autograder grade {assignment.name}` first")


class _Converter(GenerateFeedback):
    """Keeps its exporter, and so its compiled templates, from one student to the next."""

    def convert_student(self, assignment: str, student: str) -> None:
        """Do what ``start`` does, for one student."""
        self.coursedir.assignment_id = assignment
        self.coursedir.student_id = student
        if not self.trait_has_value("exporter"):
            self.start()
            return
        self.init_notebooks()
        with chdir(self.coursedir.root):
            self.convert_notebooks()
