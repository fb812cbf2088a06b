import numpy as np
import pytest

from cs231n.graph import Node, backpropagate, sum_to_shape, topological_order


def random_graph(rng, count=200):
    nodes = [Node(rng.normal()) for _ in range(4)]
    for _ in range(count):
        i, j = rng.integers(len(nodes), size=2)
        nodes.append((nodes[i] + nodes[j]) * 0.5)
    return nodes


def test_inputs_come_before_their_users_and_every_node_once():
    nodes = random_graph(np.random.default_rng(0))
    order = topological_order(nodes[-1])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is nodes[-1]
    assert all(place[x] < place[node] for node in order for x in node.inputs)


def test_nodes_that_the_output_does_not_depend_on_are_left_out():
    x, y = Node(1.0), Node(2.0)
    unused = x * y
    assert unused not in topological_order(x + y)


def test_a_value_used_late_and_early_still_comes_before_both_users():
    x = Node(1.0)
    early = x * 2
    order = topological_order(x + (early + x))
    assert order.index(x) < order.index(early)


def test_a_chain_of_ten_thousand_nodes_needs_no_recursion():
    x = Node(1.0)
    out = x
    for _ in range(10_000):
        out = out * 1.0001
    out.backward()
    assert len(topological_order(out)) == 20_001
    np.testing.assert_allclose(x.grad, 1.0001**10_000)


def test_a_ladder_of_doublings_is_visited_once_per_node():
    out = x = Node(1.0)
    for _ in range(60):
        out = out + out
    out.backward()
    assert x.grad == 2.0**60


def test_backpropagate_leaves_grad_of_the_nodes_alone():
    x = Node([1.0, 2.0])
    out = x * 3
    grads = backpropagate(out, np.array([1.0, 10.0]))
    np.testing.assert_array_equal(grads[x], [3, 30])
    assert x.grad is None and out.grad is None


def test_backpropagate_does_not_write_into_the_upstream_gradient():
    x = Node([1.0, 2.0])
    dout = np.array([1.0, 10.0])
    backpropagate((x + x) + x, dout)
    np.testing.assert_array_equal(dout, [1, 10])


@pytest.mark.parametrize(
    "shape", [(), (1,), (4,), (1, 4), (3, 1), (3, 4), (2, 1, 1), (1, 3, 4), (2, 3, 4)]
)
def test_sum_to_shape_is_the_transpose_of_broadcasting(shape):
    rng = np.random.default_rng(1)
    x, dout = rng.normal(size=shape), rng.normal(size=(2, 3, 4))
    dx = sum_to_shape(dout, shape)
    assert dx.shape == shape
    np.testing.assert_allclose(np.sum(dx * x), np.sum(dout * np.broadcast_to(x, (2, 3, 4))))


@pytest.mark.parametrize("shape", [(2,), (3, 4, 1), (1, 2, 3, 4)])
def test_sum_to_shape_refuses_shapes_that_do_not_broadcast(shape):
    with pytest.raises(ValueError, match="does not broadcast"):
        sum_to_shape(np.ones((3, 4)), shape)
