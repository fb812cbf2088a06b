/* Max and average pooling.
 *
 * Pooling does next to no arithmetic: a copy of the same bytes is the limit. Forward, a vector
 * holds LANES neighboring outputs of one row, and the loop runs over the window's entries in
 * row-major order. With stride 2 the entries of neighboring windows are every other pixel: two
 * loads and two shuffles give the vectors of two entries at once (UNZIP). The winner's place
 * in its window is kept as a small integer, so that backward need not read x again.
 *
 * Ties: an entry must be larger than the best so far, hence the first maximum wins. NaN beats
 * every number, the first NaN stays, as in numpy.max and numpy.argmax.
 *
 * From stride 3 on, the rows of a window are first reduced to one row of column maxima and the rows
 * where they are; that row is split by column phase (column modulo stride), where the entries of
 * neighboring windows are neighbors, and reduced again. Of equal maxima the upper row wins. Twice
 * as fast as splitting the whole plane, which was 3 times faster than picking single pixels.
 *
 * Backward clears a plane of dx and adds each window's gradient to its winner while the plane is
 * in the first-level cache; a table gives the winner's distance from the window's corner. That
 * is about 3 cycles for each window, whatever its size. 2x2 windows with stride 2 are so common,
 * and so close to the limit of a copy, that they have vectors of their own: compare, mask, ZIP.
 *
 * Rows that do not fill whole vectors: forward, the last vector runs over into the next row, which is
 * computed later and overwrites it; 14x14 images take half the time so. At the end of a task, and
 * backward, it overlaps its neighbor. Where the windows of short rows lie side by side, forward joins all rows of a plane to
 * one (`join_rows`): 8x8 images take two thirds of the time so. Much shorter rows are left to the copy of this file with narrower
 * vectors (pool_target in targets.h), and in the last resort to vectors of which only some lanes are used.
 */

#define narrow NAME(narrow)
typedef uint8_t narrow __attribute__((vector_size(LANES), aligned(1), may_alias));

#define entry NAME(entry)
/* Entry j of the windows x..x+lanes-1; the first one begins at row[0]. */
static INLINE vec entry(const REAL *row, idx j, const idx stride, idx WW, idx lanes)
{
    if (lanes == LANES && stride == 1) return load(row + j);
    if (lanes == LANES && stride == 2 && j + 1 < WW) return UNZIP(load(row + j), load(row + j + LANES), 0);
    if (lanes == LANES && stride == 2 && j > 0) return UNZIP(load(row + j - 1), load(row + j - 1 + LANES), 1); /* stay inside the row */
    REAL lane[LANES] = {0};
    for (idx l = 0; l < lanes; l++) lane[l] = row[j + l * stride];
    return load(lane);
}

#define save_winners NAME(save_winners)
static INLINE void save_winners(void *winner, idx at, bits w, idx lanes, int winner_bytes)
{
    if (winner_bytes == 1 && lanes == LANES)
        *(narrow *)((uint8_t *)winner + at) = __builtin_convertvector(w, narrow);
    else if (winner_bytes == 1)
        for (idx l = 0; l < lanes; l++) ((uint8_t *)winner)[at + l] = (uint8_t)w[l];
    else
        for (idx l = 0; l < lanes; l++) ((int32_t *)winner)[at + l] = (int32_t)w[l];
}

#define choose NAME(choose)
static INLINE vec choose(bits wins, vec a, vec b) { return (vec)(((bits)a & wins) | ((bits)b & ~wins)); }

#define write_outputs NAME(write_outputs)
static INLINE void write_outputs(const int max, vec best, bits place, REAL *out, void *winner, idx at, idx lanes,
                                 idx entries, int winner_bytes)
{
    if (!max) best *= (REAL)1 / (REAL)entries;
    if (lanes == LANES)
        store(out, best);
    else
        for (idx l = 0; l < lanes; l++) out[l] = best[l];
    if (max) save_winners(winner, at, place, lanes, winner_bytes);
}

#define pool_row NAME(pool_row)
/* One row of outputs for strides 1 and 2. With `over`, the last vector may run over the end of the row. */
static INLINE void pool_row(const int max, const idx HH, const idx WW, const idx stride, const REAL *x, idx W,
                            REAL *out, void *winner, idx at, idx out_W, int winner_bytes, int over)
{
    for (idx begin = 0; begin < out_W; begin += LANES) {
        idx start = over ? begin : larger(0, smaller(begin, out_W - LANES)), lanes = over ? LANES : smaller(LANES, out_W);
        const REAL *corner = x + start * stride;
        vec best = entry(corner, 0, stride, WW, lanes);
        bits place = {0};
        for (idx i = 0; i < HH; i++)
            for (idx j = 0; j < WW; j++) {
                vec v = entry(corner + i * W, j, stride, WW, lanes);
                if (max) {
                    bits wins = (v > best) | ((v != v) & (best == best));
                    best = choose(wins, v, best);
                    place = (wins & (int32_t)(i * WW + j)) | (place & ~wins);
                } else if (i + j > 0) {
                    best += v;
                }
            }
        write_outputs(max, best, place, out + start, winner, at + start, lanes, HH * WW, winner_bytes);
    }
}

#define POOL_PLANES 16 /* planes in a task: enough work to hand out */
#define split_columns(p, W) (parts(W, (p)->stride_W) + LANES)

#define reduce_rows NAME(reduce_rows)
/* value, row [W, at least LANES]: the maximum (sum) of each column of HH rows, and the first row that has it, as bits. */
static INLINE void reduce_rows(const int max, REAL *value, REAL *row, const REAL *x, idx W, idx HH)
{
    for (idx begin = 0; begin < W; begin += LANES) {
        idx start = smaller(begin, W - LANES);
        vec best = load(x + start);
        bits place = {0};
        for (idx i = 1; i < HH; i++) {
            vec v = load(x + i * W + start);
            if (max) {
                bits wins = (v > best) | ((v != v) & (best == best));
                best = choose(wins, v, best);
                place = (wins & (int32_t)i) | (place & ~wins);
            } else {
                best += v;
            }
        }
        store(value + start, best);
        if (max) store(row + start, (vec)place);
    }
}

#define pool_long_strides NAME(pool_long_strides)
/* One row of outputs for stride 3 and above. x: HH rows of length W, at least LANES. */
static INLINE void pool_long_strides(const int max, const pool_plan *p, const REAL *x, idx W, REAL *scratch, REAL *out, idx at,
                                     idx out_W)
{
    idx s = p->stride_W, columns = split_columns(p, W);
    REAL *value = scratch, *row = value + W, *values = row + W, *rows = values + s * columns;
    reduce_rows(max, value, row, x, W, p->HH);
    for (idx b = 0; b < s; b++)
        for (idx X = b, q = b * columns; X < W; X += s, q++) {
            values[q] = value[X];
            if (max) rows[q] = row[X];
        }
    for (idx begin = 0; begin < out_W; begin += LANES) {
        idx start = larger(0, smaller(begin, out_W - LANES));
        vec best = load(values + start);
        bits above = (bits)load(rows + start), column = {0};
        for (idx j = 1, phase = 1, q = 0; j < p->WW; j++, phase++) {
            if (phase == s) phase = 0, q++;
            vec v = load(values + phase * columns + q + start);
            if (!max) {
                best += v;
                continue;
            }
            bits r = (bits)load(rows + phase * columns + q + start);
            bits equal = (v == best) | ((v != v) & (best != best));
            bits wins = (v > best) | ((v != v) & (best == best)) | (equal & (r < above));
            best = choose(wins, v, best);
            above = (r & wins) | (above & ~wins);
            column = (wins & (int32_t)j) | (column & ~wins);
        }
        write_outputs(max, best, above * (int32_t)p->WW + column, out + start, p->winner, at + start,
                      smaller(LANES, out_W), p->HH * p->WW, p->winner_bytes);
    }
}

#define joined_width NAME(joined_width) /* of the rows that pool_forward_task sees */
static idx joined_width(const pool_plan *p)
{
    idx W = joined_rows(p) * p->W;
    return p->stride_W > 2 ? larger(W, LANES) : W;
}

#define join_rows NAME(join_rows)
/* Row i of all windows of a plane, one after the other, for each i; W apart. */
static void join_rows(REAL *to, const REAL *x, const pool_plan *p, idx W)
{
    for (idx i = 0; i < p->HH; i++)
        copy_plane(to + i * W, p->out_H * p->W, x, p->W, span_of(p->out_H, p->stride_H, i, p->H), span_of(p->W, 1, 0, p->W), 0);
}

#define pool_forward_task NAME(pool_forward_task)
static void pool_forward_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    idx HH = p->HH, WW = p->WW, s = p->stride_W, W = joined_width(p), joined = joined_rows(p), out_W = joined * p->out_W;
    REAL *work = (REAL *)((char *)scratch + 128), *wide = work + (s > 2 ? 2 * (W + s * split_columns(p, W)) : 0);
    if (s > 2) memset(work, 0, (wide - work) * sizeof(REAL)); /* lanes that no window uses hold numbers, too */
    idx last = smaller(p->planes, (task + 1) * POOL_PLANES), lanes = parts(out_W, LANES) * LANES; /* of a row */
    idx reach = (HH - 1) * W + (lanes - 1) * s + WW;
    for (idx plane = task * POOL_PLANES; plane < last; plane++) {
        const REAL *x = (const REAL *)p->x + plane * p->H * p->W, *end = x + (last - plane) * p->H * p->W;
        if (joined > 1) {
            join_rows(wide, x, p, W);
            x = wide, end = wide + HH * W;
        } else if (W > p->W) { /* rows shorter than a vector */
            for (idx y = 0; y < p->H; y++) memcpy(wide + y * W, x + y * p->W, p->W * sizeof(REAL));
            x = wide;
        }
        for (idx y = 0; y < p->out_H; y += joined, x += p->stride_H * W) {
            idx at = (plane * p->out_H + y) * p->out_W;
            REAL *out = (REAL *)p->out + at;
            int over = s <= 2 && at + lanes <= last * p->out_H * p->out_W && end - x >= reach;
            /* The constants save a third of the time for 2x2 and half of it for 3x3. */
            if (s > 2 && p->max)
                pool_long_strides(1, p, x, W, work, out, at, out_W);
            else if (s > 2)
                pool_long_strides(0, p, x, W, work, out, at, out_W);
            else if (p->max && s == 2 && HH == 2 && WW == 2)
                pool_row(1, 2, 2, 2, x, W, out, p->winner, at, out_W, 1, over);
            else if (p->max && s == 2 && HH == 3 && WW == 3)
                pool_row(1, 3, 3, 2, x, W, out, p->winner, at, out_W, 1, over);
            else if (p->max && s == 1)
                pool_row(1, HH, WW, 1, x, W, out, p->winner, at, out_W, p->winner_bytes, over);
            else if (p->max)
                pool_row(1, HH, WW, 2, x, W, out, p->winner, at, out_W, p->winner_bytes, over);
            else if (s == 1)
                pool_row(0, HH, WW, 1, x, W, out, 0, at, out_W, 0, over);
            else
                pool_row(0, HH, WW, 2, x, W, out, 0, at, out_W, 0, over);
        }
    }
}

#define route_2x2 NAME(route_2x2)
/* Two rows of dx from one row of 2x2 windows with stride 2. */
static INLINE void route_2x2(REAL *dx, idx W, const REAL *dout, const uint8_t *winner, idx out_W)
{
    for (idx begin = 0; begin < out_W; begin += LANES) {
        idx start = smaller(begin, out_W - LANES);
        vec d = load(dout + start);
        bits w = __builtin_convertvector(*(const narrow *)(winner + start), bits);
        for (int i = 0; i < 2; i++) {
            vec even = keep(d, w == 2 * i), odd = keep(d, w == 2 * i + 1);
            store(dx + i * W + 2 * start, ZIP(even, odd, 0));
            store(dx + i * W + 2 * start + LANES, ZIP(even, odd, 1));
        }
    }
}

#define spread NAME(spread)
/* Average: each entry of a window receives its share. */
static void spread(const pool_plan *p, REAL *dx, const REAL *dout)
{
    REAL scale = (REAL)1 / (REAL)(p->HH * p->WW);
    for (idx y = 0; y < p->out_H; y++, dout += p->out_W)
        for (idx i = 0; i < p->HH; i++) {
            REAL *row = dx + (y * p->stride_H + i) * p->W;
            for (idx j = 0; j < p->WW; j++)
                if (p->stride_W == 1)
                    for (idx x = 0; x < p->out_W; x++) row[x + j] += dout[x] * scale;
                else
                    for (idx x = 0; x < p->out_W; x++) row[x * p->stride_W + j] += dout[x] * scale;
        }
}

#define pool_backward_task NAME(pool_backward_task)
static void pool_backward_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    int32_t *distance = (int32_t *)((char *)scratch + 128); /* of the window's entries from its corner */
    for (idx k = 0; k < p->HH * p->WW; k++) distance[k] = (int32_t)(k / p->WW * p->W + k % p->WW);
    for (idx plane = task * POOL_PLANES; plane < smaller(p->planes, (task + 1) * POOL_PLANES); plane++) {
        REAL *dx = (REAL *)p->out + plane * p->H * p->W;
        idx at = plane * p->out_H * p->out_W;
        const REAL *dout = (const REAL *)p->x + at;
        if (p->max && p->stride_H == 2 && p->stride_W == 2 && p->HH == 2 && p->WW == 2 && p->out_W >= LANES) {
            const uint8_t *winner = (const uint8_t *)p->winner + at;
            for (idx y = 0; y < p->out_H; y++, dout += p->out_W, winner += p->out_W)
                route_2x2(dx + 2 * y * p->W, p->W, dout, winner, p->out_W);
            continue;
        }
        memset(dx, 0, p->H * p->W * sizeof(REAL));
        if (!p->max) {
            spread(p, dx, dout);
            continue;
        }
        for (idx y = 0; y < p->out_H; y++, dout += p->out_W, at += p->out_W) {
            REAL *corner = dx + y * p->stride_H * p->W;
            for (idx x = 0; x < p->out_W; x++, corner += p->stride_W) {
                int32_t w = p->winner_bytes == 1 ? ((const uint8_t *)p->winner)[at + x]
                                                 : ((const int32_t *)p->winner)[at + x];
                corner[distance[w]] += dout[x];
            }
        }
    }
}

#define pool_tasks(p) parts((p)->planes, POOL_PLANES)
static int NAME(pool_forward)(const pool_plan *p, int threads)
{
    idx W = joined_width(p), s = p->stride_W, rows = joined_rows(p) > 1 ? p->HH : W > p->W ? p->H : 0;
    idx work = rows * W + (s > 2 ? 2 * (W + s * split_columns(p, W)) : 0);
    return run_tasks(pool_forward_task, p, pool_tasks(p), 128 + work * (idx)sizeof(REAL), threads);
}

static int NAME(pool_backward)(const pool_plan *p, int threads)
{
    return run_tasks(pool_backward_task, p, pool_tasks(p), 128 + p->HH * p->WW * (idx)sizeof(int32_t), threads);
}
