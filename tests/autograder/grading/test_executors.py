"""Judging jobs: whose course they are about, and what killed processes leave behind."""

import os
import sys
import tempfile
import threading

import pytest

from autograder.errors import UserError
from autograder.grading import executors as pool
from autograder.sandbox.find import find_sandbox


@pytest.fixture(scope="module")
def sandbox():
    return find_sandbox(allow_unisolated=True)


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_folders_of_runs_that_were_killed_are_removed_by_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stays, killed, elsewhere = (
        tmp_path / name for name in ("cs231n-grade-new", "cs231n-grade-old", "elsewhere")
    )
    for folder in (stays, killed, elsewhere):
        folder.mkdir()
        (folder / "kept").touch()
    (killed / "running").touch()
    (tmp_path / "cs231n-grade-link").symlink_to(elsewhere)
    (elsewhere / "running").touch()
    with pool.process_executor(1) as running:
        folders = {path.name for path in tmp_path.iterdir()}
        with pool.process_executor(1):
            assert folders < {path.name for path in tmp_path.iterdir()}
        assert running.submit(os.getpid).result() != os.getpid()
    assert {path.name for path in tmp_path.iterdir()} == {
        "cs231n-grade-new",
        "elsewhere",
        "cs231n-grade-link",
    }
    assert (elsewhere / "kept").exists()


def test_another_kit_on_another_machine_is_refused(students, sandbox):
    job = pool.JudgingJob(
        str(students.course.root), "assignment2", ("kit", "exercises"), True, False
    )
    with pytest.raises(UserError, match="is not the same there"):
        pool.run_job(job, "ada")
    assert threading.active_count() < 50
