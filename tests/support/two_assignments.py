"""A course of two assignments that meet in one module, for tests of carrying work between them."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.course_setup import set_up
from autograder.release.kit import release

TWO_ASSIGNMENTS = {
    "first": ("affine_forward", "batchnorm_forward"),
    "second": ("spatial_batchnorm_forward", "ThreeLayerConvNet"),
}


def check_cell(exercise):
    marks = {
        "schema_version": 3,
        "grade_id": exercise,
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
    }
    return new_code_cell(
        f'check("{exercise}")', id=exercise.lower(), metadata={"nbgrader": marks | {"points": 4}}
    )


def release_two_assignments(root, earlier):
    """Set up a course of a first and a second assignment in ``root`` and release both."""
    tables = []
    for name, exercises in TWO_ASSIGNMENTS.items():
        (root / "source" / name).mkdir(parents=True)
        cells = [new_markdown_cell(f"# The {name}", id="title"), *map(check_cell, exercises)]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, root / "source" / name / f"{name}_notebook.ipynb")
        points = "".join(f"{exercise} = 4\n" for exercise in exercises)
        tables.append(
            f'[assignments.{name}]\nnotebooks = ["{name}_notebook"]\nearlier = "{earlier}"\n'
            f"[assignments.{name}.points]\n{points}"
        )
    (root / "source" / "course.toml").write_text("\n".join(tables))
    course, _ = set_up(root)
    for assignment in course.assignments.values():
        release(course, assignment)
