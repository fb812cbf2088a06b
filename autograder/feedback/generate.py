"""Generates the feedback pages of an assignment with nbgrader's own converter."""

import logging

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import chdir

from ..errors import UserError
from ..gradebook.database import course_directory, load_settings, open_gradebook
from ..progress import no_progress


def generate_feedback(course, assignment, students=None, progress=no_progress):
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
    """
    config = load_settings(course)
    found = sorted(
        p.parent.name
        for p in (course.root / "autograded").glob(f"*/{assignment.name}")
        if p.is_dir()
    )
    students = found if students is None else students
    missing = [student for student in students if student not in found] or (
        [] if students else ["the class"]
    )
    if missing:
        raise UserError(
            f"{missing[0]} is not graded; run `autograder grade {assignment.name}` first"
        )
    pages, failed = {}, {}
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


class _Converter(GenerateFeedback):
    """Keeps its exporter, and so its compiled templates, from one student to the next."""

    def convert_student(self, assignment, student):
        """Do what ``start`` does, for one student."""
        self.coursedir.assignment_id, self.coursedir.student_id = assignment, student
        if not self.trait_has_value("exporter"):
            return self.start()
        self.init_notebooks()
        with chdir(self.coursedir.root):
            self.convert_notebooks()
