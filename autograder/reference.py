"""The reference, asked like any submission: its answers are what is expected.

It runs in a process of its own on a copy of the package, unsandboxed because it is trusted. Nothing of a student ever
comes near it but arrays.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

import cs231n
from cs231n.check.client import Worker, python_command, site_packages
from cs231n.check.exercise import TrainingGoal

from .package_tree import write_tree

SECONDS = 120
EXTENSIONS = [path for path in Path(cs231n.__file__).parent.glob("_*") if path.suffix in (".so", ".pyd")]


class ReferenceError(RuntimeError):
    """The reference cannot answer one of its own exercises."""


@contextlib.contextmanager
def reference(changes=None, given=None, preload=(), trusted=False):
    """Start a worker on the reference.

    Parameters
    ----------
    changes : dict of str -> str, optional
        Files that differ, as `write_tree` takes them: a planted mistake.
    given : dict of str -> path, optional
        Arrays, as ``.npy`` files, that are an input of every case: large ones are not sent again and again.
    preload : sequence of str
        Modules to load before it is asked, where it will be asked often.
    trusted : bool
        Answer every question in the one process, which saves starting others, and with the compiled kernels where
        there are any; not where questions need stand-ins.

    Yields
    ------
    worker : Worker
    """
    with tempfile.TemporaryDirectory(prefix="cs231n-reference-") as folder:
        write_tree(folder, changes)
        options = [f"--given={name}={path}" for name, path in (given or {}).items()]
        options += [f"--preload={module}" for module in preload]
        if trusted:
            options.append("--trusted")
            for kernels in EXTENSIONS:
                shutil.copy(kernels, Path(folder) / "cs231n")
        with Worker(python_command(Path(folder), site_packages(), options=options), SECONDS) as worker:
            yield worker


def expected_answers(worker, exercise, cases):
    """What the reference returns.

    Parameters
    ----------
    worker : Worker
    exercise : Exercise
    cases : list of Case

    Returns
    -------
    expected : dict of str -> list of dict
        By probe, the arrays of each case; empty for a training goal, which has no expected answer.

    Raises
    ------
    ReferenceError
    """
    if isinstance(exercise, TrainingGoal):
        return {}
    return {probe.name: [_arrays(exercise, a) for a in exercise.answers(worker.ask, probe.name, cases)]
            for probe in exercise.probes}


def _arrays(exercise, answer):
    if answer["status"] != "answered" or (exercise.keeps_inputs and answer["changed"]):
        raise ReferenceError(f"{exercise.id}: the reference does not answer: {answer.get('error') or answer['changed']}")
    return answer["arrays"]
