/* The gradients and the output of a convolution layer, from plan to result. Each returns 0 when
 * memory is exhausted, and -1 where NumPy must do it instead: dx meets w with the zeros around
 * dout, dw meets x with zeros between the rows of dout. With an infinity that is NaN. */

/* Whether all numbers are finite. NumPy's isfinite and all take 0.05 ms where other work has
 * emptied the caches, a sixtieth of a layer of 25 filters of 3x3 with stride 2 on 100 images of
 * 3x31x31. */
static int all_finite(const REAL *a, idx count)
{
    int all = 1;
    for (idx k = 0; k < count; k++) all &= a[k] - a[k] == 0;
    return all;
}

/* A correlation, chunk of source planes by chunk; b may be NULL for no bias. */
static int run_correlation(const correlation *p, const REAL *source, const REAL *w, const REAL *b,
                           REAL *target, int threads)
{
    idx F = p->target_planes, width = p->by_planes ? parts(F, LANES) * LANES : F;
    idx weights = F * p->source_planes * p->window;
    REAL *packed = malloc(larger(1, p->groups * p->pack * p->chunk) * sizeof(REAL));
    REAL *bias = calloc(p->groups * width, sizeof(REAL));
    idx tiles = parts(F, planes_per_tile(F, p->max_positions)), images = planes_images(p);
    int done = packed && bias;
    for (idx g = 0; done && b && g < p->groups; g++)
        memcpy(bias + g * width, b + g * F, F * sizeof(REAL));
    for (idx first = 0; done && first < p->source_planes; first += p->chunk) {
        direct_plan pixels = {p, source, packed, bias, target, first, tiles, threads};
        planes_plan planes = {p, source, packed, bias, target, first, images, threads};
        for (idx g = 0; g < p->groups; g++)
            if (p->by_planes)
                pack_planes(packed + g * p->pack * p->chunk, w + g * weights, p, first);
            else
                pack_weights(packed + g * p->pack * p->chunk, w + g * weights, p, first, tiles);
        idx tasks = p->groups * p->bands;
        done = p->by_planes
                   ? run_tasks(planes_task, &planes, parts(p->N, images) * tasks,
                               planes_scratch(&planes), threads)
                   : run_tasks(direct_task, &pixels, p->N * tasks, direct_scratch(p), threads);
        memset(bias, 0, p->groups * width * sizeof(REAL));
    }
    free(packed);
    free(bias);
    return done;
}

static int conv_forward(const conv_sizes *s, const void *x, const void *w, const void *b, void *out,
                        int threads)
{
    correlation p;
    int done = s->winograd ? by_winograd(s, x, w, out, b, 0, threads) : -1;
    if (done >= 0) return done;
    done = plan_forward(&p, s, LANES, REAL_BYTES, 0) && run_correlation(&p, x, w, b, out, threads);
    free_correlation(&p);
    return done;
}

static int conv_dx(const conv_sizes *s, const void *dout, const void *w, void *dx, int threads)
{
    correlation p;
    if (!all_finite(w, s->groups * s->F * s->C * s->HH * s->WW)) return -1;
    int done = s->winograd ? by_winograd(s, dout, w, dx, NULL, 1, threads) : -1;
    if (done >= 0) return done;
    conv_sizes columns = *s;
    REAL *turned = NULL;
    if (by_columns(s, LANES, REAL_BYTES)) {
        idx filters = s->groups * s->F * s->C, taps = s->HH * s->WW;
        turned = malloc(filters * taps * sizeof(REAL));
        if (!turned) return 0;
        for (idx k = 0; k < filters; k++)
            turn(turned + k * taps, s->HH, (const REAL *)w + k * taps, s->WW, s->HH, s->WW, 0, 0);
        columns.C *= s->WW, columns.W = s->out_W, columns.WW = 1, columns.left = 0;
    }
    done = plan_dx(&p, &columns, LANES, REAL_BYTES, turned ? s : NULL);
    done = done && run_correlation(&p, dout, turned ? turned : w, NULL, dx, threads);
    free(turned);
    free_correlation(&p);
    return done;
}

#define MAX_BLOCKS 16
#define BLOCK_BYTES (4 * 1024 * 1024)
#define BLOCK_PIXELS 1024 /* fewer are not worth sums of their own */

static int dw_directly(const conv_sizes *s, const REAL *x, const REAL *dout, REAL *dw,
                       const db_plan *bias, int threads)
{
    correlation p;
    idx F = s->F, taps = s->C * s->HH * s->WW, width = parts(F, LANES) * LANES;
    idx size = s->groups * taps * width;
    idx blocks = smaller(smaller(s->N, MAX_BLOCKS),
                         parts(s->N * s->out_H * s->out_W, BLOCK_PIXELS));
    blocks = larger(1, smaller(blocks, BLOCK_BYTES / (size * (idx)sizeof(REAL))));
    REAL *sums = calloc(size * blocks, sizeof(REAL));
    int done = plan_forward(&p, s, LANES, REAL_BYTES, parts(MIN_TASKS, blocks * s->groups)) && sums;
    if (done) {
        idx chunks = parts(s->C, p.chunk), tasks = blocks * s->groups * chunks;
        idx images = dw_images(&p, parts(s->N, blocks));
        idx kept = kept_lanes(&p, images, parts(s->N, blocks));
        dw_plan pixels = {&p, x, dout, sums, blocks, chunks, images, kept, bias, threads};
        dw_planes_plan planes = {&p,
                                 x,
                                 dout,
                                 sums,
                                 blocks,
                                 chunks,
                                 dw_planes_images(&p, parts(s->N, blocks)),
                                 width / LANES,
                                 s->stride_W == 1 && s->dilation_W == 1 ? s->WW : 1,
                                 bias,
                                 threads};
        done = p.by_planes
                   ? run_tasks(dw_planes_task, &planes, tasks, dw_planes_scratch(&planes), threads)
                   : run_tasks(dw_task, &pixels, tasks, dw_scratch(&pixels), threads);
    }
    if (done) {
        idx used = p.by_planes ? size : s->groups * taps * F;
        for (idx block = 1; block < blocks; block++)
            for (idx k = 0; k < used; k++) sums[k] += sums[block * used + k];
        for (idx g = 0; g < s->groups && p.by_planes; g++)
            turn(dw + g * F * taps, taps, sums + g * taps * width, width, taps, F, 0, 0);
        if (!p.by_planes) memcpy(dw, sums, used * sizeof(REAL));
    }
    free(sums);
    free_correlation(&p);
    return done;
}

/* As many filters at a time as keep the sums within BLOCK_BYTES; the image is copied again for each
 * turn, which hundreds of filters do not notice. */
static int dw_in_turns(const conv_sizes *s, const REAL *x, const REAL *dout, REAL *dw,
                       const db_plan *bias, int threads)
{
    idx taps = s->C * s->HH * s->WW;
    idx most = larger(1, BLOCK_BYTES / (taps * LANES * (idx)sizeof(REAL))) * LANES, done = 1;
    if (s->groups * parts(s->F, LANES) * LANES <= most)
        return dw_directly(s, x, dout, dw, bias, threads);
    conv_sizes turn = *s;
    db_plan nothing = *bias;
    nothing.sums = NULL;
    turn.groups = 1;
    for (idx g = 0; g < s->groups; g++)
        for (idx f = 0; f < s->F && done; f += most) {
            idx at = g * s->F + f;
            turn.F = smaller(most, s->F - f);
            done = dw_directly(&turn, x + g * s->C * s->H * s->W, dout + at * s->out_H * s->out_W,
                               dw + at * taps, at ? &nothing : bias, threads);
        }
    return (int)done;
}

/* dw and db; either may be NULL. */
static int conv_dw(const conv_sizes *s, const void *x, const void *dout, void *dw, void *db,
                   int threads)
{
    db_plan bias;
    int done = plan_db(&bias, s, dout, db), quick = -1;
    if (done && !dw) done = run_tasks(db_task, &bias, s->N, 0, threads);
    if (done && dw && s->winograd) quick = dw_by_winograd(s, x, dout, dw, &bias, threads);
    if (done && dw) done = quick >= 0 ? quick : dw_in_turns(s, x, dout, dw, &bias, threads);
    finish_db(db, &bias, done);
    return done && dw && !all_finite(dw, s->groups * s->F * s->C * s->HH * s->WW) ? -1 : done;
}
