"""A class under attack: what attackers hand in, how it is graded, and what must hold afterwards."""

import hashlib
import io
import json
import os
import shutil
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.collect.inbox import collect
from autograder.course.manifest import Course
from autograder.feedback.generate import generate_feedback
from autograder.gradebook.csv_export import print_csv, score_rows
from autograder.grading.run import grade
from autograder.grading.score_table import course_table
from autograder.reference.package_files import package_files

HONEST = "ada"
NOTEBOOK = "small.ipynb"
AFFINE = "cs231n/layers/affine.py"
ACTIVATIONS = "cs231n/layers/activations.py"
NET = "cs231n/classifiers/fc_net.py"
MODULES = (AFFINE, ACTIVATIONS, NET)
WEIGHTS = "weights/train_fully_connected.npz"
POINTS = {"affine_forward": 4, "affine_backward": 6, "relu_forward": 2, "TwoLayerNet": 10}

TRACE = "pwned"
COURSE = "@COURSE@"
PRIVATE = "what-ada-wrote-is-private"
SECRET_VARIABLE = "secret-of-the-environment"
MODEL_ANSWER = "What the model answer says"
ESSAY = f"An honest answer. {PRIVATE}"
ACTIVE_TAGS = frozenset("script svg iframe object embed base form input meta link style".split())
ACTIVE_SCHEMES = ("javascript:", "vbscript:", "data:text", "data:image/svg")
TRACE_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", str(Path.home()), str(Path.cwd()), "/")
HEADER = (
    "\nimport ctypes, errno, gc, json, os, signal, socket, struct, subprocess, sys, threading"
    "\nimport time, warnings\nimport numpy as np\n"
)


@dataclass(frozen=True)
class Attack:
    """What an attacker hands in.

    Parameters
    ----------
    files : dict of str -> bytes, str, callable or None
        What differs from an honest submission; None leaves a file out, a callable gets the honest
        files. `COURSE` in a text stands for the course folder.
    loses : tuple of str
        Exercises that must earn nothing.
    keeps : tuple of str
        Exercises that must earn everything.
    pack : callable, optional
        Makes the archive out of all files, where an ordinary zip is not meant.
    suffix : str
        Of the archive.
    refused : bool
        Whether collecting must refuse it.
    says : str
        What the report must say.
    """

    files: dict = field(default_factory=dict)
    loses: tuple = ()
    keeps: tuple = ("relu_forward",)
    pack: Callable | None = None
    suffix: str = ".zip"
    refused: bool = False
    says: str = ""


@cache
def source(name):
    """str : the reference's text of a module."""
    return package_files()[name].read_text(encoding="utf-8")


def indented(body):
    """str : the body of a function, one level in."""
    return textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"


def forward(body, says="", keeps=("affine_backward", "relu_forward", "TwoLayerNet")):
    """Attack : the reference, but for an `affine_forward` with this body, which earns nothing."""
    text = source(AFFINE) + HEADER + "\n\ndef affine_forward(x, w, b):\n" + indented(body)
    return Attack({AFFINE: text}, ("affine_forward",), keeps, says=says)


def imported(code, keeps=("relu_forward",), says=""):
    """Attack : code that runs on import, before functions that earn nothing by themselves."""
    text = HEADER + textwrap.dedent(code)
    text += "\n\ndef affine_forward(x, w, b):\n    return np.zeros((len(x), w.shape[1])), None\n"
    text += "\n\ndef affine_backward(dout, cache):\n    return 0, 0, 0\n"
    return Attack({AFFINE: text}, ("affine_forward", "affine_backward"), keeps, says=says)


def notebook(change, refused=False):
    """Attack : a notebook that `change(document)` made.

    The code is not handed in, so that nothing but points for the notebook could be gained.
    """
    document = json.loads(nbformat.writes(honest_notebook()))
    document = change(document) or document
    text = document if isinstance(document, (str, bytes)) else json.dumps(document)
    if refused:
        return Attack({NOTEBOOK: text}, tuple(POINTS), (), refused=True)
    return Attack({NOTEBOOK: text} | dict.fromkeys(MODULES), tuple(POINTS), ())


def refused_archive(pack=None, suffix=".zip", files=None):
    """Attack : an archive that collecting must refuse."""
    return Attack(files or {}, tuple(POINTS), (), pack, suffix, refused=True)


def nbgrader_marks(grade_id, **values):
    """dict : the metadata by which nbgrader knows a cell."""
    kinds = {"grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": grade_id} | kinds | values}


def honest_notebook(answer=ESSAY):
    """NotebookNode : the notebook of the small assignment, with this answer to its question."""
    cells = [new_markdown_cell("# Small", id="title")]
    for name, points in POINTS.items():
        marks = nbgrader_marks(name, grade=True, locked=True, points=points)
        cell_id = f"check-{name}".replace("_", "-")
        cells.append(new_code_cell(f'check("{name}")', id=cell_id, metadata=marks))
    marks = nbgrader_marks("essay", grade=True, solution=True, points=4)
    cells.append(new_markdown_cell(answer, id="essay", metadata=marks))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def zipped(files):
    """bytes : a zip archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@dataclass(frozen=True)
class ClassResult:
    """What became of a class of attackers and one honest student.

    Parameters
    ----------
    course : Course
    attackers : dict of str -> str
        Student -> name of the attack.
    attacks : dict of str -> Attack
    collection : Collection
    verdicts : dict of str -> Verdict
    html : dict of str -> str
        The feedback pages, by student.
    failed : dict
        Feedback that could not be made.
    csv, table : str
        The exported scores, and what `autograder grade` prints.
    kept : dict of str -> dict
        Digests of folders that grading must not change, before it.
    seed : str
        The secret seed before it.
    stray_processes : list of int
    sandboxes : int
        How many process namespaces were seen at work.
    """

    course: object
    attackers: dict
    attacks: dict
    collection: object
    verdicts: dict
    html: dict
    failed: dict
    csv: str
    table: str
    kept: dict
    seed: str
    stray_processes: list
    sandboxes: int

    def student(self, attack_name):
        """str : who makes this attack."""
        return {name: student for student, name in self.attackers.items()}[attack_name]

    def report(self, student):
        """str : everything that the verdict says about a student, as text."""
        if student not in self.verdicts:
            return ""
        return json.dumps(self.verdicts[student].exercises, default=vars)


def run_class(released, folder, sandbox, attacks, weights=None):
    """Let a class of attackers and one honest student be collected, graded and exported.

    Parameters
    ----------
    released : Path
        A released course, which is copied.
    folder : Path
        Where the copy goes.
    sandbox : Bubblewrap or Landlock
    attacks : dict of str -> Attack
    weights : bytes, optional
        Of the honest student, where the course has a training goal.

    Returns
    -------
    result : ClassResult
    """
    course = Course.open(shutil.copytree(released, folder / "course"))
    assignment = course.assignment("small")
    attackers = {f"eve{number}": name for number, name in enumerate(attacks)}
    _fill_inbox(course.root / "inbox" / "small", attackers, attacks, weights)
    kept = {part: digests(course.root / part) for part in ("source", "release", "inbox")}
    seed = (course.root / "secret_seed").read_text()
    with pytest.MonkeyPatch.context() as environment, ProcessWatch() as watch:
        environment.setenv("AUTOGRADER_SECRET", SECRET_VARIABLE)
        collection = collect(course, assignment)
        verdicts, _ = grade(course, assignment, sandbox)
    pages, failed = generate_feedback(course, assignment)
    html = {}
    for student, page in pages.items():
        html[student] = "".join(path.read_text() for path in page.glob("*.html"))
    table = io.StringIO()
    print_csv(score_rows(course, [assignment]), table)
    printed = course_table(course, assignment, verdicts)
    return ClassResult(
        course=course,
        attackers=attackers,
        attacks=attacks,
        collection=collection,
        verdicts=verdicts,
        html=html,
        failed=failed,
        csv=table.getvalue(),
        table=printed,
        kept=kept,
        seed=seed,
        stray_processes=watch.left(),
        sandboxes=len(watch.seen),
    )


def _fill_inbox(inbox, attackers, attacks, weights):
    inbox.mkdir(parents=True)
    honest = {name: source(name) for name in MODULES}
    honest[NOTEBOOK] = nbformat.writes(honest_notebook())
    if weights:
        honest[WEIGHTS] = weights
    (inbox / f"{HONEST}.zip").write_bytes(zipped(honest))
    for student, name in attackers.items():
        attack = attacks[name]
        files = {}
        for path, content in (honest | attack.files).items():
            content = content(honest) if callable(content) else content
            if isinstance(content, str):
                content = content.replace(COURSE, str(inbox.parents[1]))
            if content is not None:
                files[path] = content
        pack = attack.pack or zipped
        (inbox / f"{student}{attack.suffix}").write_bytes(pack(files))


class AttackedClass:
    """What must hold after a class was graded with attackers in it.

    A test class inherits from it and names its `attacks`; they are graded together, once. Its
    tests go to one process (``xdist_group``), which makes the class.
    """

    attacks: dict = {}
    with_goal = False

    @pytest.fixture(scope="class")
    @classmethod
    def result(cls, request, make_course, sandbox, tmp_path_factory):
        weights = request.getfixturevalue("weights") if cls.with_goal else None
        folder = tmp_path_factory.mktemp("class")
        return run_class(make_course(cls.with_goal), folder, sandbox, cls.attacks, weights)

    def test_attack_gains_what_it_deserves(self, result, attack):
        student = result.student(attack)
        assert complaint(result, student) == ""

    def test_attack_gets_nothing_out(self, result, attack):
        student = result.student(attack)
        text = result.report(student)
        secrets = (result.seed.strip()[:16], PRIVATE, SECRET_VARIABLE, MODEL_ANSWER)
        assert [secret for secret in secrets if secret in text] == []
        assert [mark for mark in ("\x1b", "\u202e") if mark in text] == []
        assert active_parts(result.html.get(student, "").partition("<body")[2]) == []

    def test_honest_student_gets_everything(self, result):
        exercises = result.verdicts[HONEST].exercises
        scores = {name: finding.score for name, finding in exercises.items()}
        assert scores == result.course.assignment("small").points, result.report(HONEST)

    def test_everybody_who_was_not_refused_gets_a_verdict_and_feedback(self, result):
        refused = {name for name, attack in self.attacks.items() if attack.refused}
        graded = {student for student, name in result.attackers.items() if name not in refused}
        assert set(result.verdicts) == {HONEST} | graded
        assert result.failed == {}
        assert ESSAY.split(".")[0] in result.html[HONEST]

    def test_sources_kit_inbox_and_seed_are_as_they_were(self, result):
        root = result.course.root
        assert {part: digests(root / part) for part in result.kept} == result.kept
        assert (root / "secret_seed").read_text() == result.seed

    def test_no_file_and_no_process_is_left(self, result):
        assert traces() == []
        assert list(result.course.root.rglob(f"*{TRACE}*")) == []
        assert result.sandboxes > 0
        assert result.stray_processes == []

    def test_tables_hold_no_escapes_and_no_formulas(self, result):
        assert "\x1b" not in result.table + result.csv
        assert [line for line in result.csv.splitlines() if line[:1] in "=+-@"] == []


def complaint(result, student):
    """str : what an attack got that it does not deserve, or lost that it does; "" if nothing."""
    attack = result.attacks[result.attackers[student]]
    receipt = result.collection.students.get(student)
    if attack.refused:
        is_refused = receipt is not None and receipt.status == "refused"
        return "" if is_refused and student not in result.verdicts else "not refused"
    if student not in result.verdicts:
        return f"no verdict; {receipt}"
    found = result.verdicts[student].exercises
    gained = [name for name in attack.loses if found[name].score]
    lost = [name for name in attack.keeps if found[name].score != found[name].max_score]
    is_silent = attack.says and not any(attack.says in f.text for f in found.values())
    if not gained and not lost and not is_silent:
        return ""
    texts = {name: finding.text for name, finding in found.items()}
    return f"gained {gained}, lost {lost}, silent {is_silent}: {texts}"


def active_parts(body):
    """list of str : what a browser would act on in a page; text that looks like it is only text."""
    reader = _ActiveParts()
    reader.feed(body)
    if "\x1b" in body:
        reader.found.append("a control character")
    return reader.found


class _ActiveParts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ACTIVE_TAGS:
            self.found.append(tag)
        for name, value in attributes:
            scheme = "".join((value or "").split()).lower()
            if name.startswith("on") or scheme.startswith(ACTIVE_SCHEMES):
                self.found.append(f"{tag} {name}={value}")


def digests(folder):
    """dict of Path -> str : digest of each file in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found[path.relative_to(folder)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def traces():
    """list of Path : what attackers have left outside of their sandboxes."""
    found = []
    for folder in map(Path, TRACE_FOLDERS):
        found += folder.glob(f"*{TRACE}*")
        found += folder.glob(f".*{TRACE}*")
    return found


class ProcessWatch:
    """Collects the PID namespaces of everything that is started below this process."""

    def __init__(self):
        self.seen = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def left(self):
        """Processes that still run in one of them, after a moment for the kernel to end them."""
        for _ in range(250):
            left = [pid for pid in _processes() if self._is_left(pid)]
            if not left:
                return []
            time.sleep(0.02)
        return left

    def _is_left(self, pid):
        return _namespace(pid) in self.seen and not _is_of_another_test(pid)

    def _look(self):
        own = _namespace(os.getpid())
        while not self._stop.wait(0.05):
            parents = {pid: _parent(pid) for pid in _processes()}
            below = set()
            level = {os.getpid()}
            while level:
                level = {pid for pid, parent in parents.items() if parent in level}
                below |= level
            self.seen |= {_namespace(pid) for pid in below} - {own, ""}


def _processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _is_of_another_test(pid):
    """Whether a process runs below a test process beside this one.

    Numbers of namespaces are given out again, so that one seen here may be another's by now.
    """
    above = set(_ancestors(os.getpid()))
    for parent in _ancestors(pid):
        if parent in (1, os.getpid()):
            return False
        if parent in above:
            return True
    return False


def _ancestors(pid):
    while pid > 1:
        pid = _parent(pid)
        yield pid


def _stat_fields(pid):
    """list of str : of ``/proc/PID/stat``, from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _parent(pid):
    try:
        return int(_stat_fields(pid)[1])
    except OSError:
        return 0


def _namespace(pid):
    try:
        if _stat_fields(pid)[0] in "ZX":
            return ""
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""
