/* What the kernels of all dtypes and instruction sets share. */

#ifndef CS231N_COMMON_H
#define CS231N_COMMON_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#define X86
#endif

typedef ptrdiff_t idx; /* a size or a distance, counted in elements unless it says bytes */

#define INLINE inline __attribute__((always_inline))
#define OUTLINE __attribute__((noinline))
/* Loops over a register tile must vanish, or the tile lives in memory. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

static inline idx smaller(idx a, idx b) { return a < b ? a : b; }
static inline idx larger(idx a, idx b) { return a > b ? a : b; }
static inline idx parts(idx whole, idx part) { return (whole + part - 1) / part; }

/* Part k of `whole` things dealt out to n parts as evenly as possible starts here. */
static inline idx share(idx whole, idx n, idx k) { return k * (whole / n) + smaller(k, whole % n); }

/* One convolution. C and F are those of one group; the steps lead from image to image. */
typedef struct {
    idx N, groups, C, H, W, F, HH, WW;
    idx stride_H, stride_W, top, left, dilation_H, dilation_W;
    idx out_H, out_W;
    idx x_step, out_step;
    idx winograd; /* whether winograd.h may be used */
} conv_sizes;

/* Pooling, forward (x to out) or backward (dout in place of x, dx in place of out). */
typedef struct {
    idx planes, H, W, HH, WW, stride_H, stride_W, out_H, out_W; /* planes: N*C */
    const void *x;
    void *out, *winner; /* winner: the place in the window, of winner_bytes 1 or 4 */
    int max, winner_bytes;
} pool_plan;

/* How many rows of outputs are computed as one long row, so that vectors are full: all of a small
 * plane, where the windows of a row lie side by side. */
static inline idx joined_rows(const pool_plan *p)
{
    int side_by_side = p->stride_W <= 2 && p->W == p->out_W * p->stride_W && p->WW <= p->stride_W;
    return side_by_side && p->out_W < 16 && p->out_H <= 64 ? p->out_H : 1;
}

/* Whether the lanes of a vector hold planes, not neighbors of a row: with long strides, and where
 * half of the lanes would be idle or little is joined. A window's rows of them fit a megabyte. */
static inline int planes_in_lanes(const pool_plan *p, idx lanes)
{
    idx joined = joined_rows(p), row = joined * p->out_W;
    return (p->stride_W > 2 || 2 * row <= lanes || (joined > 1 && row < 16))
           && p->HH * p->W <= 1 << 14;
}

/* A unit of work: `task` says which, `scratch` is memory that no other thread uses. */
typedef void task_function(const void *plan, idx task, void *scratch);

#endif
