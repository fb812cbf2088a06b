/* Direct convolution: forward and the gradient with respect to the image.
 *
 * A convolution is a matrix product in disguise, but copying the windows into columns costs
 * more memory traffic than the product costs arithmetic. So nothing is unrolled. plan.h has
 * arranged that a tap reads, for neighboring target pixels, neighboring source pixels; hence
 * a vector of target pixels is
 *
 *     out[f] = b[f] + sum over taps t of w[f, t] * source[position + distance[t]]
 *
 * where the load is one contiguous vector and the weight one number for all lanes. The inner
 * loop computes a tile of A planes x B vectors, all of it in registers: each loaded vector is
 * used A times, each weight B times, and the processor does little but multiply-adds. The tile
 * is as large as the registers allow (tile_cap below). Weights are packed once per call in the
 * order in which the loop eats them, and results go straight to their NCHW place.
 *
 * Each output is summed in the same order whatever the tile, the band or the thread.
 *
 * A tile of few planes waits for its loads, most of which cross the end of a cache line: dx of
 * LeNet's first layer runs at a quarter of the peak. There every column j of the filters becomes a
 * target plane of its own, whose loads are aligned, and dx is the sum of these planes, each shifted
 * by its j (`add_columns`):
 *
 *     dx[c, y, x] = sum over j of plane[c, j, y, x + left - j]
 *
 * With stride 2 neighboring results of a job are every other pixel of dx. The jobs write drafts of
 * whole vectors, with the pitch of the copy, and ZIP puts the columns of two jobs in turn
 * (`zip_phases`): lane by lane took a sixth of dx where 3x3 filters with stride 2 see 31x31 images.
 * Both kinds of drafts need all source planes in one chunk.
 */

#define UP_TO_2(X, A) X(A, 1) X(A, 2)
#define UP_TO_3(X, A) UP_TO_2(X, A) X(A, 3)
#define UP_TO_4(X, A) UP_TO_3(X, A) X(A, 4)
#define UP_TO_5(X, A) UP_TO_4(X, A) X(A, 5)
#define UP_TO_6(X, A) UP_TO_5(X, A) X(A, 6)
#define UP_TO_7(X, A) UP_TO_6(X, A) X(A, 7)
#define UP_TO_8(X, A) UP_TO_7(X, A) X(A, 8)
#ifdef FEW_REGISTERS /* 16 vector registers: 12 sums, 3 pixels, 1 weight */
#define tile_cap(A) ((A) == 1 ? 8 : (A) == 2 ? 6 : (A) == 3 ? 4 : (A) == 4 ? 3 : 2)
#define MAX_PLANES 6
/* hold the shorter side, or sums spill: twice as fast for 3 planes */
#define HOLD_WEIGHTS(A, B) ((A) < (B))
#define EACH_TILE(X) \
    UP_TO_8(X, 1) UP_TO_6(X, 2) UP_TO_4(X, 3) UP_TO_3(X, 4) UP_TO_2(X, 5) UP_TO_2(X, 6)
#else
/* 32 vector registers: A*B sums, B pixels, 1 weight; a sum in memory makes 3x8 tiles a tenth slower
 * than 3x7 */
#define tile_cap(A) ((A) <= 2 ? 8 : (A) == 3 ? 7 : (A) == 4 ? 6 : (A) == 5 ? 5 : (A) == 6 ? 4 : 3)
#define MAX_PLANES 8
#define HOLD_WEIGHTS(A, B) 0 /* loads early: 3 planes are 1.4 times faster so */
#define EACH_TILE(X)                                                                    \
    UP_TO_8(X, 1)                                                                       \
    UP_TO_8(X, 2) UP_TO_7(X, 3) UP_TO_6(X, 4) UP_TO_5(X, 5) UP_TO_4(X, 6) UP_TO_3(X, 7) \
        UP_TO_3(X, 8)
#endif

/* The slow way out: vectors that end in the middle of a row, and sums that are continued. */
static OUTLINE void write_lanes(const REAL *lanes, int A, int B, int add, const position *pos,
                                REAL *target, idx plane)
{
    for (int a = 0; a < A; a++, target += plane)
        for (int v = 0; v < B; v++, lanes += LANES)
            for (int l = 0; l < LANES; l++)
                if (pos[v].lane[l] >= 0)
                    target[pos[v].lane[l]] = lanes[l] + (add ? target[pos[v].lane[l]] : 0);
}

/* A tile. `add` continues sums that earlier source planes began; `next` is asked for meanwhile. */
static INLINE void correlate(const int A, const int B, const REAL *source, const int32_t *distance,
                             idx taps, const REAL *w, const REAL *b, int add, const position *pos,
                             REAL *target, idx plane, lines next)
{
    vec sum[8][8];
    const REAL *from[8];
    UNROLL for (int v = 0; v < B; v++) from[v] = source + pos[v].source;
    UNROLL for (int a = 0; a < A; a++)
        UNROLL for (int v = 0; v < B; v++) sum[a][v] = splat(b[a]);
    for (idx t = 0; t < taps; t++, w += A) {
        vec held[8];
        ask(&next);
        if (HOLD_WEIGHTS(A, B)) {
            UNROLL for (int a = 0; a < A; a++) held[a] = splat(w[a]);
            UNROLL for (int v = 0; v < B; v++) {
                vec pixel = load(from[v] + distance[t]);
                UNROLL for (int a = 0; a < A; a++) sum[a][v] += held[a] * pixel;
            }
        } else {
            UNROLL for (int v = 0; v < B; v++) held[v] = load(from[v] + distance[t]);
            UNROLL for (int a = 0; a < A; a++) {
                vec weight = splat(w[a]);
                UNROLL for (int v = 0; v < B; v++) sum[a][v] += weight * held[v];
            }
        }
    }
    int whole = !add;
    for (int v = 0; v < B; v++) whole &= pos[v].whole;
    if (whole) {
        UNROLL for (int a = 0; a < A; a++)
            UNROLL for (int v = 0; v < B; v++) store(target + a * plane + pos[v].target, sum[a][v]);
    } else {
        REAL lanes[8 * 8 * LANES];
        UNROLL for (int a = 0; a < A; a++)
            UNROLL for (int v = 0; v < B; v++) store(lanes + (a * B + v) * LANES, sum[a][v]);
        write_lanes(lanes, A, B, add, pos, target, plane);
    }
}

/* One function for each size of tile, and the way to the right one. */
#define TILE(A, B)                                                                                 \
    static OUTLINE void tile_##A##_##B(const REAL *source, const int32_t *distance, idx taps,      \
                                       const REAL *w, const REAL *b, int add, const position *pos, \
                                       REAL *target, idx plane, lines next)                        \
    {                                                                                              \
        correlate(A, B, source, distance, taps, w, b, add, pos, target, plane, next);              \
    }
EACH_TILE(TILE)
#undef TILE

static void run_tile(idx A, idx B, const REAL *source, const int32_t *distance, idx taps,
                     const REAL *w, const REAL *b, int add, const position *pos, REAL *target,
                     idx plane, lines next)
{
    switch (8 * A + B) {
#define TILE(A, B)                                                                   \
    case 8 * A + B:                                                                  \
        tile_##A##_##B(source, distance, taps, w, b, add, pos, target, plane, next); \
        break;
        EACH_TILE(TILE)
#undef TILE
    }
}

/* How many planes a tile takes: few loads per multiply-add, and little left over. */
static idx planes_per_tile(idx planes, idx positions)
{
    idx best = 1, best_cost = -1;
    for (idx A = 1; A <= smaller(planes, MAX_PLANES); A++) {
        idx rows = parts(planes, A), columns = parts(positions, tile_cap(A));
        /* At least 8 sums: a multiply-add takes 4 cycles and two can start in each. Loads of pixels
         * count twice: most of them cross the end of a cache line. */
        idx cost = 2 * larger(planes * positions, 8 * rows * columns) + 2 * rows * positions
                   + planes * columns;
        if (best_cost < 0 || cost <= best_cost) best = A, best_cost = cost;
    }
    return best;
}

/* packed: for each job and each group of planes [planes][taps] transposed to [taps][planes]. */
static void pack_weights(REAL *packed, const REAL *w, const correlation *p, idx first, idx groups)
{
    idx chunk = smaller(p->chunk, p->source_planes - first);
    for (idx k = 0; k < p->jobs; k++) {
        const job *one = p->job + k;
        REAL *to = packed + one->pack_at;
        for (idx g = 0; g < groups; g++)
            for (idx c = first; c < first + chunk; c++)
                for (idx t = 0; t < one->taps; t++)
                    for (idx a = share(p->target_planes, groups, g);
                         a < share(p->target_planes, groups, g + 1); a++)
                        *to++ = w[a * p->weight_of_target + c * p->weight_of_source + one->tap[t]];
    }
}

/* The part of a copied row, or of the rows, that lies in the source: to[q] = from[q*step + first],
 * 0 <= index < length. */
typedef struct {
    idx count, step, first, begin, end;
} span;

static span span_of(idx count, idx step, idx first, idx length)
{
    idx begin = first >= 0 ? 0 : smaller(count, parts(-first, step));
    idx end = larger(begin, smaller(count, floor_divide(length - 1 - first, step) + 1));
    return (span){count, step, first, begin, end};
}

static INLINE void clear_row(REAL *to, idx columns)
{
    if (columns < LANES)
        for (idx q = 0; q < columns; q++) to[q] = 0;
    else
        for (idx q = 0; q < columns; q += LANES) store(to + smaller(q, columns - LANES), (vec){0});
}

/* Copy rows that lie `apart`, and zeros around them. Rows are short, so calls of memcpy and memset,
 * divisions, and picking pixels one by one took a third of the time on small images. The last
 * vector overlaps its neighbor, and so do two halves of one; no load leaves a row. `room` says what
 * a row has room for: 2 for vectors, 1 for halves, 0 for single pixels. */
static INLINE void copy_inside(REAL *to, const REAL *row, idx rows, idx apart, span s, int clear,
                               const int step, const int room)
{
    idx inside = s.end - s.begin, half = LANES / 2;
    for (idx r = 0; r < rows; r++, to += s.count, row += apart) {
        REAL lane[LANES], *at = to + s.begin;
        if (clear && inside < s.count) clear_row(to, s.count);
        if (room == 0) {
            for (idx q = 0; q < inside; q++) at[q] = row[s.step * q];
        } else if (room == 2) {
            for (idx k = 0; k < inside; k += LANES) {
                idx q = smaller(k, inside - LANES);
                const REAL *from = row + step * q;
                store(at + q,
                      step == 1 ? load(from) : EVERY_OTHER(load(from), load(from + LANES - 1)));
            }
        } else if (step == 1) {
            memcpy(at, row, half * sizeof(REAL));
            memcpy(at + inside - half, row + inside - half, half * sizeof(REAL));
        } else {
            store(lane, EVERY_OTHER(load(row), load(row + 2 * inside - 1 - LANES)));
            memcpy(at, lane, half * sizeof(REAL));
            memcpy(at + inside - half, lane + half, half * sizeof(REAL));
        }
    }
}

/* The rows and columns of a plane, `width` numbers wide, that two spans name, and zeros up to
 * `size` numbers unless they are there already (`clear`). A loop for each way to copy a row, which
 * decides nothing row by row, saves a tenth of the layer on 31x31 images of 3 channels. */
static void copy_plane(REAL *to, idx size, const REAL *plane, idx width, span rows, span columns,
                       int clear)
{
    idx inside = columns.end - columns.begin, count = rows.end - rows.begin;
    idx apart = rows.step * width;
    const REAL *from = plane + (rows.first + rows.begin * rows.step) * width + columns.first
                       + columns.begin * columns.step;
    if (clear) clear_row(to, rows.begin * columns.count);
    if (clear) clear_row(to + rows.end * columns.count, size - rows.end * columns.count);
    to += rows.begin * columns.count;
    if (columns.step > 2 || inside <= LANES / 2)
        copy_inside(to, from, count, apart, columns, clear, 0, 0);
    else if (inside < LANES && columns.step == 1)
        copy_inside(to, from, count, apart, columns, clear, 1, 1);
    else if (inside < LANES)
        copy_inside(to, from, count, apart, columns, clear, 2, 1);
    else if (columns.step == 1)
        copy_inside(to, from, count, apart, columns, clear, 1, 2);
    else
        copy_inside(to, from, count, apart, columns, clear, 2, 2);
}

/* The padded copy of `planes` source planes, split by phase, for the band at row m. Its zeros stay
 * where they are from image to image; to write them once saves a tenth of the layer on 31x31 images
 * of 3 channels. */
static void copy_band(REAL *to, const REAL *source, const correlation *p, idx planes, idx m,
                      int clear)
{
    idx source_plane = p->source_H * p->source_W;
    for (idx a = 0; a < p->split_H; a++)
        for (idx b = 0; b < p->split_W; b++) {
            idx phase = p->phase_of[a * p->split_W + b];
            if (phase < 0) continue;
            span rows = span_of(p->copy_rows, p->split_H, m * p->split_H + a - p->top, p->source_H);
            span columns = span_of(p->pitch, p->split_W, b - p->left, p->source_W);
            for (idx c = 0; c < planes; c++)
                copy_plane(to + (c * p->phases + phase) * p->plane, p->plane,
                           source + c * source_plane, p->source_W, rows, columns, clear);
        }
    if (clear) clear_row(to + planes * p->phases * p->plane, 2 * LANES);
}

/* Zeros for the target rows of the band at row m, if no tap sees some of their pixels: just before
 * the others are written, not for the whole batch, which would bring it to the cache twice. */
static void clear_target(REAL *target, const correlation *p, idx m)
{
    idx rows = smaller(p->band_rows, p->last_m - m);
    idx first = larger(0, m * p->step_H + p->job[0].first_row);
    idx end = smaller(p->target_H, (m + rows - 1) * p->step_H + p->job[p->jobs - 1].first_row + 1);
    for (idx f = 0; p->holes && f < p->target_planes; f++, target += p->target_H * p->target_W)
        memset(target + first * p->target_W, 0, (end - first) * p->target_W * sizeof(REAL));
}

#define SHARED_BYTES (16 * 1024) /* of weights: leave room for pixels in the first-level cache */

typedef struct {
    const correlation *p;
    const REAL *source, *packed, *b; /* b: [groups*target_planes], zeros after the first chunk */
    REAL *target;
    idx first, groups; /* first source plane of this chunk; groups of target planes */
    idx threads;       /* the next image of this thread is about so many further on */
} direct_plan;

static idx draft_plane(const correlation *p)
{
    return p->zip ? (parts(p->band_rows * p->pitch, LANES) + 1) * LANES : p->target_H * p->target_W;
}

/* what is not written to the target directly, and zeros before it */
static idx draft_entries(const correlation *p)
{
    return p->columns || p->zip
               ? parts(p->columns, LANES) * LANES + p->jobs * p->target_planes * draft_plane(p)
               : 0;
}

/* Bytes of scratch: which band the positions are for, the positions of all jobs, the copy, drafts.
 */
static idx direct_scratch(const correlation *p)
{
    return 192 + (copy_size(p) + draft_entries(p)) * sizeof(REAL)
           + p->jobs * p->max_positions * sizeof(position);
}

/* Target rows of the band at row m from the planes of columns. Zeros lie between their rows. */
static void add_columns(REAL *target, const REAL *column, const correlation *p, idx m)
{
    idx plane = p->target_H * p->target_W, first = larger(0, m + p->job->first_row);
    idx end = smaller(p->target_H, smaller(m + p->band_rows, p->last_m) + p->job->first_row);
    for (idx c = 0; c < p->target_planes / p->columns;
         c++, column += p->columns * plane, target += p->target_H * p->final_W)
        for (idx y = first; y < end; y++)
            for (idx x = 0; x < p->final_W; x += LANES) {
                idx at = smaller(x, p->final_W - LANES);
                const REAL *from = column + y * p->target_W + at + p->final_left;
                vec sum = load(from);
                for (idx j = 1; j < p->columns; j++) sum += load(from + j * (plane - 1));
                store(target + y * p->final_W + at, sum);
            }
}

/* Target rows of the band at row m from the drafts of their phases: column 2q + b is column q of
 * phase b. */
static void zip_phases(REAL *target, const REAL *draft, const correlation *p, idx m)
{
    idx plane = draft_plane(p), phase = p->target_planes * plane;
    idx rows = smaller(p->band_rows, p->last_m - m);
    idx before = -p->job->first_column - 2 * p->first_q;
    for (idx c = 0; c < p->target_planes; c++, draft += plane, target += p->target_H * p->target_W)
        for (idx a = 0; a < p->step_H; a++) {
            const REAL *even = draft + a * 2 * phase, *odd = even + phase;
            for (idx y = m * p->step_H + a + p->job->first_row, r = 0; r < rows;
                 r++, y += p->step_H, even += p->pitch, odd += p->pitch)
                for (idx x = 0; x < p->target_W && y >= 0 && y < p->target_H; x += LANES) {
                    idx at = smaller(x, p->target_W - LANES), z = at + before, q = z / 2;
                    vec zipped = z % 2 ? ZIP(load(odd + q), load(even + q + 1), 0)
                                       : ZIP(load(even + q), load(odd + q), 0);
                    store(target + y * p->target_W + at, zipped);
                }
        }
}

/* One band of one image: copy it, then pass all planes of all jobs over it. */
static void direct_task(const void *plan, idx task, void *scratch)
{
    const direct_plan *d = plan;
    const correlation *p = d->p;
    idx image = task / p->bands / p->groups, group = task / p->bands % p->groups;
    idx m = p->first_m + task % p->bands * p->band_rows;
    idx chunk = smaller(p->chunk, p->source_planes - d->first);
    idx target_plane = p->target_H * p->target_W;
    const REAL *source = d->source + image * p->source_step
                         + (group * p->source_planes + d->first) * p->source_H * p->source_W;
    REAL *target = d->target + image * p->target_step + group * p->target_planes * target_plane;
    const REAL *b = d->b + group * p->target_planes;

    idx *placed = scratch; /* one more than the first row of the band whose positions are at hand */
    position *pos = (position *)((char *)scratch + 64);
    REAL *copy = (REAL *)((char *)pos
                          + parts(p->jobs * p->max_positions * sizeof(position), 64) * 64);
    REAL *draft = (REAL *)(((uintptr_t)(copy + copy_size(p)) + 63) / 64 * 64), *final = target;
    idx drafted = p->columns || p->zip, plane = drafted ? draft_plane(p) : target_plane;
    if (drafted && !placed[0]) memset(draft, 0, draft_entries(p) * sizeof(REAL));
    draft += parts(p->columns, LANES) * LANES;
    if (p->columns)
        final = d->target + image * p->target_step
                + group * p->target_planes / p->columns * p->target_H * p->final_W;
    if (drafted) target = draft;
    int fresh = placed[0] != m + 1;
    if (fresh) { /* images with one band are spared this: 0.3 of 1.1 ms on small images */
        for (idx k = 0; k < p->jobs; k++)
            pos[k * p->max_positions].count = (int32_t)place_vectors(pos + k * p->max_positions, p,
                                                                     k, m);
        placed[0] = m + 1;
    }
    /* threads share the bands of an image */
    idx band = task % p->bands, next = p->bands > 1 ? 1 : d->threads;
    const REAL *beyond = source + next * p->source_step;
    if (p->in_place) {
        source += m * p->pitch;
    } else {
        copy_band(copy, source, p, chunk, m - p->first_m, fresh);
        source = copy;
    }
    if (!d->first && !drafted) clear_target(target, p, m);
    idx columns = 0, most = parts(p->target_planes, d->groups), last = image + next >= p->N;
    for (idx k = 0; k < p->jobs; k++)
        columns = larger(columns, parts(pos[k * p->max_positions].count, tile_cap(most)));
    /* its share of dx */
    idx final_plane = p->columns ? p->target_H * p->final_W / p->columns : target_plane;
    ahead soon = ahead_of(beyond, last ? 0 : chunk * p->source_H * p->source_W * sizeof(REAL),
                          final + next * p->target_step,
                          last ? 0 : p->target_planes * final_plane * sizeof(REAL), band, p->bands,
                          p->jobs * d->groups * columns);
    /* All jobs pass over the pixels in the first-level cache, if their weights stay there, too: a
     * tenth of dx in float64 where 3x3 filters with stride 2 see 31x31 images. Else one job after
     * the other. */
    int together = p->pack * chunk * REAL_BYTES <= SHARED_BYTES;
    for (idx i = 0; i < (together ? columns : p->jobs); i++)
        for (idx j = 0; j < (together ? p->jobs : columns); j++) {
            idx k = together ? j : i, v = together ? i : j;
            const job *one = p->job + k;
            const position *here = pos + k * p->max_positions;
            idx taps = chunk * one->taps, at = share(here->count, columns, v);
            idx B = share(here->count, columns, v + 1) - at;
            const REAL *w = d->packed + group * p->pack * p->chunk + one->pack_at;
            REAL *to = target + (p->zip ? k * p->target_planes * plane : 0);
            /* All planes for a few vectors: the pixels stay in the first-level cache, and the
             * weights are fewer. */
            for (idx g = 0; g < d->groups && taps && B; g++) {
                idx a = share(p->target_planes, d->groups, g);
                idx A = share(p->target_planes, d->groups, g + 1) - a;
                run_tile(A, B, source, one->distance, taps, w + a * taps, b + a, d->first > 0,
                         here + at, to + a * plane, plane, look_ahead(&soon, taps));
            }
        }
    if (p->columns) add_columns(final, draft, p, m);
    if (p->zip) zip_phases(final, draft, p, m);
}
