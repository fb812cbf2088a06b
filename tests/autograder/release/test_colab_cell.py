"""The optional cell for Google Colab, in a real kernel whose ``google.colab`` is pretended."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.manifest import Course
from autograder.release.kit import release

NOTEBOOK = "fully_connected_nets.ipynb"
LOOK = """
import cs231n, os
from cs231n import check, fast_layers
print(cs231n.__file__, os.getcwd(), fast_layers.backend(), check.run(["affine_forward"]), sep="|")
"""

pytestmark = [
    # What the kernel's own libraries deprecate in this process is not about the cell.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def content(tmp_path):
    """The folder that a session starts in."""
    (tmp_path / "site" / "google" / "colab").mkdir(parents=True)
    (tmp_path / "site" / "google" / "colab" / "__init__.py").touch()
    folder = tmp_path / "content"
    folder.mkdir()
    return folder


def colab_cell(course):
    kit, archive = release(course, course.assignment("assignment2"))
    return nbformat.read(kit / NOTEBOOK, as_version=4).cells[1].source, archive


def run(content, *sources, colab=True):
    """Run cells as a session does, and return what the last one prints."""
    session = f"import sys; sys.path.append({str(content.parent / 'site')!r}); import google.colab"
    notebook = new_notebook(
        cells=[new_code_cell(text) for text in (session if colab else "", *sources)]
    )
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(content)}}).execute()
    return "".join(output.get("text", "") for output in notebook.cells[-1].outputs)


@pytest.mark.slow
def test_the_cell_fetches_the_kit_once_compiles_it_and_keeps_what_is_written_in_it(
    course, file_server, content
):
    manifest = course.source / "course.toml"
    manifest.write_text(
        manifest.read_text().replace(
            "[course]", f'[course]\nkits_url = "{file_server.url("/kits")}"'
        )
    )
    cell, archive = colab_cell(Course.open(course.root))
    file_server.files["/kits/assignment2.zip"] = archive.read_bytes()
    kit = content / "assignment2"
    module, folder, backend, result = run(content, cell, LOOK).split("|")
    assert (module, folder) == (str(kit / "cs231n" / "__init__.py"), str(kit))
    assert "NumPy" not in backend and result.startswith("NOT STARTED")

    (kit / "cs231n" / "mine.txt").write_text("kept")
    (kit / "weights.npz").write_text("kept")
    assert run(content, cell, cell, "import os; print(os.getcwd())").strip() == str(kit)
    assert (kit / "cs231n" / "mine.txt").read_text() == (kit / "weights.npz").read_text() == "kept"
    assert len(file_server.asked) == 1
    assert [path.name for path in content.iterdir()] == ["assignment2"]


@pytest.mark.slow
def test_without_address_or_compiler_the_cell_asks_for_the_zip_and_goes_on(course, content):
    cell, archive = colab_cell(course)
    attempt = f"try:\n    exec({cell!r})\nexcept FileNotFoundError as error:\n    print(error)"
    assert run(content, attempt).startswith(
        f"Upload the kit's zip as {content / 'assignment2.zip'}"
    )
    (content / "assignment2.zip").write_bytes(archive.read_bytes())
    no_compiler = "import os; os.environ['CC'] = 'false'"
    module, folder, _, result = run(content, no_compiler, cell, LOOK).split("|")
    assert folder == str(content / "assignment2") and module.startswith(folder)
    assert result.startswith("NOT STARTED") and not list(
        (content / "assignment2" / "cs231n").glob("*.so")
    )


def test_anywhere_else_the_cell_does_nothing_in_defect_google_drive_mounting_in_the_first_cell(
    course, content
):
    cell, _ = colab_cell(course)
    found = run(content, cell, "import os; print(os.getcwd())", colab=False)
    assert found.strip() == str(content) and list(content.iterdir()) == []
