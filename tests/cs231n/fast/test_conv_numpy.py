"""Every implementation of convolution against the naive layers."""

import numpy as np
import pytest
from fast_layer_cases import RUNGS, close, convolutions, naive, run_all
from hypothesis import given, settings

from cs231n import fast_layers
from cs231n.layers import conv_backward_naive, conv_forward_naive


@pytest.mark.parametrize("rung", RUNGS)
@settings(deadline=None, max_examples=40)
@given(convolutions(most_channels=4))
def test_every_rung_agrees_with_the_naive_layers(rung, case):
    functions = (getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward"))
    for actual, expected in zip(run_all(*functions, *case), naive(*case)):
        close(actual, expected, 1e-13)


@pytest.mark.parametrize("rung", RUNGS)
def test_one_dimensional_convolutions_come_through_the_same_door(rung):
    rng = np.random.default_rng(4)
    x, w, b = (
        rng.standard_normal((3, 4, 21)),
        rng.standard_normal((6, 2, 3)),
        rng.standard_normal(6),
    )
    conv_param = {"stride": 2, "pad": 1, "groups": 2, "dilation": 2}
    flat = {"stride": (1, 2), "pad": (0, 1), "groups": 2, "dilation": (1, 2)}
    functions = [getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")]
    results = run_all(*functions, x, w, b, conv_param)
    assert [a.shape for a in results] == [(3, 6, 10), x.shape, w.shape, b.shape]
    out, cache = conv_forward_naive(x[:, :, None], w[:, :, None], b, flat)
    dout = np.random.default_rng(7).standard_normal((3, 6, 10))[:, :, None]
    for actual, expected in zip(results, (out, *conv_backward_naive(dout, cache))):
        close(actual, expected.reshape(actual.shape), 1e-13)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    "pad, stride, size",
    [("same", 1, (4, 3)), ("valid", 1, (4, 3)), ("same", 2, (1, 1)), ("same", 4, (2, 1))],
)
def test_padding_by_name_is_that_of_the_naive_layer(rung, pad, stride, size):
    rng = np.random.default_rng(6)
    case = (
        rng.standard_normal((2, 3, 8, 7)),
        rng.standard_normal((4, 3, *size)),
        rng.standard_normal(4),
    )
    functions = [getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")]
    for actual, expected in zip(
        run_all(*functions, *case, {"stride": stride, "pad": pad}),
        naive(*case, {"stride": stride, "pad": pad}),
    ):
        close(actual, expected, 1e-13)


@pytest.mark.parametrize("rung", RUNGS)
def test_an_empty_batch_gives_an_empty_output_and_zero_gradients(rung):
    forward, backward = (
        getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward")
    )
    out, cache = forward(np.zeros((0, 3, 8, 8)), np.ones((4, 3, 3, 3)), np.ones(4), {"pad": 1})
    assert out.shape == (0, 4, 8, 8)
    dx, dw, db = backward(out, cache)
    assert dx.shape == (0, 3, 8, 8) and not dw.any() and not db.any()


@pytest.mark.parametrize("rung", RUNGS)
def test_images_without_channels_give_the_bias(rung):
    case = np.ones((2, 0, 4, 5)), np.ones((3, 0, 2, 2)), np.arange(3.0), {}
    functions = (getattr(fast_layers, f"conv_{way}_{rung}") for way in ("forward", "backward"))
    out, dx, dw, _ = run_all(*functions, *case)
    np.testing.assert_array_equal(out, np.broadcast_to(np.arange(3.0)[:, None, None], (2, 3, 3, 4)))
    assert dx.shape == case[0].shape and dw.shape == case[1].shape


@pytest.mark.parametrize("name", [f"conv_forward_{rung}" for rung in RUNGS])
def test_defect_a_stride_that_does_not_fit_is_refused_by_every_rung(name):
    with pytest.raises(
        ValueError, match=f"{name}: filter height 3 with stride 2 and pad 0 does not fit height 6"
    ):
        getattr(fast_layers, name)(
            np.ones((1, 1, 6, 7)), np.ones((1, 1, 3, 3)), np.ones(1), {"stride": 2}
        )
