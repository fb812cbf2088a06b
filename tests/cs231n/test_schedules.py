import math

import numpy as np
import pytest

from cs231n import schedules


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (schedules.constant, [1, 1, 1, 1]),
        (schedules.step_decay(2, factor=0.5), [1, 1, 0.5, 0.5]),
        (schedules.exponential_decay(0.1), [1, math.exp(-0.1), math.exp(-0.2), math.exp(-0.3)]),
        (schedules.inverse_decay(0.5), [1, 1 / 1.5, 0.5, 0.4]),
        (schedules.linear, [1, 0.75, 0.5, 0.25]),
        (schedules.cosine, [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)]),
        (schedules.warmup(2), [0.5, 1, 1, 1]),
        (schedules.warmup(2, then=schedules.linear), [0.5, 1, 1, 0.5]),
    ],
)
def test_schedule_gives_the_factors_of_its_formula(schedule, expected):
    np.testing.assert_allclose([schedule(step, 4) for step in range(4)], expected)


@pytest.fixture
def grads():
    return {"W": np.array([[3.0, -4.0]]), "b": np.array([12.0], np.float32)}


def test_clip_by_value_limits_each_entry_and_leaves_the_input_alone(grads):
    clipped = schedules.clip_by_value(grads, 3.5)
    np.testing.assert_array_equal(clipped["W"], [[3, -3.5]])
    np.testing.assert_array_equal(grads["W"], [[3, -4]])
    assert clipped["b"].dtype == np.float32


def test_clip_by_global_norm_scales_all_gradients_by_one_factor(grads):
    clipped, norm = schedules.clip_by_global_norm(grads, 6.5)
    assert norm == 13
    np.testing.assert_allclose(clipped["W"], [[1.5, -2]])
    np.testing.assert_allclose(clipped["b"], [6])
    assert clipped["b"].dtype == np.float32 and grads["b"][0] == 12


def test_clip_by_global_norm_leaves_short_gradients_and_zeros_as_they_are(grads):
    clipped, _ = schedules.clip_by_global_norm(grads, 13)
    np.testing.assert_array_equal(clipped["W"], grads["W"])
    zeros, norm = schedules.clip_by_global_norm({"W": np.zeros(2)}, 1)
    assert norm == 0 and not zeros["W"].any()


def test_clip_by_global_norm_agrees_with_pytorch(grads):
    torch = pytest.importorskip("torch")
    twins = {
        name: torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64))
        for name, g in grads.items()
    }
    for name, twin in twins.items():
        twin.grad = torch.tensor(grads[name].astype(float))
    torch.nn.utils.clip_grad_norm_(twins.values(), 2.0)
    clipped, _ = schedules.clip_by_global_norm(grads, 2.0)
    for name, twin in twins.items():
        np.testing.assert_allclose(clipped[name], twin.grad.numpy(), rtol=1e-6)
