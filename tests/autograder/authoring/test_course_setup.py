import pytest
from nbgrader.api import Course as CourseRow

from autograder.__main__ import main
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


def run(*arguments):
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, arguments)))
    return caught.value.code


def test_the_commands_from_sources_to_scores(tmp_path, sources, capsys):
    folder = tmp_path / "course"
    assert run("init", "--course", folder, "--source", sources) == 0
    assert run("release", "assignment2", "--course", folder) == 0
    assert "kits/assignment2.zip" in capsys.readouterr().out
    assert run("export", "--course", folder, "--format", "csv", "--to", folder / "grades.csv") == 0
    assert (
        folder / "grades.csv"
    ).read_text() == "student_id,assignment,exercise,score,max_score,status\n"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("release", "assignment9"), "unknown assignment 'assignment9'"),
        (("feedback", "assignment2"), "not graded; run `autograder grade assignment2` first"),
        (("feedback", "assignment2", "--student", "../ada"), "student id '../ada' is not valid"),
        (("export", "assignment9"), "unknown assignment 'assignment9'"),
        (("export", "--to", "/nowhere/at/all.csv"), "No such file or directory"),
        (("init", "--source", "/nowhere"), "no course.toml"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_code_1(course, capsys, arguments, words):
    assert run(*arguments, "--course", course.root) == 1
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
