"""Random and mutated bytes: never a crash of the judge, never a point."""

import io
import json
import random
import secrets
import shutil
import tarfile
import zipfile

import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from autograder.collect.archives import read_submission
from autograder.errors import RefusedError
from autograder.notebooks.format_check import check_notebook
from autograder.notebooks.merge_answers import merge_answers, read_answers
from autograder.notebooks.sanitize import safe_markdown, strip_control
from cs231n.check import evaluation
from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerClient
from cs231n.check.process.messages import VERSION
from cs231n.check.process.protocol import ProtocolError, read_frame, write_frame

NONCE = "0123456789abcdef"
EXERCISE = EXERCISES["affine_forward"]
WANTED = ("small.ipynb", "cs231n/layers/affine.py")
PIECES = [
    b"",
    b"\x00",
    b"\xff" * 8,
    b"__array__",
    b'"',
    b"[",
    b"{",
    b"1e999",
    b"NaN",
    b"-1",
    b"18446744073709551616",
    b"float64",
    b"object",
    b"answered",
    NONCE.encode(),
    b"\\ud800",
    b"null",
    b"true",
    b"..",
    b"/",
    b"PK\x01\x02",
    b"ustar\x00",
    b"nbgrader",
    b"<script>",
]


def settings_for(examples):
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def inputs(seed, original, count):
    """Random bytes, and good bytes with faults; with hypothesis's seed, failures repeat."""
    rng = random.Random(seed)
    for _ in range(count):
        if rng.random() < 0.1:
            yield rng.randbytes(rng.randrange(300))
            continue
        mutated = bytearray(original)
        for _ in range(rng.randint(1, 6)):
            place = rng.randrange(len(mutated) + 1)
            piece = rng.choice(PIECES) if rng.random() < 0.5 else rng.randbytes(rng.randrange(12))
            mutated[place : place + rng.choice([0, len(piece), 1, 64])] = piece
        yield bytes(mutated)


def frames(*headers):
    stream = io.BytesIO()
    for header in headers:
        write_frame(stream, header)
    return stream.getvalue()


def conversation(cases, answer):
    """What an honest worker would send, with the answers of a dishonest one."""
    said = [
        {
            "nonce": NONCE,
            "case": c.name,
            "status": "answered",
            "arrays": answer(c),
            "changed": [],
            "warnings": [],
        }
        for c in cases
    ]
    return frames({"nonce": NONCE, "taken": True}, *said, {"nonce": NONCE, "done": True})


def zeros(case):
    return {"out": np.zeros((len(case.inputs["x"]), case.inputs["w"].shape[1]), case.dtype)}


FRAME = frames({"a": [np.arange(6.0).reshape(2, 3), {"b": np.ones(2, bool)}], "c": "text"})
CASES = EXERCISE.draw()
SAID = conversation(CASES, zeros)
EXPECTED = {
    probe.name: [{"out": np.ones_like(zeros(case)["out"])} for case in CASES]
    for probe in EXERCISE.probes
}


def hold_to_nothing(folder, said):
    """Let a process say this in answer to every question, unasked, and evaluate it."""
    path = folder / "said"
    path.write_bytes(frames({"ready": VERSION}) + said)
    with WorkerClient([shutil.which("cat"), str(path)], 2, 1 << 20) as worker:
        result = evaluation.evaluate(EXERCISE, CASES, worker.ask, EXPECTED)
    assert result.share == 0 and result.status != evaluation.PASS
    assert all(
        text.isprintable() for text in (*result.warnings, *(p.text for p in result.problems))
    )


@pytest.fixture
def known_nonce(monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda size: NONCE)


def check_frame(sent):
    stream = io.BytesIO(sent)
    try:
        while (frame := read_frame(stream, 1 << 16)) is not None:
            assert isinstance(frame, dict)
    except ProtocolError:
        pass


def check_notebook_bytes(tmp_path, text, pristine):
    path = tmp_path / "small.ipynb"
    path.write_bytes(text)
    try:
        check_notebook("small.ipynb", text)
    except RefusedError as refusal:
        assert str(refusal).isprintable()
    # Whatever the intake says: the reader itself must stand it.
    answers = read_answers(path, pristine)
    assert set(answers) <= {"essay"}
    rebased = merge_answers(pristine, answers)
    assert [c.get("metadata") for c in rebased.cells] == [c.get("metadata") for c in pristine.cells]
    assert [c.source for c in rebased.cells[:-1]] == [c.source for c in pristine.cells[:-1]]
    json.dumps(rebased)


def packed(kind):
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in WANTED:
                archive.writestr(f"kit/{name}", b"x = 1\n" * 50)
    else:
        with tarfile.open(
            fileobj=buffer, mode="w:gz" if kind == "tar.gz" else "w", format=tarfile.PAX_FORMAT
        ) as archive:
            for name in WANTED:
                info = tarfile.TarInfo(f"kit/{name}")
                info.size, info.pax_headers = 300, {"comment": "a comment"}
                archive.addfile(info, io.BytesIO(b"x = 1\n" * 50))
    return buffer.getvalue()


ARCHIVES = {kind: packed(kind) for kind in ("zip", "tar", "tar.gz")}


def check_archive(path, packed):
    path.write_bytes(packed)
    try:
        found = read_submission(path, WANTED, 1 << 16)
    except RefusedError as refusal:
        assert str(refusal).isprintable()
    else:
        assert set(found.files) <= set(WANTED) and sum(map(len, found.files.values())) <= 1 << 16
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def check_text(text):
    assert "\x1b" not in strip_control(text)
    assert "<script" not in markdown2html(safe_markdown(text)).lower()


MARKS = st.lists(
    st.sampled_from(
        [
            *"<>/!-[]()`*_\\\"'&;:=# \n\x1b\u202e",
            "script",
            "javascript:",
            "onload=",
            "svg",
            "a",
            "href",
        ]
    ),
    max_size=60,
)


def five_tests(examples, batch):
    """dict of str -> function : the tests, for this many seeds and inputs by seed."""

    @settings_for(examples)
    @given(seed=st.integers(0, 2**64))
    def conversations(known_nonce, tmp_path, seed):
        for said in inputs(seed, SAID, 1):
            hold_to_nothing(tmp_path, said)

    @settings_for(examples)
    @given(seed=st.integers(0, 2**64))
    def received(seed):
        for sent in inputs(seed, FRAME, batch):
            check_frame(sent)

    @settings_for(examples)
    @given(seed=st.integers(0, 2**64))
    def notebooks(tmp_path, pristine, seed):
        for text in inputs(seed, nbformat.writes(pristine).encode(), batch):
            check_notebook_bytes(tmp_path, text, pristine)

    @settings_for(examples)
    @given(seed=st.integers(0, 2**64), kind=st.sampled_from(sorted(ARCHIVES)))
    def archived(tmp_path, seed, kind):
        (tmp_path / kind).mkdir(exist_ok=True)
        for packed in inputs(seed, ARCHIVES[kind], batch):
            check_archive(tmp_path / kind / f"eve.{kind}", packed)

    @settings_for(examples)
    @given(text=MARKS.map("".join))
    def written(text):
        check_text(text)

    return {
        "conversations_earn_nothing": conversations,
        "frames_are_read_or_refused": received,
        "notebooks_change_nothing_but_answers": notebooks,
        "archives_are_taken_or_refused": archived,
        "texts_cannot_act": written,
    }


def define(name, tests):
    """Let pytest find these tests by a name that says how many inputs they get."""
    for what, function in tests.items():
        function.__name__ = f"test_{name}_{what}"
        globals()[function.__name__] = function


define("a_few", five_tests(40, 10))
define("many", {what: pytest.mark.slow(test) for what, test in five_tests(1000, 25).items()})
