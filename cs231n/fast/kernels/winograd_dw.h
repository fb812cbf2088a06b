/* The gradient of 3x3 filters with stride 1 by Winograd's algorithm: winograd.h read backward.
 *
 *     out tile = A' [(G g G') * (B' d B)] A      gives      dg = G' [ sum over tiles (A dout A') *
 * (B' d B) ] G
 *
 * so 36 sums of products for each pair of a filter and a channel replace the 144 of each tile. Both
 * transforms run over pixels whose planes lie side by side: images are turned first (outer.h), so
 * the lanes of a vector are channels or filters, the transforms need no shuffle, and a table says
 * where each pixel of a patch lies, or that it is a zero of the padding. The 36 products, channels
 * x tiles times tiles x filters, are those of outer.h.
 *
 * A batch is some rows of tiles of an image, a strip of one row of a wide one, or some small
 * images, so many that their transforms and the sums of `chunk` channels x `filters` filters stay
 * in the second-level cache. With 64 channels in float64 that takes two turns, and the transforms
 * of dout are made twice, which costs less than sums that come and go.
 */

#if LANES >= 4

#define WINOGRAD_SUM_BYTES (1024 * 1024)  /* sums of a block */
#define WINOGRAD_BATCH_BYTES (768 * 1024) /* transforms of a batch */
/* of images: threads share them out, rounding errors stay apart */
#define WINOGRAD_BLOCKS 8
#define BLOCK_TILES 64 /* fewer are not worth sums of their own */
#define MIN_TILES 8    /* of a batch: each adds to all sums once */

/* x or dout: where it lies, which planes of it, and how a batch of it is turned. */
typedef struct {
    const REAL *from;
    idx H, W, step;                      /* from image to image */
    idx planes, width;                   /* of this turn; rounded up to whole vectors */
    idx before_row, before_column, edge; /* of zeros; pixels along the edge of a patch */
} winograd_side;

typedef struct {
    idx N, tile_rows, tile_columns, strips; /* rows of an image; columns of one of its strips */
    idx images, band_rows;                  /* of a batch */
    idx blocks;                             /* of images */
    winograd_side x, dout;
    REAL *sums; /* [blocks][36][x.planes][dout.width] */
    REAL limit; /* the largest magnitude that the products can bear */
    int *gave_up;
    const db_plan *bias; /* in the first turn, else NULL */
    int threads;
} winograd_dw_plan;

/* that a batch may need of an image */
static idx side_rows(const winograd_side *s, idx band_rows)
{
    return smaller(s->H, 4 * band_rows + s->edge - 4);
}

/* from one of the 36 transforms to the next: an odd number of cache lines */
static idx side_step(const winograd_side *s, idx tiles)
{
    return (parts(tiles * s->width * REAL_BYTES, 64) | 1) * 64 / REAL_BYTES;
}

/* entries of a turned image: a pixel of zeros, and those of a batch */
static idx side_turned(const winograd_side *s, const winograd_dw_plan *p)
{
    return (1 + side_rows(s, p->band_rows) * smaller(s->W, 4 * p->tile_columns + s->edge - 4))
           * s->width;
}

/* to be asked for of some images of this side */
static idx side_bytes(const winograd_side *s, idx images)
{
    idx plane = s->H * s->W;
    return (s->step == s->planes * plane ? images * s->step
                                         : smaller(images, 1) * s->planes * plane)
           * REAL_BYTES;
}

/* Turn `images` images, as far as tile rows first..first+rows-1 of a strip see them, and say where
 * each pixel of the patches lies. The last strip may run over the edge: there are zeros. */
static int turn_side(REAL *turned, int32_t *place, const winograd_side *s,
                     const winograd_dw_plan *p, idx n, idx images, idx first, idx rows, idx strip)
{
    idx top = 4 * first - s->before_row, left = 4 * strip * p->tile_columns - s->before_column;
    idx columns = 4 * p->tile_columns + s->edge - 4, size = side_turned(s, p);
    idx begin = larger(0, top), end = larger(begin, smaller(s->H, top + 4 * rows + s->edge - 4));
    idx from = larger(0, left), wide = larger(0, smaller(s->W, left + columns) - from);
    /* rows, all in one if they may */
    idx runs = wide == s->W ? 1 : end - begin, run = runs == 1 ? (end - begin) * wide : wide;
    for (idx r = 0; r < 4 * rows + s->edge - 4; r++)
        for (idx q = 0; q < columns; q++) {
            idx y = top + r - begin, x = left + q - from;
            idx inside = y >= 0 && y < end - begin && x >= 0 && x < wide;
            place[r * columns + q] = (int32_t)(inside ? (1 + y * wide + x) * s->width : 0);
        }
    for (idx k = 0; k < images; k++, turned += size) {
        memset(turned, 0, s->width * sizeof(REAL));
        for (idx r = 0; r < runs; r++)
            turn(turned + (1 + r * run) * s->width, s->width,
                 s->from + (n + k) * s->step + (begin + r) * s->W + from, s->H * s->W, s->planes,
                 run, 0, 1);
        if (!winograd_bearable(turned, s->width * (1 + runs * run), p->limit)) return 0;
    }
    return 1;
}

/* to [36][group of at most `together` vectors][tiles][vectors of the group] from a turned batch;
 * EDGE is 6 for x, 4 for dout. */
static INLINE void transform_side(REAL *to, const REAL *turned, const int32_t *place,
                                  const winograd_side *s, const winograd_dw_plan *p, idx images,
                                  idx rows, idx together, const int EDGE)
{
    idx columns = 4 * p->tile_columns + EDGE - 4, vectors = s->width / LANES;
    idx groups = parts(vectors, together);
    idx tiles = images * rows * p->tile_columns;
    idx step = side_step(s, p->images * p->band_rows * p->tile_columns);
    for (idx t = 0; t < tiles; t++) {
        idx image = t / (rows * p->tile_columns), row = t / p->tile_columns % rows;
        idx column = t % p->tile_columns;
        const REAL *from = turned + image * side_turned(s, p);
        const int32_t *corner = place + 4 * row * columns + 4 * column;
        for (idx g = 0; g < groups; g++) {
            idx v = share(vectors, groups, g), B = share(vectors, groups, g + 1) - v;
            REAL *at = to + (tiles * v + t * B) * LANES;
            for (idx b = 0; b < B; b++, at += LANES) {
                vec d[36], half[36];
                UNROLL for (int i = 0; i < EDGE; i++)
                    UNROLL for (int j = 0; j < EDGE; j++)
                        d[EDGE * i + j] = load(from + corner[i * columns + j] + (v + b) * LANES);
                if (EDGE == 6) {
                    UNROLL for (int j = 0; j < 6; j++) patch_1d(half + j, d + j, 6);
                    UNROLL for (int i = 0; i < 6; i++) patch_1d(d + 6 * i, half + 6 * i, 1);
                } else {
                    UNROLL for (int j = 0; j < 4; j++) dout_1d(half + j, 4, d + j, 4);
                    UNROLL for (int i = 0; i < 6; i++) dout_1d(d + 6 * i, 1, half + 4 * i, 1);
                }
                for (int k = 0; k < 36; k++) store(at + k * step, d[k]);
            }
        }
    }
}

static OUTLINE void transform_x(REAL *to, const REAL *turned, const int32_t *place,
                                const winograd_dw_plan *p, idx images, idx rows)
{
    transform_side(to, turned, place, &p->x, p, images, rows, p->x.width / LANES, 6);
}

static OUTLINE void transform_dout(REAL *to, const REAL *turned, const int32_t *place,
                                   const winograd_dw_plan *p, idx images, idx rows)
{
    transform_side(to, turned, place, &p->dout, p, images, rows, MAX_B, 4);
}

typedef struct {
    idx tiles, turned, x, dout, place, bytes;
} winograd_dw_sizes;

static winograd_dw_sizes winograd_dw_scratch(const winograd_dw_plan *p)
{
    idx tiles = p->images * p->band_rows * p->tile_columns;
    winograd_dw_sizes z = {
        .tiles = tiles,
        .turned = p->images * larger(side_turned(&p->x, p), side_turned(&p->dout, p)),
        .x = 36 * side_step(&p->x, tiles),
        .dout = 36 * side_step(&p->dout, tiles),
        .place = (4 * p->band_rows + 2) * (4 * p->tile_columns + 2),
    };
    z.bytes = 192 + (z.turned + z.x + z.dout) * REAL_BYTES
              + (z.place + z.tiles + p->x.planes + SPARE_ROWS) * (idx)sizeof(int32_t);
    return z;
}

/* One block of images. */
static void winograd_dw_task(const void *plan, idx block, void *scratch)
{
    const winograd_dw_plan *p = plan;
    winograd_dw_sizes z = winograd_dw_scratch(p);
    idx C = p->x.planes, width = p->dout.width, vectors = width / LANES;
    idx groups = parts(vectors, MAX_B);
    idx x_step = side_step(&p->x, z.tiles), dout_step = side_step(&p->dout, z.tiles);
    REAL *turned = (REAL *)((char *)scratch + 128), *x = turned + z.turned, *dout = x + z.x;
    int32_t *place = (int32_t *)(dout + z.dout), *walk = place + z.place, *jump = walk + z.tiles;
    REAL *sums = p->sums + block * 36 * C * width;
    memset(sums, 0, 36 * C * width * sizeof(REAL));
    for (idx t = 0; t < z.tiles; t++) walk[t] = (int32_t)(t * p->x.width);
    for (idx c = 0; c < C + SPARE_ROWS; c++) jump[c] = (int32_t)smaller(c, C - 1);

    idx last = share(p->N, p->blocks, block + 1), images = 1, rows = 1;
    for (idx n = share(p->N, p->blocks, block); n < last; n += images) {
        idx next = images_after(n + p->images, p->N, p->blocks, block, p->threads);
        idx further = smaller(p->images, p->N - next);
        idx calls = 36 * groups * parts(C, 9) * parts(p->tile_rows, p->band_rows) * p->strips;
        ahead soon = ahead_of(p->x.from + next * p->x.step, side_bytes(&p->x, further),
                              p->dout.from + next * p->dout.step, side_bytes(&p->dout, further), 0,
                              1, calls);
        for (idx first = 0, strip = 0; first < p->tile_rows;
             strip = (strip + 1) % p->strips, first += strip ? 0 : rows) {
            images = smaller(p->images, last - n),
            rows = smaller(p->band_rows, p->tile_rows - first);
            idx tiles = images * rows * p->tile_columns;
            if (__atomic_load_n(p->gave_up, __ATOMIC_RELAXED)) return;
            for (idx k = 0; k < images && p->bias && !first && !strip; k++)
                sum_planes(p->bias, n + k);
            int bearable = turn_side(turned, place, &p->x, p, n, images, first, rows, strip);
            if (bearable) {
                transform_x(x, turned, place, p, images, rows);
                bearable = turn_side(turned, place, &p->dout, p, n, images, first, rows, strip);
            }
            if (!bearable) {
                __atomic_store_n(p->gave_up, 1, __ATOMIC_RELAXED);
                return;
            }
            transform_dout(dout, turned, place, p, images, rows);
            for (idx k = 0; k < 36; k++)
                for (idx g = 0; g < groups; g++) {
                    idx v = share(vectors, groups, g), B = share(vectors, groups, g + 1) - v;
                    idx A = rows_per_tile(B, C);
                    for (idx c = 0; c < C; c += A) {
                        REAL *to = sums + (k * C + c) * width + v * LANES;
                        run_outer(A, B, 1, x + k * x_step, jump + c, walk, tiles,
                                  dout + k * dout_step + tiles * v * LANES, to, width, to, width,
                                  C - c, look_ahead(&soon, tiles));
                    }
                }
        }
    }
}

typedef struct {
    const winograd_dw_plan *p;
    REAL *dw, *nine; /* nine: memory for [channels][9][dout.width] */
    idx dw_step;
} finish_plan;

#define FINISH_CHANNELS 16 /* of a task: enough to hand out */

/* dw of some channels from the sums of all blocks. */
static void finish_dw(const void *plan, idx task, void *scratch)
{
    const finish_plan *d = plan;
    const winograd_dw_plan *p = d->p;
    idx C = p->x.planes, width = p->dout.width, first = task * FINISH_CHANNELS;
    idx end = smaller(C, first + FINISH_CHANNELS);
    REAL *nine = d->nine + 9 * first * width;
    for (int k = 0; k < 36; k++) {
        REAL *sum = p->sums + (k * C + first) * width;
        for (idx block = 1; block < p->blocks; block++)
            for (idx e = 0; e < (end - first) * width; e++)
                sum[e] += sum[block * 36 * C * width + e];
    }
    for (idx c = first; c < end; c++)
        for (idx f = 0; f < width; f += LANES) {
            vec u[36], half[18], g[9];
            UNROLL for (int k = 0; k < 36; k++) u[k] = load(p->sums + (k * C + c) * width + f);
            UNROLL for (int j = 0; j < 6; j++) dg_1d(half + j, 6, u + j, 6);
            UNROLL for (int i = 0; i < 3; i++) dg_1d(g + 3 * i, 1, half + 6 * i, 1);
            UNROLL for (int t = 0; t < 9; t++)
                store(nine + (9 * (c - first) + t) * width + f, g[t]);
        }
    turn(d->dw + 9 * first, d->dw_step, nine, width, 9 * (end - first), p->dout.planes, 0, 0);
    (void)scratch;
}

/* Returns 1 when done, 0 when memory is exhausted, -1 when this is not a case for Winograd. */
static int dw_by_winograd(const conv_sizes *s, const REAL *x, const REAL *dout, REAL *dw,
                          const db_plan *bias, int threads)
{
    int once = s->stride_H == 1 && s->stride_W == 1 && s->dilation_H == 1 && s->dilation_W == 1;
    if (s->HH != 3 || s->WW != 3 || !once || s->C < 4 || s->F < 4) return -1;
    idx C = s->C, F = s->F;
    while (36 * C * parts(F, LANES) * LANES * REAL_BYTES > WINOGRAD_SUM_BYTES)
        if (C > F)
            C = parts(C, 2);
        else
            F = parts(F, 2);
    winograd_dw_plan p = {
        .N = s->N,
        .tile_rows = parts(s->out_H, 4),
        .x = {NULL, s->H, s->W, s->x_step, C, parts(C, LANES) * LANES, s->top, s->left, 6},
        .dout = {NULL, s->out_H, s->out_W, s->out_step, F, parts(F, LANES) * LANES, 0, 0, 4},
    };
    idx columns = parts(s->out_W, 4), tiles = p.tile_rows * columns, pixels = s->out_H * s->out_W;
    /* Vector operations, as in winograd.h; of the transforms of x, of dout, and of the turns. */
    idx here = tiles * (36 * C * p.dout.width + 100 * p.x.width + 60 * p.dout.width);
    idx direct = 9 * C * F * (pixels + pixels / 4);
    idx fit = WINOGRAD_BATCH_BYTES / (36 * (p.x.width + p.dout.width) * REAL_BYTES);
    p.tile_columns = parts(columns, parts(columns, larger(MIN_TILES, 2 * fit)));
    p.strips = parts(columns, p.tile_columns);
    p.band_rows = larger(1, smaller(p.tile_rows, fit / p.tile_columns));
    p.band_rows = parts(p.tile_rows, parts(p.tile_rows, p.band_rows));
    p.images = p.band_rows < p.tile_rows ? 1 : larger(1, smaller(s->N, fit / tiles));
    if (here * 10 > direct * 9 || p.images * p.band_rows * p.tile_columns < MIN_TILES
        || s->N * tiles < 4 * MIN_TILES)
        return -1;
    idx size = 36 * C * p.dout.width;
    /* 2 MB in all, but work for 4 threads */
    p.blocks = larger(4, WINOGRAD_BLOCKS * 256 * 1024 / (size * REAL_BYTES));
    p.blocks = smaller(smaller(p.blocks, WINOGRAD_BLOCKS),
                       smaller(s->N, parts(s->N * tiles, BLOCK_TILES)));
    p.images = smaller(p.images, parts(s->N, p.blocks));

    int gave_up = 0, done = 1;
    REAL *sums = malloc((p.blocks * size + 9 * C * p.dout.width) * sizeof(REAL));
    p.sums = sums;
    p.gave_up = &gave_up;
    p.threads = threads;
    p.limit = (REAL)sqrt(REAL_LARGEST / 1e5 / (double)(s->N * pixels));
    if (!sums) return 0;
    for (idx g = 0; g < s->groups; g++)
        for (idx c = 0; c < s->C; c += C)
            for (idx f = 0; f < s->F && done && !gave_up; f += F) {
                p.x.from = x + (g * s->C + c) * s->H * s->W;
                p.dout.from = dout + (g * s->F + f) * pixels;
                p.bias = g || c || f ? NULL : bias;
                p.x.planes = smaller(C, s->C - c);
                p.dout.planes = smaller(F, s->F - f);
                done = run_tasks(winograd_dw_task, &p, p.blocks, winograd_dw_scratch(&p).bytes,
                                 threads);
                finish_plan finish = {&p, dw + ((g * s->F + f) * s->C + c) * 9,
                                      sums + p.blocks * size, s->C * 9};
                if (done && !gave_up)
                    done = run_tasks(finish_dw, &finish, parts(p.x.planes, FINISH_CHANNELS), 0,
                                     threads);
            }
    free(sums);
    return gave_up ? -1 : done;
}

#else

static int dw_by_winograd(const conv_sizes *s, const REAL *x, const REAL *dout, REAL *dw,
                          const db_plan *bias, int threads)
{
    (void)s, (void)x, (void)dout, (void)dw, (void)bias, (void)threads;
    return -1;
}

#endif
