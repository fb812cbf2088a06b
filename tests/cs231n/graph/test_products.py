import numpy as np
import pytest

from cs231n.graph import Node, exp, jacobian, jvp, matmul, maximum, relu, sigmoid, tanh, vjp


def example():
    """A node of every kind, with broadcasting and a value that is used twice."""
    rng = np.random.default_rng(0)
    x, w, b = Node(rng.normal(size=(4, 3))), Node(rng.normal(size=(3, 2))), Node(rng.normal(size=2))
    h = tanh(x @ w + b)
    y = maximum(sigmoid(h), h * h) / (exp(h).sum(axis=1, keepdims=True) + 1) - h.mean(axis=0)
    return (x, w, b), y


def numerical_jvp(y, x, v, h=1e-6):
    old = x.value
    x.value = old + h * v
    plus = y.forward()
    x.value = old - h * v
    minus = y.forward()
    x.value = old
    y.forward()
    return (plus - minus) / (2 * h)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_jvp_is_the_directional_derivative(which):
    inputs, y = example()
    x = inputs[which]
    v = np.random.default_rng(1).normal(size=x.shape)
    np.testing.assert_allclose(jvp(y, x, v), numerical_jvp(y, x, v), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_vjp_and_jvp_are_transposes_of_each_other(which):
    inputs, y = example()
    x, rng = inputs[which], np.random.default_rng(2)
    u, v = rng.normal(size=y.shape), rng.normal(size=x.shape)
    np.testing.assert_allclose(np.sum(u * jvp(y, x, v)), np.sum(vjp(y, x, u) * v), rtol=1e-12)


def test_both_products_agree_with_the_jacobian_that_was_formed():
    (x, _, _), y = example()
    J = jacobian(y, x)
    assert J.shape == (4, 2, 4, 3)
    matrix, rng = J.reshape(8, 12), np.random.default_rng(3)
    u, v = rng.normal(size=y.shape), rng.normal(size=x.shape)
    np.testing.assert_allclose(vjp(y, x, u).ravel(), u.ravel() @ matrix)
    np.testing.assert_allclose(jvp(y, x, v).ravel(), matrix @ v.ravel())


def test_jacobian_of_relu_is_diagonal_and_sparse():
    x = Node([1.0, -2.0, 3.0, -1.0])
    np.testing.assert_array_equal(jacobian(relu(x), x), np.diag([1, 0, 1, 0]))


def test_jacobian_of_a_matrix_product_is_the_transposed_matrix():
    w, x = np.arange(6.0).reshape(3, 2), Node([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(jacobian(x @ w, x), w.T)


def test_jvp_through_an_inner_node_holds_everything_else_fixed():
    x = Node(3.0)
    q = x * x
    out = q * x
    assert jvp(out, q, 1.0) == 3
    assert jvp(out, x, 1.0) == 27


def test_products_leave_grad_untouched():
    x = Node([1.0, 2.0])
    y = matmul(x, x)
    y.backward()
    jacobian(y, x), jvp(y, x, [1, 1]), vjp(y, x, 5.0)
    np.testing.assert_array_equal(x.grad, [2, 4])


def test_a_large_jacobian_is_refused_with_its_size():
    x = Node(np.zeros((64, 4096), dtype=np.float32))
    with pytest.raises(ValueError, match="262,144 outputs times 262,144 inputs would take 275 GB"):
        jacobian(relu(x), x)


def test_a_direction_of_the_wrong_shape_is_refused():
    x = Node([1.0, 2.0])
    with pytest.raises(
        ValueError, match=r"jvp: v must have the shape of its node, \(2,\); got \(3,\)"
    ):
        jvp(x * 2, x, np.ones(3))
    with pytest.raises(ValueError, match=r"vjp: u must have the shape of its node, \(\)"):
        vjp(x.sum(), x, np.ones(2))


@pytest.mark.parametrize("product", [vjp, jvp])
def test_a_node_that_plays_no_part_is_refused(product):
    x, other = Node(1.0), Node(2.0, name="other")
    with pytest.raises(ValueError, match="does not depend on Node.other"):
        product(x * 2, other, 1.0)
