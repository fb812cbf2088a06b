"""Tampering with tests: whatever a submission claims, cells and points are the course's own."""

import copy
import io
import json
import pickle
import random
import stat
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from attacked_class import (
    ACTIVATIONS,
    AFFINE,
    NET,
    NOTEBOOK,
    WEIGHTS,
    Attack,
    AttackedClass,
    notebook,
    refused_archive,
    source,
)


def cells(change):
    def apply(document):
        document["cells"] = change(document["cells"])

    return notebook(apply)


def each(change):
    def apply(document):
        for cell in document["cells"]:
            change(cell)

    return notebook(apply)


def marks(**values):
    return each(lambda cell: cell["metadata"].get("nbgrader", {}).update(values))


def each_code(change):
    def change_code(cell):
        if cell["cell_type"] == "code":
            change(cell)

    return each(change_code)


def outputs(*found):
    return each_code(lambda cell: cell.update(outputs=list(found)))


SCORE = {
    "output_type": "execute_result",
    "execution_count": 1,
    "metadata": {},
    "data": {"text/plain": "10"},
}
NOTEBOOKS = {
    "edits check cells": each_code(lambda cell: cell.update(source="10")),
    "duplicates cells": cells(lambda found: found + copy.deepcopy(found)),
    "duplicates cells a hundred times": cells(lambda found: copy.deepcopy(found) * 100),
    "moves cells": cells(lambda found: found[::-1]),
    "deletes cells": cells(lambda found: []),
    "changes grade flags": marks(grade=False, solution=True, locked=False),
    "changes points": marks(points=1e9),
    "takes points that are no number": marks(points="NaN"),
    "points below zero": marks(points=-1e308),
    "makes check cells manual": marks(solution=True),
    "makes cells tasks": marks(task=True, solution=False),
    "changes the schema": marks(schema_version=99),
    "changes checksums": marks(checksum="0" * 32, cell_type="code"),
    "renames cells": marks(grade_id="affine_forward"),
    "names cells by other things": marks(grade_id=[{"affine_forward": 1}]),
    "changes cell ids": each(lambda cell: cell.update(id="essay")),
    "changes the kernel": notebook(
        lambda d: d["metadata"].update(
            kernelspec={"name": "../../pwned", "display_name": "x", "language": "sh"}
        )
    ),
    "claims scores in outputs": outputs(SCORE),
    "claims scores by stderr": outputs({"output_type": "stream", "name": "stderr", "text": "PASS"}),
    "adds code cells": cells(
        lambda found: [
            {
                "cell_type": "code",
                "id": "x",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": "import os; os.system('touch /tmp/pwned')",
            },
            *found,
        ]
    ),
    "brings giant outputs": outputs(
        {
            "output_type": "stream",
            "name": "stdout",
            "text": random.Random(0).randbytes(400_000).hex(),
        }
    ),
    "repeats keys": notebook(
        lambda d: json.dumps(d).replace(
            '"nbformat": 4', '"nbformat": 4, "cells": [], "nbformat": 4'
        )
    ),
    "is written with surrogates": notebook(
        lambda d: json.dumps(d).replace("An honest answer", "\\ud800\\udfff\\ud800")
    ),
    "nests too deeply": notebook(lambda d: '{"cells":' + "[" * 200_000, refused=True),
    "nests lists": notebook(
        lambda d: d["metadata"].update(deep=json.loads("[" * 500 + "]" * 500)), refused=True
    ),
    "holds an endless number": notebook(
        lambda d: '{"nbformat": ' + "4" * 1_000_000 + "}", refused=True
    ),
    "is too large": notebook(lambda d: d["metadata"].update(x="y" * (17 << 20)), refused=True),
    "is of another format": notebook(lambda d: d.update(nbformat=3), refused=True),
    "is no notebook": notebook(lambda d: b"\x00\xff\xfe", refused=True),
    "has cells that are none": notebook(
        lambda d: d.update(cells=[1, None, "x", [], {}]), refused=True
    ),
    "has no cells": notebook(lambda d: d.update(cells={"0": {}}), refused=True),
}


SHADOW = "raise SystemExit(0)\n"
SHADOWS = {
    f"brings its own {name}": Attack(
        {name: SHADOW, f"cs231n/{name}": SHADOW},
        (),
        ("affine_forward", "relu_forward", "TwoLayerNet"),
    )
    for name in (
        "numpy.py",
        "sitecustomize.py",
        "usercustomize.py",
        "conftest.py",
        "setup.py",
        "json.py",
        "scipy/__init__.py",
        "pwned.pth",
        "pyproject.toml",
        "fast/_kernels.pyx",
        "check/comparison.py",
        "check/process/worker.py",
        "check/exercises/__init__.py",
        "layers/__init__.py",
        "__init__.py",
        "__main__.py",
        "layers/affine.abi3.so",
        "layers/__pycache__/affine.cpython-311.pyc",
        "im2col.py",
        "fast_layers.py",
        ".git/hooks/post-checkout",
        "timestamp.txt",
        "autograder/grading/judge.py",
        "course.toml",
        "secret_seed",
    )
}
MODULE_FILES = SHADOWS | {
    "is not text": Attack({AFFINE: b"\x00\xff\xfe\x00"}, ("affine_forward", "affine_backward")),
    "is written in another encoding": Attack(
        {AFFINE: b"# -*- coding: rot13 -*-\nvzcbeg bf\n"},
        ("affine_forward", "affine_backward"),
    ),
    "is nested too deeply to parse": Attack(
        {AFFINE: "x = " + "(" * 100_000}, ("affine_forward", "affine_backward")
    ),
    "is a very long line": Attack(
        {AFFINE: "x = " + "+".join(["1"] * 100_000)}, ("affine_forward", "affine_backward")
    ),
}


def packer(write):
    def pack(files):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
            write(archive)
        return buffer.getvalue()

    return pack


def entry(name, data=b"", mode=None):
    def write(archive):
        info = zipfile.ZipInfo(name)
        if mode is not None:
            info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        archive.writestr(info, data)

    return refused_archive(packer(write))


def tar(change, mode="w"):
    def pack(files):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode) as archive:
            for name, data in files.items():
                data = data.encode() if isinstance(data, str) else data
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            change(archive)
        return buffer.getvalue()

    return refused_archive(pack, ".tar" if mode == "w" else ".tar.gz")


def special(name, kind, target="/etc/passwd"):
    def change(archive):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)

    return tar(change)


def zeros(archive):
    info = tarfile.TarInfo("zeros")
    info.size = 64 << 20
    archive.addfile(info, io.BytesIO(bytes(info.size)))


def bomb(archive):
    archive.writestr("zeros", bytes(64 << 20))


def lying(files):
    data = packer(lambda archive: None)(files | {AFFINE: bytes(1 << 18)})
    return data.replace(struct.pack("<I", 1 << 18), struct.pack("<I", 10))


def other_name(files):
    data = packer(lambda archive: None)(files)
    place = data.index(b"cs231n/layers/affine.py")
    return data[:place] + b"../../../pwned_affine.p" + data[place + 23 :]


def zero_byte(files):
    return packer(lambda archive: archive.writestr("pwned!.py", b""))(files).replace(
        b"pwned!", b"pwned\0"
    )


ARCHIVES = {
    "zip slip": entry("../../../pwned"),
    "absolute zip": entry("/tmp/pwned"),
    "windows zip": entry("..\\..\\pwned"),
    "drive letter": entry("C:\\pwned"),
    "zero byte": refused_archive(zero_byte),
    "link in a zip": entry("cs231n/x.py", b"/etc/passwd", stat.S_IFLNK),
    "pipe in a zip": entry("cs231n/x.py", b"", stat.S_IFIFO),
    "device in a zip": entry("x", b"", stat.S_IFBLK),
    "same name in another case": entry("CS231N/LAYERS/AFFINE.PY", b"x"),
    "deep zip": entry("a/" * 400 + "x"),
    "two sets": refused_archive(
        packer(lambda z: None),
        files={
            "x/cs231n/layers/affine.py": b"",
            "y/cs231n/layers/affine.py": b"",
            AFFINE: None,
            ACTIVATIONS: None,
            NET: None,
            NOTEBOOK: None,
        },
    ),
    "zip bomb": refused_archive(packer(bomb)),
    "many files": refused_archive(
        packer(lambda z: [z.writestr(f"f{n}", b"") for n in range(2500)])
    ),
    "zip that lies about sizes": refused_archive(lying),
    "zip with two names for one file": refused_archive(other_name),
    "cut zip": refused_archive(lambda files: packer(lambda z: None)(files)[:-100]),
    "no archive": refused_archive(lambda files: b"hello"),
    "tar slip": tar(lambda t: t.addfile(tarfile.TarInfo("../../pwned"))),
    "absolute tar": tar(lambda t: t.addfile(tarfile.TarInfo("/tmp/pwned"))),
    "soft link in a tar": special("cs231n/x.py", tarfile.SYMTYPE),
    "hard link in a tar": special("cs231n/x.py", tarfile.LNKTYPE),
    "fifo in a tar": special("x", tarfile.FIFOTYPE),
    "device in a tar": special("x", tarfile.CHRTYPE),
    "sparse file in a tar": special("x", tarfile.GNUTYPE_SPARSE),
    "tar bomb": tar(zeros, "w:gz"),
    "archive in an archive": refused_archive(
        lambda files: packer(lambda z: None)({"hand-in.zip": packer(bomb)(files)})
    ),
}


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def zip_of(name, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def npz_of_raw_header(header, data=b""):
    text = header.encode()
    return zip_of("W1.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data)


def bomb_npz(_):
    inner = io.BytesIO()
    np.save(inner, np.zeros(40 << 17))
    return zip_of("W1.npy", inner.getvalue())


def wide_layer_npz(_):
    biases = np.frombuffer(random.Random(0).randbytes(7_000_000), np.int8)
    weights = np.zeros((1, 1), np.int8)
    return npz(b1=biases, W1=weights, b2=np.zeros(10), W2=np.zeros((1, 10)))


def many_layers_npz(_):
    arrays = {}
    for number in range(1, 2000):
        arrays[f"W{number}"] = np.zeros((1, 1))
        arrays[f"b{number}"] = np.zeros(1)
    return npz(**arrays)


def cut_file(honest):
    weights = honest[WEIGHTS]
    return weights[: len(weights) // 2]


class Evil:
    def __reduce__(self):
        return eval, ("__import__('os').system('touch /tmp/pwned')",)


RUNS = (
    "{'descr': __import__('os').system('touch /tmp/pwned'), "
    "'fortran_order': False, 'shape': (1,)}\n"
)
WEIGHT_FILES = {
    "pickle": pickle.dumps(Evil()),
    "pickle in an npz": npz(W1=np.array([Evil()], dtype=object)),
    "pickle with the name of an array": npz_of_raw_header(
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", pickle.dumps(Evil())
    ),
    "header that runs": npz_of_raw_header(RUNS),
    "header that claims much": npz_of_raw_header(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }\n"
    ),
    "header that claims less than nothing": npz_of_raw_header(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1), }\n"
    ),
    "header without end": npz_of_raw_header("{" * 60_000),
    "weights that unpack to much": bomb_npz,
    "biases that claim a wide layer": wide_layer_npz,
    "a great many layers": many_layers_npz,
    "weights of nan": npz(W1=np.full((1, 1), np.nan), b1=np.zeros(1)),
    "claimed accuracy": npz(accuracy=np.ones(1), scores=np.eye(10), val_acc=np.ones(1)),
    "empty file": b"",
    "cut file": cut_file,
    "no array": zip_of("W1.npy", b"hello"),
    "names that lead out": zip_of("../../pwned.npy", b"x"),
    "far too large": lambda _: random.Random(0).randbytes(7 << 20),
}
CODE_FOR_WEIGHTS = """
import sys
import numpy as np
if "cs231n.checkpoint" in sys.modules:
    pass
print('accuracy 100%')
"""
GOAL = ("train_fully_connected",)
POISONED_WEIGHTS = {
    f"weights: {name}": Attack({WEIGHTS: data}, GOAL) for name, data in WEIGHT_FILES.items()
}
POISONED_WEIGHTS["weights: code in their place"] = Attack(
    {AFFINE: source(AFFINE) + "\n" + CODE_FOR_WEIGHTS, WEIGHTS: None}, GOAL, ()
)

QUICK = (
    "duplicates cells",
    "changes points",
    "claims scores in outputs",
    "nests too deeply",
    "brings its own numpy.py",
    "brings its own timestamp.txt",
    "zip slip",
    "zip bomb",
)


class TestSimpleTampering(AttackedClass):
    attacks = {name: (NOTEBOOKS | MODULE_FILES | ARCHIVES)[name] for name in QUICK}

    def test_timestamps_are_those_of_the_receipts(self, result):
        course = result.course
        students = course.students("small")
        assert students
        for student in students:
            stamp = (course.submitted(student, "small") / "timestamp.txt").read_text()
            assert stamp.startswith(result.collection.students[student].received[:10])


@pytest.mark.slow
class TestTamperingWithNotebooks(AttackedClass):
    attacks = NOTEBOOKS


@pytest.mark.slow
class TestTamperingWithModules(AttackedClass):
    attacks = MODULE_FILES


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
class TestTamperingWithArchives(AttackedClass):
    attacks = ARCHIVES


@pytest.mark.slow
class TestPoisonedWeights(AttackedClass):
    attacks = POISONED_WEIGHTS
    with_goal = True
