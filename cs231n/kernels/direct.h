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
 * A tile of few planes waits for its loads, most of which cross the end of a cache line: dx of LeNet's first layer runs
 * at a quarter of the peak. There every column j of the filters becomes a target plane of its own, whose loads are
 * aligned, and dx is the sum of these planes, each shifted by its j (`add_columns`):
 *
 *     dx[c, y, x] = sum over j of plane[c, j, y, x + left - j]
 */

#define UP_TO_2(X, A) X(A, 1) X(A, 2)
#define UP_TO_3(X, A) UP_TO_2(X, A) X(A, 3)
#define UP_TO_4(X, A) UP_TO_3(X, A) X(A, 4)
#define UP_TO_5(X, A) UP_TO_4(X, A) X(A, 5)
#define UP_TO_6(X, A) UP_TO_5(X, A) X(A, 6)
#define UP_TO_8(X, A) UP_TO_6(X, A) X(A, 7) X(A, 8)
#ifdef FEW_REGISTERS /* 16 vector registers: 12 sums, 3 pixels, 1 weight */
#define tile_cap(A) ((A) == 1 ? 8 : (A) == 2 ? 6 : (A) == 3 ? 4 : (A) == 4 ? 3 : 2)
#define MOST_PLANES 6
#define HOLD_WEIGHTS(A, B) ((A) < (B)) /* hold the shorter side, or sums spill: twice as fast for 3 planes */
#define EACH_TILE(X) UP_TO_8(X, 1) UP_TO_6(X, 2) UP_TO_4(X, 3) UP_TO_3(X, 4) UP_TO_2(X, 5) UP_TO_2(X, 6)
#else /* 32 vector registers: 24 to 28 sums */
#define tile_cap(A) ((A) <= 3 ? 8 : (A) == 4 ? 6 : (A) == 5 ? 5 : (A) <= 7 ? 4 : 3)
#define MOST_PLANES 8
#define HOLD_WEIGHTS(A, B) 0 /* loads early: 3 planes are 1.4 times faster so */
#define EACH_TILE(X)                                                                                          \
    UP_TO_8(X, 1) UP_TO_8(X, 2) UP_TO_8(X, 3) UP_TO_6(X, 4) UP_TO_5(X, 5) UP_TO_4(X, 6) UP_TO_4(X, 7) UP_TO_3(X, 8)
#endif

#define write_lanes NAME(write_lanes)
/* The slow way out: vectors that end in the middle of a row, and sums that are continued. */
static OUTLINE void write_lanes(const REAL *lanes, int A, int B, int add, const position *pos, REAL *target, idx plane)
{
    for (int a = 0; a < A; a++, target += plane)
        for (int v = 0; v < B; v++, lanes += LANES)
            for (int l = 0; l < LANES; l++)
                if (pos[v].lane[l] >= 0) target[pos[v].lane[l]] = lanes[l] + (add ? target[pos[v].lane[l]] : 0);
}

#define correlate NAME(correlate)
/* A tile. `add` continues sums that earlier source planes began; `next` is asked for meanwhile. */
static INLINE void correlate(const int A, const int B, const REAL *source, const int32_t *distance, idx taps,
                             const REAL *w, const REAL *b, int add, const position *pos, REAL *target, idx plane, lines next)
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
#define TILE(A, B)                                                                                                  \
    static OUTLINE void NAME(tile_##A##_##B)(const REAL *source, const int32_t *distance, idx taps, const REAL *w,  \
                                             const REAL *b, int add, const position *pos, REAL *target, idx plane,  \
                                             lines next)                                                            \
    {                                                                                                               \
        correlate(A, B, source, distance, taps, w, b, add, pos, target, plane, next);                               \
    }
EACH_TILE(TILE)
#undef TILE

#define run_tile NAME(run_tile)
static void run_tile(idx A, idx B, const REAL *source, const int32_t *distance, idx taps, const REAL *w, const REAL *b,
                     int add, const position *pos, REAL *target, idx plane, lines next)
{
    switch (8 * A + B) {
#define TILE(A, B) \
    case 8 * A + B: NAME(tile_##A##_##B)(source, distance, taps, w, b, add, pos, target, plane, next); break;
        EACH_TILE(TILE)
#undef TILE
    }
}

#define planes_per_tile NAME(planes_per_tile)
/* How many planes a tile takes: few loads per multiply-add, and little left over. */
static idx planes_per_tile(idx planes, idx positions)
{
    idx best = 1, best_cost = -1;
    for (idx A = 1; A <= smaller(planes, MOST_PLANES); A++) {
        idx rows = parts(planes, A), columns = parts(positions, tile_cap(A));
        /* At least 8 sums: a multiply-add takes 4 cycles and two can start in each. Loads of pixels count
         * twice: most of them cross the end of a cache line. */
        idx cost = 2 * larger(planes * positions, 8 * rows * columns) + 2 * rows * positions + planes * columns;
        if (best_cost < 0 || cost <= best_cost) best = A, best_cost = cost;
    }
    return best;
}

#define pack_weights NAME(pack_weights)
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
                    for (idx a = share(p->target_planes, groups, g); a < share(p->target_planes, groups, g + 1); a++)
                        *to++ = w[a * p->weight_of_target + c * p->weight_of_source + one->tap[t]];
    }
}

#define row_span NAME(row_span)
/* The part of a copied row that lies in the source: to[q] = row[q*step + first], 0 <= index < length. */
typedef struct {
    idx columns, step, first, begin, end;
} row_span;

#define span_of_row NAME(span_of_row)
static row_span span_of_row(idx columns, idx step, idx first, idx length)
{
    idx begin = first >= 0 ? 0 : smaller(columns, parts(-first, step));
    idx end = larger(begin, smaller(columns, floor_divide(length - 1 - first, step) + 1));
    return (row_span){columns, step, first, begin, end};
}

#define clear_row NAME(clear_row)
static INLINE void clear_row(REAL *to, idx columns)
{
    if (columns < LANES)
        for (idx q = 0; q < columns; q++) to[q] = 0;
    else
        for (idx q = 0; q < columns; q += LANES) store(to + smaller(q, columns - LANES), (vec){0});
}

#define copy_row NAME(copy_row)
/* Copy a row, and zeros around it. Rows are short, so calls of memcpy and memset, divisions, and picking pixels
 * one by one took a third of the time on small images. The last vector overlaps its neighbor, and so do two halves
 * of one where a row has no room for more; no load leaves the row. */
static INLINE void copy_row(REAL *to, const REAL *row, row_span s)
{
    idx count = s.end - s.begin, half = LANES / 2;
    REAL lane[LANES];
    for (idx q = 0; q < s.begin; q++) to[q] = 0;
    for (idx q = s.end; q < s.columns; q++) to[q] = 0;
    to += s.begin, row += s.first + s.step * s.begin;
    if (s.step > 2 || count <= half) {
        for (idx q = 0; q < count; q++) to[q] = row[s.step * q];
    } else if (count >= LANES) {
        for (idx q = 0; q < count; q += LANES) {
            idx at = smaller(q, count - LANES);
            const REAL *from = row + s.step * at;
            store(to + at, s.step == 1 ? load(from) : EVERY_OTHER(load(from), load(from + LANES - 1)));
        }
    } else if (s.step == 1) {
        memcpy(to, row, half * sizeof(REAL));
        memcpy(to + count - half, row + count - half, half * sizeof(REAL));
    } else {
        store(lane, EVERY_OTHER(load(row), load(row + 2 * count - 1 - LANES)));
        memcpy(to, lane, half * sizeof(REAL));
        memcpy(to + count - half, lane + half, half * sizeof(REAL));
    }
}

#define copy_band NAME(copy_band)
/* The padded copy of `planes` source planes, split by phase, for the band at row m. */
static void copy_band(REAL *to, const REAL *source, const correlation *p, idx planes, idx m)
{
    idx rows = p->copy_rows, rest = p->plane - rows * p->pitch;
    for (idx c = 0; c < planes; c++, source += p->source_H * p->source_W)
        for (idx a = 0; a < p->split_H; a++)
            for (idx b = 0; b < p->split_W; b++) {
                idx phase = p->phase_of[a * p->split_W + b];
                if (phase < 0) continue;
                REAL *plane = to + (c * p->phases + phase) * p->plane;
                row_span span = span_of_row(p->pitch, p->split_W, b - p->left, p->source_W);
                for (idx r = 0; r < rows; r++) {
                    idx y = (m + r) * p->split_H + a - p->top;
                    if (y < 0 || y >= p->source_H)
                        clear_row(plane + r * p->pitch, p->pitch);
                    else
                        copy_row(plane + r * p->pitch, source + y * p->source_W, span);
                }
                memset(plane + rows * p->pitch, 0, rest * sizeof(REAL));
            }
    memset(to + planes * p->phases * p->plane, 0, 2 * LANES * sizeof(REAL));
}

#define clear_target NAME(clear_target)
/* Zeros for the target rows of the band at row m, if no tap sees some of their pixels: just before the others are
 * written, not for the whole batch, which would bring it to the cache twice. */
static void clear_target(REAL *target, const correlation *p, idx m)
{
    idx rows = smaller(p->band_rows, p->last_m - m);
    idx first = larger(0, m * p->step_H + p->job[0].first_row);
    idx end = smaller(p->target_H, (m + rows - 1) * p->step_H + p->job[p->jobs - 1].first_row + 1);
    for (idx f = 0; p->holes && f < p->target_planes; f++, target += p->target_H * p->target_W)
        memset(target + first * p->target_W, 0, (end - first) * p->target_W * sizeof(REAL));
}

#define direct_plan NAME(direct_plan)
typedef struct {
    const correlation *p;
    const REAL *source, *packed, *b; /* b: [groups*target_planes], zeros after the first chunk */
    REAL *target;
    idx first, groups; /* first source plane of this chunk; groups of target planes */
    idx threads;       /* the next image of this thread is about so many further on */
} direct_plan;

#define column_entries NAME(column_entries) /* planes of columns, and zeros before them */
static idx column_entries(const correlation *p)
{
    return p->columns ? parts(p->columns - 1, LANES) * LANES + p->target_planes * p->target_H * p->target_W : 0;
}

#define direct_scratch NAME(direct_scratch)
/* Bytes of scratch: which band the positions are for, the copy, the positions of all jobs. */
static idx direct_scratch(const correlation *p)
{
    return 192 + (copy_size(p) + column_entries(p)) * sizeof(REAL) + p->jobs * p->most_positions * sizeof(position);
}

#define add_columns NAME(add_columns)
/* Target rows of the band at row m from the planes of columns. Zeros lie between their rows. */
static void add_columns(REAL *target, const REAL *column, const correlation *p, idx m)
{
    idx plane = p->target_H * p->target_W, first = larger(0, m + p->job->first_row);
    idx end = smaller(p->target_H, smaller(m + p->band_rows, p->last_m) + p->job->first_row);
    for (idx c = 0; c < p->target_planes / p->columns; c++, column += p->columns * plane, target += p->target_H * p->final_W)
        for (idx y = first; y < end; y++)
            for (idx x = 0; x < p->final_W; x += LANES) {
                idx at = smaller(x, p->final_W - LANES);
                const REAL *from = column + y * p->target_W + at + p->final_left;
                vec sum = load(from);
                for (idx j = 1; j < p->columns; j++) sum += load(from + j * (plane - 1));
                store(target + y * p->final_W + at, sum);
            }
}

#define direct_task NAME(direct_task)
/* One band of one image: copy it, then pass all planes of all jobs over it. */
static void direct_task(const void *plan, idx task, void *scratch)
{
    const direct_plan *d = plan;
    const correlation *p = d->p;
    idx image = task / p->bands / p->groups, group = task / p->bands % p->groups;
    idx m = p->first_m + task % p->bands * p->band_rows;
    idx chunk = smaller(p->chunk, p->source_planes - d->first), target_plane = p->target_H * p->target_W;
    const REAL *source = d->source + image * p->source_step + (group * p->source_planes + d->first) * p->source_H * p->source_W;
    REAL *target = d->target + image * p->target_step + group * p->target_planes * target_plane;
    const REAL *b = d->b + group * p->target_planes;

    idx *placed = scratch; /* one more than the first row of the band whose positions are at hand */
    position *pos = (position *)((char *)scratch + 64);
    REAL *copy = (REAL *)((char *)pos + parts(p->jobs * p->most_positions * sizeof(position), 64) * 64);
    REAL *column = (REAL *)(((uintptr_t)(copy + copy_size(p)) + 63) / 64 * 64), *final = target;
    if (p->columns) {
        if (!placed[0]) memset(column, 0, column_entries(p) * sizeof(REAL));
        column += parts(p->columns - 1, LANES) * LANES;
        final = d->target + image * p->target_step + group * p->target_planes / p->columns * p->target_H * p->final_W;
        target = column;
    }
    if (placed[0] != m + 1) { /* images with one band are spared this: 0.3 of 1.1 ms on small images */
        for (idx k = 0; k < p->jobs; k++)
            pos[k * p->most_positions].count = (int32_t)place_vectors(pos + k * p->most_positions, p, k, m);
        placed[0] = m + 1;
    }
    idx band = task % p->bands, next = p->bands > 1 ? 1 : d->threads; /* threads share the bands of an image */
    const REAL *beyond = source + next * p->source_step;
    if (p->in_place) {
        source += m * p->pitch;
    } else {
        copy_band(copy, source, p, chunk, m - p->first_m);
        source = copy;
    }
    if (!d->first) clear_target(target, p, m);
    idx calls = 0, most = parts(p->target_planes, d->groups), last = image + next >= p->N;
    for (idx k = 0; k < p->jobs; k++) calls += d->groups * parts(pos[k * p->most_positions].count, tile_cap(most));
    idx final_plane = p->columns ? p->target_H * p->final_W / p->columns : target_plane; /* its share of dx */
    ahead soon = ahead_of(beyond, last ? 0 : chunk * p->source_H * p->source_W * sizeof(REAL), final + next * p->target_step,
                          last ? 0 : p->target_planes * final_plane * sizeof(REAL), band, p->bands, calls);
    for (idx k = 0; k < p->jobs; k++, pos += p->most_positions) {
        const job *one = p->job + k;
        idx taps = chunk * one->taps;
        const REAL *w = d->packed + group * p->pack * p->chunk + one->pack_at;
        idx columns = taps ? parts(pos->count, tile_cap(most)) : 0;
        /* All planes for a few vectors: the pixels stay in the first-level cache, and the weights are fewer. */
        for (idx v = 0; v < columns; v++) {
            idx at = share(pos->count, columns, v), B = share(pos->count, columns, v + 1) - at;
            for (idx g = 0; g < d->groups; g++) {
                idx a = share(p->target_planes, d->groups, g), A = share(p->target_planes, d->groups, g + 1) - a;
                run_tile(A, B, source, one->distance, taps, w + a * taps, b + a, d->first > 0, pos + at,
                         target + a * target_plane, target_plane, look_ahead(&soon, taps));
            }
        }
    }
    if (p->columns) add_columns(final, column, p, m);
}
