import json
import py_compile
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.api import Course

from autograder.authoring.course_setup import SHIPPED, set_up
from autograder.course.manifest import Course as CourseFolder
from autograder.errors import UserError
from autograder.reference.package_files import package_files
from autograder.release.kit import allowed_files, release
from autograder.release.leaks import find_leaks

NOTEBOOK = "fully_connected_nets.ipynb"


@pytest.fixture
def kit(released):
    return released.release_folder("assignment2")


@pytest.fixture
def edit_released(released):
    def edit(change):
        path = released.source / "assignment2" / NOTEBOOK
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)

    return edit


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


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("notes.txt", b"Dear students", "allow-list"),
        (
            "README.md",
            b"    out = x.reshape(x.shape[0], w.shape[0])   @ w + b",
            "solution in cs231n/layers/affine.py",
        ),
        (
            "README.md",
            b"The model answer of the instructor, for written_learning_curves alone.",
            "solution in fully_conn",
        ),
        ("README.md", b"### BEGIN HIDDEN TESTS", "BEGIN HIDDEN TESTS"),
    ],
)
def test_a_leak_is_found(released, kit, name, content, words):
    (kit / name).parent.mkdir(exist_ok=True)
    (kit / name).write_bytes(content)
    assignment = released.assignment("assignment2")
    leaks = find_leaks(kit, released, assignment, allowed_files(assignment))
    assert leaks and all(leak.startswith(name) for leak in leaks)
    assert any(words in leak for leak in leaks)


def leaks_of(released, kit):
    assignment = released.assignment("assignment2")
    return find_leaks(kit, released, assignment, allowed_files(assignment))


def test_defect_byte_code_of_the_solutions_in_pycache_is_neither_released_nor_overlooked(
    released, kit
):
    source = package_files()["cs231n/layers/affine.py"]
    compiled = Path(py_compile.compile(source))
    release(released, released.assignment("assignment2"))
    assert (
        compiled.is_file() and not list(kit.rglob("*.pyc")) and not list(kit.rglob("__pycache__"))
    )
    planted = kit / "cs231n" / "layers" / compiled.parent.name / compiled.name
    planted.parent.mkdir()
    shutil.copyfile(compiled, planted)
    assert f"{planted.relative_to(kit).as_posix()}: compiled or generated file" in leaks_of(
        released, kit
    )


@pytest.mark.parametrize(
    "name, content",
    [
        ("_kernels.cpython-311-x86_64-linux-gnu.so", b"\x7fELF\x02"),
        ("_kernels.pyd", b"MZ\x90"),
        ("_kernels.c", b"/* C */"),
        ("fast/kernels/plain_f32.c", b"/* Generated by Cython 3.1.2 */"),
        ("_kernels", b"\xcf\xfa\xed\xfe"),
    ],
)
def test_defect_compiled_extensions_are_neither_released_nor_overlooked(
    released, kit, name, content
):
    assert not [path for path in kit.rglob("_*") if path.suffix not in (".py", ".pyx")]
    (kit / "cs231n" / name).write_bytes(content)
    assert any(re.search("compiled|machine code", leak) for leak in leaks_of(released, kit))


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


def test_a_path_of_this_machine_is_found(released, kit):
    (kit / "README.md").write_text(f"see {released.root}/source")
    assignment = released.assignment("assignment2")
    assert (
        "a path of this machine"
        in find_leaks(kit, released, assignment, allowed_files(assignment))[0]
    )


def test_a_link_is_found(released, kit):
    (kit / "README.md").unlink()
    (kit / "README.md").symlink_to(released.source / "course.toml")
    assignment = released.assignment("assignment2")
    assert find_leaks(kit, released, assignment, allowed_files(assignment)) == [
        "README.md: a link or a special file"
    ]


def test_outputs_and_metadata_are_found_in_defect_staff_names_in_metadata(released, kit):
    document = json.loads((kit / NOTEBOOK).read_text())
    document["metadata"]["authors"] = []
    document["cells"][1]["metadata"]["tags"] = []
    document["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "4"}]
    (kit / NOTEBOOK).write_text(json.dumps(document))
    assignment = released.assignment("assignment2")
    leaks = "\n".join(find_leaks(kit, released, assignment, allowed_files(assignment)))
    assert (
        "notebook metadata ['authors']" in leaks
        and "metadata ['tags']" in leaks
        and "an output" in leaks
    )


def test_a_solution_inside_an_array_is_found(released, kit):
    path = next(kit.glob("cs231n/check/public/*.npz"))
    np.savez_compressed(path, note=np.array("out = x.reshape(x.shape[0], w.shape[0]) @ w + b"))
    assignment = released.assignment("assignment2")
    assert (
        "solution in cs231n/layers/affine.py"
        in find_leaks(kit, released, assignment, allowed_files(assignment))[0]
    )


def test_an_answer_without_marks_is_found_in_a_kit_that_shows_it(released, kit, edit_released):
    def answer(notebook):
        notebook.cells[-1].source = "Both curves rise until the fifth epoch."

    edit_released(answer)
    (kit / "README.md").write_text("# Hints\n\nBoth curves rise until the fifth epoch.")
    assignment = released.assignment("assignment2")
    leaks = find_leaks(kit, released, assignment, allowed_files(assignment))
    assert (
        len(leaks) == 1
        and "README.md: text of a solution in fully_connected_nets.ipynb" in leaks[0]
    )


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


def set_points(notebook):
    notebook.cells[1].metadata.nbgrader.points = 5


def unlock(notebook):
    notebook.cells[1].metadata.nbgrader.locked = False


def drop(notebook):
    del notebook.cells[1]


def duplicate(notebook):
    notebook.cells.append(nbformat.from_dict(dict(notebook.cells[1], id="again")))


def unknown(notebook):
    notebook.cells[1].metadata.nbgrader.grade_id = "affine_sideways"


def make_manual(notebook):
    notebook.cells[1].metadata.nbgrader.solution = True


def forget_the_kernel(notebook):
    del notebook.metadata["kernelspec"]


def half_a_region(notebook):
    notebook.cells[-1].source = notebook.cells[-1].source.replace("### BEGIN SOLUTION\n", "")


@pytest.mark.parametrize(
    "change, words",
    [
        (set_points, "cell affine_forward: gives 5 points; course.toml says 4"),
        (unlock, "cell affine_forward: must be a locked test cell"),
        (drop, "no cell has the grade_id 'affine_forward'"),
        (duplicate, "cell affine_forward: the grade_id occurs twice"),
        (unknown, "cell affine_sideways: gives points, but course.toml"),
        (make_manual, "cell affine_forward: must be a locked test cell"),
        (half_a_region, "END SOLUTION without BEGIN SOLUTION"),
        (forget_the_kernel, f"{NOTEBOOK}: names no kernel"),
    ],
)
def test_a_source_that_disagrees_with_the_manifest_is_refused(course, edit_source, change, words):
    edit_source(change)
    with pytest.raises(UserError, match=words):
        release(course, course.assignment("assignment2"))
    assert not course.release_folder("assignment2").exists()


def test_a_mark_scheme_stays_out_of_the_kit(course, edit_source):
    def add_task(notebook):
        cell = notebook.cells[-1]
        cell.metadata.nbgrader |= {"task": True, "grade": False, "solution": False}
        cell.source = "Say why.\n\n### BEGIN MARK SCHEME\nTwo points for the word gradient.\n### END MARK SCHEME"

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


def test_a_missing_notebook_is_named(course):
    (course.source / "assignment2" / NOTEBOOK).unlink()
    with pytest.raises(UserError, match=f"{NOTEBOOK} is missing"):
        release(course, course.assignment("assignment2"))


def test_what_is_no_notebook_is_named(course):
    (course.source / "assignment2" / NOTEBOOK).write_text("{")
    with pytest.raises(UserError, match="not a notebook"):
        release(course, course.assignment("assignment2"))


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
