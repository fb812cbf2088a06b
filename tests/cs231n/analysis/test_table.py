import numpy as np
import pytest

from cs231n.analysis import (
    Affine,
    Conv,
    GlobalAvgPool,
    Normalization,
    Pool,
    ReLU,
    Residual,
    analyze,
)
from cs231n.layers import conv_forward_naive


def test_lecture_convolution_has_760_parameters_and_768000_multiply_adds():
    table = analyze([Conv(10, 5, stride=1, pad=2)], (3, 32, 32))
    assert table.rows[-1].out_shape == (10, 32, 32)
    assert table.parameters == 760
    assert table.multiply_adds == 768_000


@pytest.mark.parametrize("L, K", [(1, 3), (3, 3), (4, 5), (10, 7)])
def test_receptive_field_of_equal_layers_is_one_plus_l_times_k_minus_one(L, K):
    table = analyze([Conv(2, K, pad="same")] * L, (1, 80, 80))
    assert table.rows[-1].receptive_field == (1 + L * (K - 1),) * 2


def test_strides_multiply_what_later_windows_add():
    table = analyze([Conv(4, 3, stride=2, pad=1), Pool(2), Conv(4, (1, 3))], (3, 31, 31))
    assert [row.receptive_field for row in table.rows] == [(1, 1), (3, 3), (5, 5), (5, 13)]
    assert [row.step for row in table.rows] == [(1, 1), (2, 2), (4, 4), (4, 4)]


def measured_field(layers, size):
    """Which rows and columns of the image really change the middle of the output."""
    x = np.random.default_rng(0).normal(size=(1, 1, size, size))
    moved = np.repeat(x, 2 * size, axis=0)
    for i in range(size):
        moved[i, :, i, :] += 1000
        moved[size + i, :, :, i] += 1000
    out = np.concatenate([x, moved])
    for layer in layers:
        param = {"stride": layer.stride, "pad": layer.pad, "dilation": layer.dilation}
        out, _ = conv_forward_naive(out, np.ones((1, 1, *layer.size)), np.zeros(1), param)
    middle = out[:, 0, out.shape[2] // 2, out.shape[3] // 2]
    rows, columns = (
        np.flatnonzero(abs(part - middle[0]) > 1e-6) for part in np.split(middle[1:], 2)
    )
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


@pytest.mark.parametrize(
    "layers",
    [
        [Conv(1, (3, 5)), Conv(1, (3, 1))],
        [Conv(1, (3, 3), stride=2), Conv(1, (3, 2)), Conv(1, (1, 3))],
        [Conv(1, (3, 3), dilation=2, pad=2), Conv(1, (3, 3), dilation=4)],
    ],
)
def test_receptive_field_is_what_really_changes_the_output(layers):
    assert analyze(layers, (1, 17, 17)).rows[-1].receptive_field == measured_field(layers, 17)


def test_multiply_adds_count_the_products_of_the_naive_loops():
    x, w = np.ones((1, 4, 9, 7)), np.ones((6, 2, 3, 2))
    out, _ = conv_forward_naive(x, w, np.zeros(6), {"stride": (2, 1), "pad": 0, "groups": 2})
    table = analyze([Conv(6, (3, 2), stride=(2, 1), groups=2, bias=False)], (4, 9, 7))
    # With ones everywhere each output is the number of products that went into it.
    assert table.multiply_adds == out.sum()
    assert table.rows[-1].out_shape == out.shape[1:]
    assert table.parameters == w.size


def test_memory_counts_the_batch_and_the_bytes_of_a_number():
    layers = [Conv(10, 5, pad=2), ReLU(), Affine(7)]
    one = analyze(layers, (3, 32, 32))
    assert one.activations == 3 * 1024 + 2 * 10 * 1024 + 7
    assert one.activation_bytes == 4 * one.activations
    many = analyze(layers, (3, 32, 32), batch_size=50, dtype=np.float64)
    assert many.activation_bytes == 50 * 8 * one.activations
    assert many.multiply_adds == 50 * one.multiply_adds
    assert many.parameters == one.parameters


def test_normalization_and_global_pooling():
    table = analyze([Normalization(), GlobalAvgPool(), Affine(2, bias=False)], (8, 4, 6))
    assert [row.parameters for row in table.rows] == [0, 16, 0, 16]
    assert table.rows[2].out_shape == (8,) and table.rows[2].receptive_field == (4, 6)


def test_residual_block_sees_the_wider_way_and_counts_both():
    body = (Conv(8, 3, stride=2, pad="same"), Conv(8, 3, pad=1))
    table = analyze([Residual(body, (Conv(8, 1, stride=2, pad="same"),)), Conv(1, 3)], (4, 16, 16))
    assert table.rows[-2].out_shape == (8, 8, 8)
    assert table.rows[-2].receptive_field == (7, 7) and table.rows[-1].receptive_field == (11, 11)
    assert table.parameters == 8 * 37 + 8 * 73 + 8 * 5 + 73


def test_residual_ways_that_end_differently_are_refused():
    with pytest.raises(
        ValueError, match="got 8x8x8 and 4x16x16. Give the shortcut a 1x1 convolution"
    ):
        analyze([Residual((Conv(8, 3, stride=2, pad="same"),))], (4, 16, 16))


def test_a_filter_that_does_not_fit_is_named_with_sizes_that_would():
    with pytest.raises(ValueError) as caught:
        analyze([Pool(2), Conv(8, 5, stride=3)], (3, 32, 32))
    message = str(caught.value)
    assert "filter height 5 with stride 3 and pad 0 does not fit height 16" in message
    assert "got conv 5x5 x 8 stride 3" in message
    assert "height 14 or 17 fits" in message and "pad 2 or 5 fits" in message


def test_the_text_shows_every_row_and_the_totals():
    text = str(analyze([Conv(10, 5, pad=2), Pool((1, 2)), Affine(4)], (3, 32, 32)))
    lines = text.split("\n")
    assert len(lines) == 8 and len({len(line) for line in lines}) == 1
    assert lines[3].split() == "conv 5x5 x 10 pad 2 10x32x32 760 768,000 41 kB 5x5".split()
    assert lines[4].startswith("pool 1x2 stride (1, 2)")
    assert lines[-1].split() == ["total", "21,244", "788,480", "73.7", "kB"]


def test_memory_is_written_in_fitting_units():
    text = str(analyze([Affine(1)], (3,), batch_size=1))
    assert "12 B" in text
    assert "24 GB" in str(analyze([ReLU()], (3, 1000, 1000), batch_size=1000))
