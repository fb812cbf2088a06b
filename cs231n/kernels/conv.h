/* The three products of a convolution layer, from plan to result. Each returns 0 when memory is exhausted. */

#define run_direct NAME(run_direct)
/* A correlation, chunk of source planes by chunk; b may be NULL for no bias. */
static int run_direct(const correlation *p, const REAL *source, const REAL *w, const REAL *b, REAL *target, int threads)
{
    REAL *packed = malloc(larger(1, p->pack * p->chunk) * sizeof(REAL));
    REAL *bias = calloc(p->target_planes, sizeof(REAL));
    idx groups = parts(p->target_planes, planes_per_tile(p->target_planes, p->most_positions));
    int done = packed && bias;
    if (done && b) memcpy(bias, b, p->target_planes * sizeof(REAL));
    for (idx first = 0; done && first < p->source_planes; first += p->chunk) {
        direct_plan d = {p, source, packed, bias, target, first, groups};
        pack_weights(packed, w, p, first, groups);
        done = run_tasks(direct_task, &d, p->N * p->bands, direct_scratch(p), threads);
        memset(bias, 0, p->target_planes * sizeof(REAL));
    }
    free(packed);
    free(bias);
    return done;
}

static int NAME(forward)(const conv_sizes *s, const void *x, const void *w, const void *b, void *out, int threads)
{
    correlation p;
    int done = s->winograd ? by_winograd(s, x, w, out, b, 0, threads) : -1;
    if (done >= 0) return done;
    done = plan_forward(&p, s, LANES, REAL_BYTES, 0) && run_direct(&p, x, w, b, out, threads);
    free_correlation(&p);
    return done;
}

static int NAME(dx)(const conv_sizes *s, const void *dout, const void *w, void *dx, int threads)
{
    correlation p;
    int done = s->winograd ? by_winograd(s, dout, w, dx, NULL, 1, threads) : -1;
    if (done >= 0) return done;
    done = plan_dx(&p, s, LANES, REAL_BYTES) && run_direct(&p, dout, w, NULL, dx, threads);
    free_correlation(&p);
    return done;
}

#define MOST_BLOCKS 16
#define BLOCK_BYTES (4 * 1024 * 1024)

static int NAME(dw)(const conv_sizes *s, const void *x, const void *dout, void *dw, int threads)
{
    correlation p;
    idx size = s->F * s->C * s->HH * s->WW, blocks = smaller(s->N, MOST_BLOCKS);
    blocks = larger(1, smaller(blocks, BLOCK_BYTES / (size * (idx)sizeof(REAL))));
    REAL *sums = calloc(size * blocks, sizeof(REAL)), *result = dw;
    int done = plan_forward(&p, s, LANES, REAL_BYTES, parts(FEWEST_TASKS, blocks)) && sums;
    if (done) {
        dw_plan d = {&p, x, dout, sums, blocks, parts(s->C, p.chunk), dw_images(&p, parts(s->N, blocks))};
        done = run_tasks(dw_task, &d, d.blocks * d.chunks, dw_scratch(&p, d.images), threads);
        for (idx k = 0; k < size; k++) result[k] = 0;
        for (idx block = 0; block < blocks; block++)
            for (idx k = 0; k < size; k++) result[k] += sums[block * size + k];
    }
    free(sums);
    free_correlation(&p);
    return done;
}
