import pytest
from nbformat.v4 import new_code_cell

from autograder.evidence.outputs import run_notebook
from autograder.grading.workspaces import WorkspacePool
from autograder.sandbox.find import find_sandbox


@pytest.fixture(scope="module")
def sandbox():
    sandbox = find_sandbox(allow_unisolated=True)
    if not hasattr(sandbox, "notebook_command"):
        pytest.skip("notebooks run in bubblewrap alone")
    return sandbox


@pytest.fixture
def ran(students, sandbox):
    """Run cells as a notebook of a student, and return their outputs."""

    def run(*sources, cells=None):
        pristine = students.kit_notebook()
        pristine.cells += cells or [
            new_code_cell(source, id=f"cell{k}") for k, source in enumerate(sources)
        ]
        folder = students.hand_in("ada")
        workspaces = WorkspacePool(students.course, students.assignment, sandbox, notebooks=True)
        try:
            with workspaces.open_submission(folder) as worker:
                return run_notebook(worker, folder / "fully_connected_nets.ipynb", pristine)
        finally:
            workspaces.close()

    return run
