"""Inverted dropout: what is kept, how it is scaled, and where the randomness comes from."""

import numpy as np
import pytest

from cs231n.gradient_check import eval_numerical_gradient_array, rel_error
from cs231n.layers import dropout_backward, dropout_forward


def test_p_is_the_probability_of_keeping_an_entry():
    x = np.ones((200, 300))
    out, _ = dropout_forward(x, {"p": 0.8, "mode": "train", "seed": 0})
    # The share that is kept has a standard deviation of 0.0016.
    assert abs(np.mean(out != 0) - 0.8) < 0.008


def test_kept_entries_are_scaled_by_one_over_p():
    x = np.random.default_rng(0).standard_normal((20, 30))
    out, (_, mask) = dropout_forward(x, {"p": 0.4, "mode": "train", "seed": 1})
    assert set(np.unique(mask)) == {0.0, 1 / 0.4}
    np.testing.assert_array_equal(out, x * mask)


def test_expectation_over_masks_is_the_input():
    x = np.full((500, 400), 3.0)
    out, _ = dropout_forward(x, {"p": 0.5, "mode": "train", "seed": 2})
    assert abs(out.mean() - 3) < 0.04


def test_test_mode_is_the_identity_and_gives_a_new_array():
    x = np.random.default_rng(0).standard_normal((4, 5))
    out, cache = dropout_forward(x, {"p": 0.3, "mode": "test", "seed": 0})
    np.testing.assert_array_equal(out, x)
    assert not np.shares_memory(out, x)
    assert cache[1] is None
    np.testing.assert_array_equal(dropout_backward(x, cache), x)


def test_gradient_is_scaled_as_the_output_is_in_defect_dropout_gradient_without_one_over_p():
    rng = np.random.default_rng(3)
    x, dout = rng.standard_normal((2, 10, 7))
    dropout_param = {"p": 0.25, "mode": "train", "seed": 123}
    _, cache = dropout_forward(x, dropout_param)
    dx = dropout_backward(dout, cache)
    numerical = eval_numerical_gradient_array(
        lambda x: dropout_forward(x, dropout_param)[0], x, dout
    )
    assert rel_error(dx, numerical) < 1e-8


def test_equal_seeds_give_equal_masks_and_other_seeds_others():
    x = np.ones((30, 30))
    param = {"p": 0.5, "mode": "train"}
    first, again, other = (dropout_forward(x, {**param, "seed": seed})[0] for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_without_a_seed_each_mask_is_new():
    x = np.ones((30, 30))
    first, second = (dropout_forward(x, {"p": 0.5, "mode": "train"})[0] for _ in range(2))
    assert np.any(first != second)


def test_masks_come_from_the_generator_that_is_passed_in():
    x = np.ones((30, 30))
    draws = []
    for _ in range(2):
        param = {"p": 0.5, "mode": "train", "rng": np.random.default_rng(6)}
        draws.append([dropout_forward(x, param)[0] for _ in range(2)])
    np.testing.assert_array_equal(draws[0], draws[1])
    assert np.any(draws[0][0] != draws[0][1])


def test_single_and_double_precision_drop_the_same_entries():
    x = np.ones((30, 30))
    single, double = (
        dropout_forward(x.astype(dtype), {"p": 0.5, "mode": "train", "seed": 7})[0]
        for dtype in (np.float32, np.float64)
    )
    np.testing.assert_array_equal(single, double)


def test_keeping_everything_changes_nothing():
    x = np.random.default_rng(0).standard_normal((4, 5))
    np.testing.assert_array_equal(dropout_forward(x, {"p": 1, "mode": "train"})[0], x)


@pytest.mark.parametrize("p", [0, -0.1, 1.5, None])
def test_impossible_probabilities_are_refused(p):
    with pytest.raises(ValueError, match="p is the probability of keeping an entry"):
        dropout_forward(np.zeros(3), {"p": p, "mode": "train"})


@pytest.mark.parametrize("mode", ["eval", None])
def test_unknown_modes_are_refused(mode):
    with pytest.raises(ValueError, match="mode must be 'train' or 'test'"):
        dropout_forward(np.zeros(3), {"p": 0.5, "mode": mode})
