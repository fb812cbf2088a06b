/* The entries of the kernels for one instruction set and one dtype. Each table is compiled from a
 * small file of its own, in which `static` keeps all other names apart. */

#ifndef CS231N_TABLE_H
#define CS231N_TABLE_H

#include "common.h"

typedef struct {
    int (*forward)(const conv_sizes *, const void *x, const void *w, const void *b, void *out,
                   int threads);
    int (*dx)(const conv_sizes *, const void *dout, const void *w, void *dx, int threads);
    int (*dw)(const conv_sizes *, const void *x, const void *dout, void *dw, void *db, int threads);
    int (*pool_forward)(const pool_plan *, int threads);
    int (*pool_backward)(const pool_plan *, int threads);
} kernel_table;

extern const kernel_table cs231n_plain_f32, cs231n_plain_f64;
#ifdef X86
extern const kernel_table cs231n_avx2_f32, cs231n_avx2_f64, cs231n_avx512_f32, cs231n_avx512_f64;
#endif

#endif
