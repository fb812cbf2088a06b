import logging
import os
import sqlite3

import pytest
from nbgrader.api import Course as CourseRow
from tornado.log import app_log

from autograder.course.manifest import Course
from autograder.errors import UserError
from autograder.gradebook.database import course_directory, load_settings, open_gradebook


def test_nbgrader_and_the_course_agree_on_folders(course):
    directory = course_directory(load_settings(course))
    assert directory.root == str(course.root) and directory.course_id == course.id
    assert (
        directory.format_path(directory.source_directory, ".", "assignment2")
        == f"{course.root}/source/./assignment2"
    )


def test_settings_that_name_another_course_are_refused(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.CourseDirectory.course_id = "other"\n')
    with pytest.raises(UserError, match="course_id is 'other'; the course needs 'cs231n'"):
        load_settings(course)


def test_a_course_without_settings_names_the_command_that_writes_them(course):
    (course.root / "nbgrader_config.py").unlink()
    with pytest.raises(UserError, match="run `autograder init`"):
        load_settings(course)


def test_a_course_that_moved_still_agrees_with_itself(course):
    moved = course.root.rename(course.root.parent / "moved")
    assert load_settings(Course.open(moved)).CourseDirectory.root == str(moved)


def test_there_is_one_course_and_no_phantom(students):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    with students.gradebook() as gradebook:
        assert [course.id for course in gradebook.db.query(CourseRow)] == ["cs231n"]


def test_a_locked_gradebook_is_one_clear_line(students):
    students.hand_in("ada")
    students.judge("ada")
    config = students.course.root / "nbgrader_config.py"
    url = f"sqlite:///{students.course.database}?timeout=0"
    config.write_text(config.read_text() + f"c.CourseDirectory.db_url = {url!r}\n")
    other = sqlite3.connect(students.course.database)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UserError, match="database is locked"):
        students.record("ada")
    other.rollback()
    other.close()
    students.record("ada")
    assert students.scores("ada")["adam"] == 6


def test_a_file_that_is_no_gradebook_is_named_and_no_traceback_is_logged(course, caplog):
    course.database.write_text("not a database")
    path = os.environ["PATH"]
    caplog.set_level(logging.DEBUG)
    with pytest.raises(UserError) as caught, open_gradebook(course):
        pass
    message = str(caught.value)
    assert str(course.database) in message and "run the same command" in message
    assert len(message.splitlines()) == 1 and "Traceback" not in caplog.text
    assert os.environ["PATH"] == path and not app_log.disabled


def test_a_phantom_course_that_nbgrader_left_is_removed(course):
    with open_gradebook(course) as gradebook:
        gradebook.db.add(CourseRow(id="default_course"))
        gradebook.db.commit()
    with open_gradebook(course) as gradebook:
        assert [row.id for row in gradebook.db.query(CourseRow)] == [course.id]
