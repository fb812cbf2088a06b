"""Defects of the original assignments that show in the source: each test reads all of it.

The others have their tests beside what they are about; all their names say "defect".
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "setup.py"]
for package in ("cs231n", "datasets", "autograder"):
    SOURCES += sorted((ROOT / package).rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "assignments").glob("*/*.ipynb"))
GONE = {"past", "future", "six", "distutils", "imageio", "imp", "google"}
GENERATORS = {
    "default_rng",
    "Generator",
    "BitGenerator",
    "SeedSequence",
    "PCG64",
    "MT19937",
    "RandomState",
}
SHARES_THE_GLOBAL_STATE = ROOT / "cs231n" / "seeding.py"
"""The one place that may, and only after the notebook has called np.random.seed itself."""

each_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def code_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def top_level_imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@each_source
def test_defect_past_future_six_distutils_and_imageio_are_not_imported(path):
    assert not GONE & set(top_level_imports(ast.parse(path.read_text(encoding="utf-8"))))


@each_source
def test_defect_weights_and_data_are_never_loaded_with_pickle_allowed(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False


@each_source
def test_defect_batches_from_the_global_generator_nothing_draws_from_it(path):
    allowed = GENERATORS
    if path == SHARES_THE_GLOBAL_STATE:
        allowed = GENERATORS | {"get_bit_generator"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in (
            "np.random",
            "numpy.random",
        ):
            assert node.attr in allowed, f"line {node.lineno}: np.random.{node.attr}"


@each_source
def test_defect_http_downloads_by_a_shell_that_windows_lacks(path):
    text = path.read_text(encoding="utf-8")
    if path.parent.name == "datasets":
        assert not re.search(r"http://|\bwget\b|\bcurl\b", text)
    assert not re.search(r"os\.system|shell=True", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_defect_google_drive_mounting_no_cell_mounts_one_or_imports_what_is_gone(path):
    code = code_of(path)
    assert not re.search(r"drive\.mount|google\.colab|/content/", code)
    plain = "\n".join(
        line for line in code.splitlines() if not line.lstrip().startswith(("%", "!"))
    )
    assert not GONE & set(top_level_imports(ast.parse(plain)))


@pytest.mark.process
def test_defect_autoreload_fails_here_it_takes_up_what_a_student_saves(tmp_path):
    (tmp_path / "written.py").write_text("def answer():\n    return 'NOT STARTED'\n")
    program = (
        "import pathlib\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "cell = InteractiveShell.instance().run_cell\n"
        "for line in ('%load_ext autoreload', '%autoreload 2', 'import written'):\n"
        "    cell(line).raise_error()\n"
        "pathlib.Path('written.py').write_text('def answer():\\n    return 42 * 10\\n')\n"
        "print(cell('written.answer()').result)\n"
    )
    environment = os.environ | {"IPYTHONDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1:] == ["420"], done.stderr


def test_there_are_sources_and_notebooks_to_read():
    assert len(SOURCES) > 50 and NOTEBOOKS
