import json
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbgrader.api import Course

from autograder.authoring.course_setup import SHIPPED, set_up
from autograder.course.manifest import Course as CourseFolder
from autograder.errors import UserError
from autograder.reference.package_files import package_files
from autograder.release.kit import allowed_files, release
from autograder.release.leaks import find_leaks

NOTEBOOK = "fully_connected_nets.ipynb"


def test_kit_holds_the_files_of_the_allow_list_in_defect_byte_code_and_compiled_extensions(
    released, kit
):
    found = {path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file()}
    assert found == allowed_files(released.assignment("assignment2"))
    assert {
        NOTEBOOK,
        "kit.json",
        "README.md",
        "setup.py",
        "requirements.txt",
        "cs231n/layers/affine.py",
    } <= found
    assert {name for name in found if name.startswith("cs231n/")} == set(package_files())


def test_the_kit_file_says_what_counts(released, kit):
    facts = json.loads((kit / "kit.json").read_text())
    assignment = released.assignment("assignment2")
    assert facts["assignment"] == "assignment2" and facts["title"] == assignment.title
    assert facts["exercises"] == assignment.points and facts["editable"] == list(
        assignment.editable
    )
    assert NOTEBOOK in facts["hand_in"] and set(facts["editable"]) < set(facts["hand_in"])


def test_the_readme_names_notebook_files_and_commands(kit):
    text = (kit / "README.md").read_text()
    assert "@" not in text
    assert "jupyter lab fully_connected_nets.ipynb" in text and "`cs231n/layers/affine.py`" in text
    assert "cs231n check" in text and "cs231n handin" in text


def test_released_notebooks_hold_no_answers_or_outputs_in_defect_staff_names_in_metadata(kit):
    text = (kit / NOTEBOOK).read_text()
    for secret in ("model answer", "staff", "SOLUTION", "author"):
        assert secret not in text
    notebook = nbformat.read(kit / NOTEBOOK, as_version=4)
    checks = [
        cell for cell in notebook.cells if cell.cell_type == "code" and "nbgrader" in cell.metadata
    ]
    assert all(cell.outputs == [] and cell.metadata["editable"] is False for cell in checks)


def test_every_released_notebook_has_the_cell_for_colab_below_its_title(kit):
    cell = nbformat.read(kit / NOTEBOOK, as_version=4).cells[1]
    assert cell.id == "colab" and cell.source.startswith("# Optional, for Google Colab alone")
    assert 'address = ""' in cell.source and "@" not in cell.source


@pytest.mark.parametrize(
    "address", [4, "ftp://example.org/kits", "https://example.org/a b", 'https://example.org/"']
)
def test_an_address_that_is_none_is_refused(course, address):
    path = course.source / "course.toml"
    path.write_text(
        path.read_text().replace("[course]", f"[course]\nkits_url = {json.dumps(address)}")
    )
    with pytest.raises(UserError, match="course.kits_url must be an address such as"):
        CourseFolder.open(course.root)


def test_the_gradebook_knows_the_assignment_and_no_phantom_course(students):
    with students.gradebook() as gradebook:
        notebook = gradebook.find_notebook("fully_connected_nets", "assignment2")
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        assert [course.id for course in gradebook.db.query(Course)] == ["cs231n"]
    assert points == students.assignment.points | students.assignment.written


def test_releasing_twice_gives_the_same_zip_byte_for_byte(released):
    archive = released.root / "kits" / "assignment2.zip"
    before = archive.read_bytes()
    release(released, released.assignment("assignment2"))
    assert archive.read_bytes() == before
    with zipfile.ZipFile(archive) as file:
        assert {name.split("/")[0] for name in file.namelist()} == {"assignment2"}


def test_nothing_is_left_over_beside_the_kit(released):
    assert {path.name for path in released.root.iterdir()} == {
        "source",
        "release",
        "kits",
        "gradebook.db",
        "nbgrader_config.py",
        "secret_seed",
    }
    assert [path.name for path in (released.root / "release").iterdir()] == ["assignment2"]


def test_defect_start_delete_blocks_are_released_no_longer(course, edit_source):
    def leave_a_block(notebook):
        notebook.cells.append(
            nbformat.v4.new_code_cell(
                "# START DELETE\ndx = dout * (x > 0)\n# END DELETE", id="left"
            )
        )

    edit_source(leave_a_block)
    with pytest.raises(UserError, match="assignment2 is not released.*the mark 'START DELETE'"):
        release(course, course.assignment("assignment2"))
    assert not course.release_folder("assignment2").exists()


def test_the_notebooks_of_the_repository_make_a_kit(tmp_path):
    course, _ = set_up(tmp_path / "course")
    assert (course.source / "assignment2" / NOTEBOOK).read_bytes() == (
        SHIPPED / "assignment2" / NOTEBOOK
    ).read_bytes()
    for assignment in course.assignments.values():
        written = all(
            (course.source / assignment.name / f"{name}.ipynb").is_file()
            for name in assignment.notebooks
        )
        assert written, f"{assignment.name} lists notebooks that are not there"
        kit, archive = release(course, assignment)
        assert find_leaks(kit, course, assignment, allowed_files(assignment)) == []
        assert zipfile.is_zipfile(archive)


def test_a_mark_scheme_stays_out_of_the_kit(course, edit_source):
    def add_task(notebook):
        cell = notebook.cells[-1]
        cell.metadata.nbgrader |= {"task": True, "grade": False, "solution": False}
        scheme = "Two points for the word gradient."
        cell.source = f"Say why.\n\n### BEGIN MARK SCHEME\n{scheme}\n### END MARK SCHEME"

    edit_source(add_task)
    release(course, course.assignment("assignment2"))
    text = (course.release_folder("assignment2") / NOTEBOOK).read_text()
    assert "Say why." in text and "Two points" not in text and "MARK SCHEME" not in text


def test_cells_cannot_change_once_somebody_was_graded(students, edit_released):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    kinds = {"grade": False, "solution": True, "locked": False, "task": False}
    new = nbformat.v4.new_code_cell(
        "x", metadata={"nbgrader": {"schema_version": 3, "grade_id": "new", **kinds}}
    )
    edit_released(lambda notebook: notebook.cells.append(new))
    with pytest.raises(UserError, match="submissions associated"):
        release(students.course, students.assignment)
    assert (students.course.release_folder("assignment2") / NOTEBOOK).is_file()


@pytest.mark.slow
def test_the_kit_can_be_installed_and_checks_offline(kit, tmp_path):
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        tmp_path / "site",
        ".",
    ]
    done = subprocess.run(pip, cwd=kit, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sources = list((kit / "cs231n" / "fast").glob("_*.pyx"))
    built = list((tmp_path / "site" / "cs231n" / "fast").glob("_*.so"))
    assert sources and len(built) == len(sources)
    check = [sys.executable, "-m", "cs231n", "check", "affine_forward"]
    done = subprocess.run(check, cwd=kit, capture_output=True, text=True)
    assert done.returncode == 1 and "NOT STARTED" in done.stdout
