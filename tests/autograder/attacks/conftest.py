"""Fixtures for attacks: a course that is attacked, a sandbox, weights that reach the goal."""

import os

import nbformat
import numpy as np
import pytest
from attacked_class import NOTEBOOK, AttackedClass, honest_notebook, nbgrader_marks

from autograder.authoring.course_setup import set_up
from autograder.errors import UserError
from autograder.release.kit import release
from autograder.sandbox.find import find_sandbox
from cs231n.checkpoint import save_params
from cs231n.classifiers import FullyConnectedNet
from cs231n.data_utils import load_dataset
from cs231n.solver import Solver

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


def pytest_generate_tests(metafunc):
    """Ask about each attack of a class in a test of its own."""
    if "attack" in metafunc.fixturenames and issubclass(metafunc.cls, AttackedClass):
        metafunc.parametrize("attack", metafunc.cls.attacks)


def pytest_collection_modifyitems(items):
    """Send the tests about one class of students to one process, which grades it."""
    for item in items:
        tested = getattr(item, "cls", None)
        if isinstance(tested, type) and issubclass(tested, AttackedClass):
            item.add_marker(pytest.mark.xdist_group(tested.__name__))


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
                cell["id"] = "goal"
                cell["source"] = 'check("train_fully_connected")'
                cell["metadata"] = nbformat.from_dict(
                    nbgrader_marks("train_fully_connected", grade=True, locked=True, points=10)
                )
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
def weights(tmp_path_factory):
    """Weights that reach the training goal, made with the reference."""
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
