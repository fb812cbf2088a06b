"""What every net is held to."""

import numpy as np
import pytest

from cs231n.gradient_check import check_gradient


@pytest.fixture
def assert_net_gradients():
    """Check the gradient of each parameter along random directions, and its shape and dtype."""

    def check(net, X, y):
        rng = np.random.default_rng(0)
        for name, value in net.params.items():
            # Biases of zero put rectifiers behind silent ones exactly on their kink.
            if name.startswith("b"):
                value += 0.1 * rng.standard_normal(value.shape)
        _, grads = net.loss(X, y)
        assert set(grads) == set(net.params)
        for name, value in net.params.items():
            assert (grads[name].shape, grads[name].dtype) == (value.shape, value.dtype)
            if np.abs(grads[name]).max() > 1e-12:
                error = check_gradient(
                    lambda _: net.loss(X, y)[0], value, grads[name], num_directions=1
                )
                assert error <= 1e-8, name
            else:
                # A bias in front of a batch normalization changes nothing.
                shift = rng.standard_normal(value.shape)
                before = net.loss(X, y)[0]
                net.params[name] = value + shift
                assert abs(net.loss(X, y)[0] - before) <= 1e-12, name
                net.params[name] = value

    return check
