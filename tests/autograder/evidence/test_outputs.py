"""Notebooks of a hand-in run in the sandbox: what they print and draw arrives as text and pixels, and nothing else does."""

import base64
import contextlib
import io
import json

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell
from PIL import Image

from autograder.evidence import outputs as evidence
from autograder.feedback.generate import generate_feedback
from autograder.grading.workspaces import WorkspacePool
from autograder.sandbox.find import find_sandbox
from cs231n.fast.extensions import kernels

SHOW = "from cs231n.vis_utils import show\nimport matplotlib.pyplot as plt\n"


@pytest.fixture(scope="module")
def sandbox():
    sandbox = find_sandbox(allow_unisolated=True)
    if not hasattr(sandbox, "notebook_command"):
        pytest.skip("notebooks run in bubblewrap alone")
    return sandbox


@pytest.fixture
def ran(students, sandbox):
    """Run cells as a notebook of a student, and return their outputs."""

    def run(*sources, cells=None):
        pristine = students.kit_notebook()
        pristine.cells += cells or [
            new_code_cell(source, id=f"cell{k}") for k, source in enumerate(sources)
        ]
        folder = students.hand_in("ada")
        workspaces = WorkspacePool(students.course, students.assignment, sandbox, notebooks=True)
        try:
            with workspaces.open_submission(folder) as worker:
                return evidence.run_notebook(
                    worker, folder / "fully_connected_nets.ipynb", pristine
                )
        finally:
            workspaces.close()

    return run


def text(outputs):
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def pictures(outputs):
    return [output for output in outputs if output["output_type"] == "display_data"]


def test_text_figures_and_errors_of_cells_arrive(ran):
    found = ran(
        "x = 3\nprint('x is', x)",
        "x + 1",
        SHOW
        + "fig, ax = plt.subplots()\nax.plot([1, 2])\nshow(fig, alt='A \"line\" that <rises>.')",
        "raise ValueError('stop')",
        "%matplotlib inline\nplt.plot([1])",
        "print('still here', x)",
    )
    assert text(found["cell0"]) == "x is 3\n" and text(found["cell1"]).endswith("4\n")
    (picture,) = pictures(found["cell2"])
    assert picture["metadata"] == {"image/png": {"alt": 'A "line" that <rises>.'}}
    image = Image.open(io.BytesIO(base64.b64decode(picture["data"]["image/png"])))
    assert image.format == "PNG" and image.width > 100 and len(set(np.asarray(image).ravel())) > 5
    assert "ValueError: stop" in text(found["cell3"]) and len(pictures(found["cell4"])) == 1
    assert text(found["cell5"]) == "still here 3\n"


def test_only_text_and_png_pictures_come_out(ran):
    found = ran(
        "from IPython.display import HTML, SVG, Javascript, Markdown, display\n"
        "display(HTML('<script>alert(1)</script>'), SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(2)\"/>'))\n"
        "display(Javascript('alert(3)'), Markdown('[x](javascript:alert(4))'))\n"
        "display({'image/svg+xml': '<svg/>', 'text/html': '<b>', 'application/pdf': 'x'}, raw=True)",
        "print('\\x1b]0;title\\x07\\x1b[31mred\\u202e')",
        "from IPython.display import display\nimport base64\nfrom PIL import Image, PngImagePlugin\nimport io\n"
        "extra = PngImagePlugin.PngInfo()\nextra.add_text('Comment', '<script>alert(5)</script>')\n"
        "file = io.BytesIO()\nImage.new('RGB', (5, 4), 'red').save(file, 'PNG', pnginfo=extra)\n"
        "display({'image/png': base64.b64encode(file.getvalue()).decode()}, raw=True)",
    )
    outputs = [output for cell in found.values() for output in cell]
    assert {kind for output in pictures(outputs) for kind in output["data"]} <= {
        "image/png",
        "text/plain",
    }
    assert "alert" not in json.dumps(outputs) and text(found["cell1"]) == "red\n"
    png = base64.b64decode(pictures(found["cell2"])[0]["data"]["image/png"])
    assert (
        b"alert" not in png
        and np.asarray(Image.open(io.BytesIO(png))).tolist() == [[[255, 0, 0]] * 5] * 4
    )


def test_a_cell_that_draws_too_much_says_so_and_the_next_one_is_shown(ran):
    draw = (
        "from IPython.display import display\nimport base64, io\nfrom PIL import Image\nfile = io.BytesIO()\n"
        "Image.new('RGB', (1990, 2000)).save(file, 'PNG')\n"
        "for _ in range(8):\n    display({'image/png': base64.b64encode(file.getvalue()).decode()}, raw=True)"
    )
    found = ran(draw, "print('still here')")
    assert "more than the 67,108,864 that may be sent" in text(found["cell0"])
    assert text(found["cell1"]) == "still here\n"


@pytest.mark.parametrize(
    "lie",
    [
        {"text": np.ones(3)},
        {"text": np.full(10, 255, np.uint8)},
        {"pixels 0": np.ones((4, 4, 3))},
        {"pixels 0": np.zeros((0, 4, 3), np.uint8)},
        {"pixels 0": np.zeros((4, 4), np.uint8)},
        {"pixels 0": np.zeros((4, 4, 3), np.uint8), "alt 0": np.ones((2, 2))},
        {"pixels 7": np.ones(1)},
        {"pixels 0": np.zeros((2001, 2000, 3), np.uint8)},
    ],
)
def test_arrays_that_lie_do_no_harm(lie):
    outputs = evidence._outputs(lie, 8)
    assert all(
        output["output_type"] == "stream" or output["data"]["image/png"] for output in outputs
    )
    assert len(pictures(outputs)) == ("alt 0" in lie)


def test_pictures_are_counted_and_sized(ran):
    many = (
        SHOW
        + "for _ in range(5):\n    fig, ax = plt.subplots(figsize=(1, 1))\n    show(fig, alt='One.')"
    )
    found = ran(
        *[many] * 6,
        SHOW
        + "import numpy as np\nplt.imsave('x.png', np.zeros((3000, 3000)))\nfrom IPython.display import Image\nImage('x.png')",
    )
    assert sum(len(pictures(outputs)) for outputs in found.values()) == evidence.MAX_IMAGES
    assert not pictures(found["cell6"])


def test_a_notebook_that_dies_keeps_what_it_said_before(ran):
    found = ran("print('before')", "import os\nos._exit(0)", "print('after')")
    assert (
        text(found["cell0"]) == "before\n"
        and "stopped here" in text(found["cell1"])
        and "cell2" not in found
    )


def test_pictures_that_are_drawn_ahead_are_the_same_and_belong_to_one_notebook(ran):
    source = """
from hashlib import sha256
from cs231n.data_utils import load_dataset
for options in ({}, {"num_training": 700, "num_test": 1100}, {"seed": 3}):
    data = load_dataset("shapes10", subtract_mean=False, **options)
    print(sha256(b"".join(data[key].tobytes() for key in sorted(data))).hexdigest())
    data["X_train"][:] = data["y_train"][:] = 0
"""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(source, {})
    found = ran(source, source)
    assert text(found["cell0"]) == text(found["cell1"]) == told.getvalue()


def test_notebooks_run_on_compiled_kernels_where_there_are_some(ran):
    found = ran("from cs231n.fast.extensions import kernels\nprint(kernels() is not None)")
    assert text(found["cell0"]) == f"{kernels() is not None}\n"


def test_kernels_that_were_built_from_another_header_stay_out(ran, students):
    header = (
        students.course.release_folder(students.assignment.name)
        / "cs231n"
        / "fast"
        / "kernels"
        / "pool.h"
    )
    before = header.read_text()
    header.chmod(0o644)
    header.write_text(f"{before}\n")
    try:
        found = ran("from cs231n.fast.extensions import kernels\nprint(kernels())")
    finally:
        header.write_text(before)
    assert text(found["cell0"]) == "None\n"


def test_check_cells_are_left_to_the_judge(ran):
    assert not any(name.startswith("check-") for name in ran("1"))


def test_a_notebook_sees_nothing_of_the_one_before_it(students, sandbox):
    folder, workspaces = (
        students.hand_in("ada"),
        WorkspacePool(students.course, students.assignment, sandbox, notebooks=True),
    )
    pristine = students.kit_notebook()
    leave = "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').write('secret')\nos.symlink('/kit', 'link')\nprint(sorted(os.listdir()))"
    try:
        for expected in ("'a', 'link'", "'a', 'link'"):
            pristine.cells = [
                new_code_cell("import os\nprint(os.listdir())", id="look"),
                new_code_cell(leave, id="leave"),
            ]
            with workspaces.open_submission(folder) as worker:
                found = evidence.run_notebook(worker, folder / "none.ipynb", pristine)
            assert text(found["look"]) == "['weights']\n" and expected in text(found["leave"])
    finally:
        workspaces.close()


def test_the_feedback_page_shows_the_pictures_of_this_hand_in_alone(students, ran):
    path = students.course.release_folder("assignment2") / "fully_connected_nets.ipynb"
    notebook = students.kit_notebook()
    source = (
        SHOW
        + "fig, ax = plt.subplots(figsize=(1, 1))\nshow(fig, alt='A small <figure>.')\nprint('<script>alert(1)</script>')"
    )
    notebook.cells.append(new_code_cell(source, id="cell0"))
    path.chmod(0o644)
    nbformat.write(notebook, path)
    outputs = {"fully_connected_nets": ran(cells=[notebook.cells[-1]])}
    students.judge("ada")
    digest = evidence.submission_digest(students.course, students.assignment, "ada")
    evidence.save_evidence(students.course.evidence("assignment2") / "ada.json", digest, outputs)
    students.record("ada")
    pages, failed = generate_feedback(students.course, students.assignment)
    assert not failed
    html = (pages["ada"] / "fully_connected_nets.html").read_text()
    assert (
        html.count('src="data:image/png;base64,') == 1 and 'alt="A small &lt;figure&gt;."' in html
    )
    assert "<script" not in html
    (students.course.submitted("ada", "assignment2") / "fully_connected_nets.ipynb").write_text(
        "{}"
    )
    students.judge("ada")
    students.record("ada")
    pages, _ = generate_feedback(students.course, students.assignment)
    assert "<img" not in (pages["ada"] / "fully_connected_nets.html").read_text()
