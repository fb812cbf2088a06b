"""Fixtures that several packages need: real images, a web server on this machine, and a course of two assignments."""

import os
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.course_setup import set_up
from autograder.course.manifest import Course
from autograder.release.kit import release

TWO_ASSIGNMENTS = {
    "first": ("affine_forward", "batchnorm_forward"),
    "second": ("spatial_batchnorm_forward", "ThreeLayerConvNet"),
}


@pytest.fixture
def real_data():
    """The folder with real CIFAR-10 and MNIST images; the test skips where CS231N_DATA_DIR names none."""
    folder = os.environ.get("CS231N_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real images: set CS231N_DATA_DIR to a folder with CIFAR-10 and MNIST")
    return Path(folder)


class FileServer:
    """A web server on 127.0.0.1 that serves `files` and can misbehave.

    Attributes
    ----------
    files : dict
        Path to bytes.
    ranges : bool
        Whether it heeds the Range header.
    shifted : bool
        Whether it answers a Range header with another range than the one asked for.
    cuts : list of int
        After how many bytes of the body the next connections are cut; the ones after them are whole.
    asked : list
        The Range header, or None, of every request so far.
    """

    def __init__(self):
        self.files, self.ranges, self.shifted, self.cuts, self.asked = {}, True, False, [], []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def answer(self, request):
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        body = self.files.get(request.path)
        if body is None:
            request.send_error(404)
            return
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted and self.ranges else 0
        if start and start >= len(body):
            request.send_error(416)
            return
        start -= 1 if start and self.shifted else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.send_header("Content-Length", str(len(body) - start))
        request.end_headers()
        end = start + self.cuts.pop(0) if self.cuts else len(body)
        request.wfile.write(body[start:end])

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def file_server():
    server = FileServer()
    yield server
    server.close()


def _check_cell(exercise):
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


def _two_assignments(root, earlier):
    tables = []
    for name, exercises in TWO_ASSIGNMENTS.items():
        (root / "source" / name).mkdir(parents=True)
        cells = [new_markdown_cell(f"# The {name}", id="title"), *map(_check_cell, exercises)]
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


@pytest.fixture(scope="session")
def two_assignments_once(tmp_path_factory):
    made = {}

    def make(earlier):
        if earlier not in made:
            made[earlier] = tmp_path_factory.mktemp("two") / "course"
            _two_assignments(made[earlier], earlier)
        return made[earlier]

    return make


@pytest.fixture
def two_assignments(two_assignments_once, tmp_path):
    """Copy a course of a first and a second assignment, released, which meet in one module: takes ``earlier``."""
    return lambda earlier: Course.open(
        shutil.copytree(two_assignments_once(earlier), tmp_path / "two")
    )
