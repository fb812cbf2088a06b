import numpy as np

from cs231n.gradient_check import eval_numerical_gradient_array, rel_error
from cs231n.graph import Node, least_squares, sigmoid, sigmoid_neuron


def test_the_flat_neuron_agrees_with_the_graph_of_gates():
    w, x = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])
    nodes_w, nodes_x = [Node(v) for v in w], [Node(v) for v in x]
    output = sigmoid(nodes_w[0] * nodes_x[0] + nodes_w[1] * nodes_x[1] + nodes_w[2])
    output.backward()
    out, dw, dx = sigmoid_neuron(w, x)
    assert np.isclose(out, output.value, rtol=1e-14)
    assert np.allclose(dw, [n.grad for n in nodes_w], rtol=1e-12)
    assert np.allclose(dx, [n.grad for n in nodes_x], rtol=1e-12)


def test_least_squares_agrees_with_numerical_gradients():
    rng = np.random.default_rng(0)
    x, w, y = rng.standard_normal((5, 4)), rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    loss, dx, dw = least_squares(x, w, y)
    assert np.isclose(loss, 0.5 * np.mean(np.sum((x @ w - y) ** 2, axis=1)))
    assert (
        rel_error(dx, eval_numerical_gradient_array(lambda x: least_squares(x, w, y)[0], x, 1.0))
        < 1e-7
    )
    assert (
        rel_error(dw, eval_numerical_gradient_array(lambda w: least_squares(x, w, y)[0], w, 1.0))
        < 1e-7
    )


def test_a_line_through_its_own_points_has_no_loss_and_no_gradient():
    x, w = np.arange(6.0).reshape(3, 2), np.array([[1.0], [2.0]])
    loss, dx, dw = least_squares(x, w, x @ w)
    assert loss == 0 and not dx.any() and not dw.any()
