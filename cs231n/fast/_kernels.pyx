# cython: boundscheck=False, wraparound=False
"""The door from Python to the C kernels in `cs231n/fast/kernels`.

`cs231n.fast_layers` checks every argument before it comes here. Not checked here:
arrays are C-contiguous, aligned, of one dtype (float32 or float64), not empty, and
have the shapes that `sizes` or `windows` says.
"""

from cpython.pycapsule cimport PyCapsule_New
cimport numpy as cnp

import numpy as np

cnp.import_array()

cdef extern from "kernels/targets.h" nogil:
    ctypedef Py_ssize_t idx
    ctypedef struct conv_sizes:
        idx N, groups, C, H, W, F, HH, WW
        idx stride_H, stride_W, top, left, dilation_H, dilation_W
        idx out_H, out_W, x_step, out_step, winograd
    ctypedef struct pool_plan:
        idx planes, H, W, HH, WW, stride_H, stride_W, out_H, out_W
        const void *x
        void *out
        void *winner
        int max, winner_bytes
    ctypedef struct kernel_table:
        int (*forward)(const conv_sizes *, const void *, const void *, const void *, void *,
                       int) noexcept nogil
        int (*dx)(const conv_sizes *, const void *, const void *, void *, int) noexcept nogil
        int (*dw)(const conv_sizes *, const void *, const void *, void *, void *,
                  int) noexcept nogil
        int (*pool_forward)(const pool_plan *, int) noexcept nogil
        int (*pool_backward)(const pool_plan *, int) noexcept nogil
    const char *const target_names[]
    int best_target()
    const kernel_table *kernels_of(int target, int real_bytes)
    int narrow_target(int target, const conv_sizes *s, int real_bytes)
    int pool_target(int target, const pool_plan *p, int real_bytes, int forward)

cdef extern from *:
    """
    #include "kernels/reuse.h"
    #include "numpy/arrayobject.h"
    static PyDataMem_Handler reusing = {
        "cs231n_reusing", 1, {NULL, reusing_malloc, reusing_calloc, reusing_realloc, reusing_free}};
    """
    void *reusing
    void forget_waiting()
    object PyDataMem_SetHandler(object handler)

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    static int max_threads(void) { return omp_get_num_procs(); }
    #else
    static int max_threads(void) { return 0; } /* none but the caller's */
    #endif
    """
    int max_threads()

BEST_TARGET = best_target()
TARGET_NAMES = [target_names[k].decode() for k in range(BEST_TARGET + 1)]
MAX_THREADS = max_threads()
_REUSING = PyCapsule_New(&reusing, "mem_handler", NULL)


def empty(shape, dtype):
    """`numpy.empty`, in memory that is used again where it is large; see kernels/reuse.h."""
    before = PyDataMem_SetHandler(_REUSING)
    try:
        return np.empty(shape, dtype)
    finally:
        PyDataMem_SetHandler(before)


def give_back():
    """Give memory that waits to be used again back to the system."""
    forget_waiting()


cdef class Sizes:
    """The sizes of a convolution, as kernels/common.h names them."""

    cdef conv_sizes s

    def __init__(self, dict sizes):
        self.s.groups = sizes["groups"]
        self.s.N, self.s.C, self.s.H, self.s.W = sizes["x"]
        self.s.F, self.s.HH, self.s.WW = sizes["w"]
        self.s.stride_H, self.s.stride_W = sizes["stride"]
        self.s.top, self.s.left = sizes["corner"]
        self.s.dilation_H, self.s.dilation_W = sizes["dilation"]
        self.s.out_H, self.s.out_W = sizes["out"]
        self.s.x_step, self.s.out_step = sizes["steps"]
        self.s.winograd = sizes["winograd"]


cdef _memory(int done):
    if not done:
        raise MemoryError("fast_layers: no memory for the kernel's scratch space.")


def conv_forward(Sizes sizes, cnp.ndarray x, cnp.ndarray w, cnp.ndarray b, cnp.ndarray out,
                 int threads, int target):
    """Write the convolution of x with w, plus b, into out."""
    cdef const conv_sizes *s = &sizes.s
    cdef const kernel_table *k = kernels_of(narrow_target(target, s, x.itemsize), x.itemsize)
    cdef const void *x_data = cnp.PyArray_DATA(x)
    cdef const void *w_data = cnp.PyArray_DATA(w)
    cdef const void *b_data = cnp.PyArray_DATA(b)
    cdef void *out_data = cnp.PyArray_DATA(out)
    cdef int done
    with nogil:
        done = k.forward(s, x_data, w_data, b_data, out_data, threads)
    _memory(done)


def conv_dx(Sizes sizes, cnp.ndarray dout, cnp.ndarray w, cnp.ndarray dx, int threads, int target):
    """Write the gradient with respect to the images into dx.

    Returns whether w is finite: else dx is not written.
    """
    cdef const conv_sizes *s = &sizes.s
    cdef const kernel_table *k = kernels_of(narrow_target(target, s, dout.itemsize), dout.itemsize)
    cdef const void *dout_data = cnp.PyArray_DATA(dout)
    cdef const void *w_data = cnp.PyArray_DATA(w)
    cdef void *dx_data = cnp.PyArray_DATA(dx)
    cdef int done
    with nogil:
        done = k.dx(s, dout_data, w_data, dx_data, threads)
    _memory(done)
    return done > 0


def conv_dw(Sizes sizes, cnp.ndarray x, cnp.ndarray dout, cnp.ndarray dw, cnp.ndarray db,
            int threads, int target):
    """Write the gradients with respect to the filters and the biases into dw and db.

    Either may be None. Returns whether dw is finite: where x is not, it may hold NaN that are not
    due.
    """
    cdef const conv_sizes *s = &sizes.s
    cdef const kernel_table *k = kernels_of(target, x.itemsize)
    cdef const void *x_data = cnp.PyArray_DATA(x)
    cdef const void *dout_data = cnp.PyArray_DATA(dout)
    cdef void *dw_data = cnp.PyArray_DATA(dw) if dw is not None else NULL
    cdef void *db_data = cnp.PyArray_DATA(db) if db is not None else NULL
    cdef int done
    with nogil:
        done = k.dw(s, x_data, dout_data, dw_data, db_data, threads)
    _memory(done)
    return done > 0


cdef class Windows:
    """The sizes of pooling, as kernels/common.h names them."""

    cdef pool_plan p

    def __init__(self, x, window, stride, out):
        self.p.planes, self.p.H, self.p.W = x[0] * x[1], x[2], x[3]
        self.p.HH, self.p.WW = window
        self.p.stride_H, self.p.stride_W = stride
        self.p.out_H, self.p.out_W = out


cdef pool_plan _between(Windows windows, cnp.ndarray source, cnp.ndarray to, cnp.ndarray winner):
    cdef pool_plan p = windows.p
    p.x, p.out, p.max = cnp.PyArray_DATA(source), cnp.PyArray_DATA(to), winner is not None
    if winner is not None:
        p.winner, p.winner_bytes = cnp.PyArray_DATA(winner), winner.itemsize
    return p


def pool_forward(Windows windows, cnp.ndarray x, cnp.ndarray out, cnp.ndarray winner,
                 int threads, int target):
    """Pool x (N, C, H, W) into out (N, C, H', W').

    Max with winners (uint8 or int32), average if winner is None.
    """
    cdef pool_plan p = _between(windows, x, out, winner)
    target = pool_target(target, &p, x.itemsize, True)
    cdef const kernel_table *k = kernels_of(target, x.itemsize)
    cdef int done
    with nogil:
        done = k.pool_forward(&p, threads)
    _memory(done)


def pool_backward(Windows windows, cnp.ndarray dout, cnp.ndarray dx, cnp.ndarray winner,
                  int threads, int target):
    """Write the gradient dx (N, C, H, W) of pooling from dout (N, C, H', W')."""
    cdef pool_plan p = _between(windows, dout, dx, winner)
    target = pool_target(target, &p, dout.itemsize, False)
    cdef const kernel_table *k = kernels_of(target, dout.itemsize)
    cdef int done
    with nogil:
        done = k.pool_backward(&p, threads)
    _memory(done)
