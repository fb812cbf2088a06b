"""The manifest of a course: what it says, and one clear line where it is not as it must be."""

import pytest

from autograder.__main__ import main
from autograder.course.manifest import Course, check_student_id, is_student_id
from autograder.errors import UserError

SMALL = """
[course]
id = "small"

[limits]
seconds = 1.5
open_files = 32

[assignments.first]
title = "The first"
notebooks = ["a", "b"]

[assignments.first.points]
affine_forward = 4
svm_loss = 2.5

[assignments.first.written]
question = 3

[assignments.second]
notebooks = ["c"]

[assignments.second.points]
dropout_forward = 1
"""


def write_manifest(root, data):
    (root / "source").mkdir()
    (root / "source" / "course.toml").write_bytes(data)


@pytest.fixture
def small(tmp_path):
    write_manifest(tmp_path, SMALL.encode())
    return Course.open(tmp_path)


def test_what_the_manifest_says_is_what_the_course_has(small):
    first, second = small.assignments.values()
    assert (small.id, small.kits_url) == ("small", "")
    assert (first.name, first.title, first.notebooks) == ("first", "The first", ("a", "b"))
    assert first.points == {"affine_forward": 4, "svm_loss": 2.5}
    assert first.written == {"question": 3}
    assert (second.title, second.written, second.earlier) == ("second", {}, "own")


def test_whole_numbers_stay_whole(small):
    points = small.assignment("first").points
    assert [type(value) for value in points.values()] == [int, float]
    assert type(small.limits.open_files) is int and type(small.limits.seconds) is float


def test_limits_that_are_not_given_have_their_defaults(small):
    assert (small.limits.seconds, small.limits.open_files, small.limits.processes) == (1.5, 32, 8)


def test_a_submission_holds_notebooks_and_modules_of_this_and_earlier_assignments(small):
    second = small.assignment("second")
    assert second.carried == ("cs231n/layers/affine.py", "cs231n/layers/losses.py")
    assert second.submission_files == (
        "c.ipynb",
        "cs231n/layers/dropout.py",
        "cs231n/layers/affine.py",
        "cs231n/layers/losses.py",
    )


def test_an_unknown_assignment_is_named_with_those_that_exist(small):
    with pytest.raises(UserError, match="'third'; this course has: first, second"):
        small.assignment("third")


def test_the_secret_seed_is_drawn_once_and_its_owner_alone_reads_it(small):
    seed = small.secret_seed()
    path = small.root / "secret_seed"
    assert len(seed) == 32 and small.secret_seed() == seed
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("no seed")
    with pytest.raises(UserError, match="not a seed of 64 hexadecimal digits"):
        small.secret_seed()


def test_students_are_those_who_have_handed_in(small):
    for name in ("bob", "ada", "not a student"):
        small.submitted(name, "first").mkdir(parents=True)
    small.submitted("eve", "second").mkdir(parents=True)
    assert small.students("first") == ["ada", "bob"]


@pytest.mark.parametrize("text", ["ada", "a.b_c@d+e-f", "1", "a" * 64])
def test_a_student_id_is_kept_as_it_is(text):
    assert is_student_id(text) and check_student_id(text) == text


@pytest.mark.parametrize("text", ["", ".ada", "a/b", "a b", "../x", "a" * 65, "ada\n"])
def test_a_text_that_cannot_name_a_student_is_refused(text):
    assert not is_student_id(text)
    with pytest.raises(UserError, match="is not valid"):
        check_student_id(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("[course\n", "not valid TOML"),
        ("\xff", "not valid TOML"),
        ("", "no table [assignments.NAME]"),
        ("[assignments.a]\nnotebooks = 3", "must be a list of notebook names"),
        ("[assignments.a]\nnotebooks = ['../x']", "must be a list of notebook names"),
        (
            "[assignments.a]\nnotebooks = ['x']\n[assignments.a.points]\nnothing = 3",
            "unknown exercise 'nothing'",
        ),
        (
            "[assignments.a]\nnotebooks = ['x']\n[assignments.a.points]\naffine_forward = -3",
            "must be a number above 0",
        ),
        (
            "[assignments.a]\nnotebooks = ['x']\n[assignments.a.points]\naffine_forward = nan",
            "must be a number above 0",
        ),
        (
            "[limits]\nseconds = 'ten'\n[assignments.a]\nnotebooks = ['x']",
            "must be a number above 0",
        ),
        (
            "[limits]\nseconds = inf\n[assignments.a]\nnotebooks = ['x']",
            "at most 1,000,000; got inf",
        ),
        (
            "[limits]\nopen_files = 64.5\n[assignments.a]\nnotebooks = ['x']",
            "limits.open_files must be a whole number above 0 and at most 1,000,000; got 64.5",
        ),
        ("[course]\nid = []\n[assignments.a]\nnotebooks = ['x']", "course.id must be a text"),
        (
            "[assignments.a]\nnotebooks = ['x']\n"
            "[assignments.a.points]\nadam = 1\n[assignments.a.written]\nadam = 1",
            "give it two names",
        ),
        ("[limits]\nhours = 1\n[assignments.a]\nnotebooks = ['x']", "unknown key 'hours'"),
        ("[assignments.a]\nnotebook = 'x'", "known: earlier, notebooks, points, title, written"),
        ("[assignments.a]\ntitle = 'x'", "a.notebooks must be a list of notebook names; got None"),
        ("[assignments.a]\nnotebooks = []", "a.notebooks must be a list of notebook names; got []"),
        (
            "[assignments.a]\nnotebooks = ['x']\npoints = 3",
            "assignments.a.points must be a table; got 3",
        ),
        (
            "[assignments.a]\nnotebooks = ['x']\nearlier = 'x'",
            "assignments.a.earlier must be 'own' or 'reference'; got 'x'",
        ),
        ("[assignments.'1a']\nnotebooks = ['x']", "'1a' cannot name an assignment"),
        (
            "[limits]\nseconds = true\n[assignments.a]\nnotebooks = ['x']",
            "limits.seconds must be a number above 0 and at most 1,000,000; got True",
        ),
        (
            "[course]\nkits_url = 'ftp://x'\n[assignments.a]\nnotebooks = ['x']",
            "course.kits_url must be an address such as 'https://example.org/kits', or ''",
        ),
        ("[extra]\n[assignments.a]\nnotebooks = ['x']", "unknown table [extra]"),
    ],
)
def test_a_malformed_manifest_gets_one_clear_line(tmp_path, capsys, text, words):
    write_manifest(tmp_path, text.encode("latin-1"))
    with pytest.raises(SystemExit) as stop:
        main(["grade", "assignment2", "--course", str(tmp_path)])
    error = capsys.readouterr().err
    assert stop.value.code == 1
    assert len(error.strip().splitlines()) == 1 and words in error


def test_a_folder_without_a_course_says_how_to_begin(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["grade", "assignment2", "--course", str(tmp_path)])
    assert stop.value.code == 1 and "autograder init" in capsys.readouterr().err
