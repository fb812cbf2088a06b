import inspect

import numpy as np
import pytest

from cs231n.graph import operations as ops

BINARY = [ops.Add(), ops.Subtract(), ops.Multiply(), ops.Divide(), ops.Maximum()]
UNARY = [
    ops.Power(3),
    ops.Power(-1),
    ops.Power(0.5),
    ops.Exp(),
    ops.Log(),
    ops.Sigmoid(),
    ops.Tanh(),
    ops.ReLU(),
    ops.Sum(),
    ops.Sum(axis=1),
    ops.Sum(axis=-1),
    ops.Sum(axis=0, keepdims=True),
    ops.Mean(),
    ops.Mean(axis=0),
]


def numerical_gradients(op, inputs, dout, h=1e-6):
    """Central differences of sum(out * dout) with respect to every entry of every input."""
    grads = []
    for x in inputs:
        dx = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            old = x[i]
            x[i] = old + h
            plus = np.sum(op.forward(*inputs)[0] * dout)
            x[i] = old - h
            minus = np.sum(op.forward(*inputs)[0] * dout)
            x[i] = old
            dx[i] = (plus - minus) / (2 * h)
        grads.append(dx)
    return grads


def check_against_numerical(op, inputs, rng):
    out, cache = op.forward(*inputs)
    dout = rng.normal(size=np.shape(out))
    for dx, expected in zip(
        op.backward(dout, cache), numerical_gradients(op, inputs, dout), strict=True
    ):
        np.testing.assert_allclose(dx, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("op", BINARY, ids=repr)
def test_backward_of_two_inputs_matches_numerical_gradients(op):
    rng = np.random.default_rng(1)
    check_against_numerical(op, [rng.uniform(0.5, 2, (3, 4)), rng.uniform(0.5, 2, (3, 4))], rng)


@pytest.mark.parametrize("op", UNARY, ids=repr)
def test_backward_of_one_input_matches_numerical_gradients(op):
    rng = np.random.default_rng(2)
    check_against_numerical(op, [rng.uniform(0.5, 2, (3, 4))], rng)


@pytest.mark.parametrize(
    "op", [ops.Exp(), ops.Sigmoid(), ops.Tanh(), ops.ReLU(), ops.Power(2)], ids=repr
)
def test_backward_matches_numerical_gradients_for_negative_inputs(op):
    rng = np.random.default_rng(3)
    check_against_numerical(op, [rng.uniform(-2, -0.5, (2, 3))], rng)


@pytest.mark.parametrize("shapes", [((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 4)), ((3,), (3,))])
def test_matmul_backward_matches_numerical_gradients_for_vectors_and_matrices(shapes):
    rng = np.random.default_rng(4)
    check_against_numerical(ops.MatMul(), [rng.normal(size=shape) for shape in shapes], rng)


def test_matmul_reproduces_the_worked_numbers_of_the_lecture():
    x = np.array([[2.0, 1, -3], [-3, 4, 2]])
    w = np.array([[3.0, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]])
    out, cache = ops.MatMul().forward(x, w)
    np.testing.assert_array_equal(out, [[-1, -1, 2, 6], [5, 2, 11, 7]])
    dx, dw = ops.MatMul().backward(np.array([[2.0, 3, -3, 9], [-8, 1, 4, 6]]), cache)
    np.testing.assert_array_equal(dx, [[0, 16, -9], [-24, 9, -30]])
    np.testing.assert_array_equal(dw, [[28, 3, -18, 0], [-30, 7, 13, 33], [-22, -7, 17, -15]])


def test_matmul_names_inner_sizes_that_differ():
    with pytest.raises(
        ValueError, match=r"\(2, 3\) has 3 columns and w of shape \(4, 5\) has 4 rows"
    ):
        ops.MatMul().forward(np.ones((2, 3)), np.ones((4, 5)))


@pytest.mark.parametrize("shapes", [((), (3,)), ((2, 2, 2), (2,)), ((2,), ())])
def test_matmul_refuses_scalars_and_stacks(shapes):
    with pytest.raises(ValueError, match="takes vectors and matrices"):
        ops.MatMul().forward(*(np.ones(shape) for shape in shapes))


def test_matmul_does_not_reshape_a_transposed_gradient_into_place():
    with pytest.raises(
        ValueError, match=r"dw2 must have the shape of its input, \(3, 4\); got \(4, 3\)"
    ):
        ops._unlift("dw2", np.ones((4, 3)), (3, 4), (3, 4))


def test_maximum_gives_the_gradient_of_a_tie_to_its_first_input():
    out, cache = ops.Maximum().forward(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    dx, dy = ops.Maximum().backward(np.array([5.0, 7.0]), cache)
    np.testing.assert_array_equal(out, [1, 3])
    np.testing.assert_array_equal(dx, [5, 0])
    np.testing.assert_array_equal(dy, [0, 7])


def test_relu_gradient_at_zero_is_zero():
    _out, cache = ops.ReLU().forward(np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(ops.ReLU().backward(np.ones(3), cache)[0], [0, 0, 1])


def test_sigmoid_needs_only_its_output_and_survives_large_scores():
    out, cache = ops.Sigmoid().forward(np.array([-1000.0, 0.0, 1000.0]))
    np.testing.assert_array_equal(out, [0, 0.5, 1])
    assert cache is out
    np.testing.assert_array_equal(ops.Sigmoid().backward(np.ones(3), cache)[0], [0, 0.25, 0])


@pytest.mark.parametrize("op", BINARY + UNARY + [ops.MatMul()], ids=repr)
def test_float32_stays_float32_and_inputs_stay_untouched(op):
    count = len(inspect.signature(op.forward).parameters)
    inputs = [
        np.random.default_rng(5).uniform(0.5, 2, (3, 3)).astype(np.float32) for _ in range(count)
    ]
    copies = [x.copy() for x in inputs]
    out, cache = op.forward(*inputs)
    grads = op.backward(np.ones_like(out), cache)
    assert out.dtype == np.float32
    assert [dx.dtype for dx in grads] == [np.float32] * count
    for x, copy in zip(inputs, copies):
        np.testing.assert_array_equal(x, copy)


def test_an_unwritten_operation_says_which_method_is_missing():
    class Square(ops.Operation):
        pass

    with pytest.raises(NotImplementedError, match="Square.forward"):
        Square().forward(np.ones(2))
    with pytest.raises(NotImplementedError, match="Square.backward"):
        Square().backward(np.ones(2), None)
