"""Who may import whom, and where the tests of a module are."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = set(sys.stdlib_module_names)
AT_IMPORT = {"cs231n": {"numpy", "scipy", "cs231n"}, "datasets": {"numpy", "cs231n"}}
ANYWHERE = {
    "cs231n": AT_IMPORT["cs231n"] | {"matplotlib", "IPython", "tqdm", "sklearn", "PIL", "requests"},
    "datasets": AT_IMPORT["datasets"] | {"platformdirs", "tqdm", "sklearn", "requests"},
}
ARROWS = """
autograder.__main__           cs231n.cli
autograder.commands           autograder.authoring autograder.collect autograder.course
                              autograder.doctor autograder.errors autograder.feedback
                              autograder.gradebook autograder.grading autograder.progress
                              autograder.release autograder.sandbox
autograder.nbgrader_settings  autograder.course autograder.feedback autograder.gradebook
                              autograder.release
autograder.authoring          autograder.course autograder.errors autograder.grading
                              autograder.progress autograder.reference autograder.release
                              autograder.sandbox cs231n.archive cs231n.atomic
                              cs231n.check.exercises cs231n.cli
autograder.grading            autograder.course autograder.errors autograder.evidence
                              autograder.gradebook autograder.progress autograder.reference
                              autograder.sandbox cs231n.check cs231n.check.exercise
                              cs231n.check.exercises cs231n.check.process
                              cs231n.check.process.messages
autograder.feedback           autograder.course autograder.errors autograder.gradebook
                              autograder.notebooks autograder.progress
autograder.release            autograder.course autograder.errors autograder.gradebook
                              autograder.notebooks autograder.reference cs231n.archive
                              cs231n.atomic cs231n.check.exercises cs231n.kit
autograder.collect            autograder.course autograder.errors autograder.notebooks
                              autograder.progress autograder.regular_files cs231n.atomic
                              cs231n.printable
autograder.gradebook          autograder.course autograder.errors autograder.evidence
                              autograder.notebooks cs231n.atomic
autograder.evidence           autograder.course autograder.notebooks cs231n.atomic
                              cs231n.check.exercise cs231n.check.process
                              cs231n.check.process.messages cs231n.vis_utils datasets
autograder.doctor             autograder autograder.course autograder.reference autograder.sandbox
                              cs231n.check.exercises cs231n.check.process
autograder.reference          autograder.course autograder.errors cs231n.check cs231n.check.exercise
                              cs231n.check.exercises cs231n.check.process
                              cs231n.check.process.messages cs231n.bag_of_words cs231n.features
                              cs231n
autograder.sandbox            autograder.course autograder.errors cs231n.check.process
autograder.notebooks          autograder.errors autograder.regular_files
autograder.course             autograder.errors cs231n.atomic cs231n.check.exercise
                              cs231n.check.exercises cs231n.locks
autograder.progress
autograder.regular_files
autograder.errors             cs231n.errors
cs231n.__main__               cs231n.cli
cs231n.commands               cs231n.archive cs231n.atomic cs231n.check cs231n.check.exercises
                              cs231n.data_utils cs231n.errors cs231n.fast_layers cs231n.kit
                              datasets
cs231n.check                  cs231n.check.exercise cs231n.check.exercises cs231n.check.process
                              cs231n.check.process.messages cs231n.vis_utils
                              cs231n.check.loop_check
cs231n.check.process          cs231n.check.exercise cs231n.check.exercises cs231n.check.stand_ins
                              cs231n.check.process.messages cs231n.fast cs231n.printable
cs231n.check.exercises        cs231n.check.exercise cs231n.analysis cs231n.bag_of_words
                              cs231n.checkpoint cs231n.classifiers cs231n.cross_validation
                              cs231n.data_utils cs231n.features cs231n.filters cs231n.graph
                              cs231n.im2col cs231n.layers cs231n.optim cs231n
                              cs231n.check.stand_ins
                              cs231n.check.loop_check
cs231n.check.stand_ins        cs231n.window_geometry
cs231n.check.loop_check
cs231n.check.exercise         cs231n.check.process.messages
cs231n.check.process.messages cs231n.printable
cs231n.inspection             cs231n.analysis cs231n.classifiers cs231n.fast_layers cs231n.layers
                              cs231n.vis_utils cs231n.window_geometry
cs231n.analysis               cs231n.classifiers cs231n.window_geometry
cs231n.solver                 cs231n.checkpoint cs231n.optim cs231n.schedules cs231n.seeding
                              cs231n.vis_utils
cs231n.cross_validation       cs231n.classifiers
cs231n.compat                 cs231n.classifiers cs231n.gradient_check cs231n.layers cs231n.optim
                              cs231n.seeding cs231n
cs231n.classifiers            cs231n._lazy cs231n.compat.keywords cs231n.compat.saved
                              cs231n.fast_layers cs231n.initializers cs231n.layer_utils
                              cs231n.layers cs231n.seeding cs231n.window_geometry
cs231n.layer_utils            cs231n._lazy cs231n.fast_layers cs231n.layers
cs231n.layers                 cs231n._lazy cs231n.im2col cs231n.seeding cs231n.window_geometry
cs231n.gradient_check         cs231n._lazy
cs231n.vis_utils              cs231n._lazy
cs231n.features               cs231n._lazy
cs231n._lazy                  cs231n.compat.names
cs231n.compat.names
cs231n.compat.keywords
cs231n.compat.saved           cs231n.checkpoint
cs231n.fast_layers            cs231n.fast
cs231n.im2col_cython          cs231n.fast
cs231n.fast                   cs231n.im2col cs231n.window_geometry
cs231n.im2col                 cs231n.window_geometry
cs231n.graph                  cs231n._lazy cs231n.vis_utils
cs231n.data_utils             cs231n._lazy datasets
datasets                      cs231n.atomic cs231n.errors
cs231n.archive                cs231n.atomic
cs231n.checkpoint             cs231n.atomic
cs231n.cli                    cs231n.errors cs231n
cs231n.kit                    cs231n.errors
cs231n.atomic                 cs231n.locks
cs231n                        cs231n.fast
"""
"""Room, then the rooms it may import; a module belongs to the longest name that begins its own."""
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


def _arrows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    room = ""
    for line in ARROWS.strip().splitlines():
        names = line.split()
        if not line.startswith(" "):
            room = names.pop(0)
            found[room] = set()
        found[room].update(names)
    return found


MAY_IMPORT = _arrows()
MODULES = {}
for package in ("autograder", "cs231n", "datasets"):
    for path in sorted((ROOT / package).rglob("*.py")):
        if "templates" not in path.parts:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            MODULES[name.removesuffix(".__init__")] = path


def room_of(module: str) -> str:
    """The room that a module belongs to; one that nobody named is a room of its own."""
    if module.removeprefix("cs231n.").startswith("datasets"):
        return "datasets"
    while module not in MAY_IMPORT and module.count(".") > 1:
        module = module.rpartition(".")[0]
    return module


def modules_imported(module: str) -> Iterator[str]:
    """Modules of this project that a module imports when it runs, wherever the import stands."""
    is_package = MODULES[module].name == "__init__.py"
    parts = module.split(".")
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in _outside_type_checking(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) - node.level + is_package] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                below = f"{base}.{alias.name}"
                yield below if below in MODULES else base


def _outside_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield child
            yield from _outside_type_checking(child)


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_the_rooms_that_it_may(module):
    own = room_of(module)
    found = {
        room_of(name)
        for name in modules_imported(module)
        if name.partition(".")[0] in ("autograder", "cs231n", "datasets")
    }
    assert found - {own} <= MAY_IMPORT.get(own, set())


def test_no_room_imports_one_that_imports_it():
    order = list(TopologicalSorter(MAY_IMPORT).static_order())
    assert len(order) >= len(MAY_IMPORT)


TESTED_ELSEWHERE = {
    # Their errors are raised by other modules; what a program makes of one is decided in cli.
    "autograder/errors.py": "tests/cs231n/test_cli.py",
    "cs231n/errors.py": "tests/cs231n/test_cli.py",
    # A package is tested under its own name.
    "autograder/reference/mistakes/__init__.py": "tests/autograder/reference/test_mistakes.py",
    "cs231n/check/__init__.py": "tests/cs231n/check/test_check.py",
    "datasets/__init__.py": "tests/datasets/test_locations.py",
    # What exercises forbid is tried where imports are blocked.
    "cs231n/check/exercises/off_limits.py": "tests/cs231n/check/process/test_blocked_imports.py",
    # One table asks the same of the exercises of every family.
    **dict.fromkeys(
        [
            "cs231n/check/exercises/activations.py",
            "cs231n/check/exercises/affine.py",
            "cs231n/check/exercises/bag_of_words.py",
            "cs231n/check/exercises/columns.py",
            "cs231n/check/exercises/convolution.py",
            "cs231n/check/exercises/convolutional_nets.py",
            "cs231n/check/exercises/cross_validation.py",
            "cs231n/check/exercises/features.py",
            "cs231n/check/exercises/fully_connected.py",
            "cs231n/check/exercises/graph.py",
            "cs231n/check/exercises/historical.py",
            "cs231n/check/exercises/k_nearest_neighbor.py",
            "cs231n/check/exercises/linear_classifier.py",
            "cs231n/check/exercises/linear_losses.py",
            "cs231n/check/exercises/losses.py",
            "cs231n/check/exercises/normalization.py",
            "cs231n/check/exercises/optimizers.py",
            "cs231n/check/exercises/pooling.py",
            "cs231n/check/exercises/spatial_normalization.py",
        ],
        "tests/cs231n/check/exercises/test_exercises.py",
    ),
}
"""dict of str -> str : modules whose tests are not at the mirrored path, and where they are."""


def defines_something(path: Path) -> bool:
    """Whether there is a function or class to test; most packages only name what is in them."""
    found = ast.parse(path.read_text(encoding="utf-8")).body
    return any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in found)


def mirror_of(name: str) -> str:
    """The path of a module's tests: ``cs231n/_lazy.py`` has ``tests/cs231n/test_lazy.py``."""
    path = Path("tests") / name
    return path.with_name(f"test_{path.stem.strip('_')}.py").as_posix()


NAMES = [path.relative_to(ROOT).as_posix() for path in MODULES.values()]


@pytest.mark.parametrize("name", NAMES)
def test_every_module_has_its_tests_at_the_mirrored_path(name):
    if Path(name).name == "__init__.py" and not defines_something(ROOT / name):
        return
    tests = ROOT / TESTED_ELSEWHERE.get(name, mirror_of(name))
    assert tests.is_file(), f"{name} has no {tests.relative_to(ROOT)}"
    assert "def test_" in tests.read_text(encoding="utf-8")


def test_no_exception_stays_once_the_module_is_gone_or_has_a_mirror():
    assert set(TESTED_ELSEWHERE) <= set(NAMES)
    mirrored = [name for name in TESTED_ELSEWHERE if (ROOT / mirror_of(name)).exists()]
    assert mirrored == []
