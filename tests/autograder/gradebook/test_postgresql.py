"""The gradebook in PostgreSQL, as nbgrader's `db_url` names it: a real server, the same scores."""

import os
import shutil
import subprocess
import tempfile
from glob import glob
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course.verdicts import load_verdict
from autograder.gradebook.csv_export import score_rows
from autograder.gradebook.score_changes import compare_with_gradebook
from autograder.release.kit import release

pytestmark = pytest.mark.slow
NOBODY = 65534


def program(name):
    found = [*sorted(glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True), shutil.which(name)]
    if found[0] is None:
        pytest.skip("PostgreSQL is not installed (sudo apt install postgresql)")
    return found[0]


@pytest.fixture
def url():
    """Where the database of a server lies that listens on a socket in a folder of its own."""
    pytest.importorskip(
        "psycopg2",
        reason="SQLAlchemy reaches PostgreSQL through psycopg2: pip install psycopg2-binary",
    )
    initdb, control = program("initdb"), program("pg_ctl")
    user = []
    with tempfile.TemporaryDirectory(prefix="cs231n-postgresql-") as folder:
        if os.geteuid() == 0:  # the server refuses to run as root
            os.chown(folder, NOBODY, NOBODY)
            user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        data, silent = (
            Path(folder) / "data",
            {"stdout": subprocess.DEVNULL, "check": True, "cwd": "/"},
        )
        subprocess.run([*user, initdb, "-D", data, "-A", "trust", "-U", "grader"], **silent)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        subprocess.run(
            [*user, control, "-D", data, "-o", options, "-w", "-l", f"{folder}/log", "start"],
            **silent,
        )
        try:
            yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        finally:
            subprocess.run([*user, control, "-D", data, "-m", "fast", "-w", "stop"], **silent)


def test_postgresql_holds_the_same_gradebook_as_sqlite(students, url):
    for student, scores in {"ada": {}, "ben": {"adam": 2.5}, "cyd": {"svm_loss": 0}}.items():
        students.hand_in(student, answers={"written_saturated_scores": f"Answer of {student}."})
        students.judge(student, scores)
    students.record("ada", "ben", "cyd")
    expected = list(score_rows(students.course, [students.assignment]))
    settings = students.course.root / "nbgrader_config.py"
    settings.write_text(settings.read_text() + f'c.CourseDirectory.db_url = "{url}"\n')
    students.course.database.rename(students.course.root / "gradebook-of-sqlite.db")
    release(students.course, students.assignment)
    students.record("ada", "ben", "cyd")
    with Gradebook(url, students.course.id) as gradebook:
        grade = gradebook.find_grade("adam", "fully_connected_nets", "assignment2", "ben")
        assert grade.auto_score == 2.5
        grade.manual_score, grade.extra_credit = 3, 1
        gradebook.db.commit()
    assert (
        len(expected) > 30
        and [
            row for row in score_rows(students.course, [students.assignment]) if row not in expected
        ]
        != []
    )
    students.record("ada", "ben", "cyd")
    with Gradebook(url, students.course.id) as gradebook:
        assert gradebook.find_grade("adam", "fully_connected_nets", "assignment2", "ben").score == 4
        grade = gradebook.find_grade("adam", "fully_connected_nets", "assignment2", "ben")
        grade.manual_score = grade.extra_credit = None
        gradebook.db.commit()
    students.record("ada", "ben", "cyd")
    assert list(score_rows(students.course, [students.assignment])) == expected
    found = {
        s: load_verdict(students.course.verdicts("assignment2") / f"{s}.json")
        for s in ("ada", "ben", "cyd")
    }
    assert compare_with_gradebook(students.course, students.assignment, found) == []
    assert not students.course.database.exists()
