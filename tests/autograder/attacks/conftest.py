"""A class under attack: attackers and one honest student go through collect, grade, feedback and export together."""

import hashlib
import io
import json
import os
import shutil
import threading
import time
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.course_setup import set_up
from autograder.collect.inbox import collect
from autograder.course.manifest import Course
from autograder.errors import UserError
from autograder.feedback.generate import generate_feedback
from autograder.gradebook.csv_export import score_rows, write_csv
from autograder.grading.run import grade
from autograder.grading.score_table import course_table
from autograder.reference.package_files import package_files
from autograder.release.kit import release
from autograder.sandbox.find import find_sandbox

HONEST, NOTEBOOK = "ada", "small.ipynb"
AFFINE, ACTIVATIONS, NET = (
    "cs231n/layers/affine.py",
    "cs231n/layers/activations.py",
    "cs231n/classifiers/fc_net.py",
)
WEIGHTS = "weights/train_fully_connected.npz"
PRIVATE = "what-ada-wrote-is-private"
TRACE = "pwned"
MANIFEST = """
[course]
id = "cs231n"
[limits]
seconds = {seconds}
submission_seconds = {all_seconds}
cpu_seconds = 2
memory_mb = 1024
disk_mb = 32
answer_mb = 8
output_mb = 1
hand_in_mb = 8
[assignments.small]
title = "Small"
notebooks = ["small"]
[assignments.small.points]
affine_forward = 4
affine_backward = 6
relu_forward = 2
TwoLayerNet = 10
{goal}
[assignments.small.written]
essay = 4
"""
POINTS = {"affine_forward": 4, "affine_backward": 6, "relu_forward": 2, "TwoLayerNet": 10}
ACTIVE = {
    "script",
    "svg",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "input",
    "meta",
    "link",
    "style",
}
ESSAY = f"An honest answer. {PRIVATE}"


@dataclass(frozen=True)
class Attack:
    """What an attacker hands in.

    Parameters
    ----------
    files : dict of str -> bytes, str or None
        What differs from an honest hand-in; None leaves a file out.
    loses : tuple of str
        Exercises that must earn nothing.
    keeps : tuple of str
        Exercises that must earn everything.
    pack : callable, optional
        Makes the archive out of all files, where an ordinary zip is not meant.
    suffix : str
        Of the archive.
    refused : bool
        Whether the intake must refuse it.
    says : str
        What the report must say.
    """

    files: dict = field(default_factory=dict)
    loses: tuple = ()
    keeps: tuple = ("relu_forward",)
    pack: object = None
    suffix: str = ".zip"
    refused: bool = False
    says: str = ""


def source(name):
    return package_files()[name].read_text(encoding="utf-8")


def indented(body):
    import textwrap

    return textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"


HEADER = "\nimport ctypes, errno, gc, json, os, signal, socket, struct, subprocess, sys, threading, time, warnings\nimport numpy as np\n"


class Attacks:
    """Ways to write an attack; tests get this class through the fixture `attacks`."""

    Attack = Attack
    AFFINE, ACTIVATIONS, NET, WEIGHTS, NOTEBOOK, TRACE = (
        AFFINE,
        ACTIVATIONS,
        NET,
        WEIGHTS,
        NOTEBOOK,
        TRACE,
    )
    source = staticmethod(source)

    @staticmethod
    def forward(body, says="", keeps=("affine_backward", "relu_forward", "TwoLayerNet")):
        """The reference, but for an `affine_forward` with this body, which earns nothing."""
        text = source(AFFINE) + HEADER + "\n\ndef affine_forward(x, w, b):\n" + indented(body)
        return Attack({AFFINE: text}, ("affine_forward",), keeps, says=says)

    @staticmethod
    def imported(code, keeps=("relu_forward",), says=""):
        """Code that runs on import, before functions that earn nothing by themselves."""
        import textwrap

        text = HEADER + textwrap.dedent(code)
        text += (
            "\n\ndef affine_forward(x, w, b):\n    return np.zeros((len(x), w.shape[1])), None\n"
        )
        text += "\n\ndef affine_backward(dout, cache):\n    return 0, 0, 0\n"
        return Attack({AFFINE: text}, ("affine_forward", "affine_backward"), keeps, says=says)

    @staticmethod
    def notebook(change, **options):
        """A notebook that `change(document)` made; the code is not there, so that nothing but points for it is lost."""
        document = json.loads(nbformat.writes(honest_notebook()))
        document = change(document) or document
        text = document if isinstance(document, (str, bytes)) else json.dumps(document)
        empty = dict.fromkeys((AFFINE, ACTIVATIONS, NET))
        if options.get("refused"):
            return Attack({NOTEBOOK: text}, tuple(POINTS), (), refused=True)
        return Attack({NOTEBOOK: text} | empty, tuple(POINTS), ())

    @staticmethod
    def refused(pack=None, suffix=".zip", **files):
        return Attack(files, tuple(POINTS), (), pack, suffix, refused=True)


def honest_notebook(answer=ESSAY):
    def marks(grade_id, **values):
        kinds = {"grade": False, "solution": False, "locked": False, "task": False}
        return {"nbgrader": {"schema_version": 3, "grade_id": grade_id} | kinds | values}

    cells = [new_markdown_cell("# Small", id="title")]
    cells += [
        new_code_cell(
            f'check("{name}")',
            id=f"check-{name}".replace("_", "-"),
            metadata=marks(name, grade=True, locked=True, points=points),
        )
        for name, points in POINTS.items()
    ]
    cells.append(
        new_markdown_cell(
            answer, id="essay", metadata=marks("essay", grade=True, solution=True, points=4)
        )
    )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def sandbox():
    try:
        return find_sandbox()
    except UserError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def make_course(tmp_path_factory):
    """A released course, with a training goal or without."""
    made = {}

    def make(goal):
        if goal not in made:
            root = tmp_path_factory.mktemp("attacked") / "course"
            (root / "source" / "small").mkdir(parents=True)
            # On a busy machine everybody gets more time, so that only what hangs runs out of it.
            busy = max(1, os.getloadavg()[0] / os.cpu_count())
            manifest = MANIFEST.format(
                goal="train_fully_connected = 10" if goal else "",
                seconds=8 * busy,
                all_seconds=300 * busy,
            )
            (root / "source" / "course.toml").write_text(manifest)
            notebook = honest_notebook("### BEGIN SOLUTION\nThe model answer.\n### END SOLUTION")
            if goal:
                cell = notebook.cells[1].copy()
                cell["id"], cell["source"] = "goal", 'check("train_fully_connected")'
                marks = cell["metadata"]["nbgrader"] | {
                    "grade_id": "train_fully_connected",
                    "points": 10,
                }
                cell["metadata"] = nbformat.from_dict({"nbgrader": marks})
                notebook.cells.append(cell)
            nbformat.write(notebook, root / "source" / "small" / NOTEBOOK)
            course, _ = set_up(root)
            release(course, course.assignment("small"))
            made[goal] = root
        return made[goal]

    return make


@pytest.fixture(scope="session")
def pristine():
    """The notebook as students get it."""
    return honest_notebook("*Your answer here.*")


@pytest.fixture(scope="session")
def attacks():
    return Attacks


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """Weights that reach the training goal, made with the reference."""
    from cs231n.checkpoint import save_params
    from cs231n.classifiers import FullyConnectedNet
    from cs231n.data_utils import load_dataset
    from cs231n.solver import Solver

    data = load_dataset("shapes10", seed=1)
    model = FullyConnectedNet(
        [100],
        input_dim=int(np.prod(data["X_train"].shape[1:])),
        weight_scale=5e-3,
        reg=1e-3,
        seed=1,
    )
    Solver(
        model,
        data,
        update_rule="adam",
        optim_config={"learning_rate": 5e-4},
        lr_decay=0.9,
        num_epochs=20,
        batch_size=100,
        verbose=False,
        seed=0,
    ).train()
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    save_params(path, model.params)
    return path.read_bytes()


class Watch:
    """Collects the PID namespaces of everything that is started below this process."""

    def __init__(self):
        self.seen, self._stop = set(), threading.Event()
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
            left = [
                pid
                for pid in _processes()
                if _namespace(pid) in self.seen and not _is_of_another_test(pid)
            ]
            if not left:
                return []
            time.sleep(0.02)
        return left

    def _look(self):
        own = _namespace(os.getpid())
        while not self._stop.wait(0.05):
            parents = {pid: _parent(pid) for pid in _processes()}
            below, level = set(), {os.getpid()}
            while level:
                level = {pid for pid, parent in parents.items() if parent in level}
                below |= level
            self.seen |= {_namespace(pid) for pid in below} - {own, ""}


def _processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _is_of_another_test(pid):
    """Whether a process runs below a test process beside this one: the numbers of namespaces are given out again."""
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


def _parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _namespace(pid):
    try:
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
        return "" if ended else os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def _digests(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def _traces():
    found = []
    for folder in (
        Path("/tmp"),
        Path("/var/tmp"),
        Path("/dev/shm"),
        Path.home(),
        Path.cwd(),
        Path("/"),
    ):
        found += [path for path in folder.glob(f"*{TRACE}*")] + [
            path for path in folder.glob(f".*{TRACE}*")
        ]
    return found


@pytest.fixture
def besiege(make_course, sandbox, tmp_path, monkeypatch):
    """Let a class of attackers and one honest student be graded, and hold everybody to what they deserve."""

    def besiege(attacks, weights=None):
        monkeypatch.setenv("AUTOGRADER_SECRET", "secret-of-the-environment")
        course = Course.open(shutil.copytree(make_course(weights is not None), tmp_path / "course"))
        assignment = course.assignment("small")
        names = {f"eve{number}": name for number, name in enumerate(attacks)}
        honest = {name: source(name) for name in (AFFINE, ACTIVATIONS, NET)} | {
            NOTEBOOK: nbformat.writes(honest_notebook())
        }
        honest |= {WEIGHTS: weights} if weights else {}
        inbox = course.root / "inbox" / "small"
        inbox.mkdir(parents=True)
        (inbox / f"{HONEST}.zip").write_bytes(zipped(honest))
        for student, name in names.items():
            attack = attacks[name]
            files = {k: v for k, v in (honest | attack.files).items() if v is not None}
            (inbox / f"{student}{attack.suffix}").write_bytes((attack.pack or zipped)(files))
        kept = {part: _digests(course.root / part) for part in ("source", "release", "inbox")}
        seed = (course.root / "secret_seed").read_text()
        with Watch() as watch:
            collection = collect(course, assignment)
            verdicts, _ = grade(course, assignment, sandbox)
        pages, failed = generate_feedback(course, assignment)
        table = io.StringIO()
        write_csv(score_rows(course, [assignment]), stream=table)
        printed = course_table(course, assignment, verdicts)

        wrong = [
            _complaint(name, attack, student, collection, verdicts)
            for student, (name, attack) in zip(names, attacks.items(), strict=True)
        ]
        texts = {
            student: json.dumps(verdicts[student].exercises, default=vars)
            for student in names
            if student in verdicts
        }
        html = {
            student: "".join(p.read_text() for p in pages[student].glob("*.html"))
            for student in pages
        }
        secrets = (
            seed.strip()[:16],
            PRIVATE,
            "secret-of-the-environment",
            "What the model answer says",
        )
        for student, name in names.items():
            text = texts.get(student, "")
            found = [secret for secret in secrets if secret in text]
            found += _active(html.get(student, "").partition("<body")[2])
            found += [mark for mark in ("\x1b", "\u202e") if mark in text]
            wrong += [f"{name}: {found} got out"] if found else []
        wrong = [complaint for complaint in wrong if complaint]
        assert not wrong, "\n\n".join(wrong)
        deserved = assignment.points
        earned = verdicts[HONEST].exercises
        assert {e: f.score for e, f in earned.items()} == deserved, [
            f.text for f in earned.values()
        ]
        assert HONEST in pages and failed == {} and ESSAY.split(".")[0] in html[HONEST]
        assert set(verdicts) == {HONEST} | {s for s in names if not attacks[names[s]].refused}
        assert {part: _digests(course.root / part) for part in kept} == kept
        assert (course.root / "secret_seed").read_text() == seed
        assert _traces() == [] and list(course.root.rglob(f"*{TRACE}*")) == []
        assert watch.seen and watch.left() == []
        assert "\x1b" not in printed + table.getvalue()
        assert all(line[:1] not in "=+-@" for line in table.getvalue().splitlines())
        return course, collection, verdicts

    return besiege


def _active(body):
    """Tags and attributes that a browser would act on; text that looks like them is only text."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend([tag] if tag in ACTIVE else [])
            for name, value in attributes:
                scheme = "".join((value or "").split()).lower()
                if name.startswith("on") or scheme.startswith(
                    ("javascript:", "vbscript:", "data:text", "data:image/svg")
                ):
                    found.append(f"{tag} {name}={value}")

    Reader().feed(body)
    return found + ["a control character"] * ("\x1b" in body)


def _complaint(name, attack, student, collection, verdicts):
    receipt = collection.students.get(student)
    if attack.refused:
        return (
            ""
            if receipt is not None and receipt.status == "refused" and student not in verdicts
            else f"{name}: not refused"
        )
    if student not in verdicts:
        return f"{name}: no verdict; {receipt}"
    found = verdicts[student].exercises
    gained = [e for e in attack.loses if found[e].score]
    lost = [e for e in attack.keeps if found[e].score != found[e].max_score]
    silent = attack.says and not any(attack.says in f.text for f in found.values())
    texts = (
        {e: found[e].text for e in (*gained, *lost)}
        if gained or lost
        else {e: f.text for e, f in found.items()}
    )
    return (
        f"{name}: gained {gained}, lost {lost}, silent {silent}: {texts}"
        if gained or lost or silent
        else ""
    )
