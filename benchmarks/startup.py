"""How soon the commands answer that need no machinery, against an interpreter that does nothing.

``python -m benchmarks.startup [--rounds N]`` starts every command in turn, so that a disturbance
hits all of them alike, and prints the median of each: wall time and processor time in milliseconds.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

COURSE = "COURSE"
"""str : stands for a folder that is new in every round."""
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "autograder --help": ["-m", "autograder", "--help"],
    "autograder --version": ["-m", "autograder", "--version"],
    "autograder grdae": ["-m", "autograder", "grdae"],
    "autograder grade --help": ["-m", "autograder", "grade", "--help"],
    "autograder init": ["-m", "autograder", "init", "--course", COURSE],
    "cs231n --help": ["-m", "cs231n", "--help"],
}


def measure(rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Start every command so many times.

    Parameters
    ----------
    rounds : int

    Returns
    -------
    times : dict of str -> list of (float, float)
        Wall time and processor time of each start, in seconds.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            times[name].append(_start(arguments))
    return times


def _start(arguments: Sequence[str]) -> tuple[float, float]:
    folder = Path(tempfile.mkdtemp(prefix="cs231n-startup-"))
    try:
        filled = [str(folder / "course") if word == COURSE else word for word in arguments]
        processor = _child_seconds()
        wall = time.perf_counter()
        subprocess.run([sys.executable, *filled], capture_output=True)
        return time.perf_counter() - wall, _child_seconds() - processor
    finally:
        shutil.rmtree(folder)


def _child_seconds() -> float:
    """float : processor time of all processes that this one has started and that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def main(argv: Sequence[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="starts of each (%(default)s)")
    args = parser.parse_args(argv)
    measure(1)  # what is compiled once, and what the disk has to read
    times = measure(args.rounds)
    print(f"{'':<26}{'wall ms':>10}{'processor ms':>14}")
    for name, starts in times.items():
        wall = 1000 * statistics.median(start[0] for start in starts)
        processor = 1000 * statistics.median(start[1] for start in starts)
        print(f"{name:<26}{wall:>10.0f}{processor:>14.0f}")


if __name__ == "__main__":
    main()
