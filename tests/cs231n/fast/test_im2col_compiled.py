"""im2col and col2im, compiled and with NumPy in their place, for every shape of filter."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from window_cases import columns_by_definition, sliding

from cs231n.fast import extensions, im2col_compiled


def both(function):
    """Run a test with the compiled loops and with NumPy in their place."""
    modes = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "numpy"])
    return modes(settings(deadline=None, max_examples=50)(given(sliding())(function)))


def select(monkeypatch, compiled):
    if compiled and extensions.extension("_im2col") is None:
        pytest.skip("the extension is not built")
    if not compiled:
        monkeypatch.setitem(sys.modules, "cs231n.fast._im2col", None)


@both
def test_im2col_cython_copies_each_window_into_its_column(compiled, case):
    with pytest.MonkeyPatch.context() as monkeypatch:
        select(monkeypatch, compiled)
        x, size, padding, stride = case
        np.testing.assert_array_equal(
            im2col_compiled.im2col_cython(x, *size, padding, stride),
            columns_by_definition(x, size, padding, stride),
        )


@both
def test_col2im_is_the_transpose_of_im2col(compiled, case):
    with pytest.MonkeyPatch.context() as monkeypatch:
        select(monkeypatch, compiled)
        x, size, padding, stride = case
        cols = im2col_compiled.im2col_cython(x, *size, padding, stride)
        other = np.random.default_rng(cols.size).standard_normal(cols.shape)
        back = im2col_compiled.col2im_cython(other, *x.shape, *size, padding, stride)
        assert np.vdot(cols, other) == pytest.approx(np.vdot(x, back), rel=1e-11, abs=1e-11)
        H, W = back.shape[2:]
        out_H, out_W = (
            (n + 2 * p - k) // s + 1 for n, p, k, s in zip((H, W), padding, size, stride)
        )
        six = other.reshape(x.shape[1], *size, out_H, out_W, len(x)).transpose(0, 1, 2, 5, 3, 4)
        np.testing.assert_allclose(
            im2col_compiled.col2im_6d_cython(six, *x.shape, *size, padding, stride),
            back,
            atol=1e-14,
        )


@pytest.mark.parametrize("size", [(2, 3), (3, 1), (1, 4)])
def test_defect_row_index_multiplied_by_field_height_rectangular_filters_have_their_own_rows(size):
    x = np.arange(2 * 3 * 5 * 6, dtype=float).reshape(2, 3, 5, 6)
    cols = im2col_compiled.im2col_cython(x, *size, 0, 1)
    np.testing.assert_array_equal(cols, columns_by_definition(x, size, (0, 0), (1, 1)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.float16])
def test_layouts_dtypes_and_read_only_arrays_give_the_same_columns(dtype):
    x = np.arange(120).reshape(2, 3, 4, 5).astype(dtype)
    expected = columns_by_definition(x, (2, 2), (1, 0), (1, 1))
    for same in (np.asfortranarray(x), x[:, :, ::-1][:, :, ::-1], x.astype(x.dtype.newbyteorder())):
        same.flags.writeable = False
        cols = im2col_compiled.im2col_cython(same, 2, 2, (1, 0), 1)
        np.testing.assert_array_equal(cols, expected)
        assert cols.dtype in (np.float32, np.float64)


def test_wrong_columns_are_refused_with_the_shape_that_fits():
    with pytest.raises(ValueError, match=r"cols must have shape \(4, 12\).*got shape \(4, 11\)"):
        im2col_compiled.col2im_cython(np.zeros((4, 11)), 1, 1, 4, 5, 2, 2, 0, 1)
    with pytest.raises(ValueError, match=r"col2im_6d_cython: cols must have shape"):
        im2col_compiled.col2im_6d_cython(np.zeros((1, 2, 2, 1, 3, 3)), 1, 1, 4, 5, 2, 2, 0, 1)
    with pytest.raises(ValueError, match=r"x must have shape \(N, C, H, W\)"):
        im2col_compiled.im2col_cython(np.zeros((4, 5)), 2, 2, 0, 1)
