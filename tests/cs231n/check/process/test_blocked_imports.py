"""A naive layer cannot be the fast one in disguise: what would be the whole answer is not there."""

import sys

import pytest

from autograder.grading.workspaces import lay_out
from autograder.reference.package_files import package_files, write_tree
from autograder.reference.process import reference
from cs231n.check.exercises import EXERCISES
from cs231n.check.exercises.off_limits import FAST_LAYERS
from cs231n.check.process.blocked_imports import block_imports

NAIVE = [exercise for exercise in EXERCISES.values() if exercise.without]
SHORTCUTS = {
    "the fast layers": "from cs231n.fast_layers import conv_forward_fast as conv",
    "a rung of the ladder": "from ..fast.conv_numpy import conv_forward_im2col as conv",
    "SciPy": "from scipy.signal import correlate",
}


def test_the_naive_layers_are_asked_without_the_fast_ones():
    assert {"conv_forward_naive", "conv_backward_naive"} <= {exercise.id for exercise in NAIVE}


@pytest.mark.parametrize("shortcut", SHORTCUTS.values(), ids=SHORTCUTS)
def test_an_answer_that_calls_something_ready_made_is_told_why_it_fails(shortcut):
    exercise = EXERCISES["conv_forward_naive"]
    text = package_files()[exercise.file].read_text(encoding="utf-8")
    text = text.replace("### BEGIN SOLUTION\n", shortcut + "\n", 1)
    with reference({exercise.file: text}) as worker:
        answer = worker.ask(exercise.id, "forward", exercise.draw()[:1])[0]
    assert answer.status == "raised" and "with NumPy alone" in answer.error.message


def test_modules_come_back_after_the_block():
    import cs231n.im2col

    path = list(sys.meta_path)
    refused = pytest.raises(ModuleNotFoundError, match="cs231n.im2col is not there in this")
    with block_imports(("cs231n.im2col",)), refused:
        __import__("cs231n.im2col")
    assert sys.modules["cs231n.im2col"] is cs231n.im2col and sys.meta_path == path


def test_the_fast_layers_exist_where_they_are_said_to():
    files = {
        name.removesuffix(".py").removesuffix(".pyx").replace("/", ".") for name in package_files()
    }
    assert set(FAST_LAYERS) <= files


def test_the_tree_of_the_judge_does_not_hold_their_files(tmp_path):
    write_tree(tmp_path / "kit")
    lay_out(tmp_path / "kit", tmp_path / "tree", FAST_LAYERS)
    left = {path.stem for path in (tmp_path / "tree" / "cs231n").glob("*.*")}
    assert "vis_utils" in left and not left & {name.rpartition(".")[2] for name in FAST_LAYERS}


@pytest.mark.parametrize("library", ["matplotlib.pyplot", "tqdm"])
def test_a_file_that_imports_what_is_not_there_when_it_is_graded_fails_at_home_as_well(library):
    exercise = EXERCISES["relu_forward"]
    with reference(
        {
            exercise.file: f"import {library}\n"
            + package_files()[exercise.file].read_text(encoding="utf-8")
        }
    ) as worker:
        answer = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:1])[0]
    assert answer.status == "raised"
    assert f"{library.partition('.')[0]} is not there where this is graded" in answer.error.message


def test_files_may_import_numpy_scipy_and_what_comes_with_python():
    text = (
        "import math, random, numpy.linalg, scipy.signal, scipy.ndimage\n"
        "import cs231n.gradient_check, cs231n.vis_utils\n"
    )
    exercise = EXERCISES["relu_forward"]
    with reference(
        {exercise.file: text + package_files()[exercise.file].read_text(encoding="utf-8")}
    ) as worker:
        answer = worker.ask(exercise.id, exercise.probes[0].name, exercise.draw()[:1])[0]
    assert answer.status == "answered", answer
