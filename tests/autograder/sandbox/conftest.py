"""The sandbox that a file is about; the tests that every sandbox has are in sandbox_contract.py."""

import pytest

from autograder.sandbox.base import SandboxUnavailableError

pytest.register_assert_rewrite("sandbox_contract")


@pytest.fixture(scope="module")
def sandbox(request):
    """The sandbox that the file names as ``KIND``, where this machine gives it."""
    try:
        return request.module.KIND.find()
    except SandboxUnavailableError as reason:
        pytest.skip(str(reason))
