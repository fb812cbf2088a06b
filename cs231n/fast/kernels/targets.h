/* The choice of an instruction set at run time.
 *
 * The package is built for the plainest processor of its kind, so that it runs everywhere. The
 * pragmas in avx2.h and avx512.h let the compiler use more for one copy of the kernels; a copy is
 * entered only on a processor that has what it needs. That costs nothing: the copies run as fast
 * as a build with -march=native, while plain SSE2 takes 7 times as long.
 */

#ifndef CS231N_TARGETS_H
#define CS231N_TARGETS_H

#include "table.h"

enum { PLAIN, AVX2, AVX512 };
#if defined(__aarch64__)
static const char *const target_names[] = {"NEON"};
#elif defined(X86)
static const char *const target_names[] = {"SSE2", "AVX2", "AVX-512"};
#else
static const char *const target_names[] = {"128-bit vectors"};
#endif

/* The best instruction set of this processor. */
static int best_target(void)
{
#ifdef X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return AVX2;
#endif
    return PLAIN;
}

static const kernel_table *kernels_of(int target, int real_bytes)
{
#ifdef X86
    if (target == AVX512) return real_bytes == 8 ? &cs231n_avx512_f64 : &cs231n_avx512_f32;
    if (target == AVX2) return real_bytes == 8 ? &cs231n_avx2_f64 : &cs231n_avx2_f32;
#endif
    (void)target;
    return real_bytes == 8 ? &cs231n_plain_f64 : &cs231n_plain_f32;
}

/* Winograd's tiles fill the lanes of a vector along a row. Where half of a long vector would be
 * empty, a short one does the same: 8x8 images in float32 gain 1.4 times. */
static int narrow_target(int target, const conv_sizes *s, int real_bytes)
{
    int small = s->winograd && s->HH == 3 && s->WW == 3 && s->stride_H == 1 && s->stride_W == 1;
    return target > AVX2 && small && s->W * real_bytes <= 32 && s->out_W * real_bytes <= 32
               ? AVX2
               : target;
}

/* Max pooling wants vectors that planes fill, or backward, a row; so does the backward pass of
 * average pooling, where rows are added. */
static int pool_target(int target, const pool_plan *p, int real_bytes, int forward)
{
    static const idx vector_bytes[] = {16, 32, 64};
    for (; target > PLAIN; target--) {
        idx lanes = vector_bytes[target] / real_bytes;
        if (!p->max) {
            if (2 * p->W > lanes && (forward || p->W >= lanes || p->stride_H >= p->HH)) break;
            continue;
        }
        if (forward ? p->planes >= lanes || !planes_in_lanes(p, lanes) : p->out_W >= lanes) break;
    }
    return target;
}

#endif
