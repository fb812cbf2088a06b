"""Threads, and the words on the live path."""

import os
import subprocess
import sys

import numpy as np
import pytest
from fast_layer_cases import convolutions, fast
from hypothesis import given, settings

from cs231n import fast_layers
from cs231n.fast import extensions, threads


@settings(deadline=None, max_examples=10)
@given(convolutions())
def test_results_are_identical_for_every_number_of_threads(case):
    results = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(threads, "MIN_PARALLEL_WORK", 0)
        for count in (1, 2, 5):
            monkeypatch.setattr(threads, "_chosen", count)
            results.append(fast(*case))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def test_backend_names_the_instruction_set_and_the_threads():
    fast_layers.set_num_threads(1)
    try:
        live = fast_layers.backend()
    finally:
        fast_layers.set_num_threads(None)
    assert live.startswith("NumPy") or live.endswith(", 1 thread.")


@pytest.mark.skipif(extensions.kernels() is None, reason="the extension is not built")
def test_kernels_without_openmp_have_one_thread_whatever_is_asked_for(monkeypatch):
    monkeypatch.setattr(extensions.kernels(), "MAX_THREADS", 0)
    monkeypatch.setattr(threads, "_chosen", 7)
    assert fast_layers.get_num_threads() == 1 and fast_layers.backend().endswith(", 1 thread.")


@pytest.mark.parametrize("count", [0, 1025, 2**40, 2.0, "2"])
def test_the_number_of_threads_is_checked(count):
    with pytest.raises(
        ValueError,
        match=f"set_num_threads: count must be a whole number from 1 to 1024; got {count!r}",
    ):
        fast_layers.set_num_threads(count)


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("wish", ["", "set_num_threads(2)", "set_num_threads()"])
def test_a_forked_process_can_convolve_after_its_parent_did(wish):
    program = (
        "import os, numpy as np\n"
        "from cs231n.fast_layers import conv_forward_fast as f, set_num_threads\n"
        "a = np.ones((8, 16, 64, 64)), np.ones((16, 16, 3, 3)), np.ones(16), {'pad': 1}\n"
        "set_num_threads(2)\n"
        "f(*a)\n"
        "pid = os.fork()\n"
        f"{wish}\n"
        "f(*a)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pid else 0)\n"
    )
    assert (
        subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60).returncode == 0
    )
