import numpy as np
import pytest

from cs231n import layers


def test_relu_gradient_at_exactly_zero_is_zero():
    x = np.array([-1.0, 0.0, 2.0])
    out, cache = layers.relu_forward(x)
    np.testing.assert_array_equal(out, [0, 0, 2])
    np.testing.assert_array_equal(layers.relu_backward(np.full(3, 5.0), cache), [0, 0, 5])


def test_relu_lets_no_upstream_gradient_however_large_through_a_dead_unit():
    largest = np.finfo(np.float64).max
    dx = layers.relu_backward(np.array([largest, -largest, largest]), np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(dx, [0, 0, largest])


def test_leaky_relu_at_zero_has_the_slope_of_the_negative_side():
    x = np.array([-2.0, 0.0, 3.0])
    out, cache = layers.leaky_relu_forward(x, alpha=np.float64(0.1))
    np.testing.assert_allclose(out, [-0.2, 0, 3])
    np.testing.assert_allclose(layers.leaky_relu_backward(np.ones(3), cache), [0.1, 0.1, 1])


def test_leaky_relu_with_a_numpy_alpha_keeps_float32():
    out, cache = layers.leaky_relu_forward(np.ones(3, np.float32), alpha=np.float64(0.1))
    assert out.dtype == layers.leaky_relu_backward(out, cache).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_of_huge_numbers_is_finite_and_does_not_overflow(dtype):
    x = np.array([-1e4, -100.0, 0.0, 100.0, 1e4], dtype=dtype)
    with np.errstate(over="raise", invalid="raise"):
        out, cache = layers.sigmoid_forward(x)
        dx = layers.sigmoid_backward(np.ones_like(x), cache)
    np.testing.assert_allclose(out, [0, out[1], 0.5, 1, 1])
    assert 0 <= out[1] < 1e-40 and np.isfinite(dx).all()


def test_sigmoid_keeps_relative_precision_far_on_the_negative_side():
    out, _ = layers.sigmoid_forward(np.array([-50.0]))
    np.testing.assert_allclose(out, np.exp(-50.0), rtol=1e-13)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_activation_backward_does_not_broadcast_the_upstream_gradient(name):
    _, cache = getattr(layers, f"{name}_forward")(np.ones((3, 2)))
    with pytest.raises(
        ValueError, match=rf"^{name}_backward: dout must have shape \(3, 2\); got \(2,\)"
    ):
        getattr(layers, f"{name}_backward")(np.ones(2), cache)
