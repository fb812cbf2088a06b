"""im2col and col2im in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from window_cases import columns_by_definition, sliding

from cs231n import im2col, im2col_cython


@settings(deadline=None, max_examples=50)
@given(sliding())
def test_im2col_indices_and_col2im_indices_agree_with_the_compiled_loops(case):
    x, size, padding, stride = case
    cols = im2col.im2col_indices(x, *size, padding, stride)
    np.testing.assert_array_equal(cols, columns_by_definition(x, size, padding, stride))
    np.testing.assert_allclose(
        im2col.col2im_indices(cols, x.shape, *size, padding, stride),
        im2col_cython.col2im_cython(cols, *x.shape, *size, padding, stride),
        atol=1e-13,
    )


def test_defect_width_checked_with_the_field_height_is_checked_with_the_width():
    _k, i, j = im2col.get_im2col_indices((1, 1, 4, 5), 2, 5, padding=0, stride=1)
    assert i.shape == (10, 3) and j.max() == 4
    with pytest.raises(ValueError, match="width 6 exceeds padded width 5"):
        im2col.get_im2col_indices((1, 1, 9, 5), 2, 6, padding=0, stride=1)


def test_wrong_columns_are_refused_with_the_shape_that_fits():
    with pytest.raises(ValueError, match=r"cols must have shape \(4, 12\).*got shape \(4, 11\)"):
        im2col.col2im_indices(np.zeros((4, 11)), (1, 1, 4, 5), 2, 2, 0, 1)
