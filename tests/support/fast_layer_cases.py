"""Random convolutions and poolings, and what they are compared with."""

import numpy as np
from hypothesis import strategies as st

from cs231n import fast_layers
from cs231n.fast import extensions
from cs231n.layers import conv_backward_naive, conv_forward_naive

TARGETS = range(0)
if extensions.kernels() is not None:
    TARGETS = range(extensions.kernels().BEST_TARGET + 1)
RUNGS = ["im2col", "strides", "cython", "fast"]
# Of the largest entry: float32 sums of up to some hundred terms, Winograd included.
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}


@st.composite
def convolutions(draw, most_channels=9):
    """A convolution that fits: x, w, b and its parameters, which are mostly rectangular."""

    def pair(low, high):
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    size = pair(1, 5)
    stride = pair(1, 4)
    pad = pair(0, 4)
    out = pair(1, 7)
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 3)]))
    groups = draw(st.sampled_from([1, 1, 1, 2]))
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, size)]
    image = [(o - 1) * s + r - 2 * p for o, s, r, p in zip(out, stride, reach, pad)]
    for axis in (0, 1):  # a smaller pad where the image would vanish
        if image[axis] < 1:
            pad = tuple(0 if a == axis else p for a, p in enumerate(pad))
            image[axis] = (out[axis] - 1) * stride[axis] + reach[axis]
    C, F = (groups * draw(st.integers(1, most_channels // groups)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    arrays = (
        rng.standard_normal((draw(st.integers(1, 3)), C, *image)),
        rng.standard_normal((F, C // groups, *size)),
    )
    return (
        *arrays,
        rng.standard_normal(F),
        {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups},
    )


def close(actual, expected, tolerance):
    assert actual.shape == expected.shape
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


def run_all(forward, backward, x, w, b, conv_param):
    """Output and gradients, where dout is a fixed function of the output's shape."""
    out, cache = forward(x, w, b, conv_param)
    dout = np.random.default_rng(7).standard_normal(out.shape).astype(out.dtype)
    return out, *backward(dout, cache)


def fast(*arguments):
    return run_all(fast_layers.conv_forward_fast, fast_layers.conv_backward_fast, *arguments)


def naive(*arguments):
    return run_all(conv_forward_naive, conv_backward_naive, *arguments)


@st.composite
def poolings(draw):
    sides = st.integers(1, draw(st.sampled_from([4, 4, 9])))
    size, stride, out = (
        draw(st.tuples(side, side)) for side in (sides, st.integers(1, 4), st.integers(1, 4))
    )
    out = (out[0], draw(st.integers(1, 20)))
    if draw(st.booleans()):
        stride = size
    H, W = ((o - 1) * s + k for o, s, k in zip(out, stride, size))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.integers(-2, 3, (draw(st.integers(1, 2)), draw(st.integers(1, 18)), H, W)).astype(
        float
    )  # many ties
    if draw(st.booleans()):
        x[rng.random(x.shape) < 0.1] = np.nan
    return x, {"pool_height": size[0], "pool_width": size[1], "stride": stride}
