"""Grading is killed, interrupted or out of disk: the next run ends with the same gradebook."""

import contextlib
import difflib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.reference.package_files import package_files
from autograder.reference.submission import write_submission

pytestmark = pytest.mark.slow
AFFINE = "cs231n/layers/affine.py"
STUDENTS, KILLS = 10, 20


@pytest.fixture
def filled(students):
    """A class that is large enough for judging processes; every third hand-in has a mistake."""
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
    return students


def start(root, *options):
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
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(process):
    out, errors = process.communicate(timeout=600)
    return process.returncode, out + errors


def state(root):
    """All rows of the gradebook (its file also has holes), verdicts and autograded notebooks."""
    connection = sqlite3.connect(root / "gradebook.db")
    rows = sorted(connection.iterdump())
    connection.close()
    files = [
        p
        for part in ("autograded", "verdicts")
        for p in (root / part).rglob("[!.]*")
        if p.is_file()
    ]
    return rows, {path.relative_to(root): path.read_bytes() for path in files}


def differing(found, expected):
    """list of str : rows and files that are not the same, and where."""
    wrong = sorted(set(found[0]) ^ set(expected[0]))
    for path in sorted({*found[1], *expected[1]}):
        one, other = (
            files.get(path, b"").decode().splitlines() for files in (found[1], expected[1])
        )
        wrong += [f"{path}: {line}" for line in difflib.unified_diff(one, other, n=0, lineterm="")]
    return wrong


def undisturbed(root):
    """What a run gives that nobody disturbs, and how long it takes."""
    copy, began = root.parent / "undisturbed", time.monotonic()
    shutil.copytree(root, copy)
    code, text = finish(start(copy))
    assert code == 0, text
    return state(copy), time.monotonic() - began


def descendants(pid):
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(entry.name)] = int(
                (entry / "stat").read_text().rpartition(")")[2].split()[1]
            )
    below, level = [], {pid}
    while level:
        below += sorted(level)
        level = {child for child, parent in parents.items() if parent in level}
    return below


def alive(pids):
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            found += [pid] * (
                Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
            )
    return found


def is_over(pids):
    for _ in range(600):
        if not alive(pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc")
def test_any_process_may_be_killed_at_any_moment(filled):
    root = filled.course.root
    expected, seconds = undisturbed(root)
    generator, killed, mains = random.Random(231), 0, 0
    for _ in range(KILLS):
        process = start(root, "--force")
        time.sleep(generator.uniform(0.05, 0.9) * seconds)
        family = descendants(process.pid)
        # Half the time the main process, else any: a judge, a sandbox, the reference, a hand-in.
        target = process.pid if generator.random() < 0.5 else generator.choice(family)
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
            killed += 1
        mains += target == process.pid
        code, text = finish(process)
        assert code in (0, 1, -signal.SIGKILL), text
        assert is_over(family)
    code, text = finish(start(root))
    assert code == 0, text
    assert killed >= 15 and 0 < mains < KILLS
    assert differing(state(root), expected) == []


@pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc")
def test_a_judging_process_may_be_killed_while_it_starts(filled):
    process, killed = start(filled.course.root), 0
    while process.poll() is None and killed < 1:
        for pid in descendants(process.pid)[1:]:
            with contextlib.suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
    code, text = finish(process)
    assert killed and code == 0, text
    assert f"{STUDENTS} judged" in text


def test_an_interrupted_class_goes_on_where_it_was(filled):
    root = filled.course.root
    expected, _ = undisturbed(root)
    process = start(root)
    while not list((root / "verdicts" / "assignment2").glob("s*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    family = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everybody at once
    code, text = finish(process)
    assert code == 130 and "run the same command again" in text and "Traceback" not in text
    assert is_over(family)
    before = len(list((root / "verdicts" / "assignment2").glob("s*.json")))
    code, text = finish(start(root))
    assert code == 0 and f"{STUDENTS - before} judged, {before} unchanged" in text
    assert differing(state(root), expected) == []


def test_a_run_that_is_interrupted_twice_ends_and_leaves_nothing_behind(
    filled, tmp_path, monkeypatch
):
    root, temporary = filled.course.root, tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    process = start(root)
    while not list((root / "verdicts" / "assignment2").glob("s*.json")):
        assert process.poll() is None
        time.sleep(0.05)
    family = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)  # while it waits for the judging processes, or is over
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    _, text = process.communicate(timeout=60)
    assert "run the same command again" in text and "InvalidStateError" not in text
    assert is_over(family) and list(temporary.glob("cs231n-[gjrs]*")) == []


def test_a_full_disk_gets_one_clear_line_and_loses_nothing(filled, tmp_path):
    root = filled.course.root
    expected, _ = undisturbed(root)
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        small = Path(shutil.copytree(root, disk / "course"))
        codes = []
        for room in (0, 12 << 10, 64 << 10, 150 << 10):
            (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - room))
            code, text = finish(start(small))
            assert code in (0, 1) and "Traceback" not in text, text
            codes.append(code)
            (disk / "filler").unlink()
        assert codes[:2] == [1, 1]
        code, text = finish(start(small))
        assert code == 0, text
        found = state(small)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert differing(found, expected) == []


def test_a_hand_in_that_comes_and_goes_leaves_the_others_alone(filled):
    root = filled.course.root
    expected, _ = undisturbed(root)
    process = start(root)
    shutil.rmtree(root / "submitted" / "s9")
    code, text = finish(process)
    assert code == 0, text
    assert not (root / "verdicts" / "assignment2" / "s9.json").exists()
    shutil.copytree(root.parent / "undisturbed" / "submitted" / "s9", root / "submitted" / "s9")
    code, text = finish(start(root))
    assert code == 0, text
    assert differing(state(root), expected) == []
