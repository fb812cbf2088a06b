"""What notebooks print and draw in the sandbox arrives as text and pixels, and nothing else."""

import base64
import io
import json

import nbformat
import numpy as np
import pytest
from cell_outputs import SHOW, pictures, text
from nbformat.v4 import new_code_cell
from PIL import Image

from autograder.evidence import outputs as evidence
from autograder.feedback.generate import generate_feedback


def test_only_text_and_png_pictures_come_out(ran):
    found = ran(
        "from IPython.display import HTML, SVG, Javascript, Markdown, display\n"
        "display(HTML('<script>alert(1)</script>'))\n"
        'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(2)"/>\'))\n'
        "display(Javascript('alert(3)'), Markdown('[x](javascript:alert(4))'))\n"
        "data = {'image/svg+xml': '<svg/>', 'text/html': '<b>', 'application/pdf': 'x'}\n"
        "display(data, raw=True)",
        "print('\\x1b]0;title\\x07\\x1b[31mred\\u202e')",
        "from IPython.display import display\nimport base64\n"
        "from PIL import Image, PngImagePlugin\nimport io\n"
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
        + "for _ in range(5):\n"
        + "    fig, ax = plt.subplots(figsize=(1, 1))\n    show(fig, alt='One.')"
    )
    found = ran(
        *[many] * 6,
        SHOW
        + "import numpy as np\nplt.imsave('x.png', np.zeros((3000, 3000)))\n"
        + "from IPython.display import Image\nImage('x.png')",
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


def test_check_cells_are_left_to_the_judge(ran):
    assert not any(name.startswith("check-") for name in ran("1"))


def test_the_feedback_page_shows_the_pictures_of_this_hand_in_alone(students, ran):
    path = students.course.release_folder("assignment2") / "fully_connected_nets.ipynb"
    notebook = students.kit_notebook()
    source = (
        SHOW
        + "fig, ax = plt.subplots(figsize=(1, 1))\nshow(fig, alt='A small <figure>.')\n"
        + "print('<script>alert(1)</script>')"
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
