"""Every notebook runs from top to bottom: solved with the reference, and as it is first opened."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from cs231n.datasets import shapes10
from nbclient import NotebookClient

from autograder.authoring.course_setup import set_up
from autograder.reference.package_files import write_tree
from autograder.release.kit import release

ROOT = Path(__file__).parents[2] / "assignments"
NOTEBOOKS = sorted(ROOT.glob("*/*.ipynb"))
ON_IMAGES = [path for path in NOTEBOOKS if "dataset = " in path.read_text(encoding="utf-8")]

pytestmark = [
    pytest.mark.slow,
    # What the kernel's own libraries deprecate in this process is not about the notebooks.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def kits(tmp_path_factory):
    """The released kits of all assignments."""
    course, _ = set_up(tmp_path_factory.mktemp("kits") / "course")
    return {name: release(course, assignment)[0] for name, assignment in course.assignments.items()}


@pytest.fixture(scope="module")
def cifar10(tmp_path_factory):
    """A data folder in which shapes10 lies as CIFAR-10 does, with fewer images."""
    folder = tmp_path_factory.mktemp("data") / "cifar-10-batches-bin"
    folder.mkdir()
    for name, count, seed in (("data_batch_1.bin", 6000, 1), ("test_batch.bin", 1000, 2)):
        x, y = shapes10.generate(count, seed)
        (folder / name).write_bytes(
            np.column_stack([y.astype(np.uint8), x.reshape(count, -1)]).tobytes()
        )
    return folder.parent


def execute(path, folder, dataset="shapes10", **options):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace('dataset = "shapes10"', f'dataset = "{dataset}"')
    NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(folder)}}, **options
    ).execute()
    return notebook


# Said once, and rightly, where a tree holds the sources alone and its fast layers are not compiled.
NOT_COMPILED = "cs231n.fast_layers runs on NumPy"


def streams(notebook, name):
    """The texts of one stream, cell by cell."""
    texts = {}
    for cell in notebook.cells:
        outputs = [
            o for o in cell.get("outputs", ()) if o.output_type == "stream" and o.name == name
        ]
        text = "".join(output.text for output in outputs)
        if text and not text.startswith(NOT_COMPILED):
            texts[cell.id] = text
    return texts


def checks(notebook):
    """What each check cell displays."""
    return {
        cell.metadata.nbgrader.grade_id: "".join(
            o.data["text/plain"] for o in cell.outputs if "data" in o
        )
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs_with_the_reference_without_error_or_warning(path, tmp_path):
    write_tree(tmp_path)
    notebook = execute(path, tmp_path)
    assert streams(notebook, "stderr") == {}
    assert {name: text.split()[0] for name, text in checks(notebook).items()} == dict.fromkeys(
        checks(notebook), "PASS"
    )


@pytest.mark.parametrize("path", ON_IMAGES, ids=lambda p: p.stem)
def test_notebook_runs_on_cifar10_by_one_setting(path, tmp_path, cifar10, monkeypatch):
    monkeypatch.setenv("CS231N_DATA_DIR", str(cifar10))
    write_tree(tmp_path)
    notebook = execute(path, tmp_path, "cifar10")
    assert 'dataset = "cifar10"' in nbformat.writes(notebook).replace('\\"', '"')
    assert streams(notebook, "stderr") == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_untouched_notebook_runs_to_the_end_and_says_not_started(path, kits):
    kit = kits[path.parent.name]
    notebook = execute(kit / path.name, kit)
    assert streams(notebook, "stderr") == {} and "Traceback" not in nbformat.writes(notebook)
    assert all(text.startswith("NOT STARTED") for text in checks(notebook).values()), checks(
        notebook
    )
