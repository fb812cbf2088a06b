"""The checks that layers share: they pass what fits, and say what does not."""

import numpy as np
import pytest

from cs231n.layers._validate import float_dtype, require_scores_and_labels, require_shape


def test_a_shape_that_fits_passes_as_list_or_tuple():
    require_shape("layer", "b", np.zeros(3), (3,))
    require_shape("layer", "b", np.zeros((2, 0)), [2, 0])


def test_a_shape_that_does_not_fit_is_named_with_what_came():
    with pytest.raises(ValueError, match=r"layer: b must have shape \(3,\); got \(2,\)"):
        require_shape("layer", "b", np.zeros(2), (3,))


def test_scores_and_labels_that_fit_pass():
    require_scores_and_labels("loss", np.zeros((2, 3)), np.array([0, 2]))
    require_scores_and_labels("loss", np.zeros((1, 1)), np.array([0], dtype=np.uint8))


@pytest.mark.parametrize(
    "x, y, message",
    [
        (np.zeros(3), [0], r"x must hold scores of shape \(N, C\)"),
        (np.zeros((0, 3)), np.zeros(0, int), "with N and C at least 1"),
        (np.zeros((2, 3)), [0], r"y must have shape \(2,\); got \(1,\)"),
        (np.zeros((2, 3)), [0.0, 1.0], "integer labels; got dtype float64"),
        (np.zeros((2, 3)), [0, 3], r"labels must lie in 0..2 for 3 classes; got 0..3"),
        (np.zeros((2, 3)), [-1, 0], r"got -1..0"),
    ],
)
def test_scores_and_labels_that_do_not_fit_are_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        require_scores_and_labels("loss", x, y)


def test_only_floating_types_are_kept():
    assert float_dtype(np.zeros(1, np.float32)) == np.float32
    assert float_dtype(np.zeros(1, np.int8)) == np.float64
