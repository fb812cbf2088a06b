"""What a worker sends may be anything, and never more than an answer that is wrong."""

import numpy as np
import pytest

from cs231n.check.process.answers import explain_exit
from cs231n.check.process.messages import End


def explained(code):
    """The words for a process that ended so, if one may believe who answers for the worker."""
    return explain_exit(End.from_frame({"nonce": "n", "died": code}).exit_code).answer


@pytest.mark.parametrize(
    "code",
    [None, 0, 1, "x", -1.5, [-9], {}, np.arange(3), np.int64(-9) + np.zeros(1, np.int64)],
    ids=str,
)
def test_an_end_without_the_number_of_a_signal_is_an_early_end(code):
    assert "ended early" in explained(code).error.message


@pytest.mark.parametrize(
    "code, text",
    [
        (-11, "SIGSEGV"),
        (-9, "SIGKILL; it took too much"),
        (-24, "too much processor time"),
        (-35, "a signal without a name"),
        (-(10**400), "a signal without a name"),
    ],
)
def test_an_end_by_a_signal_is_named_where_the_signal_has_a_name(code, text):
    assert text in explained(code).error.message
