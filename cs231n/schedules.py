"""Learning-rate schedules and gradient clipping.

A schedule is a function ``step, total -> factor`` that scales the learning
rate of step 0, 1, ..., total - 1. Give one to ``Solver(schedule=...)``.
"""

import math

import numpy as np


def constant(step, total):
    """Keep the learning rate."""
    return 1.0


def step_decay(every, factor=0.1):
    """Make a schedule that multiplies the rate by `factor` after each `every` steps."""
    return lambda step, total: factor ** (step // every)


def exponential_decay(rate):
    """Make a schedule that scales the rate by ``exp(-rate * step)``."""
    return lambda step, total: math.exp(-rate * step)


def inverse_decay(rate):
    """Make a schedule that scales the rate by ``1 / (1 + rate * step)``."""
    return lambda step, total: 1 / (1 + rate * step)


def linear(step, total):
    """Lower the rate along a straight line to 0 at the end."""
    return 1 - step / total


def cosine(step, total):
    """Lower the rate along half a cosine to 0 at the end (Loshchilov, Hutter, SGDR, 2017)."""
    return 0.5 * (1 + math.cos(math.pi * step / total))


def warmup(steps, then=constant):
    """Make a schedule that rises linearly over `steps` steps, then follows another one.

    Parameters
    ----------
    steps : int
        Length of the rise; the factor is ``(step + 1) / steps`` there.
    then : callable
        Schedule of the remaining ``total - steps`` steps.
    """

    def schedule(step, total):
        if step < steps:
            return (step + 1) / steps
        return then(step - steps, total - steps)

    return schedule


def clip_by_value(grads, limit):
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


def clip_by_global_norm(grads, limit):
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
    norm = math.sqrt(
        sum(float(np.sum(np.square(grad, dtype=np.float64))) for grad in grads.values())
    )
    scale = limit / norm if norm > limit else 1.0
    return {name: grad * scale for name, grad in grads.items()}, norm
