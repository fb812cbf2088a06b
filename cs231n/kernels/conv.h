/* The three products of a convolution layer, from plan to result, and db. Each returns 0 when memory is exhausted. */

#define run_correlation NAME(run_correlation)
/* A correlation, chunk of source planes by chunk; b may be NULL for no bias. */
static int run_correlation(const correlation *p, const REAL *source, const REAL *w, const REAL *b, REAL *target, int threads)
{
    idx F = p->target_planes, width = p->by_planes ? parts(F, LANES) * LANES : F, weights = F * p->source_planes * p->window;
    REAL *packed = malloc(larger(1, p->groups * p->pack * p->chunk) * sizeof(REAL));
    REAL *bias = calloc(p->groups * width, sizeof(REAL));
    idx tiles = parts(F, planes_per_tile(F, p->most_positions)), images = planes_images(p);
    int done = packed && bias;
    for (idx g = 0; done && b && g < p->groups; g++) memcpy(bias + g * width, b + g * F, F * sizeof(REAL));
    for (idx first = 0; done && first < p->source_planes; first += p->chunk) {
        direct_plan pixels = {p, source, packed, bias, target, first, tiles, threads};
        planes_plan planes = {p, source, packed, bias, target, first, images, threads};
        for (idx g = 0; g < p->groups; g++)
            if (p->by_planes)
                pack_planes(packed + g * p->pack * p->chunk, w + g * weights, p, first);
            else
                pack_weights(packed + g * p->pack * p->chunk, w + g * weights, p, first, tiles);
        idx tasks = p->groups * p->bands;
        done = p->by_planes ? run_tasks(planes_task, &planes, parts(p->N, images) * tasks, planes_scratch(&planes), threads)
                            : run_tasks(direct_task, &pixels, p->N * tasks, direct_scratch(p), threads);
        memset(bias, 0, p->groups * width * sizeof(REAL));
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
    done = plan_forward(&p, s, LANES, REAL_BYTES, 0) && run_correlation(&p, x, w, b, out, threads);
    free_correlation(&p);
    return done;
}

static int NAME(dx)(const conv_sizes *s, const void *dout, const void *w, void *dx, int threads)
{
    correlation p;
    int done = s->winograd ? by_winograd(s, dout, w, dx, NULL, 1, threads) : -1;
    if (done >= 0) return done;
    done = plan_dx(&p, s, LANES, REAL_BYTES);
    for (idx k = 0; done && k < p.jobs; k++)
        if (!p.job[k].taps) { /* pixels that no tap sees */
            memset(dx, 0, s->N * s->x_step * sizeof(REAL));
            break;
        }
    done = done && run_correlation(&p, dout, w, NULL, dx, threads);
    free_correlation(&p);
    return done;
}

#define MOST_BLOCKS 16
#define BLOCK_BYTES (4 * 1024 * 1024)
#define BLOCK_PIXELS 2048 /* fewer are not worth sums of their own */

static int NAME(dw)(const conv_sizes *s, const void *x, const void *dout, void *dw, int threads)
{
    correlation p;
    int quick = s->winograd ? dw_by_winograd(s, x, dout, dw, threads) : -1;
    if (quick >= 0) return quick;
    idx F = s->F, taps = s->C * s->HH * s->WW, width = parts(F, LANES) * LANES, size = s->groups * taps * width;
    idx blocks = smaller(smaller(s->N, MOST_BLOCKS), parts(s->N * s->out_H * s->out_W, BLOCK_PIXELS));
    blocks = larger(1, smaller(blocks, BLOCK_BYTES / (size * (idx)sizeof(REAL))));
    REAL *sums = calloc(size * blocks, sizeof(REAL)), *result = dw;
    int done = plan_forward(&p, s, LANES, REAL_BYTES, parts(FEWEST_TASKS, blocks * s->groups)) && sums;
    if (done) {
        idx chunks = parts(s->C, p.chunk), tasks = blocks * s->groups * chunks;
        dw_plan pixels = {&p, x, dout, sums, blocks, chunks, dw_images(&p, parts(s->N, blocks))};
        dw_planes_plan planes = {&p, x, dout, sums, blocks, chunks, dw_planes_images(&p, parts(s->N, blocks)), width / LANES};
        done = p.by_planes ? run_tasks(dw_planes_task, &planes, tasks, dw_planes_scratch(&planes), threads)
                           : run_tasks(dw_task, &pixels, tasks, dw_scratch(&p, pixels.images), threads);
    }
    if (done) {
        idx used = p.by_planes ? size : s->groups * taps * F;
        for (idx block = 1; block < blocks; block++)
            for (idx k = 0; k < used; k++) sums[k] += sums[block * used + k];
        for (idx g = 0; g < s->groups && p.by_planes; g++)
            turn(result + g * F * taps, taps, sums + g * taps * width, width, taps, F, 0, 0);
        if (!p.by_planes) memcpy(result, sums, used * sizeof(REAL));
    }
    free(sums);
    free_correlation(&p);
    return done;
}

#define db_plan NAME(db_plan)
typedef struct {
    idx planes, pixels, step;
    const REAL *dout;
    double *sums; /* [N][planes] */
} db_plan;

#define db_task NAME(db_task)
/* The sums of the planes of one image: in the order of memory, which takes half the time of plane after plane. */
static void db_task(const void *plan, idx n, void *scratch)
{
    const db_plan *d = plan;
    const REAL *pixel = d->dout + n * d->step;
    for (idx f = 0; f < d->planes; f++, pixel += d->pixels) {
        vec sum[4] = {{0}};
        REAL lane[LANES];
        double total = 0;
        idx k = 0;
        for (; k + 4 * LANES <= d->pixels; k += 4 * LANES)
            UNROLL for (int v = 0; v < 4; v++) sum[v] += load(pixel + k + v * LANES);
        store(lane, (sum[0] + sum[1]) + (sum[2] + sum[3]));
        for (int l = 0; l < LANES; l++) total += lane[l];
        for (; k < d->pixels; k++) total += pixel[k];
        d->sums[n * d->planes + f] = total;
    }
    (void)scratch;
}

static int NAME(db)(const conv_sizes *s, const void *dout, void *db, int threads)
{
    idx planes = s->groups * s->F;
    db_plan d = {planes, s->out_H * s->out_W, s->out_step, dout, malloc(s->N * planes * sizeof(double))};
    int done = d.sums && run_tasks(db_task, &d, s->N, 0, threads);
    for (idx n = 1; done && n < s->N; n++)
        for (idx f = 0; f < planes; f++) d.sums[f] += d.sums[n * planes + f];
    for (idx f = 0; done && f < planes; f++) ((REAL *)db)[f] = (REAL)d.sums[f];
    free(d.sums);
    return done;
}
