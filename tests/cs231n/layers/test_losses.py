import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs231n.gradient_check import check_gradient, eval_numerical_gradient, rel_error
from cs231n.layers import softmax_loss, svm_loss

both = pytest.mark.parametrize("loss_function", [softmax_loss, svm_loss])


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def test_losses_of_small_random_scores_are_log_of_ten_and_nine(rng):
    x, y = 0.001 * rng.standard_normal((50, 10)), rng.integers(10, size=50)
    assert abs(softmax_loss(x, y)[0] - np.log(10)) < 1e-3
    assert abs(svm_loss(x, y)[0] - 9) < 1e-2


def test_softmax_loss_of_a_worked_example():
    loss, dx = softmax_loss(np.log([[1.0, 2.0, 5.0]]), np.array([1]))
    np.testing.assert_allclose(loss, np.log(4))
    np.testing.assert_allclose(dx, [[0.125, -0.75, 0.625]])


def test_svm_loss_of_the_lecture_cat_car_frog_is_mean_of_2_9_and_0_and_12_9():
    x = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    losses = [svm_loss(x[i : i + 1], np.array([i]))[0] for i in range(3)]
    np.testing.assert_allclose(losses, [2.9, 0, 12.9], atol=1e-12)
    np.testing.assert_allclose(svm_loss(x, np.arange(3))[0], np.mean(losses))


def test_svm_margin_of_exactly_zero_has_gradient_zero():
    loss, dx = svm_loss(np.array([[2.0, 1.0, 2.5]]), np.array([0]))
    assert loss == 1.5
    np.testing.assert_array_equal(dx, [[-1, 0, 1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_scores_do_not_overflow_in_defect_softmax_without_max_shift(dtype):
    with np.errstate(all="raise", under="ignore"):
        loss, dx = softmax_loss(
            np.array([[1e4, 0, -1e4], [-1e4, -1e4, -1e4]], dtype), np.array([1, 2])
        )
    np.testing.assert_allclose(loss, (1e4 + np.log(3)) / 2)
    np.testing.assert_allclose(dx, [[0.5, -0.5, 0], [1 / 6, 1 / 6, -1 / 3]], atol=1e-7)


@both
@pytest.mark.parametrize("N", [1, 6])
def test_loss_gradients_agree_with_numerical_ones(loss_function, N, rng):
    x, y = rng.standard_normal((N, 5)), rng.integers(5, size=N)
    _, dx = loss_function(x, y)
    assert check_gradient(lambda x: loss_function(x, y)[0], x, dx, rng=rng) <= 1e-9
    numerical = eval_numerical_gradient(lambda x: loss_function(x, y)[0], x, verbose=False)
    assert rel_error(numerical, dx, floor=1e-3) <= 1e-7


@both
def test_loss_gradient_keeps_float32_and_scores_stay_untouched(loss_function, rng):
    x, y = rng.standard_normal((4, 3)).astype(np.float32), rng.integers(3, size=4)
    x.flags.writeable = y.flags.writeable = False
    loss, dx = loss_function(x, y)
    assert dx.dtype == np.float32 and dx.shape == x.shape
    assert loss == loss_function(np.asfortranarray(x), y)[0]
    np.testing.assert_allclose(dx, loss_function(x.astype(np.float64), y)[1], rtol=1e-6)


@both
def test_loss_of_integer_scores_has_a_float_gradient(loss_function):
    x, y = np.array([[3, 1, 2]]), np.array([1])
    assert loss_function(x, y)[0] == loss_function(x.astype(float), y)[0]
    np.testing.assert_array_equal(loss_function(x, y)[1], loss_function(x.astype(float), y)[1])


@both
def test_loss_keeps_long_double_precision(loss_function, rng):
    x, y = rng.standard_normal((4, 3)).astype(np.longdouble), rng.integers(3, size=4)
    assert loss_function(x, y)[1].dtype == np.longdouble


@both
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            np.zeros((3, 4)),
            np.array([0, 4, 1]),
            r"labels must lie in 0\.\.3 for 4 classes; got 0\.\.4",
        ),
        (np.zeros((3, 4)), np.array([0, -1, 1]), r"got -1\.\.1"),
        (np.zeros((3, 4)), np.array([0.0, 1.0, 1.0]), "integer labels; got dtype float64"),
        (np.zeros((3, 4)), np.zeros((3, 1), int), r"y must have shape \(3,\); got \(3, 1\)"),
        (np.zeros((3, 4)), np.zeros((3, 4), int), r"got \(3, 4\)"),
        (np.zeros((0, 4)), np.zeros(0, int), "at least 1"),
        (np.zeros(4), np.array([1]), r"shape \(N, C\)"),
    ],
)
def test_loss_refuses_labels_that_do_not_fit(loss_function, x, y, message):
    with pytest.raises(ValueError, match=f"^{loss_function.__name__}: .*{message}"):
        loss_function(x, y)


@both
@settings(max_examples=40, deadline=None)
@given(
    N=st.integers(1, 6),
    C=st.integers(1, 7),
    scale=st.floats(1e-3, 1e3),
    seed=st.integers(0, 2**32 - 1),
)
def test_loss_is_nonnegative_and_its_gradient_sums_to_zero_over_classes(
    loss_function, N, C, scale, seed
):
    rng = np.random.default_rng(seed)
    loss, dx = loss_function(scale * rng.standard_normal((N, C)), rng.integers(C, size=N))
    assert loss >= 0
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-13)


@both
def test_loss_agrees_with_pytorch(loss_function, rng):
    torch = pytest.importorskip("torch")
    x, y = 5 * rng.standard_normal((7, 4)), rng.integers(4, size=7)
    scores = torch.tensor(x, requires_grad=True)
    if loss_function is softmax_loss:
        expected = torch.nn.functional.cross_entropy(scores, torch.tensor(y))
    else:  # PyTorch also divides by the number of classes
        expected = 4 * torch.nn.functional.multi_margin_loss(scores, torch.tensor(y))
    expected.backward()
    loss, dx = loss_function(x, y)
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-12)
    np.testing.assert_allclose(dx, scores.grad.numpy(), rtol=1e-12, atol=1e-14)
