"""The warm IPython in the sandbox: what it runs, and what it finds to send."""

import base64
import contextlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
from cell_outputs import SHOW, pictures, text
from nbformat.v4 import new_code_cell
from PIL import Image

from autograder.evidence import notebook_worker
from autograder.evidence.outputs import run_notebook
from autograder.grading.workspaces import WorkspacePool
from cs231n.fast.extensions import kernels


def png(color="red", size=(5, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


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


def test_a_cell_that_draws_too_much_says_so_and_the_next_one_is_shown(ran):
    draw = (
        "from IPython.display import display\nimport base64, io\n"
        "from PIL import Image\nfile = io.BytesIO()\n"
        "Image.new('RGB', (1990, 2000)).save(file, 'PNG')\n"
        "for _ in range(8):\n"
        "    display({'image/png': base64.b64encode(file.getvalue()).decode()}, raw=True)"
    )
    found = ran(draw, "print('still here')")
    assert "more than the 67,108,864 that may be sent" in text(found["cell0"])
    assert text(found["cell1"]) == "still here\n"


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


def test_a_notebook_sees_nothing_of_the_one_before_it(students, sandbox):
    folder = students.hand_in("ada")
    workspaces = WorkspacePool(students.course, students.assignment, sandbox, notebooks=True)
    pristine = students.kit_notebook()
    leave = (
        "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').write('secret')\n"
        "os.symlink('/kit', 'link')\nprint(sorted(os.listdir()))"
    )
    try:
        for expected in ("'a', 'link'", "'a', 'link'"):
            pristine.cells = [
                new_code_cell("import os\nprint(os.listdir())", id="look"),
                new_code_cell(leave, id="leave"),
            ]
            with workspaces.open_submission(folder) as worker:
                found = run_notebook(worker, folder / "none.ipynb", pristine)
            assert text(found["look"]) == "['weights']\n" and expected in text(found["leave"])
    finally:
        workspaces.close()


def test_a_picture_is_found_as_html_as_a_png_and_by_its_mark():
    encoded = base64.b64encode(png()).decode()
    page = f'<img alt="a &lt; b" src="data:image/png;base64,{encoded}">'
    held = SimpleNamespace(alt="held", pixels=np.zeros((2, 3, 4), np.uint8))
    find = notebook_worker._find_picture
    assert find({"text/html": page}, {}) == ("a < b", png())
    assert find({"image/png": encoded}, {}) == find({"image/png": png()}, {}) == ("", png())
    alt, pixels = find({"text/html": "picture 0"}, {"picture 0": held})
    assert alt == "held" and pixels.shape == (2, 3, 3)


@pytest.mark.parametrize(
    "data",
    [
        {"text/plain": "3"},
        {"text/html": "<b>bold</b>"},
        {"text/html": '<img alt="x" src="https://example.org/a.png">'},
        {"text/html": '<img alt="x" onerror="y" src="data:image/png;base64,AAAA">'},
        {"text/html": ["picture 0"]},
        {"image/svg+xml": "<svg/>"},
    ],
)
def test_nothing_else_is_a_picture(data):
    assert notebook_worker._find_picture(data, {}) is None


def test_pixels_of_a_png_are_red_green_and_blue():
    assert notebook_worker._pixels(png()).tolist() == [[[255, 0, 0]] * 5] * 4


def test_a_picture_that_is_too_large_is_not_decoded():
    with pytest.raises(ValueError, match="3000 x 2000 pixels is too large"):
        notebook_worker._pixels(png(size=(3000, 2000)))


def test_text_that_is_no_unicode_can_be_sent():
    assert notebook_worker._bytes("a\ud800b").tobytes() == b"a?b"
