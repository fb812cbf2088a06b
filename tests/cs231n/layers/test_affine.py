import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.gradient_check import check_gradient
from cs231n.layers import affine_backward, affine_forward


def test_affine_forward_of_a_worked_example():
    x = np.array([[[1.0, 2.0]], [[0.0, -1.0]]])
    out, cache = affine_forward(
        x, np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]]), np.array([0.5, 0.0, -1.0])
    )
    np.testing.assert_array_equal(out, [[7.5, 2.0, 1.0], [-2.5, -1.0, -1.0]])
    assert cache[0] is x


def test_affine_db_has_exactly_the_shape_of_b_in_defect_db_of_shape_1_m():
    _, cache = affine_forward(np.ones((4, 3)), np.ones((3, 2)), np.zeros(2))
    _, _, db = affine_backward(np.ones((4, 2)), cache)
    np.testing.assert_array_equal(db, [4.0, 4.0])


def test_affine_dx_does_not_share_memory_with_x():
    x = np.ones((2, 3))
    _, cache = affine_forward(x, np.zeros((3, 2)), np.zeros(2))
    dx, _, _ = affine_backward(np.ones((2, 2)), cache)
    assert not np.shares_memory(dx, x)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4, 2, 3), (5, 7), (7,)), r"6 features but w has 5 rows.*\(6, M\)"),
        (((4, 6), (6, 7), (1, 7)), r"b must have shape \(7,\); got \(1, 7\)"),
        (((4,), (4, 7), (7,)), "at least two axes"),
        (((4, 6), (6,), (7,)), "exactly two"),
    ],
)
def test_affine_forward_names_shapes_that_do_not_fit(shapes, message):
    with pytest.raises(ValueError, match=f"^affine_forward: .*{message}"):
        affine_forward(*(np.zeros(shape) for shape in shapes))


def test_affine_backward_does_not_broadcast_the_upstream_gradient():
    _, cache = affine_forward(np.ones((4, 3)), np.ones((3, 2)), np.zeros(2))
    with pytest.raises(
        ValueError, match=r"^affine_backward: dout must have shape \(4, 2\); got \(2,\)"
    ):
        affine_backward(np.ones(2), cache)


@settings(max_examples=40, deadline=None)
@given(
    N=st.integers(1, 5),
    dims=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    M=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_affine_is_right_for_sizes_that_hypothesis_draws(N, dims, M, seed):
    rng = np.random.default_rng(seed)
    D = int(np.prod(dims))
    inputs = rng.standard_normal((N, *dims)), rng.standard_normal((D, M)), rng.standard_normal(M)
    out, cache = affine_forward(*inputs)
    x, w, b = inputs
    expected = [
        [sum(row[d] * w[d, m] for d in range(D)) + b[m] for m in range(M)]
        for row in x.reshape(N, D)
    ]
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
    dout = rng.standard_normal(out.shape)
    for array, grad in zip(inputs, affine_backward(dout, cache), strict=True):
        assert (
            check_gradient(lambda _: affine_forward(*inputs)[0], array, grad, dout, 1, rng=rng)
            <= 1e-9
        )
