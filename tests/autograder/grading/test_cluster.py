"""Grading on a Dask cluster: of two workers one is lost midway, and the gradebook is the same."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission

distributed = pytest.importorskip(
    "distributed", reason='a cluster needs Dask: pip install "cs231n[cluster]"'
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="sandboxes are for POSIX"),
]
AFFINE = "cs231n/layers/affine.py"
STUDENTS = 10


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler, and the processes of its two workers."""
    environment = os.environ | {
        "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING": "False",
        "TMPDIR": str(tmp_path),
    }
    dask = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
    ]
    known = tmp_path / "scheduler.json"
    started = [_start([*dask, "--scheduler-file", str(known)], environment)]
    try:
        while not (known.is_file() and known.read_text().endswith("}")):
            assert started[0].poll() is None
            time.sleep(0.05)
        address = json.loads(known.read_text())["address"]
        command = [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--no-nanny",
        ]
        started += [
            _start([*command, "--local-directory", str(tmp_path / f"worker{k}")], environment)
            for k in range(2)
        ]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def _start(command, environment):
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )


def grade(root, *options):
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        "assignment2",
        "--course",
        str(root),
        "--allow-unisolated",
        *options,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def rows(root):
    connection = sqlite3.connect(root / "gradebook.db")
    found = sorted(connection.iterdump())
    connection.close()
    return found


def test_a_cluster_that_loses_a_worker_gives_the_same_gradebook(students, cluster):
    text = package_files()[AFFINE].read_text(encoding="utf-8")
    for k in range(STUDENTS):
        changed = (
            text.replace("db = dout.sum(axis=0)", f"db = {k} * dout.sum(axis=0)") if k % 3 else text
        )
        write_submission(
            students.course,
            students.assignment,
            students.course.submitted(f"s{k}", "assignment2"),
            {AFFINE: changed},
        )
    students.course.secret_seed()
    root, alone = students.course.root, students.course.root.parent / "alone"
    shutil.copytree(root, alone)
    undisturbed = grade(alone)
    assert undisturbed.communicate() and undisturbed.returncode == 0
    (address, workers), folder = cluster, root / "verdicts" / "assignment2"
    process = grade(root, "--scheduler", address)
    while not list(folder.glob("s*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    workers[0].send_signal(signal.SIGKILL)
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert f"{STUDENTS} judged" in out
    assert rows(root) == rows(alone)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
        p.name: p.read_bytes() for p in (alone / folder.relative_to(root)).iterdir()
    }


def test_a_scheduler_that_is_not_there_gets_one_clear_line(students):
    write_submission(
        students.course, students.assignment, students.course.submitted("ada", "assignment2")
    )
    process = grade(students.course.root, "--scheduler", "tcp://127.0.0.1:9")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 1 and "Traceback" not in errors and "tcp://127.0.0.1:9" in errors
