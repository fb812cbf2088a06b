"""Archives of a class from Canvas, Moodle and Gradescope: whose is each hand-in, and no other."""

import io
import json
import subprocess
import sys
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.collect.inbox import collect
from autograder.collect.lms import Owner, Roster, readings
from autograder.errors import UserError

NOTEBOOK = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}'
AFFINE = "cs231n/layers/affine.py"
ROSTER = (
    "student_id,name,email,canvas_id\n"
    "ada,Ada King Lovelace,ada@example.org,11\nbob,Bob Ross,bob@example.org,12\n"
    "eve,Eve Ng,eve@example.org,13\neva,Eve Ng,eva@example.org,14\n"
)
METADATA = """submission_901:
  :submitters:
  - :name: Ada King Lovelace
    :sid: 'ada'
    :email: ada@example.org
  :created_at: 2026-03-01 12:00:00.000000000 Z
submission_902:
  :submitters:
  - :name: somebody
    :sid: ''
    :email: bob@example.org
  - :name: Eve Ng
    :email: eve@example.org
submission_903:
  :submitters:
  - :name: Mallory
    :sid: mallory
"""


@pytest.fixture
def assignment(course):
    (course.root / "roster.csv").write_text(ROSTER)
    return course.assignment("assignment2")


def kit(assignment, affine=b"x = 1\n"):
    files = {
        name: NOTEBOOK if name.endswith(".ipynb") else b"x = 1\n"
        for name in assignment.submission_files
    }
    return files | {AFFINE: affine}


def packed(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def collected(course, assignment, files):
    path = course.root / "class.zip"
    path.write_bytes(packed(files))
    return collect(course, assignment, path, bulk=True)


def affine_of(course, student):
    return (course.submitted(student, "assignment2") / AFFINE).read_bytes()


def test_canvas_archive_is_told_apart_by_number_and_by_name(course, assignment):
    found = collected(
        course,
        assignment,
        {
            "lovelaceadaking_11_501_kit.zip": packed(kit(assignment, b"ada\n")),
            "rossbob_LATE_99_502_my_kit-1.zip": packed(kit(assignment, b"bob\n")),
            "ngeve_13_503_kit.zip": packed(kit(assignment, b"eve\n")),
            "stranger_77_504_kit.zip": packed(kit(assignment)),
        },
    )
    assert {s: affine_of(course, s) for s in found.students} == {
        "ada": b"ada\n",
        "bob": b"bob\n",
        "eve": b"eve\n",
    }
    assert (
        list(found.strangers) == ["stranger_77_504_kit.zip"]
        and "roster" in found.strangers["stranger_77_504_kit.zip"]
    )


@pytest.mark.parametrize("layout", ["folder", "file"])
def test_moodle_archive_is_told_apart_by_name(course, assignment, layout):
    slash = "/" if layout == "folder" else ""
    found = collected(
        course,
        assignment,
        {
            f"Ada King Lovelace_3001_assignsubmission_file_{slash}kit.zip": packed(
                kit(assignment, b"ada\n")
            ),
            f"Bob Ross_3002_assignsubmission_file_{slash}kit.zip": packed(
                kit(assignment, b"bob\n")
            ),
            "Bob Ross_3002_assignsubmission_onlinetext_/onlinetext.html": b"<script>x()</script>",
            f"Eve Ng_3003_assignsubmission_file_{slash}kit.zip": packed(kit(assignment)),
        },
    )
    assert {s: affine_of(course, s) for s in found.students} == {"ada": b"ada\n", "bob": b"bob\n"}
    typed, twin = found.strangers.values()
    assert "typed into Moodle" in typed and "2 students of the roster are like Eve Ng" in twin


def test_gradescope_archive_is_told_apart_by_its_metadata(course, assignment):
    root = "assignment_7_export/"
    files = {f"{root}submission_metadata.yml": METADATA.encode()}
    for number, text in ((901, b"ada\n"), (902, b"both\n"), (903, b"mallory\n")):
        files |= {
            f"{root}submission_{number}/{name}": data
            for name, data in kit(assignment, text).items()
        }
    found = collected(course, assignment, files)
    assert {s: affine_of(course, s) for s in found.students} == {
        "ada": b"ada\n",
        "bob": b"both\n",
        "eve": b"both\n",
    }
    assert list(found.strangers) == ["submission_903"]


def test_unpacked_archive_of_a_platform_is_an_inbox_too(course, assignment, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "lovelaceadaking_11_501_kit.zip").write_bytes(packed(kit(assignment, b"ada\n")))
    folder = inbox / "Bob Ross_3002_assignsubmission_file_"
    folder.mkdir()
    for name, data in kit(assignment, b"bob\n").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assert list(collect(course, assignment, inbox).students) == ["bob", "ada"]


def test_platform_names_need_a_roster(course, assignment):
    (course.root / "roster.csv").unlink()
    with pytest.raises(UserError, match="roster.csv is missing"):
        collected(course, assignment, {"rossbob_12_502_kit.zip": packed(kit(assignment))})


def test_archive_that_no_platform_packed_is_one_clear_error(course, assignment):
    with pytest.raises(UserError, match="Canvas, Moodle or Gradescope"):
        collected(course, assignment, kit(assignment))
    (course.root / "class.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UserError, match="not a zip archive"):
        collect(course, assignment, course.root / "class.zip", bulk=True)


def test_hand_in_that_looks_like_a_class_is_one_hand_in(course, assignment, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "eve.zip").write_bytes(
        packed({"rossbob_12_502_kit.zip": packed(kit(assignment, b"evil\n"))} | kit(assignment))
    )
    assert list(collect(course, assignment, inbox).students) == ["eve"]
    assert course.students("assignment2") == ["eve"]


def test_bad_hand_ins_of_a_class_are_refused_alone(course, assignment):
    link = zipfile.ZipInfo("Bob Ross_2_assignsubmission_file_/cs231n/optim.py")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lovelaceadaking_11_501_kit.zip", packed(kit(assignment, b"ada\n")))
        archive.writestr(link, "/etc/passwd")
        archive.writestr("ngeve_13_503_kit.zip", bytes(32 << 20))
        archive.writestr(
            "ngeve_14_504_kit.zip", packed({"../../../ada/assignment2/x": b""} | kit(assignment))
        )
    (course.root / "class.zip").write_bytes(buffer.getvalue())
    found = collect(course, assignment, course.root / "class.zip", bulk=True)
    assert {s: r.status for s, r in found.students.items()} == {
        "ada": "accepted",
        "bob": "refused",
        "eve": "refused",
        "eva": "refused",
    }
    assert (
        "link" in found.students["bob"].reason and "times its size" in found.students["eve"].reason
    )
    assert "leads out" in found.students["eva"].reason


@pytest.mark.parametrize(
    "name, owners",
    [
        ("lovelaceada_4711_98765_kit.zip", [Owner("lovelaceada", "4711")]),
        ("lovelaceada_LATE_4711_98765_my_kit.zip", [Owner("lovelaceada", "4711")]),
        ("love_lace_4711_98765_kit-1.zip", [Owner("love_lace", "4711")]),
        ("Ada Lovelace_4711_assignsubmission_file_", [Owner("Ada Lovelace")]),
        (
            "a_1_assignsubmission_file_b_2_assignsubmission_file_x.zip",
            [Owner("a"), Owner("a_1_assignsubmission_file_b")],
        ),
        ("ross_12_13_503_kit.zip", [Owner("ross", "12"), Owner("ross_12", "13")]),
        ("ng_13_503_kit_2026_03_01.zip", [Owner("ng", "13"), Owner("ng_13_503_kit", "2026")]),
        ("ada.zip", []),
        ("ada_lovelace.zip", []),
        ("ada_1.zip", []),
        ("_12_502_kit.zip", []),
    ],
)
def test_a_name_is_read_in_every_possible_way(name, owners):
    assert readings(name) == owners


@pytest.mark.parametrize(
    "name",
    [
        "ng_12_13_503_kit.zip",
        "ngeve_12_777_x_13_503_kit.zip",
        "rossbob_12_777_x_LATE_13_503_kit.zip",
        "ngeve_13_503_kit_12_777_x.zip",
    ],
)
def test_a_canvas_name_that_two_numbers_fit_is_refused_and_both_are_named(course, assignment, name):
    """Eve, whose number is 13, has put another number into her profile or her file name."""
    honest = {"rossbob_12_502_kit.zip": packed(kit(assignment, b"bob\n"))}
    found = collected(course, assignment, {name: packed(kit(assignment))} | honest)
    assert list(found.students) == ["bob"] and affine_of(course, "bob") == b"bob\n"
    assert list(found.strangers) == [name] and not found.complete
    assert "12 and" in found.strangers[name] or "number 12" in found.strangers[name]
    assert "number 13" in found.strangers[name]


def test_a_date_in_a_file_name_is_no_number_where_the_roster_knows_all_numbers(course, assignment):
    files = {"ngeve_13_503_kit_2026_03_01.zip": packed(kit(assignment))}
    assert list(collected(course, assignment, files).students) == ["eve"]
    (course.root / "roster.csv").write_text(ROSTER + "zoe,Zoe Lee,zoe@example.org,\n")
    found = collected(course, assignment, files)
    assert not found.students and "number 2026" in found.strangers[next(iter(files))]


FOR_BOB = b"submission_1:\n  :submitters:\n  - :sid: bob\n"


@pytest.mark.parametrize("metadata", [METADATA.encode(), FOR_BOB, b"- no", b"a: [", b""])
@pytest.mark.parametrize("neighbor", [True, False])
def test_metadata_in_the_folder_of_a_student_are_a_file_of_that_student(
    course, assignment, metadata, neighbor
):
    """In Moodle's archive, alone or not, with folders beside it that it names."""
    eve = "Eve Adams_3003_assignsubmission_file_"
    (course.root / "roster.csv").write_text(ROSTER + "adams,Eve Adams,,\n")
    files = {f"{eve}/{name}": data for name, data in kit(assignment, b"eve\n").items()}
    files |= {f"{eve}/submission_metadata.yml": metadata, f"{eve}/submission_1/x.py": b"evil\n"}
    students = ["adams"]
    if neighbor:
        files["Bob Ross_3002_assignsubmission_file_/kit.zip"] = packed(kit(assignment, b"bob\n"))
        students.insert(0, "bob")
    found = collected(course, assignment, files)
    assert list(found.students) == students and found.strangers == {}
    assert course.students("assignment2") == sorted(students)
    assert affine_of(course, "adams") == b"eve\n"


@pytest.mark.parametrize("root", ["", "assignment_7_export/"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("place", ["submission_902/", "submission_902/a/"])
def test_the_copy_of_a_student_never_wins_against_gradescopes_metadata(
    course, assignment, root, first, place
):
    own = {
        f"{root}{place}submission_metadata.yml": b"submission_902:\n  :submitters:\n  - :sid: ada\n"
    }
    files = {f"{root}submission_metadata.yml": METADATA.encode()}
    files = own | files if first else files | own
    for number in (901, 902):
        for name, data in kit(assignment, b"%d\n" % number).items():
            files[f"{root}submission_{number}/{name}"] = data
    found = collected(course, assignment, files)
    assert {s: affine_of(course, s) for s in found.students} == {
        "ada": b"901\n",
        "bob": b"902\n",
        "eve": b"902\n",
    }


def test_one_folder_of_gradescope_is_not_an_export_of_its_own(course, assignment):
    files = {
        "submission_902/submission_metadata.yml": FOR_BOB,
        "submission_902/submission_1/a": b"",
    }
    with pytest.raises(UserError, match="no file in it is named as"):
        collected(course, assignment, files)


def test_metadata_that_name_nothing_beside_them_are_a_stranger(course, assignment):
    files = {"rossbob_12_502_kit.zip": packed(kit(assignment))}
    found = collected(course, assignment, files | {"submission_metadata.yml": FOR_BOB})
    assert list(found.students) == ["bob"] and list(found.strangers) == ["submission_metadata.yml"]


def test_metadata_in_an_inbox_count_where_they_name_its_folders(course, assignment, tmp_path):
    inbox = tmp_path / "inbox"
    (inbox / "submission_1").mkdir(parents=True)
    for name, data in kit(assignment).items():
        (inbox / "submission_1" / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / "submission_1" / name).write_bytes(data)
    (inbox / "submission_metadata.yml").write_bytes(FOR_BOB)
    assert list(collect(course, assignment, inbox).students) == ["bob"]
    (inbox / "submission_1").rename(inbox / "ada")
    found = collect(course, assignment, inbox)
    assert list(found.students) == ["ada"]
    assert list(found.strangers) == ["submission_metadata.yml"]


def test_nothing_of_an_archive_is_left_unsaid(course, assignment):
    files = {
        "rossbob_12_502_kit.zip": packed(kit(assignment)),
        "rossbob_12_503_kit.zip": packed(kit(assignment)),
        "lovelaceadaking_11_501_kit.zip": packed(kit(assignment)),
        "ngeve_13_504_kit.zip": b"no zip",
        "a letter.txt": b"hello",
        "notes/today.txt": b"hello",
        "stranger_77_504_kit.zip": b"",
        "__MACOSX/._x": b"",
        ".DS_Store": b"",
    }
    found = collected(course, assignment, files)
    assert {s: r.status for s, r in found.students.items()} == {
        "ada": "accepted",
        "eve": "refused",
        "bob": "refused",
    }
    assert set(found.strangers) == {"a letter.txt", "notes", "stranger_77_504_kit.zip"}
    assert "not named as Canvas" in found.strangers["notes"]
    counted = found.count("accepted") + found.count("unchanged") + found.refused
    assert counted == 7 and found.refused == 6 and not found.complete


def test_what_gradescopes_metadata_do_not_list_is_a_stranger(course, assignment):
    text = METADATA + "submission_904: nothing\n"
    files = {"submission_metadata.yml": text.encode()}
    for number in (901, 904, 905):
        for name, data in kit(assignment).items():
            files[f"submission_{number}/{name}"] = data
    found = collected(course, assignment, files)
    assert list(found.students) == ["ada"]
    assert list(found.strangers) == ["submission_904", "submission_905"]
    assert "names nobody" in found.strangers["submission_905"] and not found.complete


def test_two_strangers_who_handed_in_together_are_both_named(course, assignment):
    data = b"submission_1:\n  :submitters:\n  - :sid: mallory\n  - :sid: trudy\n"
    files = {"submission_metadata.yml": data, "submission_1/a.py": b""}
    found = collected(course, assignment, files)
    assert "mallory" in found.strangers["submission_1"]
    assert "trudy" in found.strangers["submission_1"]


def test_profile_name_of_somebody_else_wins_nothing_against_a_number():
    roster = Roster(
        [
            {"student_id": "ada", "name": "Ada King", "canvas_id": "1"},
            {"student_id": "eve", "name": "Eve", "canvas_id": "2"},
        ]
    )
    assert roster.find(Owner("Ada King", "2")) == ("eve", "")
    assert roster.find(Owner("King Ada"))[0] == "ada"
    assert roster.find(Owner("Adaking"))[0] == "ada"
    assert roster.find(Owner("", "", "", "ADA@example.org"))[0] == ""


def test_one_collect_at_a_time(course, assignment):
    code = (
        "import fcntl, os, sys\n"
        "fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    (course.root / "collect").mkdir()
    files = {"lovelaceadaking_11_501_kit.zip": packed(kit(assignment))}
    command = [sys.executable, "-c", code, str(course.root / "collect")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match="another collect is at work"):
            collected(course, assignment, files)
        assert course.students("assignment2") == []
        holder.stdin.close()
        holder.wait()
    assert collected(course, assignment, files).complete


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_archives_of_a_class_are_an_error_or_refused_and_never_file_for_others(
    course, assignment, data
):
    mutated = bytearray(
        packed(
            {
                "g/submission_metadata.yml": METADATA.encode(),
                **{f"g/submission_902/{name}": text for name, text in kit(assignment).items()},
            }
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    (course.root / "class.zip").write_bytes(bytes(mutated))
    try:
        collect(course, assignment, course.root / "class.zip", bulk=True)
    except UserError:
        return
    report = json.loads((course.root / "collect" / "assignment2.json").read_text())
    assert set(report["students"]) <= {"ada", "bob", "eve", "eva"}
