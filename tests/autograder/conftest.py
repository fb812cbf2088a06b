"""Fixtures for the pipeline: a small course with a real kit, hand-ins, and ready-made verdicts."""

import shutil
import tomllib

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from autograder.authoring.course_setup import set_up
from autograder.course import verdicts
from autograder.course.digests import submission_digest
from autograder.course.manifest import Course
from autograder.course.verdicts import Finding, Verdict
from autograder.gradebook.record import record
from autograder.release.kit import release

MANIFEST = """
[course]
id = "cs231n"

[assignments.assignment2]
title = "Backpropagation and fully connected nets"
notebooks = ["fully_connected_nets"]

[assignments.assignment2.points]
affine_forward = 4
affine_backward = 6
relu_forward = 2
relu_backward = 3
softmax_loss = 6
svm_loss = 6
TwoLayerNet = 10
FullyConnectedNet = 12
sgd_momentum = 4
rmsprop = 4
adam = 6
train_fully_connected = 10

[assignments.assignment2.written]
written_saturated_scores = 4
written_learning_curves = 4
"""


def marks(grade_id, **values):
    kinds = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id} | kinds | values}


def check_cell(exercise, points):
    source = f'from cs231n.check import check\n\ncheck("{exercise}")'
    return new_code_cell(
        source,
        id=f"check-{exercise}",
        metadata=marks(exercise, grade=True, locked=True, points=points),
    )


def question(name, points):
    answer = f"The model answer of the instructor, for {name} alone."
    source = f"{name}\n\n### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
    return new_markdown_cell(
        source, id=f"cell-{name}", metadata=marks(name, grade=True, solution=True, points=points)
    )


def small_notebook():
    """A source notebook with all that assignment2 asks, and what editors leave in notebooks."""
    body = tomllib.loads(MANIFEST)["assignments"]["assignment2"]
    cells = [new_markdown_cell("# Small", id="title")]
    cells += [check_cell(exercise, points) for exercise, points in body["points"].items()]
    cells += [question(name, points) for name, points in body["written"].items()]
    cells[1].outputs = [nbformat.v4.new_output("stream", text="staff output")]
    cells[1].metadata["author"] = "staff"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "authors": [{"name": "staff"}]}
    )


def write_sources(folder, notebook):
    (folder / "assignment2").mkdir(parents=True, exist_ok=True)
    (folder / "course.toml").write_text(MANIFEST)
    nbformat.write(notebook, folder / "assignment2" / "fully_connected_nets.ipynb")
    return folder


@pytest.fixture
def sources(tmp_path):
    """A folder with sources."""
    return write_sources(tmp_path / "sources", small_notebook())


@pytest.fixture
def edit_source(course):
    """Change the source notebook: takes a function of the notebook."""

    def edit(change):
        path = course.source / "assignment2" / "fully_connected_nets.ipynb"
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)

    return edit


@pytest.fixture(scope="session")
def course_once(tmp_path_factory):
    """A course, set up and not released, which no test changes."""
    root = tmp_path_factory.mktemp("course")
    write_sources(root / "source", small_notebook())
    return set_up(root)[0]


@pytest.fixture
def course(course_once, tmp_path):
    """A course folder, set up and not released."""
    return Course.open(shutil.copytree(course_once.root, tmp_path / "course"))


@pytest.fixture(scope="session")
def released_once(course_once, tmp_path_factory):
    """A course with assignment2 released, which no test changes."""
    root = tmp_path_factory.mktemp("released") / "course"
    course = Course.open(shutil.copytree(course_once.root, root))
    release(course, course.assignment("assignment2"))
    return course


@pytest.fixture
def released(released_once, tmp_path):
    """A copy of a course with assignment2 released."""
    return Course.open(shutil.copytree(released_once.root, tmp_path / "course"))


class Class:
    """The students of a course, their hand-ins and verdicts."""

    def __init__(self, course):
        self.course = course
        self.assignment = course.assignment("assignment2")

    def kit_notebook(self):
        return nbformat.read(
            self.course.release_folder("assignment2") / "fully_connected_nets.ipynb", as_version=4
        )

    def hand_in(
        self, student, notebook=None, answers=None, timestamp="2026-03-01 12:00:00 UTC", **files
    ):
        """Lay out a hand-in as collecting does; the notebook is the kit's, with some answers."""
        folder = self.course.submitted(student, "assignment2")
        folder.mkdir(parents=True, exist_ok=True)
        notebook = notebook or self.kit_notebook()
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = (answers or {}).get(name, cell.source)
        nbformat.write(notebook, folder / "fully_connected_nets.ipynb")
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp)
        return folder

    def autograded(self, student):
        """The notebook that nbgrader shows for a student."""
        path = (
            self.course.root / "autograded" / student / "assignment2" / "fully_connected_nets.ipynb"
        )
        return nbformat.read(path, as_version=4)

    def record(self, *students):
        record(self.course, self.assignment, list(students))

    def gradebook(self):
        return Gradebook(f"sqlite:///{self.course.database}", self.course.id)

    def scores(self, student):
        """The scores in the gradebook, by exercise and question."""
        with self.gradebook() as gradebook:
            submission = gradebook.find_submission("assignment2", student)
            return {
                grade.name: grade.score
                for notebook in submission.notebooks
                for grade in notebook.grades
            }

    def judge(self, student, scores=None, /, **changes):
        """Write the verdict that a judge would: these scores, and full points for the rest."""
        points = self.assignment.points
        scores = {exercise: (scores or {}).get(exercise, most) for exercise, most in points.items()}
        findings = {
            e: Finding("pass" if s == points[e] else "fail", s, points[e], f"report on {e}")
            for e, s in scores.items()
        }
        digest = submission_digest(self.course, self.assignment, student)
        values = {
            "student": student,
            "assignment": "assignment2",
            "submission": digest,
            "kit": "k",
            "exercise_set": "e",
            "isolation": "bubblewrap",
            "exercises": findings,
            "received": "",
        } | changes
        verdicts.save_verdict(
            Verdict(**values), self.course.verdicts("assignment2") / f"{student}.json"
        )


@pytest.fixture
def students(released):
    """An empty class of a released course."""
    return Class(released)
