"""Numerical oracles for the layers."""

import numpy as np
import pytest


def derivative(f, h=1e-3):
    """The derivative of f at 0, with an error of order h ** 4."""
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


def along(forward, arrays, position, direction, dout):
    """The derivative of ``sum(forward(*arrays) * dout)`` when one of the arrays moves along a direction."""
    def moved(t):
        shifted = list(arrays)
        shifted[position] = arrays[position] + t * direction
        return np.sum(forward(*shifted) * dout)
    return derivative(moved)


@pytest.fixture
def assert_gradients():
    """Compare analytic gradients with derivatives along random directions, and on request entry by entry."""
    def check(forward, arrays, dout, gradients, rng, full=False):
        for position, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
            assert gradient.shape == array.shape
            direction = rng.standard_normal(array.shape)
            expected = along(forward, arrays, position, direction, dout)
            scale = np.sum(np.abs(gradient * direction)) + 1e-3
            assert abs(np.sum(gradient * direction) - expected) <= 1e-9 * scale
            for entry in np.ndindex(array.shape) if full else ():
                unit = np.zeros(array.shape)
                unit[entry] = 1
                expected = along(forward, arrays, position, unit, dout)
                assert abs(gradient[entry] - expected) <= 1e-9 * (np.abs(gradient).max() + 1e-3)
    return check
