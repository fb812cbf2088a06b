/* Direct convolution the other way round: the lanes of a vector are planes, not pixels.
 *
 * direct.h and dw.h put neighboring pixels into a vector. On small or odd images many lanes
 * stay empty: 14 columns fill 14 of 16 lanes, 4x4 images a quarter. Planes come in round
 * numbers, 32 or 64 or 256, so here a vector holds LANES target planes (for dw: filters) of one
 * pixel, and one number of the image is multiplied with all of them:
 *
 *     out[pixel a, planes] = b + sum over k of x[walk[k] + jump[a]] * panel[k, planes]
 *
 *                     jump[a]                     walk[k]                        panel[k]
 *     forward, dx     where pixel a lies in x     distance of tap k (plan.h)     the weights of tap
 * k dw              distance of tap a           where pixel k lies in x        dout at pixel k
 *
 * One loop serves all three gradients. A tile of A rows x B vectors is held in registers; panel
 * is packed in the order in which the loop reads it; the numbers of x may lie anywhere.
 *
 * The price is that NCHW is turned: dout into pixel-major panels, results of forward and dx back
 * into planes. In blocks of LANES x LANES numbers, with shuffles, this costs half a multiply-add
 * of a vector for each vector, which pays from some ten taps on (`choose_band` in plan.h decides).
 */

#ifdef FEW_REGISTERS
#define MAX_B 3
#define EACH_RUN(X) X(14, 1, 14) X(12, 1, 3) X(10, 1, 5) X(14, 1, 7)
#define EACH_OUTER(X) \
    X(12, 1) X(8, 1) X(6, 1) X(4, 1) X(6, 2) X(5, 2) X(4, 2) X(3, 2) X(4, 3) X(3, 3) X(2, 3)
#else
#define MAX_B 4
#define EACH_RUN(X)                                                                           \
    X(10, 1, 10)                                                                              \
    X(12, 1, 12) X(14, 1, 14) X(16, 1, 16) X(10, 2, 10) X(12, 2, 12) X(14, 2, 14) X(15, 1, 3) \
        X(15, 1, 5) X(14, 1, 7) X(12, 2, 3) X(10, 2, 5) X(14, 2, 7)
#define EACH_OUTER(X) /* more rows would need more addresses than there are registers */    \
    X(8, 1)                                                                                 \
    X(6, 1) X(4, 1) X(8, 2) X(7, 2) X(6, 2) X(4, 2) X(9, 3) X(8, 3) X(7, 3) X(6, 3) X(5, 3) \
        X(4, 3) X(3, 3) X(6, 4) X(5, 4) X(4, 4) X(3, 4) X(2, 4)
#endif

/* result[a, v] = old[a, v] + the sum; only the first `rows` of A are written; `next` is asked for
 * meanwhile. Rows that come in runs of neighbors in x need one address for each run, and a tile may
 * be higher: 5x5 filters on small images gain a tenth. */
static INLINE void outer(const int A, const int B, const int run, const REAL *x,
                         const int32_t *jump, const int32_t *walk, idx steps, const REAL *panel,
                         const REAL *old, idx old_step, REAL *result, idx step, idx rows,
                         lines next)
{
    vec sum[16][4];
    const REAL *from[16];
    UNROLL for (int a = 0; a < A; a += run) from[a / run] = x + jump[a];
    UNROLL for (int a = 0; a < A; a++)
        UNROLL for (int v = 0; v < B; v++) sum[a][v] = (vec){0};
    for (const int32_t *end = walk + steps; walk < end; walk++, panel += B * LANES) {
        vec held[4];
        idx at = *walk;
        ask(&next);
        UNROLL for (int v = 0; v < B; v++) held[v] = load(panel + v * LANES);
        UNROLL for (int a = 0; a < A; a++) {
            vec number = splat(from[a / run][at + a % run]);
            UNROLL for (int v = 0; v < B; v++) sum[a][v] += number * held[v];
        }
    }
    UNROLL for (int a = 0; a < A; a++)
        if (a < rows)
            UNROLL for (int v = 0; v < B; v++)
                store(result + a * step + v * LANES,
                      load(old + a * old_step + v * LANES) + sum[a][v]);
}

#define OUTER(A, B)                                                                            \
    static OUTLINE void outer_##A##_##B(                                                       \
        const REAL *x, const int32_t *jump, const int32_t *walk, idx steps, const REAL *panel, \
        const REAL *old, idx old_step, REAL *result, idx step, idx rows, lines next)           \
    {                                                                                          \
        outer(A, B, 1, x, jump, walk, steps, panel, old, old_step, result, step, rows, next);  \
    }
EACH_OUTER(OUTER)
#undef OUTER

#define RUN(A, B, run)                                                                          \
    static OUTLINE void run_##A##_##B##_##run(                                                  \
        const REAL *x, const int32_t *jump, const int32_t *walk, idx steps, const REAL *panel,  \
        const REAL *old, idx old_step, REAL *result, idx step, idx rows, lines next)            \
    {                                                                                           \
        outer(A, B, run, x, jump, walk, steps, panel, old, old_step, result, step, rows, next); \
    }
EACH_RUN(RUN)
#undef RUN

/* `run` is 1 for rows anywhere. */
static void run_outer(idx A, idx B, idx run, const REAL *x, const int32_t *jump,
                      const int32_t *walk, idx steps, const REAL *panel, const REAL *old,
                      idx old_step, REAL *result, idx step, idx rows, lines next)
{
    switch ((4 * A + B) * 32 + run) {
#define OUTER(A, B)                                                                            \
    case (4 * A + B) * 32 + 1:                                                                 \
        outer_##A##_##B(x, jump, walk, steps, panel, old, old_step, result, step, rows, next); \
        break;
        EACH_OUTER(OUTER)
#undef OUTER
#define RUN(A, B, run)                                                                        \
    case (4 * A + B) * 32 + run:                                                              \
        run_##A##_##B##_##run(x, jump, walk, steps, panel, old, old_step, result, step, rows, \
                              next);                                                          \
        break;
        EACH_RUN(RUN)
#undef RUN
    }
}

/* The height of the highest tile, B vectors wide, of runs of `run`, or 0. A row of pixels is a run
 * of which a tile may take a part. */
static idx rows_of_runs(idx B, idx run, int pixels)
{
    idx best = 0;
#define RUN(height, width, length)                                                              \
    if (B == width                                                                              \
        && (pixels ? height == length && run % height == 0 : run == length && height > length)) \
        best = larger(best, height);
    EACH_RUN(RUN)
#undef RUN
    return best;
}

/* The height of tiles, B vectors wide, that covers `count` rows at the least cost: of those that
 * exist. */
static idx rows_per_tile(idx B, idx count)
{
    idx best = 0, best_cost = 0;
#define OUTER(height, width)                                                                \
    if (B == width) {                                                                       \
        idx cost = parts(count, height) * (2 * larger(height * width, 8) + height + width); \
        if (!best || cost < best_cost) best = height, best_cost = cost;                     \
    }
    EACH_OUTER(OUTER)
#undef OUTER
    return best;
}

/* to[c, r] = (add ? to[c, r] : 0) + from[r, c] for LANES x LANES numbers; rows from `rows` on count
 * as zeros. */
static INLINE void turn_block(REAL *to, idx to_step, const REAL *from, idx from_step, idx rows,
                              const int add)
{
    vec v[LANES], w[LANES];
    UNROLL for (int r = 0; r < LANES; r++) v[r] = r < rows ? load(from + r * from_step) : (vec){0};
    /* Each round deals the rows out like two halves of a pack of cards; after log2(LANES) rounds
     * they are columns. */
    UNROLL for (int round = 1; round < LANES; round *= 2) {
        UNROLL for (int r = 0; r < LANES / 2; r++) {
            w[2 * r] = ZIP(v[r], v[r + LANES / 2], 0);
            w[2 * r + 1] = ZIP(v[r], v[r + LANES / 2], 1);
        }
        UNROLL for (int r = 0; r < LANES; r++) v[r] = w[r];
    }
    UNROLL for (int c = 0; c < LANES; c++)
        store(to + c * to_step, add ? load(to + c * to_step) + v[c] : v[c]);
}

/* to[c, r] = (add ? to[c, r] : 0) + from[r, c] for r < rows and c < columns. With `fill`, zeros
 * follow up to a multiple of LANES of r. */
static void turn(REAL *to, idx to_step, const REAL *from, idx from_step, idx rows, idx columns,
                 int add, int fill)
{
    for (idx r = 0; r < rows; r += LANES)
        for (idx c = 0; c < columns; c += LANES) {
            idx there = smaller(LANES, rows - r), wide = smaller(LANES, columns - c);
            REAL *corner = to + c * to_step + r;
            const REAL *block = from + r * from_step + c;
            if (wide == LANES && (there == LANES || fill)) {
                if (add)
                    turn_block(corner, to_step, block, from_step, there, 1);
                else
                    turn_block(corner, to_step, block, from_step, there, 0);
                continue;
            }
            for (idx k = 0; k < wide; k++)
                for (idx l = 0; l < (fill ? LANES : there); l++) {
                    REAL number = l < there ? block[l * from_step + k] : 0;
                    /* not 0 + number: pool.h moves bits */
                    corner[k * to_step + l] = add ? corner[k * to_step + l] + number : number;
                }
        }
}

typedef struct {
    const correlation *p;
    /* packed: [groups][jobs][tiles of vectors][taps][lanes]; b: [groups][lanes] */
    const REAL *source, *packed, *b;
    REAL *target;
    idx first;  /* first source plane of this chunk */
    idx images; /* of a task */
    /* the next images of this thread are about so many tasks further on */
    idx threads;
} planes_plan;

/* of a tile's loop: they stay in the first-level cache, 5x5 filters gain a fourteenth */
#define WEIGHT_BYTES (20 * 1024)
#define RESULT_ROWS 96 /* pixels whose results are turned while they are in the first-level cache \
                        */
#define SPARE_ROWS 16  /* tiles read their jumps to the full height */

/* of a job in one image of a band */
static idx max_pixels(const correlation *p) { return p->band_rows * (p->last_q - p->first_q); }

/* Small images are taken together, so that the weights are read less often. */
static idx planes_images(const correlation *p)
{
    idx fit = BAND_BYTES / larger(1, copy_size(p) * REAL_BYTES);
    fit = smaller(fit, parts(RESULT_ROWS, max_pixels(p)));
    return p->bands > 1 || p->in_place
               ? 1
               : larger(1, smaller(fit, parts(p->N * p->groups, MIN_TASKS)));
}

static idx planes_scratch(const planes_plan *d)
{
    const correlation *p = d->p;
    idx pixels = p->jobs * (d->images * max_pixels(p) + SPARE_ROWS);
    return 256 + (d->images * copy_size(p) + RESULT_ROWS * MAX_B * LANES) * (idx)sizeof(REAL)
           + (2 * pixels + p->jobs) * (idx)sizeof(int32_t);
}

/* The pixels of job k in the band at row m: where each lies in the copies and in the target.
 * Returns how many an image has. */
static idx place_pixels(int32_t *jump, int32_t *index, const correlation *p, idx k, idx m,
                        idx images)
{
    idx count = 0;
    for (idx image = 0; image < images; image++)
        for (idx r = 0; r < smaller(p->band_rows, p->last_m - m); r++)
            for (idx q = 0; q < p->last_q - p->first_q; q++) {
                idx y = (m + r) * p->step_H + p->job[k].first_row;
                idx x = (p->first_q + q) * p->step_W + p->job[k].first_column;
                if (y < 0 || y >= p->target_H || x < 0 || x >= p->target_W) continue;
                jump[count] = (int32_t)(image * copy_size(p) + r * p->pitch + q);
                index[count++] = (int32_t)(y * p->target_W + x);
            }
    for (idx spare = 0; spare < SPARE_ROWS; spare++) jump[count + spare] = 0;
    return count / images;
}

/* Results of pixels at..at+count-1, [pixel][step], to `planes` planes of the target. */
static void write_planes(const REAL *result, idx step, REAL *target, const correlation *p,
                         const int32_t *index, idx per_image, idx at, idx count, idx planes,
                         int add)
{
    idx plane = p->target_H * p->target_W;
    for (idx k = at, n; k < at + count; k += n, result += n * step) {
        REAL *to = target + k / per_image * p->target_step;
        n = smaller(at + count - k, per_image - k % per_image);
        if (p->step_H == 1 && p->step_W == 1)
            turn(to + index[k], plane, result, step, n, planes, add, 0);
        else
            for (idx f = 0; f < planes; f++, to += plane)
                for (idx i = 0; i < n; i++)
                    to[index[k + i]] = result[i * step + f] + (add ? to[index[k + i]] : 0);
    }
}

/* One band of an image, or several small images. */
static void planes_task(const void *plan, idx task, void *scratch)
{
    const planes_plan *d = plan;
    const correlation *p = d->p;
    idx group = task / p->bands % p->groups, n = task / p->bands / p->groups * d->images;
    idx m = p->first_m + task % p->bands * p->band_rows, images = smaller(d->images, p->N - n);
    idx chunk = smaller(p->chunk, p->source_planes - d->first);
    idx vectors = parts(p->target_planes, LANES);
    idx most = d->images * max_pixels(p) + SPARE_ROWS, tiles = parts(vectors, MAX_B);
    idx plane = p->target_H * p->target_W;
    const REAL *source = d->source + n * p->source_step
                         + (group * p->source_planes + d->first) * p->source_H * p->source_W;
    REAL *target = d->target + n * p->target_step + group * p->target_planes * plane;

    idx *placed = scratch; /* one more than the first row of the band whose pixels are at hand */
    REAL *result = (REAL *)((char *)scratch + 128), *copy = result + RESULT_ROWS * MAX_B * LANES;
    int32_t *jump = (int32_t *)(copy + d->images * copy_size(p)), *index = jump + p->jobs * most;
    int32_t *per_image = index + p->jobs * most;
    int fresh = placed[0] != m + 1;
    for (idx k = 0; k < p->jobs && fresh; k++)
        per_image[k] = (int32_t)place_pixels(jump + k * most, index + k * most, p, k, m, d->images);
    placed[0] = m + 1;
    /* the next task may have more */
    if (fresh && images < d->images) memset(copy, 0, d->images * copy_size(p) * sizeof(REAL));
    for (idx k = 0; k < images && !d->first; k++) clear_target(target + k * p->target_step, p, m);
    const REAL *next = source;
    if (p->in_place) {
        source += m * p->pitch;
    } else {
        for (idx k = 0; k < images; k++)
            copy_band(copy + k * copy_size(p), source + k * p->source_step, p, chunk,
                      m - p->first_m, fresh);
        source = copy;
    }
    idx calls = 0, band = task % p->bands, skip = p->bands > 1 ? 1 : d->images * d->threads;
    idx last = n + skip + images > p->N;
    for (idx k = 0; k < p->jobs; k++) calls += tiles * parts(images * per_image[k], 9);
    idx source_bytes = p->groups > 1 || chunk < p->source_planes ? chunk * p->source_H * p->source_W
                                                                 : images * p->source_step;
    idx target_bytes = p->groups > 1 ? p->target_planes * plane : images * p->target_step;
    ahead soon = ahead_of(next + skip * p->source_step, last ? 0 : source_bytes * sizeof(REAL),
                          target + skip * p->target_step, last ? 0 : target_bytes * sizeof(REAL),
                          band, p->bands, calls);
    for (idx k = 0; k < p->jobs; k++, jump += most, index += most) {
        const job *one = p->job + k;
        idx taps = chunk * one->taps, pixels = images * per_image[k];
        const REAL *w = d->packed + group * p->pack * p->chunk + one->pack_at;
        for (idx t = 0; t < tiles && taps; t++) {
            idx v = share(vectors, tiles, t), B = share(vectors, tiles, t + 1) - v;
            idx step = B * LANES;
            const REAL *b = d->b + group * vectors * LANES + v * LANES;
            idx runs = p->step_W == 1 ? rows_of_runs(B, p->last_q - p->first_q, 1) : 0;
            idx A = runs ? runs : rows_per_tile(B, pixels), together = RESULT_ROWS / A * A;
            idx turns = parts(taps * step * REAL_BYTES, WEIGHT_BYTES);
            for (idx at = 0; at < pixels; at += together) {
                idx count = smaller(together, pixels - at);
                for (idx turn = 0; turn < turns; turn++) {
                    idx first = share(taps, turns, turn);
                    idx steps = share(taps, turns, turn + 1) - first;
                    for (idx a = 0; a < count; a += A)
                        run_outer(A, B, runs ? A : 1, source, jump + at + a, one->distance + first,
                                  steps, w + first * step, turn ? result + a * step : b,
                                  turn ? step : 0, result + a * step, step, count - a,
                                  look_ahead(&soon, steps));
                }
                write_planes(result, step, target + v * LANES * plane, p, index, per_image[k], at,
                             count, smaller(step, p->target_planes - v * LANES), d->first > 0);
            }
            w += taps * step;
        }
    }
}

/* The weights of one group as planes_task reads them, zeros where planes are missing. */
static void pack_planes(REAL *packed, const REAL *w, const correlation *p, idx first)
{
    idx chunk = smaller(p->chunk, p->source_planes - first);
    idx vectors = parts(p->target_planes, LANES);
    idx tiles = parts(vectors, MAX_B), all = chunk * p->window;
    for (idx k = 0; k < p->jobs; k++) {
        const job *one = p->job + k;
        REAL *to = packed + one->pack_at;
        for (idx v = 0; v < tiles; v++) /* forward: all weights of a filter, one after the other */
            if (p->weight_of_source == one->taps) {
                idx a = share(vectors, tiles, v) * LANES, b = share(vectors, tiles, v + 1) * LANES;
                turn(to, b - a, w + a * p->weight_of_target + first * one->taps,
                     p->weight_of_target, smaller(b, p->target_planes) - a, all, 0, 1);
                to += all * (b - a);
            } else
                for (idx c = first; c < first + chunk; c++)
                    for (idx t = 0; t < one->taps; t++)
                        for (idx a = share(vectors, tiles, v) * LANES;
                             a < share(vectors, tiles, v + 1) * LANES; a++)
                            *to++ = a < p->target_planes
                                        ? w[a * p->weight_of_target + c * p->weight_of_source
                                            + one->tap[t]]
                                        : 0;
    }
}

typedef struct {
    const correlation *p; /* of the forward pass: it says how x is copied */
    const REAL *x, *dout;
    REAL *sums;         /* [blocks][groups][taps][vectors*LANES], zeros to begin with */
    idx blocks, chunks; /* of images; of source planes */
    idx images;         /* copied and multiplied together */
    idx vectors;        /* of filters */
    idx run;            /* taps that are neighbors in x */
    const db_plan *bias;
    int threads;
} dw_planes_plan;

#define PANEL_BYTES (32 * 1024) /* of dout: stays in the first-level cache while all taps pass */

static idx dw_planes_images(const correlation *p, idx block)
{
    idx one = p->chunk * p->phases * p->plane + p->target_planes * p->band_rows * p->target_W;
    idx fit = p->bands > 1 ? 1 : larger(1, 512 * 1024 / (one * REAL_BYTES));
    /* they are found by 32 bits */
    if (p->in_place) fit = larger(1, smaller(fit, INT32_MAX / p->source_step));
    return parts(block, parts(block, fit));
}

static idx dw_planes_scratch(const dw_planes_plan *d)
{
    const correlation *p = d->p;
    idx pixels = d->images * p->band_rows * p->target_W, taps = p->chunk * p->job->taps;
    return 256 + PANEL_BYTES + d->images * copy_size(p) * (idx)sizeof(REAL)
           + (pixels + taps + SPARE_ROWS) * (idx)sizeof(int32_t);
}

/* One chunk of source planes, one block of images. */
static void dw_planes_task(const void *plan, idx task, void *scratch)
{
    const dw_planes_plan *d = plan;
    const correlation *p = d->p;
    idx block = task / d->chunks / p->groups, group = task / d->chunks % p->groups;
    idx first = task % d->chunks * p->chunk, width = d->vectors * LANES;
    idx taps = smaller(p->chunk, p->source_planes - first) * p->job->taps;
    idx most = d->images * p->band_rows * p->target_W, out_plane = p->target_H * p->target_W;
    REAL *sums = d->sums
                 + ((block * p->groups + group) * p->source_planes + first) * p->job->taps * width;
    REAL *copy = (REAL *)((char *)scratch + 128), *panel = copy + d->images * copy_size(p);
    int32_t *walk = (int32_t *)(panel + PANEL_BYTES / REAL_BYTES), *jump = walk + most;
    for (idx t = 0; t < taps + SPARE_ROWS; t++)
        jump[t] = p->job->distance[t < taps ? t : taps - d->run];

    idx last = share(p->N, d->blocks, block + 1), images = 1, groups = parts(d->vectors, MAX_B);
    for (idx start = share(p->N, d->blocks, block), n = start; n < last; n += images)
        for (idx band = 0; band < p->bands; band++) {
            int clear = p->bands > 1 || n == start; /* else the zeros around are there */
            images = smaller(d->images, last - n);
            idx m = band * p->band_rows, rows = smaller(p->band_rows, p->target_H - m);
            idx count = rows * p->target_W;
            const REAL *x = d->x + n * p->source_step
                            + (group * p->source_planes + first) * p->source_H * p->source_W;
            const REAL *dout = d->dout + n * p->target_step + group * p->target_planes * out_plane
                               + m * p->target_W;
            idx x_image = p->in_place ? p->source_step : copy_size(p), pixels = images * count;
            for (idx k = 0; k < images && !group && !first && !band; k++)
                sum_planes(d->bias, n + k);
            for (idx k = 0; k < images; k++) {
                if (!p->in_place)
                    copy_band(copy + k * x_image, x + k * p->source_step, p, taps / p->job->taps, m,
                              clear);
                for (idx y = 0; y < rows; y++)
                    for (idx q = 0; q < p->target_W; q++)
                        walk[k * count + y * p->target_W + q] = (int32_t)(k * x_image + y * p->pitch
                                                                          + q);
            }
            idx next = images_after(n + images, p->N, d->blocks, block, d->threads);
            idx further = d->chunks > 1 || p->groups > 1 ? 0 : smaller(images, p->N - next);
            idx calls = groups * parts(taps, 9)
                        * parts(pixels * MAX_B * LANES, PANEL_BYTES / REAL_BYTES);
            ahead soon = ahead_of(d->x + next * p->source_step,
                                  further * p->source_step * sizeof(REAL),
                                  d->dout + next * p->target_step,
                                  further * p->target_step * sizeof(REAL), band, p->bands, calls);
            x = p->in_place ? x + m * p->pitch : copy;
            for (idx g = 0; g < groups; g++) {
                idx v = share(d->vectors, groups, g), B = share(d->vectors, groups, g + 1) - v;
                idx step = B * LANES;
                idx filters = smaller(step, p->target_planes - v * LANES);
                idx runs = d->run > 1 ? rows_of_runs(B, d->run, 0) : 0;
                idx A = runs ? runs : rows_per_tile(B, taps);
                idx blocks = parts(pixels, PANEL_BYTES / (step * REAL_BYTES));
                for (idx k = 0; k < blocks; k++) {
                    idx at = share(pixels, blocks, k), end = share(pixels, blocks, k + 1);
                    for (idx i = at, there; i < end; i += there) {
                        there = smaller(end - i, count - i % count);
                        turn(panel + (i - at) * step, step,
                             dout + i / count * p->target_step + v * LANES * out_plane + i % count,
                             out_plane, filters, there, 0, 1);
                    }
                    for (idx t = 0; t < taps; t += A) {
                        REAL *to = sums + t * width + v * LANES;
                        run_outer(A, B, runs ? d->run : 1, x, jump + t, walk + at, end - at, panel,
                                  to, width, to, width, taps - t, look_ahead(&soon, end - at));
                    }
                }
            }
        }
}
