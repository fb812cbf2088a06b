/* Winograd's minimal filtering F(4x4, 3x3): 3x3 convolution with stride 1 in a quarter of the
 * multiplications.
 *
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016. A tile of 4x4
 * outputs needs a patch d of 6x6 inputs and, written as dot products, 144 multiplications for
 * each pair of a filter g and a channel. With three constant matrices
 *
 *     out tile = A' [ sum over channels (G g G') * (B' d B) ] A        (* entry by entry)
 *
 * it takes 36. The transforms of patches are shared by all filters, those of outputs by all
 * channels, those of filters by all images, so with enough channels they hardly count. What
 * remains are 36 independent matrix products, filters x channels times channels x tiles.
 *
 * Here the lanes of a vector are tiles, so that every step works lane by lane. V/4 neighboring
 * tiles of a row are V contiguous pixels, a `quarter`; four quarters from anywhere make a vector:
 * load each, and eight shuffles turn 4 vectors of pixels into the 4 columns of V tiles (`part4`).
 * The way out is the same way back (`join4`). A task copies a few padded images, a band of one or,
 * of a wide one, a strip of it, then takes up to 3 vectors of tiles through all steps at a time:
 * the transforms of 64 channels are 440 kB in float32 and stay in the second-level cache.
 *
 * Price: B' and A' hold numbers up to 8, so rounding errors grow. The error is up to 2e-5 of the
 * largest output in float32 and 1e-13 in float64, ten to twenty times that of direct.h (where the
 * terms of all outputs cancel, 2e-6 of their largest sum without signs), and an infinity or a giant
 * spreads over its tile. Hence a task that meets values which are not finite, or larger than the
 * products can bear, or 4096 times larger than is usual in their image, gives up, and the whole
 * call is done directly instead.
 */

#if LANES >= 4 /* a quarter is at least one tile */

/* Tiles of the products: target planes x vectors. */
#define EACH_A(X, B) X(1, B) X(2, B) X(3, B) X(4, B)
#ifdef FEW_REGISTERS
#define PRODUCT_PLANES 4
#define EACH_PRODUCT(X) EACH_A(X, 1) EACH_A(X, 2) EACH_A(X, 3)
#else
#define PRODUCT_PLANES 8
#define EACH_A8(X, B) EACH_A(X, B) X(5, B) X(6, B) X(7, B) X(8, B)
#define EACH_PRODUCT(X) EACH_A8(X, 1) EACH_A8(X, 2) EACH_A8(X, 3)
#endif

/* out = G g for one row or column of 3; every entry stands for PRODUCT_PLANES filters. */
static INLINE void filter_1d(REAL (*out)[PRODUCT_PLANES], const int out_step,
                             REAL (*g)[PRODUCT_PLANES], const int step)
{
    for (int a = 0; a < PRODUCT_PLANES; a++) {
        REAL outer = g[0][a] + g[2 * step][a], inner = g[step][a];
        REAL far = g[0][a] * (REAL)(1. / 24) + g[2 * step][a] * (REAL)(1. / 6);
        out[0][a] = g[0][a] * (REAL)0.25;
        out[out_step][a] = (outer + inner) * (REAL)(-1. / 6);
        out[2 * out_step][a] = (outer - inner) * (REAL)(-1. / 6);
        out[3 * out_step][a] = far + inner * (REAL)(1. / 12);
        out[4 * out_step][a] = far - inner * (REAL)(1. / 12);
        out[5 * out_step][a] = g[2 * step][a];
    }
}

typedef struct {
    idx N, source_planes, source_H, source_W, source_step;
    idx target_planes, target_H, target_W, target_step;
    /* zeros before the first row and column of the source */
    idx top, left;
    /* of an image: rows of tiles, quarters in a row and in a strip, strips */
    idx tile_rows, row, quarters, strips;
    idx images, band_rows, bands; /* of a task: images, or rows of tiles of one image */
    /* of the copy; of target planes; of tiles taken together */
    idx pitch, groups, vectors;
    /* w transformed: [group][36][source_planes][planes of the group] */
    const REAL *source, *w;
    REAL *target;
    const REAL *b; /* NULL for none */
    REAL limit;    /* the largest magnitude that the products can bear */
    int *gave_up;
    int threads;
} winograd_plan;

#define FILTER_BYTES (3 * 1024 * 1024) /* of transformed filters */

typedef struct {
    const winograd_plan *p;
    const REAL *w;
    REAL *to;
    int64_t *largest; /* magnitude in each group, as bits: infinity and NaN are above all others */
    idx target_step, source_step;
    int flip;
} filters_plan;

/* source planes whose results are written together: they lie as far apart as cache sets repeat */
#define FILTERS_TOGETHER 8

/* Transform the filters of a group of target planes. */
static void filters_task(const void *plan, idx g, void *scratch)
{
    const filters_plan *d = plan;
    const winograd_plan *p = d->p;
    idx C = p->source_planes, first = share(p->target_planes, p->groups, g);
    idx A = share(p->target_planes, p->groups, g + 1) - first;
    REAL(*block)[FILTERS_TOGETHER * PRODUCT_PLANES] = (void *)((char *)scratch + 128);
    REAL *to = d->to + 36 * C * first;
    bits largest = {0}, magnitude = ~(bits)splat(-(REAL)0);
    memset(block, 0, 36 * sizeof *block);
    for (idx c = 0; c < C; c++) {
        REAL taps[9][PRODUCT_PLANES] = {{0}}, half[18][PRODUCT_PLANES], whole[36][PRODUCT_PLANES];
        for (idx a = 0; a < A; a++)
            for (int t = 0; t < 9; t++)
                taps[t][a] =
                    d->w[(first + a) * d->target_step + c * d->source_step + (d->flip ? 8 - t : t)];
        for (int j = 0; j < 3; j++) filter_1d(half + j, 3, taps + j, 3);
        for (int i = 0; i < 6; i++) filter_1d(whole + 6 * i, 1, half + 3 * i, 1);
        /* too many are overwritten */
        for (int k = 0; k < 36; k++)
            memcpy(block[k] + c % FILTERS_TOGETHER * A, whole[k], sizeof whole[k]);
        idx ready = c % FILTERS_TOGETHER + 1;
        for (int k = 0; k < 36 && (ready == FILTERS_TOGETHER || c == C - 1); k++) {
            memcpy(to + (k * C + c + 1 - ready) * A, block[k], ready * A * sizeof(REAL));
            for (int l = 0; l < FILTERS_TOGETHER * PRODUCT_PLANES; l += LANES) {
                bits size = (bits)load(block[k] + l) & magnitude, above = size > largest;
                largest = (size & above) | (largest & ~above);
            }
        }
    }
    d->largest[g] = 0;
    for (int l = 0; l < LANES; l++) d->largest[g] = larger(d->largest[g], largest[l]);
}

/* Returns the largest magnitude; infinity or NaN if some weight is that, or memory is exhausted. */
static REAL transform_filters(filters_plan plan, idx groups, int threads)
{
    bits largest = {0};
    if (!run_tasks(filters_task, &plan, groups,
                   128 + 36 * FILTERS_TOGETHER * PRODUCT_PLANES * sizeof(REAL), threads))
        return (REAL)INFINITY;
    for (idx g = 0; g < groups; g++)
        if (plan.largest[g] > largest[0]) largest[0] = plan.largest[g];
    return ((vec)largest)[0];
}

/* m [A][B] vectors = sum over c of w [C][A] times u [C][B] vectors; `next` is asked for meanwhile.
 */
static INLINE void product_tile(const int A, const int B, REAL *m, const REAL *w, const REAL *u,
                                idx C, lines next)
{
    vec sum[8][3];
    UNROLL for (int a = 0; a < A; a++)
        UNROLL for (int v = 0; v < B; v++) sum[a][v] = (vec){0};
    for (idx c = 0; c < C; c++, w += A, u += B * LANES) {
        vec pixel[3];
        ask(&next);
        UNROLL for (int v = 0; v < B; v++) pixel[v] = load(u + v * LANES);
        UNROLL for (int a = 0; a < A; a++) {
            vec weight = splat(w[a]);
            UNROLL for (int v = 0; v < B; v++) sum[a][v] += weight * pixel[v];
        }
    }
    UNROLL for (int a = 0; a < A; a++)
        UNROLL for (int v = 0; v < B; v++) store(m + (a * B + v) * LANES, sum[a][v]);
}

#define PRODUCT(A, B)                                                                   \
    static OUTLINE void product_##A##_##B(REAL *m, const REAL *w, const REAL *u, idx C, \
                                          lines next)                                   \
    {                                                                                   \
        product_tile(A, B, m, w, u, C, next);                                           \
    }
EACH_PRODUCT(PRODUCT)
#undef PRODUCT

static void product(idx A, idx B, REAL *m, const REAL *w, const REAL *u, idx C, lines next)
{
    switch (4 * A + B) {
#define PRODUCT(A, B) \
    case 4 * A + B: product_##A##_##B(m, w, u, C, next); break;
        EACH_PRODUCT(PRODUCT)
#undef PRODUCT
    }
}

typedef struct {
    idx source, target; /* from the copy; from the task's first image */
    idx rows, columns;  /* of the target that are there: less than 4 and V at the border */
} quarter;

/* u [36][source_planes][B vectors] from B*4 quarters of every plane of the copy. */
static void transform_patches(REAL *u, const REAL *copy, idx plane, const winograd_plan *p,
                              const quarter *q, idx B)
{
    for (idx c = 0; c < p->source_planes; c++, copy += plane)
        for (idx v = 0; v < B; v++) {
            vec d[36], half[36];
            const REAL *from[4];
            for (int k = 0; k < 4; k++) from[k] = copy + q[4 * v + k].source;
            UNROLL for (int i = 0; i < 6; i++) {
                part4(d + 6 * i, load(from[0]), load(from[1]), load(from[2]), load(from[3]), 4);
                part4(d + 6 * i + 4, load(from[0] + 4), load(from[1] + 4), load(from[2] + 4),
                      load(from[3] + 4), 2);
                UNROLL for (int k = 0; k < 4; k++) from[k] += p->pitch;
            }
            UNROLL for (int j = 0; j < 6; j++) patch_1d(half + j, d + j, 6);
            UNROLL for (int i = 0; i < 6; i++) patch_1d(d + 6 * i, half + 6 * i, 1);
            UNROLL for (int k = 0; k < 36; k++)
                store(u + ((k * p->source_planes + c) * B + v) * LANES, d[k]);
        }
}

/* m [36][A][B vectors] back to pixels of A target planes. */
static void write_tiles(const REAL *m, REAL *target, const winograd_plan *p, const quarter *q,
                        idx first, idx A, idx B)
{
    for (idx a = 0; a < A; a++, target += p->target_H * p->target_W) {
        REAL b = p->b ? p->b[first + a] : 0;
        for (idx v = 0; v < B; v++) {
            vec in[36], half[24], out[16], pixel[4];
            UNROLL for (int k = 0; k < 36; k++) in[k] = load(m + ((k * A + a) * B + v) * LANES);
            UNROLL for (int j = 0; j < 6; j++) tile_1d(half + j, 6, in + j, 6);
            UNROLL for (int i = 0; i < 4; i++) tile_1d(out + 4 * i, 1, half + 6 * i, 1);
            for (int i = 0; i < 4; i++) {
                join4(pixel, out + 4 * i);
                for (int k = 0; k < 4; k++) {
                    const quarter *to = q + 4 * v + k;
                    REAL *row = target + to->target + i * p->target_W;
                    if (i >= to->rows) continue;
                    pixel[k] += b;
                    if (to->columns == LANES) {
                        store(row, pixel[k]);
                    } else {
                        REAL lane[LANES];
                        store(lane, pixel[k]);
                        memcpy(row, lane, to->columns * sizeof(REAL));
                    }
                }
            }
        }
    }
}

/* The quarters of `images` images, tile rows first..first+rows-1, from quarter `begin` of each row
 * on; the last one is repeated to fill its vector. */
static idx place_quarters(quarter *q, const winograd_plan *p, idx images, idx first, idx rows,
                          idx begin, idx copy_step)
{
    quarter *to = q;
    for (idx n = 0; n < images; n++)
        for (idx ty = 0; ty < rows; ty++)
            for (idx k = begin; k < smaller(begin + p->quarters, p->row); k++)
                *to++ = (quarter){
                    n * copy_step + 4 * ty * p->pitch + (k - begin) * LANES,
                    n * p->target_step + 4 * (first + ty) * p->target_W + k * LANES,
                    smaller(4, p->target_H - 4 * (first + ty)),
                    smaller(LANES, p->target_W - k * LANES),
                };
    for (; (to - q) % 4; to++) *to = to[-1];
    return (to - q) / 4;
}

typedef struct {
    /* elements; image: its planes and zeros to fill vectors */
    idx plane, image, copy, u, m, quarters;
} winograd_sizes;

static winograd_sizes winograd_scratch(const winograd_plan *p)
{
    idx plane = (4 * p->band_rows + 2) * p->pitch;
    idx image = parts(p->source_planes * plane, LANES) * LANES;
    return (winograd_sizes){
        .plane = plane,
        .image = image,
        .copy = p->images * image + LANES,
        .u = 36 * p->source_planes * p->vectors * LANES,
        .m = 36 * PRODUCT_PLANES * p->vectors * LANES,
        .quarters = p->images * p->band_rows * p->quarters + 4,
    };
}

static void winograd_task(const void *plan, idx task, void *scratch)
{
    const winograd_plan *p = plan;
    winograd_sizes s = winograd_scratch(p);
    idx pieces = p->bands * p->strips, piece = task % pieces, n = task / pieces * p->images;
    idx first = piece / p->strips * p->band_rows, begin = piece % p->strips * p->quarters;
    idx images = smaller(p->images, p->N - n), rows = smaller(p->band_rows, p->tile_rows - first);
    REAL *copy = (REAL *)((char *)scratch + 128), *u = copy + s.copy, *m = u + s.u;
    quarter *q = (quarter *)(m + s.m);
    if (__atomic_load_n(p->gave_up, __ATOMIC_RELAXED)) return;

    span rows_there = span_of(4 * rows + 2, 1, 4 * first - p->top, p->source_H);
    span columns = span_of(p->pitch, 1, begin * LANES - p->left, p->source_W);
    for (idx k = 0; k < images; k++) {
        const REAL *source = p->source + (n + k) * p->source_step;
        for (idx c = 0; c < p->source_planes; c++, source += p->source_H * p->source_W)
            copy_plane(copy + k * s.image + c * s.plane, s.plane, source, p->source_W, rows_there,
                       columns, 1);
        memset(copy + k * s.image + p->source_planes * s.plane, 0,
               (s.image - p->source_planes * s.plane) * sizeof(REAL));
        if (!winograd_bearable(copy + k * s.image, s.image, p->limit)) {
            __atomic_store_n(p->gave_up, 1, __ATOMIC_RELAXED);
            return;
        }
    }
    idx count = place_quarters(q, p, images, first, rows, begin, s.image);
    idx blocks = parts(count, p->vectors);
    idx skip = pieces > 1 ? 1 : p->images * p->threads, last = n + skip + images > p->N;
    idx calls = blocks * p->groups * 36;
    ahead soon = ahead_of(p->source + (n + skip) * p->source_step,
                          last ? 0 : images * p->source_step * sizeof(REAL),
                          p->target + (n + skip) * p->target_step,
                          last ? 0 : images * p->target_step * sizeof(REAL), piece, pieces, calls);
    for (idx block = 0; block < blocks; block++) {
        idx v = share(count, blocks, block), B = share(count, blocks, block + 1) - v;
        const REAL *w = p->w;
        transform_patches(u, copy, s.plane, p, q + 4 * v, B);
        for (idx g = 0; g < p->groups; g++) {
            idx a = share(p->target_planes, p->groups, g);
            idx A = share(p->target_planes, p->groups, g + 1) - a;
            for (idx k = 0; k < 36; k++, w += p->source_planes * A)
                product(A, B, m + k * A * B * LANES, w, u + k * p->source_planes * B * LANES,
                        p->source_planes, look_ahead(&soon, p->source_planes));
            write_tiles(m, p->target + n * p->target_step + a * p->target_H * p->target_W, p,
                        q + 4 * v, a, A, B);
        }
    }
}

/* Forward (dx = 0: source x, target out) or dx (source dout, target dx).
 * Returns 1 when done, 0 when memory is exhausted, -1 when this is not a case for Winograd. */
static int by_winograd(const conv_sizes *s, const REAL *source, const REAL *w, REAL *target,
                       const REAL *b, int dx, int threads)
{
    winograd_plan p = {
        .N = s->N,
        .source_planes = dx ? s->F : s->C,
        .target_planes = dx ? s->C : s->F,
        .source_H = dx ? s->out_H : s->H,
        .source_W = dx ? s->out_W : s->W,
        .source_step = dx ? s->out_step : s->x_step,
        .target_H = dx ? s->H : s->out_H,
        .target_W = dx ? s->W : s->out_W,
        .target_step = dx ? s->x_step : s->out_step,
        .top = dx ? 2 - s->top : s->top,
        .left = dx ? 2 - s->left : s->left,
    };
    if (s->HH != 3 || s->WW != 3 || s->stride_H != 1 || s->stride_W != 1 || s->dilation_H != 1
        || s->dilation_W != 1 || p.top < 0 || p.left < 0)
        return -1;
    idx C = p.source_planes, F = p.target_planes;
    p.tile_rows = parts(p.target_H, 4);
    p.row = parts(p.target_W, LANES);
    /* Rows so wide that the copy of a few leaves the second-level cache are cut. */
    idx strips = smaller(p.row, parts(C * 6 * p.row * LANES * (idx)sizeof(REAL), 2 * BAND_BYTES));
    p.quarters = parts(p.row, strips);
    p.strips = parts(p.row, p.quarters);
    p.pitch = p.quarters * LANES + 4;

    /* Vector operations: counted for the transforms, measured to be worth 0.5 multiply-adds each.
     */
    idx in_rows = p.target_H * smaller(parts(p.target_W, LANES), p.target_W / LANES + 1);
    idx in_planes = parts(p.target_H * p.target_W * parts(F, LANES), F);
    idx direct = smaller(in_rows, in_planes) * 9 * C * F;
    idx here = p.tile_rows * p.row * (36 * C * F + 170 * C + 100 * F) / 4;
    if (F < 4 || C < 4 || here * 10 > direct * 9) return -1;

    /* Keep the promise on memory: some target planes at a time. */
    idx most = FILTER_BYTES / (36 * C * (idx)sizeof(REAL));
    if (most < smaller(F, 4 * PRODUCT_PLANES)) return -1;
    p.target_planes = parts(F, parts(F, most));
    p.groups = parts(p.target_planes, PRODUCT_PLANES);

    /* 128 channels gain a seventh from a second vector */
    p.vectors = larger(1, smaller(3, 640 * 1024 / (36 * C * LANES * (idx)sizeof(REAL))));
    idx row_bytes = C * 4 * p.pitch * sizeof(REAL);
    p.band_rows = smaller(p.tile_rows, larger(1, BAND_BYTES / row_bytes));
    p.bands = parts(p.tile_rows, p.band_rows);
    if (p.N * p.bands * p.strips < MIN_TASKS)
        p.bands = smaller(p.tile_rows, parts(MIN_TASKS, p.N * p.strips));
    p.band_rows = parts(p.tile_rows, p.bands);
    p.bands = parts(p.tile_rows, p.band_rows);
    p.images = p.bands * p.strips > 1 ? 1
                                      : larger(1, smaller(parts(p.N, MIN_TASKS),
                                                          BAND_BYTES / (row_bytes * p.tile_rows)));

    int gave_up = 0, done = 1;
    idx weights = 36 * C * p.target_planes;
    REAL *transformed = malloc(weights * sizeof(REAL) + p.groups * sizeof(int64_t));
    p.w = transformed;
    p.gave_up = &gave_up;
    p.threads = threads;
    winograd_sizes z = winograd_scratch(&p);
    idx each = p.target_planes, turns = parts(F, each), target_step = dx ? 9 : 9 * C;
    idx source_step = dx ? 9 * F : 9;
    for (idx turn = 0; turn < s->groups * turns && done == 1 && !gave_up; turn++) {
        idx g = turn / turns, f = turn % turns * each;
        p.source = source + g * C * p.source_H * p.source_W;
        p.target = target + (g * F + f) * p.target_H * p.target_W;
        p.b = b ? b + g * F + f : NULL;
        p.target_planes = smaller(each, F - f);
        p.groups = parts(p.target_planes, PRODUCT_PLANES);
        filters_plan filters = {&p,          w + g * 9 * C * F + f * target_step,
                                transformed, (int64_t *)(transformed + weights),
                                target_step, source_step,
                                dx};
        REAL largest = transformed ? transform_filters(filters, p.groups, threads) : 0;
        p.limit = REAL_LARGEST / (REAL)1e4 / (REAL)C / (largest + (REAL)1);
        if (!transformed)
            done = 0;
        else if (!(largest <= p.limit))
            done = -1;
        else
            done = run_tasks(
                winograd_task, &p, parts(p.N, p.images) * p.bands * p.strips,
                (z.copy + z.u + z.m) * sizeof(REAL) + z.quarters * sizeof(quarter) + 128, threads);
    }
    free(transformed);
    return gave_up ? -1 : done;
}

#else

static int by_winograd(const conv_sizes *s, const REAL *source, const REAL *w, REAL *target,
                       const REAL *b, int dx, int threads)
{
    (void)s, (void)source, (void)w, (void)target, (void)b, (void)dx, (void)threads;
    return -1;
}

#endif
