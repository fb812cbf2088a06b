/* Deal tasks out to threads. A task's result never depends on who computes it. */

#ifndef CS231N_THREADS_H
#define CS231N_THREADS_H

#include "common.h"

#ifdef _OPENMP
#include <omp.h>
#endif

/* Memory that a thread will use next, asked for bit by bit while it computes. Copies of images are short bursts of
 * reading that the processor does not foresee: without this, images that come from main memory cost S1 a quarter more. */
typedef struct {
    const char *at, *end;
    idx step; /* bytes for each call of look_ahead */
} ahead;

/* Share `band` of `bands` of that memory, in about `calls` pieces. */
static INLINE ahead ahead_of(const void *from, idx bytes, idx band, idx bands, idx calls)
{
    const char *at = (const char *)from + share(bytes, bands, band), *end = (const char *)from + share(bytes, bands, band + 1);
    return (ahead){at, end, parts(end - at, larger(1, calls))};
}

static INLINE void look_ahead(ahead *a)
{
    const char *stop = a->end - a->at < a->step ? a->end : a->at + a->step;
    for (; a->at < stop; a->at += 64) __builtin_prefetch(a->at, 0, 2);
}

/* Each thread gets scratch memory whose first 128 bytes are zero. Returns 0 when there is none. */
static int run_tasks(task_function *function, const void *plan, idx tasks, idx scratch_bytes, int threads)
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
    for (idx task = 0; task < tasks; task++) function(plan, task, aligned + omp_get_thread_num() * each);
#else
    for (idx task = 0; task < tasks; task++) function(plan, task, aligned);
#endif
    free(memory);
    return 1;
}

#endif
