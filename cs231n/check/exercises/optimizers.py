"""Exercises of ``cs231n/optim.py``."""

import numpy as np

from ..exercise import Array, Case, Cases, Exercise, Inputs, Probe, Quantities, Rng, unpack


def _probe(rule: str) -> tuple[Probe, ...]:
    def steps(w: Array, gradients: Array, config: Inputs) -> Quantities:
        """Follow several gradients and return the weights after each step."""
        from cs231n import optim

        update = getattr(optim, rule)
        kept: Inputs | None = dict(config) or None
        weights = []
        for dw in gradients:
            found = unpack(rule, update(w, dw.copy(), kept), "next_w", "config")
            w = found["next_w"]
            kept = found["config"]
            weights.append(np.array(w))
        return {"next_w, first step": weights[0], "next_w, later steps": np.stack(weights[1:])}

    return (Probe("steps", steps),)


def _cases(rng: Rng, **settings: float) -> Cases:
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


def _exercise(rule: str, **settings: float) -> Exercise:
    def cases(rng: Rng) -> Cases:
        return _cases(rng, **settings)

    return Exercise(rule, "cs231n.optim", _probe(rule), cases, keeps_inputs=False)


EXERCISES = (
    _exercise("sgd_momentum", learning_rate=0.05, momentum=0.6),
    _exercise("nesterov", learning_rate=0.05, momentum=0.6),
    _exercise("adagrad", learning_rate=0.03, epsilon=1e-6),
    _exercise("rmsprop", learning_rate=0.003, decay_rate=0.8, epsilon=1e-6),
    _exercise("adadelta", learning_rate=0.5, rho=0.7, epsilon=1e-4),
    _exercise("adam", learning_rate=0.02, beta1=0.7, beta2=0.95, epsilon=1e-6),
    _exercise("adamw", learning_rate=0.02, beta1=0.7, beta2=0.95, epsilon=1e-6, weight_decay=0.1),
)
