"""Exercises of ``cs231n/optim.py``."""

import numpy as np

from ..exercise import Case, Exercise, Probe, unpack


def _probe(rule):
    def steps(w, gradients, config):
        """Follow several gradients and return the weights after each step."""
        from cs231n import optim

        weights, config = [], dict(config) or None
        for dw in gradients:
            w, config = unpack(
                rule, getattr(optim, rule)(w, dw.copy(), config), "next_w", "config"
            ).values()
            weights.append(np.array(w))
        return {"next_w, first step": weights[0], "next_w, later steps": np.stack(weights[1:])}

    return (Probe("steps", steps),)


def _cases(rng, **settings):
    yield Case(
        "default settings", {"w": rng.randn(4, 5), "gradients": rng.randn(5, 4, 5), "config": {}}
    )
    own = {"w": rng.randn(3, 2), "gradients": 0.01 * rng.randn(4, 3, 2), "config": settings}
    yield Case("other settings", own)
    small = {"w": rng.randn(6), "gradients": 1e-6 * rng.randn(3, 6), "config": {}}
    yield Case("tiny gradients", small)
    single = {
        "w": rng.randn(2, 3).astype(np.float32),
        "gradients": rng.randn(4, 2, 3).astype(np.float32),
        "config": {},
    }
    yield Case("float32", single, "float32")


def _exercise(rule, **settings):
    return Exercise(
        rule, "cs231n.optim", _probe(rule), lambda rng: _cases(rng, **settings), keeps_inputs=False
    )


EXERCISES = (
    _exercise("sgd_momentum", learning_rate=0.05, momentum=0.6),
    _exercise("nesterov", learning_rate=0.05, momentum=0.6),
    _exercise("adagrad", learning_rate=0.03, epsilon=1e-6),
    _exercise("rmsprop", learning_rate=0.003, decay_rate=0.8, epsilon=1e-6),
    _exercise("adadelta", learning_rate=0.5, rho=0.7, epsilon=1e-4),
    _exercise("adam", learning_rate=0.02, beta1=0.7, beta2=0.95, epsilon=1e-6),
    _exercise("adamw", learning_rate=0.02, beta1=0.7, beta2=0.95, epsilon=1e-6, weight_decay=0.1),
)
