"""The one knob for threads, and a word on which path is live."""

import os
import sys
from operator import index
from typing import Any

from .extensions import kernels

MIN_PARALLEL_WORK = 10_000_000
"""Multiply-adds, some 0.2 ms, below which waking a second thread costs more than it saves."""
MAX_CHOSEN_THREADS = 1024
"""More cannot be asked for: where the system has no more, OpenMP ends the process."""

_chosen: int | None = None
_forked = False
_warned = False


def set_num_threads(count: int | None = None) -> None:
    """Set how many threads the fast layers use; their results do not depend on it.

    Parameters
    ----------
    count : int, optional
        From 1 to 1024. Without it: all cores that this process may use, which is the default,
        or as many as the environment variable ``OMP_NUM_THREADS`` says. A forked process
        stays with one thread.

    Raises
    ------
    ValueError
        When count is not such a number.
    """
    global _chosen
    if count is not None and not _may_be_chosen(count):
        raise ValueError(
            "set_num_threads: count must be a whole number "
            f"from 1 to {MAX_CHOSEN_THREADS}; got {count!r}. Use None for all cores."
        )
    _chosen = count


def _may_be_chosen(count: Any) -> bool:
    return hasattr(count, "__index__") and 1 <= index(count) <= MAX_CHOSEN_THREADS


def get_num_threads() -> int:
    """How many threads the fast layers use."""
    if kernels() is None or kernels().MAX_THREADS == 0 or _forked:
        return 1
    if _chosen is not None:
        return _chosen
    wish = os.environ.get("OMP_NUM_THREADS", "")
    if wish.isdecimal() and int(wish) > 0:
        return min(int(wish), MAX_CHOSEN_THREADS)
    return kernels().MAX_THREADS


def threads_for(work: int) -> int:
    """How many threads are worth their while for so many multiply-adds."""
    return get_num_threads() if work >= MIN_PARALLEL_WORK else 1


def _stay_single() -> None:
    """Use one thread from now on: it needs no OpenMP.

    GNU OpenMP hangs in a forked child when the parent has used it.
    """
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_stay_single)


def backend() -> str:
    """The path that is live, in one sentence."""
    if kernels() is None:
        return (
            "NumPy: the compiled kernels are not there; "
            "a C compiler and `pip install -e .` build them."
        )
    count = get_num_threads()
    threads = "1 thread" if count == 1 else f"{count} threads"
    return f"compiled kernels, {kernels().TARGET_NAMES[-1]}, {threads}."


def silence() -> None:
    """Keep `warn_once` from printing anything.

    Where code is checked, a warning would be taken for something that the code has printed.
    """
    global _warned
    _warned = True


def warn_once() -> None:
    """Say on the standard error stream, once, that the kernels are missing."""
    global _warned
    if not _warned and kernels() is None:
        print(f"cs231n.fast_layers runs on {backend()}", file=sys.stderr)
    _warned = True
