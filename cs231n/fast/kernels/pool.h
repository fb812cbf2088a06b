/* Max pooling, and the door to both kinds.
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
 * From stride 3 on, and where rows of outputs would leave half of the lanes idle, a vector holds
 * the same pixel of LANES planes instead: the planes are turned, a few rows at a time, so that the
 * lanes of a pixel lie side by side, and the outputs are turned back. No lane is idle then,
 * whatever the window, and turning costs log2(LANES) shuffles a vector: the maximum of each plane
 * of 7x7 takes a tenth of the time. Rows that are split by column phase, as the copies of direct.h
 * are, took up to three times as long. Windows of very wide images are picked number by number.
 *
 * Backward clears a plane of dx and adds each window's gradient to its winner while the plane is
 * in the first-level cache; a table gives the winner's distance from the window's corner. That
 * is about 3 cycles for each window, whatever its size. 2x2 windows with stride 2 are so common,
 * and so close to the limit of a copy, that they have vectors of their own: compare, mask, ZIP.
 *
 * Rows that do not fill whole vectors: forward, the last vector runs over into the next row, which
 * is computed later and overwrites it; 14x14 images take half the time so. At the end of a task,
 * and backward, it overlaps its neighbor. Where the windows of short rows lie side by side, forward
 * joins all rows of a plane to one (`join_rows`): 8x8 images take two thirds of the time so. Few
 * planes with short rows are left to the copy of this file with narrower vectors (pool_target in
 * targets.h), and in the last resort to vectors of which only some lanes are used.
 */

typedef uint8_t narrow __attribute__((vector_size(LANES), aligned(1), may_alias));

/* Entry j of the windows x..x+lanes-1; the first one begins at row[0]. */
static INLINE vec entry(const REAL *row, idx j, const idx stride, idx WW, idx lanes)
{
    if (lanes == LANES && stride == 1) return load(row + j);
    if (lanes == LANES && stride == 2 && j + 1 < WW)
        return UNZIP(load(row + j), load(row + j + LANES), 0);
    /* stay inside the row */
    if (lanes == LANES && stride == 2 && j > 0)
        return UNZIP(load(row + j - 1), load(row + j - 1 + LANES), 1);
    REAL lane[LANES] = {0};
    for (idx l = 0; l < lanes; l++) lane[l] = row[j + l * stride];
    return load(lane);
}

static INLINE void save_winners(void *winner, idx at, bits w, idx lanes, int winner_bytes)
{
    if (winner_bytes == 1 && lanes == LANES)
        *(narrow *)((uint8_t *)winner + at) = __builtin_convertvector(w, narrow);
    else if (winner_bytes == 1)
        for (idx l = 0; l < lanes; l++) ((uint8_t *)winner)[at + l] = (uint8_t)w[l];
    else
        for (idx l = 0; l < lanes; l++) ((int32_t *)winner)[at + l] = (int32_t)w[l];
}

static INLINE vec choose(bits wins, vec a, vec b)
{
    return (vec)(((bits)a & wins) | ((bits)b & ~wins));
}

/* Let one more entry of the window take part, the one at place k. */
static INLINE void take(vec *best, bits *place, vec v, idx k)
{
    bits wins = ~(v <= *best) & (*best == *best); /* larger, or NaN: two comparisons */
    *best = choose(wins, v, *best);
    *place = (wins & (int32_t)k) | (*place & ~wins);
}

/* One row of outputs, best for strides 1 and 2. With `over`, the last vector may run over the end
 * of the row. */
static INLINE void pool_row(const idx HH, const idx WW, const idx stride, const REAL *x, idx W,
                            REAL *out, void *winner, idx at, idx out_W, int winner_bytes, int over)
{
    for (idx begin = 0; begin < out_W; begin += LANES) {
        idx start = over ? begin : larger(0, smaller(begin, out_W - LANES));
        idx lanes = over ? LANES : smaller(LANES, out_W);
        const REAL *corner = x + start * stride;
        vec best = entry(corner, 0, stride, WW, lanes);
        bits place = {0};
        for (idx i = 0; i < smaller(HH, 2); i++)
            for (idx j = 0; j < smaller(stride, 2); j++) ask_far(corner + i * W + j * LANES);
        ask_far(out + start); /* what is written is read first */
        for (idx i = 0; i < HH; i++)
            for (idx j = !i; j < WW; j++)
                take(&best, &place, entry(corner + i * W, j, stride, WW, lanes), i * WW + j);
        store_some(out + start, best, lanes);
        save_winners(winner, at + start, place, lanes, winner_bytes);
    }
}

/* Row i of all windows of a plane, one after the other, for each i; W apart. */
static void join_rows(REAL *to, const REAL *x, const pool_plan *p)
{
    idx W = p->out_H * p->W;
    for (idx i = 0; i < p->HH; i++)
        copy_plane(to + i * W, W, x, p->W, span_of(p->out_H, p->stride_H, i, p->H),
                   span_of(p->W, 1, 0, p->W), 0);
}

static void pool_rows_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    idx HH = p->HH, WW = p->WW, s = p->stride_W, joined = joined_rows(p), W = joined * p->W;
    idx out_W = joined * p->out_W;
    REAL *wide = (REAL *)((char *)scratch + 128);
    /* of a row */
    idx last = smaller(p->planes, (task + 1) * POOL_PLANES), lanes = parts(out_W, LANES) * LANES;
    idx reach = (HH - 1) * W + (lanes - 1) * s + WW;
    for (idx plane = task * POOL_PLANES; plane < last; plane++) {
        const REAL *x = (const REAL *)p->x + plane * p->H * p->W;
        const REAL *end = x + (last - plane) * p->H * p->W;
        if (joined > 1) {
            ask_all_far(x, p->H * p->W);
            join_rows(wide, x, p);
            x = wide, end = wide + HH * W;
        }
        for (idx y = 0; y < p->out_H; y += joined, x += p->stride_H * W) {
            idx at = (plane * p->out_H + y) * p->out_W;
            REAL *out = (REAL *)p->out + at;
            int over = at + lanes <= last * p->out_H * p->out_W && end - x >= reach;
            /* The constants save a third of the time for 2x2 and half of it for 3x3. */
            if (s == 2 && HH == 2 && WW == 2)
                pool_row(2, 2, 2, x, W, out, p->winner, at, out_W, 1, over);
            else if (s == 2 && HH == 3 && WW == 3)
                pool_row(3, 3, 2, x, W, out, p->winner, at, out_W, 1, over);
            else if (s == 1)
                pool_row(HH, WW, 1, x, W, out, p->winner, at, out_W, p->winner_bytes, over);
            else if (s == 2)
                pool_row(HH, WW, 2, x, W, out, p->winner, at, out_W, p->winner_bytes, over);
            else
                pool_row(HH, WW, s, x, W, out, p->winner, at, out_W, p->winner_bytes, over);
        }
    }
}

#define TURNED_BYTES (32 * 1024) /* of turned pixels: they stay in the first-level cache */
/* rows of outputs */
static idx turned_rows(const pool_plan *p)
{
    idx rows = TURNED_BYTES / (p->W * LANES * (idx)sizeof(REAL));
    return smaller(p->out_H, larger(1, (rows - p->HH) / p->stride_H + 1));
}

static idx turned_pixels(const pool_plan *p, idx rows)
{
    return ((rows - 1) * p->stride_H + p->HH) * p->W;
}

/* of a band, in whole vectors */
static idx turned_outputs(const pool_plan *p, idx rows)
{
    return parts(rows * p->out_W, LANES) * LANES;
}

/* outputs: each waits for its last comparison, 9 cycles for an entry if there is nothing else to do
 */
#define TOGETHER 4

/* n neighboring outputs [n, LANES] and the places of their winners from turned pixels, W and s
 * numbers from row to row and from window to window. */
static INLINE void pool_pixels(const int n, idx HH, idx WW, const REAL *x, idx W, idx s, REAL *out,
                               REAL *places)
{
    vec best[TOGETHER];
    bits place[TOGETHER] = {{0}};
    UNROLL for (int k = 0; k < n; k++) best[k] = load(x + k * s);
    for (idx i = 0; i < HH; i++)
        for (idx j = !i; j < WW; j++)
            UNROLL for (int k = 0; k < n; k++)
                take(best + k, place + k, load(x + i * W + j * LANES + k * s), i * WW + j);
    UNROLL for (int k = 0; k < n; k++) {
        store(out + k * LANES, best[k]);
        store(places + k * LANES, (vec)place[k]);
    }
}

/* Outputs [rows, out_W, LANES] and the places of the winners: integers in the bits of REAL numbers,
 * tiny ones, which arithmetic takes for 0 where the processor is told to flush them. So places are
 * only moved. */
static void pool_turned(const pool_plan *p, const REAL *x, REAL *out, REAL *places, idx rows)
{
    idx HH = p->HH, WW = p->WW, W = p->W * LANES, s = p->stride_W * LANES, out_W = p->out_W;
    for (idx y = 0; y < rows;
         y++, x += p->stride_H * W, out += out_W * LANES, places += out_W * LANES)
        if (out_W < TOGETHER)
            for (idx k = 0; k < out_W; k++)
                pool_pixels(1, HH, WW, x + k * s, W, s, out + k * LANES, places + k * LANES);
        else
            for (idx begin = 0; begin < out_W; begin += TOGETHER) {
                idx k = smaller(begin, out_W - TOGETHER);
                pool_pixels(TOGETHER, HH, WW, x + k * s, W, s, out + k * LANES, places + k * LANES);
            }
}

/* A vector holds the same pixel of as many planes. */
static void pool_lanes_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    idx rows = turned_rows(p), outputs = p->out_H * p->out_W, most = turned_outputs(p, rows);
    REAL *pixels = (REAL *)((char *)scratch + 128), *out = pixels + turned_pixels(p, rows) * LANES;
    REAL *places = out + most * LANES, *turned = places + most * LANES;
    for (idx plane = task * POOL_PLANES; plane < smaller(p->planes, (task + 1) * POOL_PLANES);
         plane += LANES) {
        idx planes = smaller(LANES, p->planes - plane);
        const REAL *x = (const REAL *)p->x + plane * p->H * p->W;
        for (idx y = 0; y < p->out_H; y += rows, x += rows * p->stride_H * p->W) {
            idx n = smaller(rows, p->out_H - y), count = n * p->out_W;
            idx at = plane * outputs + y * p->out_W;
            turn(pixels, LANES, x, p->H * p->W, planes, turned_pixels(p, n), 0, 1);
            pool_turned(p, pixels, out, places, n);
            turn((REAL *)p->out + at, outputs, out, LANES, count, planes, 0, 0);
            turn(turned, most, places, LANES, count, planes, 0, 0);
            for (idx m = 0; m < planes; m++)
                for (idx k = 0; k < count; k += LANES)
                    save_winners(p->winner, at + m * outputs + k, (bits)load(turned + m * most + k),
                                 smaller(LANES, count - k), p->winner_bytes);
        }
    }
}

/* Two rows of dx from one row of 2x2 windows with stride 2. */
static INLINE void route_2x2(REAL *dx, idx W, const REAL *dout, const uint8_t *winner, idx out_W)
{
    for (idx begin = 0; begin < out_W; begin += LANES) {
        idx start = smaller(begin, out_W - LANES);
        vec d = load(dout + start);
        bits w = __builtin_convertvector(*(const narrow *)(winner + start), bits);
        for (int i = 0; i < 2; i++) {
            vec even = keep(d, w == 2 * i), odd = keep(d, w == 2 * i + 1);
            ask_far(dx + i * W + 2 * start);
            ask_far(dx + i * W + 2 * start + LANES);
            store(dx + i * W + 2 * start, ZIP(even, odd, 0));
            store(dx + i * W + 2 * start + LANES, ZIP(even, odd, 1));
        }
    }
}

static void pool_backward_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    /* of the window's entries from its corner */
    int32_t *distance = (int32_t *)((char *)scratch + 128);
    for (idx k = 0; k < p->HH * p->WW; k++) distance[k] = (int32_t)(k / p->WW * p->W + k % p->WW);
    for (idx plane = task * POOL_PLANES; plane < smaller(p->planes, (task + 1) * POOL_PLANES);
         plane++) {
        REAL *dx = (REAL *)p->out + plane * p->H * p->W;
        idx at = plane * p->out_H * p->out_W;
        const REAL *dout = (const REAL *)p->x + at;
        if (p->stride_H == 2 && p->stride_W == 2 && p->HH == 2 && p->WW == 2 && p->out_W >= LANES) {
            const uint8_t *winner = (const uint8_t *)p->winner + at;
            for (idx y = 0; y < p->out_H; y++, dout += p->out_W, winner += p->out_W)
                route_2x2(dx + 2 * y * p->W, p->W, dout, winner, p->out_W);
            continue;
        }
        ask_all_far(dx, p->H * p->W);
        memset(dx, 0, p->H * p->W * sizeof(REAL));
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
static int pool_forward(const pool_plan *p, int threads)
{
    if (!p->max) return average_forward(p, threads);
    idx numbers = joined_rows(p) > 1 ? p->HH * p->out_H * p->W : 0;
    if (!planes_in_lanes(p, LANES))
        return run_tasks(pool_rows_task, p, pool_tasks(p), 128 + numbers * (idx)sizeof(REAL),
                         threads);
    idx rows = turned_rows(p);
    numbers = (turned_pixels(p, rows) + 3 * turned_outputs(p, rows)) * LANES;
    return run_tasks(pool_lanes_task, p, pool_tasks(p), 128 + numbers * (idx)sizeof(REAL), threads);
}

static int pool_backward(const pool_plan *p, int threads)
{
    if (!p->max) return average_backward(p, threads);
    return run_tasks(pool_backward_task, p, pool_tasks(p),
                     128 + p->HH * p->WW * (idx)sizeof(int32_t), threads);
}
