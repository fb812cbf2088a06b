import warnings

import numpy as np
import pytest

from cs231n.classifiers import FullyConnectedNet
from cs231n.gradient_check import (
    check_gradient,
    eval_numerical_gradient,
    eval_numerical_gradient_array,
    grad_check_sparse,
    rel_error,
)


@pytest.fixture
def rng():
    return np.random.default_rng(231)


def quiet(f, x, **kwargs):
    return eval_numerical_gradient(f, x, verbose=False, **kwargs)


def test_rel_error_is_the_largest_relative_difference():
    assert rel_error(np.array([1.0, 2.0]), np.array([1.0, 3.0])) == 0.2
    assert rel_error(np.float32(1.0), -1.0) == 1.0


def test_other_shapes_are_refused_in_defect_rel_error_broadcasts():
    with pytest.raises(ValueError, match=r"got \(3,\) and \(1, 3\)"):
        rel_error(np.ones(3), np.ones((1, 3)))


def test_small_numbers_are_compared_absolutely_in_defect_rel_error_means_nothing_near_zero():
    assert rel_error(np.zeros(3), np.zeros(3)) == 0
    assert rel_error(1e-9, 0.0) == pytest.approx(0.1)
    assert rel_error(1e-9, 0.0, floor=1e-12) == 1


def test_rel_error_of_empty_arrays_is_zero_and_of_nan_is_nan():
    assert rel_error(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert np.isnan(rel_error(np.array([1.0, np.nan]), np.ones(2)))


def test_rel_error_of_unsigned_integers_does_not_wrap_around():
    assert rel_error(np.array([1], np.uint8), np.array([3], np.uint8)) == 0.5


def test_numerical_gradient_of_a_scalar_function(rng):
    x = rng.standard_normal((3, 4))
    np.testing.assert_allclose(quiet(lambda x: np.sum(x**3), x), 3 * x**2, rtol=1e-6, atol=1e-8)


def test_numerical_gradient_reads_an_array_that_f_holds_itself(rng):
    params = {"W": rng.standard_normal((2, 3))}
    grad = quiet(lambda _: np.sum(params["W"] ** 2), params["W"])
    np.testing.assert_allclose(grad, 2 * params["W"], rtol=1e-8)


def test_numerical_gradient_array_weighs_with_the_upstream_gradient(rng):
    x, dout = rng.standard_normal((2, 3)), rng.standard_normal((3, 2))
    grad = eval_numerical_gradient_array(lambda x: np.sin(x).T, x, dout)
    np.testing.assert_allclose(grad, np.cos(x) * dout.T, rtol=1e-8)


def test_numerical_gradient_array_accepts_a_function_that_returns_its_own_buffer():
    x, buffer = np.array([1.0, 2.0]), np.zeros(2)
    grad = eval_numerical_gradient_array(lambda x: np.multiply(x, 3, out=buffer), x, np.ones(2))
    np.testing.assert_allclose(grad, [3, 3])


def test_numerical_gradient_array_refuses_an_upstream_gradient_that_would_broadcast():
    with pytest.raises(
        ValueError, match=r"f\(x\) has shape \(2, 3\) but its upstream gradient has \(3,\)"
    ):
        eval_numerical_gradient_array(lambda x: x, np.ones((2, 3)), np.ones(3))


def test_numerical_gradient_refuses_a_function_that_is_not_scalar():
    with pytest.raises(ValueError, match=r"one number; got an array of shape \(2,\)"):
        quiet(lambda x: x, np.ones(2))


@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_numerical_gradient_picks_a_step_that_suits_the_dtype(dtype, rng):
    x = np.concatenate([rng.standard_normal(5), [1000.0, -300.0]]).astype(dtype)
    grad = quiet(lambda x: np.sum(np.sin(x / 10)), x)
    expected = np.cos(x.astype(np.float64) / 10) / 10
    limit = 3e-3 if dtype == np.float32 else 1e-9
    steady = slice(0, 5)
    np.testing.assert_allclose(grad[steady].astype(float), expected[steady], rtol=limit)
    assert grad.dtype == np.result_type(dtype, np.float64)


def test_numerical_gradient_respects_a_step_that_is_given():
    steps = set()
    x = np.zeros(3)
    quiet(lambda x: steps.update(np.abs(x[x != 0])) or 0.0, x, h=0.25)
    assert steps == {0.25}


def test_numerical_gradient_says_when_a_given_step_is_lost_in_rounding():
    x = np.array([1000.0], np.float32)
    with pytest.raises(ValueError, match="h = 1e-05 is lost in rounding"):
        quiet(np.sum, x, h=1e-5)
    assert x[0] == 1000


def test_gradient_of_an_affine_output_is_good_to_four_digits_in_defect_float32_with_h_of_1e_5(rng):
    x, w = (rng.standard_normal(s).astype(np.float32) for s in ((4, 6), (6, 5)))
    dout = rng.standard_normal((4, 5)).astype(np.float32)
    grad = eval_numerical_gradient_array(lambda w: x @ w, w, dout)
    assert np.abs(grad - x.T @ dout).max() < 1e-4 * np.abs(grad).max()


def test_gradient_of_a_net_with_default_settings_is_right_in_defect_float32_with_h_of_1e_5(rng):
    net = FullyConnectedNet([20], input_dim=40, num_classes=7, reg=0.1, seed=3)
    X, y = rng.standard_normal((5, 40)), rng.integers(7, size=5)
    _, grads = net.loss(X, y)
    for name, grad in grads.items():
        assert net.params[name].dtype == np.float32
        numerical = quiet(lambda _: net.loss(X, y)[0], net.params[name])
        assert np.abs(numerical - grad).max() < 1e-3 * np.abs(grad).max(), name
        wrong = 1.1 * grad
        assert np.abs(numerical - wrong).max() > 5e-2 * np.abs(grad).max(), name


@pytest.mark.parametrize("x", [np.array([1, 2, 3]), [1, 2, 3], np.array([True, False])])
def test_gradient_is_taken_on_a_float_copy_in_defect_integer_input_silently_truncated(x):
    np.testing.assert_allclose(quiet(lambda x: np.sum(x**2), x), 2 * np.asarray(x), atol=1e-9)


def test_numerical_gradient_warns_when_f_does_not_see_the_float_copy():
    x = np.array([1, 2, 3])
    with pytest.warns(RuntimeWarning, match="float64 copy"):
        assert not quiet(lambda _: np.sum(x**2), x).any()
    np.testing.assert_array_equal(x, [1, 2, 3])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_gradients_are_empty_in_defect_zero_size_arrays_raise(shape):
    x = np.zeros(shape)
    assert quiet(np.sum, x).shape == shape
    assert eval_numerical_gradient_array(lambda x: x, x, x).shape == shape
    assert grad_check_sparse(np.sum, x, x) == []
    assert check_gradient(np.sum, x, x) == 0


def test_numerical_gradient_of_a_zero_dimensional_array():
    assert quiet(lambda x: float(x) ** 2, np.array(3.0)) == pytest.approx(6)


@pytest.mark.parametrize("check", [quiet, lambda f, x: check_gradient(f, x, np.zeros_like(x))])
@pytest.mark.parametrize("failing_call", [1, 2])
def test_x_is_restored_in_defect_x_changed_when_f_raises(check, failing_call):
    x, calls = np.array([1.0, 2.0, 3.0]), []

    def f(x):
        calls.append(x.copy())
        if len(calls) == failing_call:
            raise RuntimeError("no value here")
        return x.sum()

    with pytest.raises(RuntimeError, match="no value"):
        check(f, x)
    assert not np.array_equal(calls[-1], [1, 2, 3])
    np.testing.assert_array_equal(x, [1, 2, 3])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(2, complex), "real numbers; got dtype complex128"),
        (np.array(["a"], object), "dtype object"),
    ],
)
def test_numerical_gradient_refuses_what_is_not_real(x, message):
    with pytest.raises(ValueError, match=message):
        quiet(lambda x: 0.0, x)


def test_numerical_gradient_refuses_a_read_only_array():
    x = np.ones(2)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        quiet(np.sum, x)


def test_verbose_numerical_gradient_prints_every_entry(capsys):
    eval_numerical_gradient(lambda x: 2 * np.sum(x), np.zeros((1, 2)))
    assert capsys.readouterr().out.splitlines()[0].startswith("(0, 0) 2.0")


def test_sparse_check_returns_what_it_prints_in_defect_grad_check_sparse_returns_none(rng, capsys):
    x = rng.standard_normal((3, 4))
    analytic = 2 * x
    analytic[1, 2] += 1
    checks = grad_check_sparse(lambda x: np.sum(x**2), x, analytic, num_checks=60)
    assert len(checks) == 60 == len(capsys.readouterr().out.splitlines())
    assert {c.index for c in checks if c.error > 1e-6} == {(1, 2)}
    assert all(c.numerical == pytest.approx(2 * x[c.index]) for c in checks)


def test_sparse_check_draws_the_same_entries_again_in_defect_grad_check_sparse_is_unseeded(rng):
    x = rng.standard_normal((5, 5))

    def indices(**kw):
        return [c.index for c in grad_check_sparse(np.sum, x, np.ones((5, 5)), verbose=False, **kw)]

    assert indices() == indices() == indices(rng=np.random.default_rng(0))
    assert indices(rng=1) != indices(rng=2)


def test_zero_against_zero_has_error_zero_in_defect_grad_check_sparse_prints_nan(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks = grad_check_sparse(lambda x: 1.0, np.ones(3), np.zeros(3))
    assert [c.error for c in checks] == [0.0] * 10
    assert capsys.readouterr().out.count("relative error: 0.0") == 10


def test_sparse_check_refuses_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match=r"shape of x, \(2, 3\); got \(3,\)"):
        grad_check_sparse(np.sum, np.ones((2, 3)), np.ones(3))


def test_direction_check_passes_the_right_gradient_and_fails_one_wrong_entry(rng):
    x = rng.standard_normal((20, 30))
    right = np.cos(x)
    assert check_gradient(lambda x: np.sin(x).sum(), x, right) < 1e-10
    wrong = right.copy()
    wrong[7, 3] += 0.01
    assert check_gradient(lambda x: np.sin(x).sum(), x, wrong) > 1e-5


def test_direction_check_weighs_with_the_upstream_gradient(rng):
    x, dout = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    assert check_gradient(np.exp, x, np.exp(x) * dout, dout) < 1e-10
    assert check_gradient(np.exp, x, np.exp(x), dout) > 1e-2


def test_direction_check_in_float32_is_good_to_five_digits(rng):
    x = rng.standard_normal((5, 6)).astype(np.float32)
    assert check_gradient(lambda x: np.sin(x).sum(dtype=np.float64), x, np.cos(x)) < 1e-5


def test_direction_check_keeps_clear_of_kinks(rng):
    x = np.abs(rng.standard_normal(200)) + 1e-5
    x *= rng.choice([-1, 1], 200)
    assert check_gradient(lambda x: np.maximum(x, 0).sum(), x, (x > 0).astype(float)) < 1e-9


def test_direction_check_takes_the_step_that_is_given_and_counts_zero_against_zero_as_right():
    calls, zero = [], np.zeros(1)
    error = check_gradient(
        lambda x: calls.append(x[0]) or 0.0, zero, zero.copy(), num_directions=1, h=0.5
    )
    assert error == 0
    assert len(calls) == 4
