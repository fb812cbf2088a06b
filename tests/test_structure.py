"""Who may import whom: a broken arrow is found here, not in a student's kit."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = set(sys.stdlib_module_names)
AT_IMPORT = {"cs231n": {"numpy", "scipy", "cs231n"}, "datasets": {"numpy", "cs231n"}}
ANYWHERE = {
    "cs231n": AT_IMPORT["cs231n"] | {"matplotlib", "IPython", "tqdm", "sklearn", "PIL", "requests"},
    "datasets": AT_IMPORT["datasets"] | {"platformdirs", "tqdm", "sklearn", "requests"},
}
FILES = [path for package in AT_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def imported(tree, nested):
    """Top-level names that a module imports; with ``nested`` also those inside functions."""
    found = set()
    for node in ast.walk(tree) if nested else _outside_functions(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found - PLAIN


def _outside_functions(node):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda)) and not _is_for_types(child):
            yield child
            yield from _outside_functions(child)


def _is_for_types(node):
    """Whether a block is read by type checkers alone, and imports nothing when the module is."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_packages_for_students_import_only_what_they_may(path):
    package = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert imported(tree, nested=False) <= AT_IMPORT[package]
    assert imported(tree, nested=True) <= ANYWHERE[package]


def test_nothing_but_tests_and_benchmarks_imports_the_pipeline():
    outside = [
        p
        for p in FILES
        if "autograder" in imported(ast.parse(p.read_text(encoding="utf-8")), nested=True)
    ]
    assert outside == []


def test_the_judge_never_imports_student_modules():
    rooms = ("grading", "gradebook", "feedback", "collect")
    for path in sorted(
        path for room in rooms for path in (ROOT / "autograder" / room).rglob("*.py")
    ):
        text = path.read_text(encoding="utf-8")
        assert (
            "cs231n.layers" not in text
            and "cs231n.classifiers" not in text
            and not re.search(r"importlib(?!\.machinery)", text)
        )
