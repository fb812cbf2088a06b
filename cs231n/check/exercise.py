"""What an exercise is: probes that call the student's code, cases for them, allowed errors."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from .process.messages import UNANSWERABLE, Answer, Failure

PUBLIC_SEED = 231
MAX_EXCESS = 16
"""int : how many times as large as right ones the arrays may be that are still looked into."""
LIMITS = {"float64": 1e-9, "float32": 1e-4}

Rng: TypeAlias = "np.random.RandomState"  # a text: who only answers needs no random numbers
"""Its stream never changes between releases of NumPy."""
Array = np.ndarray
Arrays = dict[str, np.ndarray]
Inputs = dict[str, Any]
"""Keyword arguments of a probe."""
Quantities = dict[str, Any]
"""What a probe returns: arrays and numbers."""
Seed = int | Sequence[int] | np.ndarray


@dataclass(frozen=True)
class Case:
    """One set of inputs.

    Parameters
    ----------
    name : str
        What is special about it, as a student reads it: ``"one example"``.
    inputs : dict
        Keyword arguments of the probe: arrays, numbers, strings, lists, None.
    dtype : {"float64", "float32"}
        The precision that the answer is held to.
    labels : ndarray of shape (N,), optional
        What a training goal is judged by; never sent to the worker.
    """

    name: str
    inputs: Inputs
    dtype: str = "float64"
    labels: np.ndarray | None = None


Cases = Iterator[Case]


@dataclass(frozen=True)
class Probe:
    """A few lines that call the student's code and return arrays. Not secret, run beside that code.

    Parameters
    ----------
    name : str
    run : callable
        Takes the inputs of a case as keywords, returns a dict of quantity -> array or number.
    stand_ins : bool
        Run with every layer replaced by a stand-in (see `cs231n.check.stand_ins`), so that what is
        wrong in a layer does not count against the net that calls it.
    """

    name: str
    run: Callable[..., Quantities]
    stand_ins: bool = False


@dataclass(frozen=True)
class Exercise:
    """Everything about one exercise but its points, which stand in ``course.toml``.

    Parameters
    ----------
    id : str
        Name of the function or class; also the notebook's ``grade_id`` and the row of the
        gradebook.
    module : str
        Where the student writes it: ``"cs231n.layers.affine"``.
    probes : tuple of Probe
        Alternatives: the one with the best result counts.
    cases : callable
        ``cases(rng)`` yields `Case` objects; ``rng`` is a ``numpy.random.RandomState``, whose
        stream never changes between releases of NumPy.
    limits : dict of str -> float
        Largest error relative to the scale of the expected array, by quantity; others follow
        `LIMITS`.
    keeps_inputs : bool
        Whether changing an input array in place is a mistake.
    reduce : callable, optional
        ``reduce(inputs, arrays)`` returns what of an answer is compared, as a dict of arrays, where
        many answers are right: a random mask, an order. It runs with whoever judges, never beside
        the student's code.
    sizes : callable, optional
        ``sizes(inputs)`` returns how many elements right answers have, by the names of all arrays
        that ``reduce`` may look at. It is given no others, and none that is `MAX_EXCESS` times as
        large: a submission can send what it likes, and loops over that are paid by whoever judges.
        There where ``reduce`` is.
    without : tuple of str
        Modules that cannot be imported while a probe runs, each with what lies below it: they hold
        the answer ready-made. The judge's sandbox does not hold the files of the package among them
        at all.
    """

    id: str
    module: str
    probes: tuple[Probe, ...]
    cases: Callable[[Rng], Cases]
    limits: dict[str, float] = field(default_factory=dict)
    keeps_inputs: bool = True
    reduce: Callable[[Inputs, Arrays], Arrays] | None = None
    sizes: Callable[[Inputs], dict[str, int]] | None = None
    without: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file that the student edits, relative to the kit."""
        return self.module.replace(".", "/") + ".py"

    def draw(self, seed: Seed = PUBLIC_SEED) -> list[Case]:
        """Draw the cases.

        Parameters
        ----------
        seed : int or sequence of int
            Anything that ``numpy.random.RandomState`` takes.

        Returns
        -------
        cases : list of Case
        """
        return list(self.cases(np.random.RandomState(seed)))

    def answers(
        self, ask: Callable[..., Sequence[Answer]], probe: str, cases: Sequence[Case]
    ) -> list[Answer]:
        """Ask a probe about the cases, and keep of every answer what is compared.

        Parameters
        ----------
        ask : callable
            ``ask(exercise_id, probe_name, cases)``, as `WorkerClient.ask`.
        probe : str
        cases : list of Case

        Returns
        -------
        answers : list of Answer
        """
        answers = ask(self.id, probe, cases)
        return [self._reduced(*pair) for pair in zip(cases, answers, strict=True)]

    def _reduced(self, case: Case, answer: Answer) -> Answer:
        if self.reduce is None or not answer.is_answered:
            return answer
        try:
            given = self._reducible(case.inputs, answer.arrays)
            with np.errstate(all="ignore"):
                arrays = self.reduce(case.inputs, given)
        except Exception as problem:
            # The arrays are a stranger's: whatever they break is their fault alone.
            text = f"the arrays do not have the shapes that the docstring asks for ({problem})"
            return replace(
                answer, status=UNANSWERABLE, arrays={}, error=Failure("ValueError", text)
            )
        return replace(answer, arrays=arrays)

    def _reducible(self, inputs: Inputs, arrays: Arrays) -> Arrays:
        """Leave out arrays that `sizes` does not name; `ValueError` where one is far too large."""
        assert self.sizes is not None
        given = {}
        for name, size in self.sizes(inputs).items():
            if name not in arrays:
                continue
            # An axis without any elements counts as one: the others are looped over all the same.
            length = math.prod(max(side, 1) for side in arrays[name].shape)
            if length > MAX_EXCESS * max(size, 1):
                raise ValueError(f"{name} has shape {arrays[name].shape}, for {size:,} elements")
            given[name] = arrays[name]
        return given

    def limit(self, quantity: str, dtype: str) -> float:
        """Return the largest error that still passes for this quantity in this precision."""
        return self.limits.get(quantity, LIMITS[dtype])

    def probe(self, name: str) -> Probe:
        """Return the probe with this name."""
        return next(probe for probe in self.probes if probe.name == name)


@dataclass(frozen=True)
class TrainingGoal(Exercise):
    """An exercise judged from saved weights on images that nobody has seen.

    Its probe ``weights`` reads the arrays from the submission; its probe ``scores`` applies a net
    to images: the student's own net at home, the reference when it counts.

    Parameters
    ----------
    weights : str
        The file of the weights, relative to the kit.
    goals : tuple of (float, float)
        Accuracies, rising, and the share of the points that each earns.
    """

    weights: str = ""
    goals: tuple[tuple[float, float], ...] = ()


def cast(arrays: Arrays, dtype: str) -> dict[str, Any]:
    """Copy arrays, and numbers as arrays, in one precision; more may be added to the copy."""
    return {name: np.array(array, dtype) for name, array in arrays.items()}


def unpack(function: str, result: object, *names: str) -> dict[str, Any]:
    """Name the values that a student's function returned.

    Parameters
    ----------
    function : str
    result : object
    *names : str
        What should have been returned.

    Returns
    -------
    values : dict of str -> object

    Raises
    ------
    ValueError
        When it is not a tuple of that length; the message names what is expected.
    """
    expected = f"{function} must return {len(names)} values: {', '.join(names)}"
    if not isinstance(result, tuple):
        raise ValueError(f"{expected}; got one of type {type(result).__name__}")
    if len(result) != len(names):
        raise ValueError(f"{expected}; got {len(result)}")
    return dict(zip(names, result))
