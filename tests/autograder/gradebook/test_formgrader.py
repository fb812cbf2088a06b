"""nbgrader's formgrader in a real Jupyter server, and a feedback page in a real browser."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request

import pytest

from autograder.feedback.generate import generate_feedback

pytestmark = pytest.mark.slow
ANSWER = "written_saturated_scores"


@pytest.fixture
def server(students, tmp_path):
    """A Jupyter server in the course folder; gives a function that gets a page."""
    students.hand_in("ada", answers={ANSWER: "Because <b onclick=alert(1)>of</b> *this*."})
    students.judge("ada", {"adam": 2.5})
    students.record("ada")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    folders = {
        name: str(tmp_path / name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    }
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        "--no-browser",
        f"--port={port}",
        "--port-retries=0",
        f"--IdentityProvider.token={token}",
        "--ServerApp.jpserver_extensions",
        "nbgrader.server_extensions.formgrader=True",
        "--allow-root",
    ]
    log = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(
        command,
        cwd=students.course.root,
        env=os.environ | folders | {"PATH": path},
        stdout=log,
        stderr=log,
    )

    def get(page):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/{page}", headers={"Authorization": f"token {token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()

    try:
        for _ in range(240):
            try:
                get("api/status")
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "server.log").read_text()
                time.sleep(0.25)
        yield get
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def test_the_formgrader_shows_the_submission(server, students):
    assert "formgrader" in server("formgrader/gradebook").lower()
    assignments = json.loads(server("formgrader/api/assignments"))
    assert [(a["name"], a["num_submissions"], a["max_score"]) for a in assignments] == [
        ("assignment2", 1, 81)
    ]
    submissions = json.loads(server("formgrader/api/submissions/assignment2"))
    assert [
        (s["student"], s["autograded"], s["score"], s["needs_manual_grade"]) for s in submissions
    ] == [("ada", True, 69.5, True)]
    notebooks = json.loads(
        server("formgrader/api/submitted_notebooks/assignment2/fully_connected_nets")
    )
    page = server(f"formgrader/submissions/{notebooks[0]['id']}/?index=0")
    assert "report on adam" in page and "2.5 of 6 points" in page
    assert "<b onclick" not in page and "&lt;b onclick=alert(1)&gt;" in page


def test_a_browser_runs_nothing_in_a_page_that_somebody_tampered_with(students, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("needs chromium")
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    pages, _ = generate_feedback(students.course, students.assignment)
    text = (pages["ada"] / "fully_connected_nets.html").read_text()
    attack = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\">"
    (tmp_path / "page.html").write_text(text.replace("</body>", attack + "</body>"))
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--dump-dom",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=2000",
        (tmp_path / "page.html").as_uri(),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    assert "<title>fully_connected_nets: 73 of 81 points</title>" in shown
