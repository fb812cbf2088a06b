/* The gradient with respect to the filters, directly.
 *
 *     dw[f, t] = sum over images n and output pixels p of dout[n, f, p] * x[n, p + distance[t]]
 *
 * is a dot product over all pixels for each filter f and tap t. The copy of x, split by phase
 * (plan.h), makes the pixels that a tap sees contiguous, so the dot product runs over vectors
 * of pixels. A tile of A filters x B taps keeps A*B sums of LANES partial sums in registers:
 * each loaded vector of dout is used B times, each vector of x A times.
 *
 * Rounding: a lane adds up only the pixels of one block of images before the lanes are added
 * by halves; blocks are then added one by one. In float32 such short chains keep the error near
 * 4e-7 of the scale, where one long chain has 5e-6. Blocks depend on the sizes alone, never on
 * the number of threads, hence so does the result.
 *
 * Rows that do not fill whole vectors end in a vector that overlaps its neighbor; the lanes
 * that are counted already are masked in both factors, so an infinity there cannot make a NaN.
 * Narrow images would waste most of each vector: there dout is copied with the pitch of x and
 * zeros in the gaps, and vectors run across the ends of rows. An infinity of x then meets such
 * a zero; conv.h looks for what comes of that.
 */

#ifdef FEW_REGISTERS
#define dw_cap(A) ((A) == 1 ? 8 : (A) == 2 ? 5 : (A) == 3 ? 4 : 2)
#define MAX_FILTERS 4
#define EACH_DOT(X) UP_TO_8(X, 1) UP_TO_5(X, 2) UP_TO_4(X, 3) UP_TO_2(X, 4)
#else
#define dw_cap(A) ((A) <= 3 ? 8 : (A) == 4 ? 6 : (A) == 5 ? 5 : 4)
#define MAX_FILTERS 6
#define EACH_DOT(X) \
    UP_TO_8(X, 1) UP_TO_8(X, 2) UP_TO_8(X, 3) UP_TO_6(X, 4) UP_TO_5(X, 5) UP_TO_4(X, 6)
#endif

/* Where a block of pixels lies: images x rows x (full vectors and perhaps a masked one). */
typedef struct {
    idx images, rows, full;
    idx x_image, x_row, dout_image, dout_row, dout_plane;
    idx tail; /* where the masked vector starts, or -1 */
    bits mask;
    int keep_lanes; /* dw of a tile is [A][B][LANES]: its lanes are added up later */
} dw_run;

/* Add up the lanes of each sum. Neighboring lanes of two vectors become the lanes of one, until
 * LANES vectors have become one vector of totals; 5 times faster than one sum after the other. */
static OUTLINE void add_totals(const REAL *sums, int A, int B, REAL *dw, idx dw_step)
{
    for (int first = 0; first < A * B; first += LANES) {
        vec v[LANES];
        REAL lane[LANES];
        UNROLL for (int k = 0; k < LANES; k++)
            v[k] = load(sums + smaller(first + k, A * B - 1) * LANES);
        UNROLL for (int n = LANES / 2; n > 0; n /= 2)
            UNROLL for (int k = 0; k < n; k++)
                v[k] = UNZIP(v[2 * k], v[2 * k + 1], 0) + UNZIP(v[2 * k], v[2 * k + 1], 1);
        store(lane, v[0]);
        for (int k = first; k < smaller(first + LANES, A * B); k++)
            dw[k / B * dw_step + k % B] += lane[k - first];
    }
}

static INLINE void dot_tile(const int A, const int B, const REAL *x, const int32_t *distance,
                            const REAL *dout, const dw_run *run, REAL *dw, idx dw_step, lines next)
{
    vec sum[8][8];
    UNROLL for (int a = 0; a < A; a++)
        UNROLL for (int t = 0; t < B; t++) sum[a][t] = (vec){0};
    const REAL *x_tap[8];
    UNROLL for (int t = 0; t < B; t++) x_tap[t] = x + distance[t];
    const REAL *dout_plane[8];
    UNROLL for (int a = 0; a < A; a++) dout_plane[a] = dout + a * run->dout_plane;
    for (idx n = 0; n < run->images; n++)
        for (idx y = 0; y < run->rows; y++) {
            idx at_x = n * run->x_image + y * run->x_row;
            idx at_dout = n * run->dout_image + y * run->dout_row;
            for (idx v = 0; v < run->full; v++, at_x += LANES, at_dout += LANES) {
                vec d[8];
                ask(&next);
                UNROLL for (int a = 0; a < A; a++) d[a] = load(dout_plane[a] + at_dout);
                UNROLL for (int t = 0; t < B; t++) {
                    vec pixel = load(x_tap[t] + at_x);
                    UNROLL for (int a = 0; a < A; a++) sum[a][t] += d[a] * pixel;
                }
            }
            if (run->tail < 0) continue;
            at_x += run->tail - run->full * LANES, at_dout += run->tail - run->full * LANES;
            vec d[8];
            UNROLL for (int a = 0; a < A; a++)
                d[a] = keep(load(dout_plane[a] + at_dout), run->mask);
            UNROLL for (int t = 0; t < B; t++) {
                vec pixel = keep(load(x_tap[t] + at_x), run->mask);
                UNROLL for (int a = 0; a < A; a++) sum[a][t] += d[a] * pixel;
            }
        }
    REAL lanes[8 * 8 * LANES], *to = run->keep_lanes ? dw : lanes;
    UNROLL for (int a = 0; a < A; a++)
        UNROLL for (int t = 0; t < B; t++, to += LANES)
            store(to, run->keep_lanes ? load(to) + sum[a][t] : sum[a][t]);
    if (!run->keep_lanes) add_totals(lanes, A, B, dw, dw_step);
}

#define DOT(A, B)                                                                               \
    static OUTLINE void dot_##A##_##B(const REAL *x, const int32_t *distance, const REAL *dout, \
                                      const dw_run *run, REAL *dw, idx dw_step, lines next)     \
    {                                                                                           \
        dot_tile(A, B, x, distance, dout, run, dw, dw_step, next);                              \
    }
EACH_DOT(DOT)
#undef DOT

static void run_dot(idx A, idx B, const REAL *x, const int32_t *distance, const REAL *dout,
                    const dw_run *run, REAL *dw, idx dw_step, lines next)
{
    switch (8 * A + B) {
#define DOT(A, B) \
    case 8 * A + B: dot_##A##_##B(x, distance, dout, run, dw, dw_step, next); break;
        EACH_DOT(DOT)
#undef DOT
    }
}

static idx filters_per_tile(idx filters, idx taps)
{
    idx best = 1, best_cost = -1;
    for (idx A = 1; A <= smaller(filters, MAX_FILTERS); A++) {
        idx rows = parts(filters, A), columns = parts(taps, dw_cap(A));
        idx cost = 2 * larger(filters * taps, 8 * rows * columns) + rows * taps + filters * columns;
        if (best_cost < 0 || cost <= best_cost) best = A, best_cost = cost;
    }
    return best;
}

typedef struct {
    const correlation *p; /* of the forward pass: it says how x is copied */
    const REAL *x, *dout;
    REAL *dw;           /* [blocks][groups][F][C*HH*WW], zeros to begin with */
    idx blocks, chunks; /* of images; of source planes */
    idx images;         /* copied and multiplied together */
    idx kept;           /* numbers, see kept_lanes */
    const db_plan *bias;
    int threads;
} dw_plan;

/* what the tiles of a group of filters read again: from the second-level cache it took a tenth
 * longer */
#define DOT_BYTES (32 * 1024)

/* Of one image: the planes of dout that a tile takes, and the plane of x whose taps they meet one
 * after the other. */
static idx dot_bytes(const correlation *p)
{
    idx dout = p->flat ? p->plane : p->band_rows * p->target_W;
    idx filters = filters_per_tile(p->target_planes,
                                   smaller(p->chunk, p->source_planes) * p->job->taps);
    return (filters * dout + p->phases * p->plane) * REAL_BYTES;
}

/* Images whose pixels a tile takes together: adding up the lanes then costs less per pixel. */
static idx dw_images(const correlation *p, idx block)
{
    idx fit = p->bands > 1 ? 1 : larger(1, DOT_BYTES / dot_bytes(p));
    return parts(block, parts(block, fit));
}

#define KEPT_BYTES (64 * 1024)
/* Numbers of scratch for the lanes of all sums of a block, if they are so few that they are better
 * kept from image to image than added up after each: dw of 3x3 filters with stride 2 on 31x31
 * images gains a twentieth. Else 0. */
static idx kept_lanes(const correlation *p, idx images, idx block)
{
    idx lanes = p->target_planes * smaller(p->chunk, p->source_planes) * p->job->taps * LANES;
    return images < block && lanes * REAL_BYTES <= KEPT_BYTES ? lanes : 0;
}

static idx dw_flat_pixels(const correlation *p)
{
    return parts(p->band_rows * p->pitch, LANES) * LANES;
}

static idx dw_scratch(const dw_plan *d)
{
    const correlation *p = d->p;
    idx dout = p->flat ? d->images * p->target_planes * dw_flat_pixels(p) : 0;
    return (d->images * (copy_size(p) + LANES) + dout + d->kept) * sizeof(REAL) + 128;
}

/* dout with the pitch of x and zeros in the gaps. */
static void copy_dout(REAL *to, const REAL *dout, const correlation *p, idx m, int clear)
{
    span rows = span_of(p->band_rows, 1, m, p->target_H);
    span columns = span_of(p->pitch, 1, 0, p->target_W);
    for (idx f = 0; f < p->target_planes;
         f++, to += dw_flat_pixels(p), dout += p->target_H * p->target_W)
        copy_plane(to, dw_flat_pixels(p), dout, p->target_W, rows, columns, clear);
}

/* One chunk of source planes, one block of images. */
static void dw_task(const void *plan, idx task, void *scratch)
{
    const dw_plan *d = plan;
    const correlation *p = d->p;
    const job *one = p->job;
    idx block = task / d->chunks / p->groups, group = task / d->chunks % p->groups;
    idx first = task % d->chunks * p->chunk;
    idx chunk = smaller(p->chunk, p->source_planes - first), taps = chunk * one->taps;
    idx all_taps = p->source_planes * one->taps, pixels = dw_flat_pixels(p);
    REAL *dw = d->dw + (block * p->groups + group) * p->target_planes * all_taps
               + first * one->taps;
    REAL *kept = (REAL *)(((uintptr_t)scratch + 63) / 64 * 64), *x_copy = kept + d->kept;
    REAL *dout_copy = x_copy + d->images * (copy_size(p) + LANES);
    idx filters = filters_per_tile(p->target_planes, taps);
    idx groups = parts(p->target_planes, filters);

    dw_run run = {.tail = -1, .mask = {0}, .keep_lanes = d->kept > 0};
    memset(kept, 0, d->kept * sizeof(REAL));
    if (!p->flat && p->target_W % LANES) {
        run.tail = p->target_W - LANES;
        for (idx l = LANES - p->target_W % LANES; l < LANES; l++) run.mask[l] = -1;
    }
    idx last = share(p->N, d->blocks, block + 1), images = 1;
    for (idx start = share(p->N, d->blocks, block), n = start; n < last; n += images)
        for (idx band = 0; band < p->bands; band++) {
            int clear = p->bands > 1 || n == start; /* else the zeros around are there */
            images = smaller(d->images, last - n);
            idx m = band * p->band_rows, rows = smaller(p->band_rows, p->target_H - m);
            const REAL *x = d->x + n * p->source_step
                            + (group * p->source_planes + first) * p->source_H * p->source_W;
            const REAL *dout = d->dout + n * p->target_step
                               + group * p->target_planes * p->target_H * p->target_W;
            run.images = images;
            run.x_image = p->in_place ? p->source_step : copy_size(p);
            for (idx k = 0; k < images && !group && !first && !band; k++)
                sum_planes(d->bias, n + k);
            for (idx k = 0; k < images && !p->in_place; k++)
                copy_band(x_copy + k * run.x_image, x + k * p->source_step, p, chunk, m, clear);
            x = p->in_place ? x + m * p->pitch : x_copy;
            if (p->flat) {
                for (idx k = 0; k < images; k++)
                    copy_dout(dout_copy + k * p->target_planes * pixels, dout + k * p->target_step,
                              p, m, clear);
                run.rows = 1,
                run.full = parts(flat_positions(p->band_rows, p->target_W, p->pitch, 1), LANES);
                run.dout_image = p->target_planes * pixels, run.dout_plane = pixels;
                dout = dout_copy;
            } else {
                run.rows = rows, run.full = p->target_W / LANES, run.x_row = p->pitch,
                run.dout_row = p->target_W;
                run.dout_image = p->target_step, run.dout_plane = p->target_H * p->target_W;
                dout += m * p->target_W;
            }
            idx next = images_after(n + images, p->N, d->blocks, block, d->threads);
            idx further = d->chunks > 1 || p->groups > 1 ? 0 : smaller(images, p->N - next);
            idx strips = p->flat ? 1 : smaller(rows, parts(dot_bytes(p) * images, DOT_BYTES));
            idx calls = strips * groups * parts(taps, dw_cap(1));
            ahead soon = ahead_of(d->x + next * p->source_step,
                                  further * p->source_step * sizeof(REAL),
                                  d->dout + next * p->target_step,
                                  further * p->target_step * sizeof(REAL), band, p->bands, calls);
            for (idx strip = 0; strip < strips; strip++) {
                idx y = share(rows, strips, strip);
                if (!p->flat) run.rows = share(rows, strips, strip + 1) - y;
                for (idx g = 0; g < groups; g++) {
                    idx a = share(p->target_planes, groups, g);
                    idx A = share(p->target_planes, groups, g + 1) - a;
                    idx columns = parts(taps, dw_cap(A));
                    for (idx k = 0; k < columns; k++) {
                        idx t = share(taps, columns, k), B = share(taps, columns, k + 1) - t;
                        REAL *to = d->kept ? kept + (a * taps + A * t) * LANES
                                           : dw + a * all_taps + t;
                        run_dot(A, B, x + y * run.x_row, one->distance + t,
                                dout + a * run.dout_plane + y * run.dout_row, &run, to, all_taps,
                                look_ahead(&soon, run.images * run.rows * run.full));
                    }
                }
            }
        }
    for (idx g = 0; g < groups && d->kept; g++) {
        idx a = share(p->target_planes, groups, g), A = share(p->target_planes, groups, g + 1) - a;
        idx columns = parts(taps, dw_cap(A));
        for (idx k = 0; k < columns; k++) {
            idx t = share(taps, columns, k), B = share(taps, columns, k + 1) - t;
            add_totals(kept + (a * taps + A * t) * LANES, A, B, dw + a * all_taps + t, all_taps);
        }
    }
}
