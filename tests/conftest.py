"""Fixtures for several packages: real images, a local web server, a course of two assignments."""

import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

UNIT = (
    "autograder/collect/test_archives.py",
    "autograder/course",
    "autograder/notebooks",
    "autograder/release/test_solution_regions.py",
    "autograder/test_progress.py",
    "autograder/test_regular_files.py",
    "cs231n",
    "datasets",
    "test_readability.py",
    "test_structure.py",
)
"""Tests, relative to this folder, that need no process, no nbgrader and no sandbox."""
NOT_UNIT = (
    "cs231n/check/process",
    "cs231n/check/test_check.py",
    "cs231n/commands",
)
"""What among them does need one, besides the tests that are marked with `process`."""
FOLDER = Path(__file__).parent


def _is_unit(path):
    name = path.relative_to(FOLDER).as_posix()
    return name.startswith(UNIT) and not name.startswith(NOT_UNIT)


def pytest_ignore_collect(collection_path, config):
    """Do not even import other tests for `make check`: nbgrader alone takes seconds to load."""
    if config.option.markexpr == "unit" and collection_path.name.startswith("test_"):
        return not _is_unit(collection_path) or None
    return None


def pytest_collection_modifyitems(items):
    """Mark what belongs to the inner loop, `make check`."""
    for item in items:
        is_marked = item.get_closest_marker("slow") or item.get_closest_marker("process")
        if _is_unit(item.path) and not is_marked:
            item.add_marker(pytest.mark.unit)


@pytest.fixture(autouse=True)
def no_process(request, monkeypatch):
    """Hold tests of the inner loop to what it promises."""
    if request.node.get_closest_marker("unit"):

        def refuse(*args, **options):
            raise AssertionError("a test of `make check` starts a process; mark it with `process`")

        monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
        monkeypatch.setattr(os, "fork", refuse, raising=False)


@pytest.fixture
def real_data():
    """The folder with real CIFAR-10 and MNIST images; skips where CS231N_DATA_DIR names none."""
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
        After how many bytes of the body the next connections are cut; later ones are whole.
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


@pytest.fixture(scope="session")
def two_assignments_once(tmp_path_factory):
    made = {}

    def make(earlier):
        if earlier not in made:
            from two_assignments import release_two_assignments  # nbgrader takes seconds to load

            made[earlier] = tmp_path_factory.mktemp("two") / "course"
            release_two_assignments(made[earlier], earlier)
        return made[earlier]

    return make


@pytest.fixture
def two_assignments(two_assignments_once, tmp_path):
    """Copy a released course of two assignments that meet in one module: takes ``earlier``."""
    from autograder.course.manifest import Course

    def copy(earlier):
        return Course.open(shutil.copytree(two_assignments_once(earlier), tmp_path / "two"))

    return copy
