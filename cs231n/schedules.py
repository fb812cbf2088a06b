"""Learning-rate schedules and gradient clipping.

A schedule is a function ``step, total -> factor`` that scales the learning
rate of step 0, 1, ..., total - 1. Give one to ``Solver(schedule=...)``.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

Schedule = Callable[[int, int], float]


def constant(step: int, total: int) -> float:
    """Keep the learning rate."""
    return 1.0


def step_decay(every: int, factor: float = 0.1) -> Schedule:
    """Make a schedule that multiplies the rate by `factor` after each `every` steps."""
    return lambda step, total: factor ** (step // every)


def exponential_decay(rate: float) -> Schedule:
    """Make a schedule that scales the rate by ``exp(-rate * step)``."""
    return lambda step, total: math.exp(-rate * step)


def inverse_decay(rate: float) -> Schedule:
    """Make a schedule that scales the rate by ``1 / (1 + rate * step)``."""
    return lambda step, total: 1 / (1 + rate * step)


def linear(step: int, total: int) -> float:
    """Lower the rate along a straight line to 0 at the end."""
    return 1 - step / total


def cosine(step: int, total: int) -> float:
    """Lower the rate along half a cosine to 0 at the end (Loshchilov, Hutter, SGDR, 2017)."""
    return 0.5 * (1 + math.cos(math.pi * step / total))


def warmup(steps: int, then: Schedule = constant) -> Schedule:
    """Make a schedule that rises linearly over `steps` steps, then follows another one.

    Parameters
    ----------
    steps : int
        Length of the rise; the factor is ``(step + 1) / steps`` there.
    then : callable
        Schedule of the remaining ``total - steps`` steps.
    """

    def schedule(step: int, total: int) -> float:
        if step < steps:
            return (step + 1) / steps
        return then(step - steps, total - steps)

    return schedule


def clip_by_value(grads: Mapping[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    """Clip every entry of every gradient to [-limit, limit].

    Parameters
    ----------
    grads : dict of str to ndarray
        Gradients by parameter name; left as they are.
    limit : float
        Largest absolute value.

    Returns
    -------
    clipped : dict of str to ndarray
        New arrays of the same shapes and dtypes.
    """
    return {name: np.clip(grad, -limit, limit) for name, grad in grads.items()}


def clip_by_global_norm(
    grads: Mapping[str, np.ndarray], limit: float
) -> tuple[dict[str, np.ndarray], float]:
    """Scale all gradients by one factor so that their joint L2 norm is at most `limit`.

    Parameters
    ----------
    grads : dict of str to ndarray
        Gradients by parameter name; left as they are.
    limit : float
        Largest joint norm.

    Returns
    -------
    clipped : dict of str to ndarray
        The gradients, scaled where the norm is above the limit.
    norm : float
        The joint norm before clipping.

    References
    ----------
    Pascanu, Mikolov, Bengio, "On the Difficulty of Training Recurrent Neural Networks", 2013.
    """
    total = 0.0
    for grad in grads.values():
        total += float(np.sum(np.square(grad, dtype=np.float64)))
    norm = math.sqrt(total)
    scale = 1.0
    if norm > limit:
        scale = limit / norm
    return {name: grad * scale for name, grad in grads.items()}, norm
