"""Numerical gradients of functions that write into blobs: pairs of ``vals`` and ``diffs``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..gradient_check import eval_numerical_gradient_array


def eval_numerical_gradient_blobs(
    f: Callable[..., Any], inputs: Sequence[Any], output: Any, h: float = 1e-5
) -> list[np.ndarray]:
    """Compute the numerical gradients of a function from blobs to a blob.

    Parameters
    ----------
    f : callable
        ``f(*inputs, output)`` writes its result into ``output.vals``.
    inputs : sequence of objects with ``vals``
        Where to take the gradients; changed in place and restored.
    output : object with ``vals`` and ``diffs``
        ``diffs`` is the upstream gradient.
    h : float
        Step.

    Returns
    -------
    gradients : list of ndarray
        One for each input, of the shape of its ``vals``.
    """

    def values(_: np.ndarray) -> np.ndarray:
        f(*inputs, output)
        return np.copy(output.vals)

    return [eval_numerical_gradient_array(values, blob.vals, output.diffs, h) for blob in inputs]


def eval_numerical_gradient_net(
    net: Any, inputs: Sequence[Any], output: Any, h: float = 1e-5
) -> list[np.ndarray]:
    """Compute the numerical gradients of a net whose ``forward()`` reads and writes blobs.

    Parameters and results are as for `eval_numerical_gradient_blobs`.
    """
    return eval_numerical_gradient_blobs(lambda *_: net.forward(), inputs, output, h)
