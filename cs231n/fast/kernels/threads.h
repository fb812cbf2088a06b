/* Deal tasks out to threads. A task's result never depends on who computes it. */

#ifndef CS231N_THREADS_H
#define CS231N_THREADS_H

#include "common.h"

#ifdef _OPENMP
#include <omp.h>
#endif

/* Memory that a thread will use next, the source and the target of its next task, asked for while
 * it computes. Copies of images are short bursts of reading that the processor does not foresee:
 * without this, images that come from main memory cost a quarter more with 3x3 filters and
 * stride 2. Each step in the loop of a tile asks for a bit; many lines at once hold up the loads
 * behind them, which costs 1x1 filters an eighth. */
typedef struct {
    const char *at;
    idx step; /* bytes for each call of ask */
} lines;

typedef struct {
    const char *source, *source_end, *target, *target_end;
    idx step; /* bytes for each call of look_ahead */
} ahead;

static INLINE void ask(lines *l)
{
    __builtin_prefetch(l->at, 0, 2);
    l->at += l->step;
}

/* Share `band` of `bands` of source and target, to be asked for by `calls` tiles. */
static INLINE ahead ahead_of(const void *source, idx source_bytes, const void *target,
                             idx target_bytes, idx band, idx bands, idx calls)
{
    const char *s = source, *t = target;
    ahead a = {s + share(source_bytes, bands, band), s + share(source_bytes, bands, band + 1),
               t + share(target_bytes, bands, band), t + share(target_bytes, bands, band + 1), 0};
    a.step = parts(a.source_end - a.source + a.target_end - a.target, larger(1, calls));
    return a;
}

/* The images that a thread will likely take after `n`, the first ones of the rest of its block or
 * of its next block. */
static inline idx images_after(idx n, idx N, idx blocks, idx block, int threads)
{
    return n < share(N, blocks, block + 1) ? n : share(N, blocks, smaller(block + threads, blocks));
}

/* What a tile whose loop has `steps` steps asks for. More than a line for each step is asked for at
 * once. */
static INLINE lines look_ahead(ahead *a, idx steps)
{
    int from_source = a->source < a->source_end;
    const char **at = from_source ? &a->source : &a->target;
    const char *end = from_source ? a->source_end : a->target_end;
    idx bytes = smaller(a->step, end - *at);
    /* a line that is there: others would cost a search */
    if (bytes <= 0 || steps <= 0) return (lines){(const char *)a, 0};
    lines next = {*at, 64};
    *at += bytes;
    for (; bytes > 64 * steps; bytes -= 64) ask(&next);
    next.step = bytes / steps;
    return next;
}

/* Each thread gets scratch memory whose first 128 bytes are zero. Returns 0 when there is none. */
static int run_tasks(task_function *function, const void *plan, idx tasks, idx scratch_bytes,
                     int threads)
{
    if (threads > tasks) threads = (int)tasks;
    if (threads < 1) threads = 1;
    idx each = (scratch_bytes + 128 + 63) / 64 * 64;
    char *memory = malloc(each * threads + 64);
    if (!memory) return 0;
    char *aligned = (char *)(((uintptr_t)memory + 63) / 64 * 64);
    for (int k = 0; k < threads; k++) memset(aligned + k * each, 0, 128);
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
    for (idx task = 0; task < tasks; task++)
        function(plan, task, aligned + omp_get_thread_num() * each);
#else
    for (idx task = 0; task < tasks; task++) function(plan, task, aligned);
#endif
    free(memory);
    return 1;
}

#endif
