# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Cython loops behind `cs231n.im2col_cython`, which checks every size first.

NumPy equivalent: `cs231n.im2col.im2col_indices` and `col2im_indices`.
Not checked here: shapes, strides of at least 1, pads of at least 0.
The bounds of each loop keep the window's tap inside the image, so that no index
can leave its array and the padding is never stored.
"""

ctypedef fused floating:
    float
    double


cdef inline Py_ssize_t first(Py_ssize_t tap, Py_ssize_t stride) noexcept nogil:
    """The first window whose tap lies at or after pixel 0, where window 0 has it at `tap`."""
    return 0 if tap >= 0 else (-tap + stride - 1) // stride


cdef inline Py_ssize_t last(Py_ssize_t tap, Py_ssize_t stride, Py_ssize_t size,
                            Py_ssize_t out) noexcept nogil:
    """One more than the last window whose tap lies before pixel `size`."""
    cdef Py_ssize_t stop = 0 if tap >= size else (size - 1 - tap) // stride + 1
    return min(stop, out)


def im2col(const floating[:, :, :, :] x, floating[:, :, :, :, :, ::1] cols, Py_ssize_t top,
           Py_ssize_t left, Py_ssize_t row_stride, Py_ssize_t column_stride):
    """Fill cols (C, HH, WW, H', W', N), which comes in zeroed, from x (N, C, H, W)."""
    cdef Py_ssize_t C = cols.shape[0], HH = cols.shape[1], WW = cols.shape[2], N = cols.shape[5]
    cdef Py_ssize_t H = x.shape[2], W = x.shape[3]
    cdef Py_ssize_t c, i, j, yy, xx, n, x_first, x_last, y_first, y_last
    with nogil:
        for c in range(C):
            for i in range(HH):
                y_first = first(i - top, row_stride)
                y_last = last(i - top, row_stride, H, cols.shape[3])
                for j in range(WW):
                    x_first = first(j - left, column_stride)
                    x_last = last(j - left, column_stride, W, cols.shape[4])
                    for yy in range(y_first, y_last):
                        for xx in range(x_first, x_last):
                            for n in range(N):
                                cols[c, i, j, yy, xx, n] = x[n, c, yy * row_stride + i - top,
                                                             xx * column_stride + j - left]


def col2im(const floating[:, :, :, :, :, :] cols, floating[:, :, :, ::1] x, Py_ssize_t top,
           Py_ssize_t left, Py_ssize_t row_stride, Py_ssize_t column_stride):
    """Add cols (C, HH, WW, N, H', W'), in any layout, onto x (N, C, H, W)."""
    cdef Py_ssize_t C = cols.shape[0], HH = cols.shape[1], WW = cols.shape[2], N = cols.shape[3]
    cdef Py_ssize_t H = x.shape[2], W = x.shape[3]
    cdef Py_ssize_t c, i, j, yy, xx, n, x_first, x_last, y_first, y_last
    with nogil:
        for n in range(N):
            for c in range(C):
                for i in range(HH):
                    y_first = first(i - top, row_stride)
                    y_last = last(i - top, row_stride, H, cols.shape[4])
                    for j in range(WW):
                        x_first = first(j - left, column_stride)
                        x_last = last(j - left, column_stride, W, cols.shape[5])
                        for yy in range(y_first, y_last):
                            for xx in range(x_first, x_last):
                                x[n, c, yy * row_stride + i - top,
                                  xx * column_stride + j - left] += cols[c, i, j, n, yy, xx]
