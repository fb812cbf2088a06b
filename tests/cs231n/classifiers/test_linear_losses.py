"""What the two linear losses have in common: gradients, dtypes, regularization."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from cs231n.classifiers.linear_svm import svm_loss_naive, svm_loss_vectorized
from cs231n.classifiers.softmax import softmax_loss_naive, softmax_loss_vectorized
from cs231n.gradient_check import check_gradient

SVM = [svm_loss_naive, svm_loss_vectorized]
SOFTMAX = [softmax_loss_naive, softmax_loss_vectorized]
ALL = SVM + SOFTMAX


def problem(N=6, D=5, C=4, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    W, X = rng.normal(size=(D, C)).astype(dtype), rng.normal(size=(N, D)).astype(dtype)
    return W, X, rng.integers(C, size=N)


@pytest.mark.parametrize("C", [2, 10])
def test_small_weights_give_the_losses_of_guessing(C):
    W, X, y = problem(N=50, C=C)
    for loss_function in SVM:
        assert loss_function(1e-9 * W, X, y, 0.0)[0] == pytest.approx(C - 1)
    for loss_function in SOFTMAX:
        assert loss_function(1e-9 * W, X, y, 0.0)[0] == pytest.approx(np.log(C))


@pytest.mark.parametrize("naive, vectorized", [SVM, SOFTMAX])
@given(N=st.integers(1, 7), D=st.integers(1, 6), C=st.integers(2, 5), seed=st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_naive_and_vectorized_agree(naive, vectorized, N, D, C, seed):
    W, X, y = problem(N, D, C, seed)
    loss, dW = naive(W, X, y, 0.3)
    fast_loss, fast_dW = vectorized(W, X, y, 0.3)
    assert fast_loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(fast_dW, dW, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("loss_function", ALL)
@given(N=st.integers(1, 6), D=st.integers(1, 5), C=st.integers(2, 5), seed=st.integers(0, 999))
@settings(max_examples=15, deadline=None)
def test_gradient_matches_differences_of_the_loss(loss_function, N, D, C, seed):
    W, X, y = problem(N, D, C, seed)
    numeric = approx_fprime(
        W.ravel(), lambda w: loss_function(w.reshape(W.shape), X, y, 0.7)[0], 1e-7
    )
    np.testing.assert_allclose(
        loss_function(W, X, y, 0.7)[1].ravel(), numeric, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("loss_function", ALL)
def test_gradient_holds_along_random_directions(loss_function):
    W, X, y = problem(N=9, D=7, C=5)
    dW = loss_function(W, X, y, 0.3)[1]
    assert check_gradient(lambda w: loss_function(w, X, y, 0.3)[0], W, dW) < 1e-9


@pytest.mark.parametrize("loss_function", ALL)
@given(N=st.integers(1, 8), D=st.integers(1, 7), C=st.integers(2, 6), seed=st.integers(0, 999))
@settings(max_examples=20, deadline=None)
def test_loss_and_gradient_match_pytorch(loss_function, N, D, C, seed):
    torch = pytest.importorskip("torch")
    W, X, y = problem(N, D, C, seed)
    w = torch.tensor(W, requires_grad=True)
    scores, labels = torch.tensor(X) @ w, torch.tensor(y)
    if loss_function in SVM:
        data_loss = torch.nn.functional.multi_margin_loss(scores, labels) * C
    else:
        data_loss = torch.nn.functional.cross_entropy(scores, labels)
    expected = data_loss + 0.2 * (w * w).sum()
    expected.backward()
    loss, dW = loss_function(W, X, y, 0.2)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(dW, w.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss_function", ALL)
def test_regularization_has_no_one_half(loss_function):
    W, X, y = problem()
    loss, dW = loss_function(W, X, y, 0.0)
    regularized_loss, regularized_dW = loss_function(W, X, y, 2.0)
    assert regularized_loss - loss == pytest.approx(2.0 * np.sum(W**2))
    np.testing.assert_allclose(regularized_dW - dW, 4.0 * W, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss_function", ALL)
@pytest.mark.parametrize("dtype, rtol", [(np.float32, 2e-5), (np.float64, 1e-12)])
def test_dtype_is_kept_and_the_inputs_are_untouched(loss_function, dtype, rtol):
    W, X, y = problem(dtype=dtype)
    copies = W.copy(), X.copy(), y.copy()
    loss, dW = loss_function(W, X, y, 0.1)
    exact_loss, exact_dW = loss_function(W.astype(float), X.astype(float), y, 0.1)
    assert dW.dtype == dtype and dW.shape == W.shape and np.ndim(loss) == 0
    assert loss == pytest.approx(exact_loss, rel=rtol)
    np.testing.assert_allclose(dW, exact_dW, rtol=rtol, atol=rtol)
    for now, before in zip((W, X, y), copies):
        np.testing.assert_array_equal(now, before)


@pytest.mark.parametrize("loss_function", ALL)
def test_memory_order_of_the_input_does_not_matter(loss_function):
    W, X, y = problem()
    loss, dW = loss_function(W, X, y, 0.1)
    for other in (np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]):
        other_loss, other_dW = loss_function(other(W), other(X), y, 0.1)
        assert other_loss == pytest.approx(loss, rel=1e-13)
        np.testing.assert_allclose(other_dW, dW, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss_function", ALL)
def test_8_bit_pixels_give_the_same_as_floats(loss_function):
    W, _, y = problem()
    X = np.random.default_rng(1).integers(256, size=(len(y), len(W)), dtype=np.uint8)
    loss, dW = loss_function(1e-2 * W, X, y, 0.1)
    expected_loss, expected_dW = loss_function(1e-2 * W, X.astype(float), y, 0.1)
    assert loss == pytest.approx(expected_loss)
    np.testing.assert_allclose(dW, expected_dW, rtol=1e-9, atol=1e-12)
