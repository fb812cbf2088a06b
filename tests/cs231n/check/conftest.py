"""Copies of the package with changes, and workers on them."""

import subprocess

import pytest

from autograder.reference.package_files import package_files, write_tree
from cs231n.check.process.client import WorkerClient
from cs231n.check.process.command import python_command, site_packages


@pytest.fixture
def tree(tmp_path):
    """A function that writes a package with changes and starts a worker on it."""
    workers = []

    def start(changes=None, seconds=60, stderr=subprocess.DEVNULL):
        write_tree(tmp_path, changes)
        workers.append(
            WorkerClient(python_command(tmp_path, site_packages()), seconds, stderr=stderr)
        )
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def _source(name):
    return package_files()[name].read_text(encoding="utf-8")


def _changed(name, old, new):
    text = _source(name)
    assert text.count(old) == 1
    return {name: text.replace(old, new)}


def _broken(body, name="relu_forward", arguments="x"):
    file = "cs231n/layers/activations.py"
    return {file: _source(file) + f"\n\ndef {name}({arguments}):\n    {body}\n"}


@pytest.fixture
def source():
    """A function that reads a file of the package."""
    return _source


@pytest.fixture
def changed():
    """A function that replaces one place of a file."""
    return _changed


@pytest.fixture
def broken():
    """A function that gives the activations with another function at the end."""
    return _broken
