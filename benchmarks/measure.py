"""Time competing ways to compute the same thing, interleaved in one process."""

import contextlib
import ctypes
import json
import os
import statistics
import time
from pathlib import Path

os.environ.pop(
    "OPENBLAS_CORETYPE", None
)  # before NumPy loads OpenBLAS: a wrong type halves its speed


SPINNING = 0.05  # seconds for which the threads of a BLAS or of PyTorch wait busily for more work


def medians(ways, seconds, cpu=False, threads=1):
    """The median time of each way in milliseconds.

    The ways take turns, so that a disturbance hits all of them alike.

    Parameters
    ----------
    ways : dict of str to callable
        What a callable returns is kept until its next turn, as a network would.
    seconds : float
        How long to go on; every way has at least five turns after one to warm up.
    cpu : bool
        Count the time of the processor instead of the wall clock where one thread runs:
        the better measure on a busy machine.
    threads : int
        With more than one, each turn waits until those of the turn before have gone to
        sleep, or they would still occupy a processor.
    """
    clock = time.process_time if cpu and threads == 1 else time.perf_counter
    times = {name: [] for name in ways}
    kept = {}
    end = time.perf_counter() + seconds
    for turn in range(10**6):
        for name, way in ways.items():
            time.sleep(SPINNING if threads > 1 else 0)
            start = clock()
            kept[name] = way()
            times[name].append(clock() - start)
        if turn >= 5 and time.perf_counter() > end:
            break
    return {name: 1e3 * statistics.median(ticks[1:]) for name, ticks in times.items()}


def extra_memory(way):
    """Megabytes that the process holds at most while `way` runs, above what it held before.

    None where the system is not Linux.
    """
    from cs231n.fast.extensions import kernels

    if not Path("/proc/self/clear_refs").exists():
        return None
    if kernels():
        kernels().give_back()  # else memory that waits to be used again hides what `way` takes
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)  # and freed memory that the process still holds
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark
    before = _status("VmRSS")
    kept = way()
    after = _status("VmHWM")
    del kept
    return (after - before) / 1024


def _status(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


@contextlib.contextmanager
def threads(count):
    """The same number of threads for the fast layers, BLAS and PyTorch."""
    from threadpoolctl import threadpool_limits

    from cs231n import set_num_threads

    set_num_threads(count)
    if torch := optional_torch():
        torch.set_num_threads(count)
    with threadpool_limits(count, user_api="blas"):
        yield
    set_num_threads(None)


def optional_torch():
    """PyTorch, or None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch


def save(path, rows):
    """Write the results with what is needed to read them later."""
    import platform

    import numpy as np

    from cs231n.fast_layers import backend

    torch = optional_torch()
    versions = {"numpy": np.__version__, "torch": torch and torch.__version__, "backend": backend()}
    Path(path).write_text(
        json.dumps({"machine": platform.machine(), **versions, "rows": rows}, indent=1) + "\n"
    )
