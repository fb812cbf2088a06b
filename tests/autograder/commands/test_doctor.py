"""``autograder doctor`` as it is typed."""

from autograder.doctor.examine import Attempt, Report


def told(monkeypatch, run, isolation, gained):
    attempt = Attempt("read a file", gained, "" if gained else "OSError: no")
    report = Report(isolation, (attempt,), ("Some advice.",))
    monkeypatch.setattr("autograder.doctor.examine.examine", lambda: report)
    code, out, _ = run("doctor")
    return code, out.splitlines()


def test_a_sandbox_that_holds_exits_0(monkeypatch, run):
    code, lines = told(monkeypatch, run, "bubblewrap", "")
    assert code == 0 and lines[0] == "Sandbox: bubblewrap"
    assert lines[3].split() == ["read", "a", "file", "nothing", "OSError:", "no"]
    assert lines[-2:] == [
        "Some advice.",
        "Submissions are isolated: none of this gained anything.",
    ]


def test_a_sandbox_that_leaks_exits_1(monkeypatch, run):
    code, lines = told(monkeypatch, run, "bubblewrap", "read 3 characters")
    assert code == 1 and "GAINED   read 3 characters" in lines[3]
    assert lines[-1].startswith("The sandbox leaks")


def test_no_sandbox_exits_1(monkeypatch, run):
    code, lines = told(monkeypatch, run, "unisolated", "read 3 characters")
    assert code == 1 and "--allow-unisolated" in lines[-1]
