"""The reference, asked like any submission: its answers are what is expected.

It runs in a process of its own on a copy of the package, unsandboxed because it is trusted. Nothing
of a student ever comes near it but arrays.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import cs231n
from cs231n.check.exercise import Case, Exercise, TrainingGoal
from cs231n.check.process.client import WorkerClient
from cs231n.check.process.command import python_command, quiet_environment, site_packages
from cs231n.check.process.messages import Answer

from .package_files import write_tree

SECONDS = 120
GOAL_WORKER_BYTES = 4 << 30
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
"""dict of str -> str : glibc's settings for a process that needs large arrays again and again.

By default it returns them to the system and gets cleared pages back, and a convolutional net takes
a third longer.
"""
EXTENSIONS = [
    path
    for path in Path(cs231n.__file__).parent.joinpath("fast").glob("_*")
    if path.suffix in (".so", ".pyd")
]


class ReferenceFailureError(RuntimeError):
    """The reference cannot answer one of its own exercises."""


@contextlib.contextmanager
def reference(changes: Mapping[str, str] | None = None) -> Iterator[WorkerClient]:
    """Start a worker on the reference.

    Parameters
    ----------
    changes : dict of str -> str, optional
        Files that differ, as `write_tree` takes them: a planted mistake.

    Yields
    ------
    worker : WorkerClient
    """
    with tempfile.TemporaryDirectory(prefix="cs231n-reference-") as folder:
        write_tree(folder, changes)
        with WorkerClient(python_command(Path(folder), site_packages()), SECONDS) as worker:
            yield worker


@contextlib.contextmanager
def goal_worker(inputs: Mapping[str, np.ndarray], preload: Sequence[str]) -> Iterator[WorkerClient]:
    """Start a worker on the reference that tries trained weights on the images of a training goal.

    It is `autograder.reference.goal_worker`. It answers every question in the one process, which
    saves starting others, and with the compiled kernels where there are any. Weights that would
    take more memory than `GOAL_WORKER_BYTES` are refused: others are judged beside them.

    Parameters
    ----------
    inputs : dict of str -> ndarray
        Of every case: they are too large to be sent again and again.
    preload : sequence of str
        Modules to load before it is asked.

    Yields
    ------
    worker : WorkerClient
    """
    with tempfile.TemporaryDirectory(prefix="cs231n-goal-") as folder:
        write_tree(folder)
        # The tree has sources alone, and would run the slower NumPy path.
        for kernels in EXTENSIONS:
            shutil.copy(kernels, Path(folder) / "cs231n" / "fast")
        files = {name: Path(folder) / f"{name}.npy" for name in inputs}
        for name, path in files.items():
            np.save(path, inputs[name], allow_pickle=False)
        options = ["--trusted", f"--memory-bytes={GOAL_WORKER_BYTES}"]
        options += [f"--given={name}={path}" for name, path in files.items()]
        options += [f"--preload={module}" for module in preload]
        packages = [*map(Path, site_packages()), Path(__file__).parents[2]]
        command = python_command(
            Path(folder), packages, options=options, program="autograder.reference.goal_worker"
        )
        environment = quiet_environment() | KEEP_MEMORY
        with WorkerClient(command, SECONDS, environment=environment) as worker:
            yield worker


def expected_answers(
    worker: WorkerClient, exercise: Exercise, cases: list[Case]
) -> dict[str, list[dict[str, Any]]]:
    """Ask the reference about some cases.

    Parameters
    ----------
    worker : WorkerClient
    exercise : Exercise
    cases : list of Case

    Returns
    -------
    expected : dict of str -> list of dict
        By probe, the arrays of each case; empty for a training goal, which has no expected answer.

    Raises
    ------
    ReferenceFailureError
        If it fails, or changes an input that it must leave alone.
    """
    if isinstance(exercise, TrainingGoal):
        return {}
    expected = {}
    for probe in exercise.probes:
        answers = exercise.answers(worker.ask, probe.name, cases)
        expected[probe.name] = [_arrays(exercise, answer) for answer in answers]
    return expected


def _arrays(exercise: Exercise, answer: Answer) -> dict[str, Any]:
    if not answer.is_answered or (exercise.keeps_inputs and answer.changed):
        raise ReferenceFailureError(
            f"{exercise.id}: the reference does not answer: {answer.error or answer.changed}"
        )
    return answer.arrays
