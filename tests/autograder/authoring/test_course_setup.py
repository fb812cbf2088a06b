import pytest
from nbgrader.api import Course as CourseRow

from autograder.authoring.course_setup import set_up
from autograder.course.manifest import Course
from autograder.errors import UserError
from autograder.gradebook.database import open_gradebook


def test_a_folder_becomes_a_course_with_the_sources_of_the_repository(tmp_path):
    course, written = set_up(tmp_path / "course")
    assert course.source == tmp_path / "course" / "source" and "assignment2" in course.assignments
    assert {path.name for path in written} == {"source", "nbgrader_config.py"}
    assert not course.database.exists()
    with open_gradebook(course) as gradebook:
        assert [row.id for row in gradebook.db.query(CourseRow)] == ["cs231n"]


def test_a_second_run_keeps_every_file(course):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\n# mine\n")
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    again, written = set_up(course.root)
    assert again == course and written == []
    assert {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()} == before


def test_sources_can_be_used_where_they_lie(tmp_path, sources):
    course, _ = set_up(tmp_path / "course", sources)
    assert course.source.resolve() == sources and course.source.is_symlink()
    assert set_up(tmp_path / "course", sources)[1] == []
    with pytest.raises(UserError, match="exists already"):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "course.toml").write_bytes((sources / "course.toml").read_bytes())
        set_up(tmp_path / "course", tmp_path / "other")


def test_the_course_may_be_the_repository_itself(tmp_path, sources):
    sources.rename(tmp_path / "assignments")
    course, written = set_up(tmp_path)
    assert course.source == tmp_path / "assignments" and [p.name for p in written] == [
        "nbgrader_config.py"
    ]
    assert Course.open(tmp_path) == course


def test_a_source_without_a_manifest_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no course.toml in it"):
        set_up(tmp_path / "course", tmp_path / "empty")
