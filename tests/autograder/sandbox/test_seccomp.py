"""The filters of system calls; the submissions of sandbox_contract.py try what they hold."""

import sys

import pytest

from autograder.sandbox.seccomp import FilterUnavailableError, question_filter, sandbox_filter

INSTRUCTION_BYTES = 8


@pytest.mark.parametrize("compile_filter", [sandbox_filter, question_filter])
@pytest.mark.parametrize("option", [True, False])
def test_a_filter_is_a_whole_number_of_instructions(compile_filter, option):
    try:
        program = compile_filter(option)
    except FilterUnavailableError as reason:
        pytest.skip(str(reason))
    assert program and len(program) % INSTRUCTION_BYTES == 0


def test_without_the_library_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(FilterUnavailableError, match="install libseccomp"):
        sandbox_filter()
