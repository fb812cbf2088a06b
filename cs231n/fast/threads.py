"""The one knob for threads, and a word on which path is live."""

import os
import sys
from operator import index

from .extensions import kernels

MIN_PARALLEL_WORK = 10_000_000  # multiply-adds, some 0.2 ms, below which waking a second thread costs more than it saves
THREAD_LIMIT = 1024  # where the system has no more, OpenMP ends the process
_chosen = None
_forked = False
_told = False


def set_num_threads(count=None):
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
    if count is not None and not (
        hasattr(count, "__index__") and 1 <= index(count) <= THREAD_LIMIT
    ):
        raise ValueError(
            f"set_num_threads: count must be a whole number from 1 to {THREAD_LIMIT}; got {count!r}. "
            "Use None for all cores."
        )
    _chosen = count


def get_num_threads():
    """How many threads the fast layers use."""
    if kernels() is None or not kernels().MAX_THREADS or _forked:
        return 1
    if _chosen is not None:
        return _chosen
    wish = os.environ.get("OMP_NUM_THREADS", "")
    return (
        min(int(wish), THREAD_LIMIT)
        if wish.isdecimal() and int(wish) > 0
        else kernels().MAX_THREADS
    )


def threads_for(work):
    """How many threads are worth their while for so many multiply-adds."""
    return get_num_threads() if work >= MIN_PARALLEL_WORK else 1


def _single():
    """GNU OpenMP hangs in a forked child when the parent has used it; one thread needs no OpenMP."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_single)


def backend():
    """The path that is live, in one sentence."""
    if kernels() is None:
        return "NumPy: the compiled kernels are not there; a C compiler and `pip install -e .` build them."
    count = get_num_threads()
    return (
        f"compiled kernels, {kernels().TARGET_NAMES[-1]}, {count} thread{'s' if count > 1 else ''}."
    )


def silence():
    """Let `warn_once` be silent, where what it says would be taken for the words of the code that is checked."""
    global _told
    _told = True


def warn_once():
    """Say on the standard error stream, once, that the kernels are missing."""
    global _told
    if not _told and kernels() is None:
        print(f"cs231n.fast_layers runs on {backend()}", file=sys.stderr)
    _told = True
