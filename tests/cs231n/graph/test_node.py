import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.graph import Node, Operation, exp, log, matmul, maximum, relu, sigmoid, tanh


def sigmoid_neuron():
    names = ("w0", "x0", "w1", "x1", "w2")
    w0, x0, w1, x1, w2 = leaves = [Node(v, n) for v, n in zip((2, -1, -3, -2, -3), names)]
    return leaves, w0 * x0 + w1 * x1 + w2


def test_lecture_example_x_plus_y_times_z():
    x, y, z = Node(-2), Node(5), Node(-4)
    q = x + y
    f = q * z
    f.backward()
    assert f.value == -12
    assert (x.grad, y.grad, z.grad, q.grad, f.grad) == (-4, -4, 3, -4, 1)


@pytest.mark.parametrize(
    "squash", [sigmoid, lambda s: 1 / (exp(-s) + 1)], ids=["one gate", "four gates"]
)
def test_lecture_sigmoid_neuron(squash):
    leaves, score = sigmoid_neuron()
    out = squash(score)
    out.backward()
    assert round(float(out.value), 2) == 0.73
    assert [round(float(x.grad), 2) for x in leaves] == [-0.20, 0.39, -0.39, -0.59, 0.20]


def test_lecture_four_gates_show_the_gradients_between_them():
    _, score = sigmoid_neuron()
    negated = -score
    powered = exp(negated)
    plus_one = powered + 1
    (1 / plus_one).backward()
    grads = [round(float(x.grad), 2) for x in (plus_one, powered, negated, score)]
    assert grads == [-0.53, -0.53, -0.20, 0.20]


def test_lecture_patterns_add_distributes_max_routes_multiply_switches():
    x, y, z, w = Node(3), Node(-4), Node(2), Node(-1)
    out = (x * y + maximum(z, w)) * 2
    out.backward()
    assert out.value == -20
    assert (x.grad, y.grad, z.grad, w.grad) == (-8, 6, 2, 0)


def test_lecture_vector_example_squared_norm_of_w_times_x():
    W, x = Node([[0.1, 0.5], [-0.3, 0.8]]), Node([0.2, 0.4])
    f = ((W @ x) ** 2).sum()
    f.backward()
    np.testing.assert_allclose(f.value, 0.116)
    np.testing.assert_allclose(W.grad, [[0.088, 0.176], [0.104, 0.208]])
    np.testing.assert_allclose(x.grad, [-0.112, 0.636])


def test_gradients_add_up_where_a_value_is_used_twice():
    a = Node(3.0)
    (a * a + a).backward()
    assert a.grad == 7


def test_gradients_add_up_over_a_diamond():
    x = Node([1.0, 2.0])
    h = x * 3
    (h * h + exp(h)).sum().backward()
    np.testing.assert_allclose(x.grad, 3 * (2 * h.value + np.exp(h.value)))


def test_add_does_not_let_two_inputs_share_one_gradient_array():
    x, y = Node([1.0, 2.0]), Node([3.0, 4.0])
    ((x + y) + x).sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 2])
    np.testing.assert_array_equal(y.grad, [1, 1])


def test_every_backward_pass_starts_from_zero():
    x = Node(2.0)
    f = x**2
    f.backward()
    f.backward()
    assert x.grad == 4


def test_broadcast_bias_gets_the_sum_over_the_batch():
    rng = np.random.default_rng(0)
    x, b, s = Node(rng.normal(size=(5, 3))), Node(rng.normal(size=3)), Node(2.0)
    dout = rng.normal(size=(5, 3))
    (s * x + b).backward(dout)
    np.testing.assert_allclose(b.grad, dout.sum(axis=0))
    np.testing.assert_allclose(s.grad, (dout * x.value).sum())
    assert s.grad.shape == () and x.grad.shape == (5, 3)


def test_forward_recomputes_after_an_input_changed():
    x, y = Node(2.0), Node(5.0)
    f = x * y + x
    x.value = 3
    assert f.forward() == 18
    f.backward()
    assert x.grad == 6 and x.value.dtype == np.float64


def test_arrays_and_numbers_work_on_either_side_of_every_operator():
    x = Node([1.0, 2.0])
    a = np.array([3.0, 5.0])
    for made, expected in [
        (a + x, [4, 7]),
        (x + a, [4, 7]),
        (a - x, [2, 3]),
        (x - 1, [0, 1]),
        (1 - x, [0, -1]),
        (a * x, [3, 10]),
        (2 * x, [2, 4]),
        (a / x, [3, 2.5]),
        (x / 2, [0.5, 1]),
        (1 / x, [1, 0.5]),
        (2 / x, [2, 1]),
        (-x, [-1, -2]),
        (x**2, [1, 4]),
        (a @ x, 13),
        (x @ a, 13),
        (np.eye(2) @ x, [1, 2]),
        (matmul(x, a), 13),
        (x.mean(), 1.5),
    ]:
        assert isinstance(made, Node)
        np.testing.assert_array_equal(made.value, expected)


def test_a_plain_number_takes_the_precision_of_its_partner():
    x = Node(np.ones((2, 2), dtype=np.float32))
    out = (1 / (exp(-x) * 2 + 1) - 0.5).mean()
    out.backward()
    assert out.value.dtype == np.float32 and x.grad.dtype == np.float32


def test_integers_become_float64():
    assert Node([1, 2]).value.dtype == np.float64


def test_backward_of_a_vector_asks_for_a_gradient():
    x = Node([1.0, 2.0])
    with pytest.raises(ValueError, match=r"this node has shape \(2,\)"):
        (x * 2).backward()
    with pytest.raises(ValueError, match=r"shape of the node, \(2,\); got \(3,\)"):
        (x * 2).backward(np.ones(3))


def test_exponent_must_be_a_number():
    with pytest.raises(TypeError, match=r"exp\(p \* log\(x\)\)"):
        Node(2.0) ** Node(3.0)


class Broken(Operation):
    elementwise = False

    def __init__(self, grads):
        self.grads = grads

    def forward(self, x, y):
        return x + y, None

    def backward(self, dout, cache):
        return self.grads


@pytest.mark.parametrize(
    "grads, message",
    [
        (np.ones(3), "must return a tuple of 2 gradients"),
        ((np.ones(3),), "must return a tuple of 2 gradients"),
        ((np.ones(3), np.ones((3, 1))), r"input of shape \(3,\) has shape \(3, 1\)"),
    ],
)
def test_a_backward_that_returns_the_wrong_thing_is_named(grads, message):
    out = Node.apply(Broken(grads), Node(np.ones(3)), Node(np.ones(3)))
    with pytest.raises(ValueError, match=message):
        out.backward(np.ones(3))


def test_repr_shows_name_value_and_origin():
    x = Node(2.0, name="x")
    assert repr(x) == "Node(x = 2.)"
    assert repr(x + 1) == "Node(3., made by Add())"
    assert repr(x**2) == "Node(4., made by Power(2))"
    assert repr(Node([1.0, 2.0]).sum(axis=0)) == "Node(3., made by Sum(axis=0))"


def softmax_classifier_loss(x, w, b, onehot):
    scores = x @ w + b
    return (log(exp(scores).sum(axis=1)) - (scores * onehot).sum(axis=1)).mean()


def test_a_two_layer_net_learns_by_its_graph():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    y = (np.hypot(*x.T) > 1).astype(int)
    w1, b1 = Node(rng.normal(size=(2, 16))), Node(np.zeros(16))
    w2, b2 = Node(rng.normal(size=(16, 2)) / 4), Node(np.zeros(2))
    loss = softmax_classifier_loss(relu(x @ w1 + b1), w2, b2, np.eye(2)[y])
    first = float(loss.value)
    for _ in range(200):
        loss.backward()
        for p in (w1, b1, w2, b2):
            p.value = p.value - 0.5 * p.grad
        loss.forward()
    assert loss.value < 0.25 * first


UNARY = [
    exp,
    sigmoid,
    tanh,
    relu,
    lambda x: x**2,
    lambda x: log(x * x + 1),
    lambda x: -x,
    lambda x: x.sum(axis=0, keepdims=True),
    lambda x: x.mean(axis=1, keepdims=True),
    lambda x: 1 / (x * x + 1),
]
BINARY = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    maximum,
    lambda x, y: x / (y * y + 1),
]


def torch_twins(torch):
    unary = [
        torch.exp,
        torch.sigmoid,
        torch.tanh,
        torch.relu,
        lambda x: x**2,
        lambda x: torch.log(x * x + 1),
        lambda x: -x,
        lambda x: x.sum(0, keepdim=True),
        lambda x: x.mean(1, keepdim=True),
        lambda x: 1 / (x * x + 1),
    ]
    binary = [*BINARY[:3], torch.maximum, BINARY[4]]
    return unary, binary


@st.composite
def expressions(draw):
    """Shapes of the leaves, then steps (kind, operation, first operand, second operand)."""
    shapes = draw(
        st.lists(st.sampled_from([(2, 3), (1, 3), (2, 1), (1, 1)]), min_size=2, max_size=4)
    )
    step = st.tuples(st.sampled_from("ubm"), *[st.integers(0, 99)] * 3)
    steps = draw(st.lists(step, min_size=1, max_size=12))
    return shapes, steps, draw(st.integers(0, 2**32 - 1))


def build(leaves, steps, unary, binary):
    """Grow the same random expression with either library; operands may be used many times."""
    made = list(leaves)
    for kind, op, i, j in steps:
        x, y = made[i % len(made)], made[j % len(made)]
        if kind == "m" and x.shape[1] == y.shape[0]:
            made.append(x @ y)
        elif kind == "b":
            made.append(binary[op % len(binary)](x, y))
        else:
            # Values stay small, so that exp of exp does not overflow.
            made.append(unary[op % len(unary)](unary[2](x)))
        made[-1] = unary[2](made[-1])
    total = made[-1].sum()
    for node in made[:-1]:
        total = total + (node * node).mean()
    return total


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_random_expressions_agree_with_pytorch(expression):
    torch = pytest.importorskip("torch")
    shapes, steps, seed = expression
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=shape) for shape in shapes]
    ours = [Node(v) for v in values]
    theirs = [torch.tensor(v, requires_grad=True) for v in values]
    out = build(ours, _fitting(steps, shapes), UNARY, BINARY)
    expected = build(theirs, _fitting(steps, shapes), *torch_twins(torch))
    out.backward()
    expected.backward()
    np.testing.assert_allclose(out.value, expected.item(), rtol=1e-12)
    for x, y in zip(ours, theirs):
        np.testing.assert_allclose(x.grad, y.grad.numpy(), rtol=1e-10, atol=1e-12)


def _fitting(steps, shapes):
    """Drop the steps whose operands do not broadcast together."""
    shapes, kept = list(shapes), []
    for kind, op, i, j in steps:
        x, y = shapes[i % len(shapes)], shapes[j % len(shapes)]
        if kind == "m" and x[1] == y[0]:
            shape = (x[0], y[1])
        elif kind == "b":
            try:
                shape = np.broadcast_shapes(x, y)
            except ValueError:
                continue
        else:
            reductions = {7: (1, x[1]), 8: (x[0], 1)}
            shape = reductions.get(op % len(UNARY), x)
        kept.append((kind, op, i, j))
        shapes.append(shape)
    return kept
