"""Sliding windows: which sizes fit, and what the messages say."""

import re

import numpy as np
import pytest

from cs231n.window_geometry import check_dout, conv_geometry, pool_geometry, slide


@pytest.mark.parametrize(
    "stride, pad, dilation, out",
    [
        (1, 0, 1, (5, 6)),
        ((2, 7), (0, 1), 1, (3, 2)),
        ((4, 1), "valid", 1, (2, 6)),
        (1, "same", 1, (7, 9)),
        (2, "same", (1, 2), (4, 5)),
        (1, 2, (2, 3), (7, 4)),
    ],
)
def test_output_sizes_follow_the_formula_on_each_axis(stride, pad, dilation, out):
    assert slide("f", (7, 9), (3, 4), stride, pad, dilation).out == out


def test_same_puts_the_odd_zero_at_the_end():
    assert slide("f", (7, 9), (4, 3), pad="same").pads == ((1, 2), (1, 1))


def test_same_with_a_stride_larger_than_the_filter_needs_no_padding():
    geometry = slide("f", (6, 7), (1, 1), stride=2, pad="same")
    assert geometry.pads == ((0, 0), (0, 0))
    assert geometry.out == (3, 4)


def test_filter_that_is_too_wide_names_both_widths():
    x, w, b = np.zeros((2, 3, 9, 3)), np.zeros((4, 3, 3, 6)), np.zeros(4)
    message = (
        "conv_forward_naive: filter width 6 exceeds padded width 5; got w of shape (4, 3, 3, 6). "
        "Increase pad or use a smaller filter."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        conv_geometry("conv_forward_naive", x, w, b, {"stride": 1, "pad": 1})


def test_window_that_is_too_high_says_nothing_about_padding():
    with pytest.raises(
        ValueError, match=r"window height 5 exceeds height 4;.* Use a smaller window\."
    ):
        pool_geometry("f", np.zeros((1, 1, 4, 8)), {"pool_height": 5, "pool_width": 2, "stride": 1})


@pytest.mark.parametrize(
    "size, reach, stride, pad",
    [
        (11, 3, 3, 0),
        (10, 3, 3, 0),
        (11, 4, 5, 1),
        (8, 3, 5, 2),
    ],
)
def test_every_size_and_pad_that_the_message_offers_does_fit(size, reach, stride, pad):
    with pytest.raises(ValueError) as raised:
        slide("f", (size,), (reach,), stride, pad)
    sizes = re.search(r"With this pad width ([\d or]+) fits", str(raised.value))[1].split(" or ")
    pads = re.search(rf"for width {size} pad ([\d or]+) fits", str(raised.value))[1].split(" or ")
    for fit in sizes:
        slide("f", (int(fit),), (reach,), stride, pad)
    for fit in pads:
        slide("f", (size,), (reach,), stride, int(fit))


def test_where_no_pad_fits_the_message_offers_same():
    with pytest.raises(ValueError, match="for width 8 no number fits but pad 'same' does"):
        slide("f", (8,), (3,), 2, 0)
    assert slide("f", (8,), (3,), 2, "same").out == (4,)


def test_pooling_that_does_not_fit_offers_sizes_of_the_image():
    with pytest.raises(
        ValueError, match="Crop or grow the height to 6 or 8, or use another stride"
    ):
        pool_geometry("f", np.zeros((1, 1, 7, 8)), {"pool_height": 2, "pool_width": 2, "stride": 2})


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"x": (2, 4, 5)}, "same number of axes"),
        ({"x": (2, 5, 5, 6)}, "the filters see 4 channels in each of 1 groups, x has 5"),
        ({"w": (4, 4)}, "same number of axes"),
        ({"b": (4, 1)}, r"b needs one number per filter, shape \(3,\)"),
        ({"groups": 2, "w": (3, 2, 2, 2)}, "3 filters cannot be shared among 2 groups"),
        ({"groups": 0}, "groups must be a whole number of at least 1; got 0"),
        ({"stride": 0}, "stride must be a whole number of at least 1; got 0"),
        ({"stride": (1, 2, 3)}, r"stride needs one number or 2 of them; got \(1, 2, 3\)"),
        ({"pad": -1}, "pad must be a whole number of at least 0; got -1"),
        ({"pad": 1.5}, "pad must be a whole number of at least 0; got 1.5"),
        ({"pad": "full"}, "pad must be a whole number of at least 0; got 'full'"),
        ({"dilation": 0}, "dilation must be a whole number"),
        ({"strides": 2}, r"unknown keys \['strides'\]"),
    ],
)
def test_arguments_that_do_not_belong_together_are_named(changes, message):
    shapes = {"x": (2, 4, 5, 6), "w": (3, 4, 2, 2), "b": (3,)}
    x, w, b = (np.zeros(changes.get(name, shape)) for name, shape in shapes.items())
    with pytest.raises(ValueError, match=message):
        conv_geometry(
            "f", x, w, b, {key: value for key, value in changes.items() if key not in shapes}
        )


def test_pooling_names_the_keys_that_are_missing():
    with pytest.raises(ValueError, match="pool_param lacks pool_width, stride"):
        pool_geometry("f", np.zeros((1, 1, 4, 4)), {"pool_height": 2})


@pytest.mark.parametrize("param", [None, 2, ["stride"]])
def test_parameters_that_are_no_dict_are_named(param):
    with pytest.raises(TypeError, match="f: conv_param must be a dict; got"):
        conv_geometry("f", np.zeros((2, 4, 5, 6)), np.zeros((3, 4, 2, 2)), np.zeros(3), param)
    with pytest.raises(TypeError, match="f: pool_param must be a dict; got"):
        pool_geometry("f", np.zeros((1, 1, 4, 4)), param)


def test_pooling_wants_four_axes():
    with pytest.raises(ValueError, match=r"x needs the shape \(N, C, H, W\); got \(4, 4\)"):
        pool_geometry("f", np.zeros((4, 4)), {"pool_height": 2, "pool_width": 2, "stride": 2})


def test_numpy_integers_count_as_whole_numbers():
    assert slide("f", (7, 9), (3, 3), np.int64(2), np.int32(1)).out == (4, 5)


def test_gradient_that_would_broadcast_is_refused():
    with pytest.raises(ValueError, match=r"f: dout needs the shape .*, \(2, 3\); got \(1, 3\)"):
        check_dout("f", np.zeros((1, 3)), (2, 3))
