"""Fixtures of a released kit."""

import nbformat
import pytest

NOTEBOOK = "fully_connected_nets.ipynb"


@pytest.fixture
def kit(released):
    return released.release_folder("assignment2")


@pytest.fixture
def edit_released(released):
    def edit(change):
        path = released.source / "assignment2" / NOTEBOOK
        notebook = nbformat.read(path, as_version=4)
        change(notebook)
        nbformat.write(notebook, path)

    return edit
