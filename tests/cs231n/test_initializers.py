import numpy as np
import pytest

from cs231n.initializers import initial_weights, standard_deviation


@pytest.mark.parametrize(
    ("shape", "scale", "expected"),
    [
        ((300, 200), 0.02, 0.02),
        ((300, 200), "xavier", np.sqrt(2 / 500)),
        ((300, 200), "he", np.sqrt(2 / 300)),
        ((64, 32, 3, 5), "xavier", np.sqrt(2 / (32 * 15 + 64 * 15))),
        ((64, 32, 3, 5), "he", np.sqrt(2 / (32 * 15))),
    ],
)
def test_weights_have_the_spread_of_their_rule(shape, scale, expected):
    w = initial_weights(np.random.default_rng(0), shape, scale)
    assert standard_deviation(shape, scale) == pytest.approx(expected)
    assert w.shape == shape and w.dtype == np.float64
    assert abs(w.std() / expected - 1) < 0.02 and abs(w.mean()) < 0.02 * expected


@pytest.mark.parametrize("scale", ["kaiming", -1, float("nan")])
def test_unknown_scales_are_refused(scale):
    with pytest.raises(ValueError, match="number >= 0, 'xavier' or 'he'; got"):
        initial_weights(np.random.default_rng(0), (3, 2), scale)


def test_equal_generators_draw_equal_weights():
    first, second = (initial_weights(np.random.default_rng(5), (3, 2), "he") for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_he_weights_keep_the_signal_alive_through_ten_relu_layers():
    rng = np.random.default_rng(0)
    spreads = {}
    for scale in (0.01, "xavier", "he"):
        x = rng.standard_normal((200, 100))
        for _ in range(10):
            x = np.maximum(0, x @ initial_weights(rng, (100, 100), scale))
        spreads[scale] = x.std()
    assert spreads[0.01] < 1e-9 < spreads["xavier"] < 0.1 < 0.3 < spreads["he"] < 3
