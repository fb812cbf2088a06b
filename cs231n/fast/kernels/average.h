/* Average pooling.
 *
 * The sum of a window is a sum over its columns. Forward adds the rows of a row of windows first,
 * LANES neighboring columns at a time, and then, in what has become one row, the columns of each
 * window. Backward turns that round: a row of dout is spread over one row, which is then written
 * to, or added to, the rows that its windows cover. So of HH*WW steps for each window HH + WW are
 * left, and only a few of them move numbers across lanes.
 *
 * Where windows lie side by side, their rows do so as well and are treated as one long row; and
 * planes that they tile are one tall plane, or vectors would be read while what they are made of is
 * still on its way to the cache. Windows as large as the image are the sums of numbers that lie in
 * memory one after the other.
 */

#define POOL_PLANES 16 /* planes in a task: enough work to hand out */
/* of rows that are summed together: with 16 KB memory is idle for too long meanwhile */
#define SUMS_BYTES (4 * 1024)

#define FAR 4096 /* bytes, a page: there the processor's own foresight ends */
/* Ask for a line that is read or written next but a page: passes over main memory take a third
 * less. */
static INLINE void ask_far(const REAL *x) { __builtin_prefetch((const char *)x + FAR); }

static INLINE void ask_all_far(const REAL *x, idx count)
{
    for (idx k = 0; k < count; k += 64 / REAL_BYTES) ask_far(x + k);
}

/* How many rows of windows are treated together. */
static idx average_rows(const pool_plan *p)
{
    return p->W == p->out_W * p->stride_W ? larger(1, SUMS_BYTES / (p->W * REAL_BYTES)) : 1;
}

static idx average_scratch(const pool_plan *p)
{
    return 128
           + (larger(average_rows(p) * p->W, POOL_PLANES * LANES) + p->out_W + 2 * p->WW
              + 4 * LANES)
                 * REAL_BYTES;
}

/* Sums of the columns of some rows of x. The last vector runs over into what comes next, where x
 * does not end. */
static INLINE void add_rows(REAL *sums, const REAL *x, idx W, const idx rows, const REAL *end)
{
    idx c = 0;
    for (; c < W && x + (rows - 1) * W + c + LANES <= end; c += LANES) {
        vec sum = load(x + c);
        for (idx i = 0; i < rows; i++) ask_far(x + i * W + c);
        for (idx i = 1; i < rows; i++) sum += load(x + i * W + c);
        store(sums + c, sum);
    }
    for (; c < W; c++) {
        sums[c] = x[c];
        for (idx i = 1; i < rows; i++) sums[c] += x[i * W + c];
    }
}

static INLINE void store_some(REAL *to, vec v, idx lanes)
{
    if (lanes >= LANES)
        store(to, v);
    else
        for (idx l = 0; l < lanes; l++) to[l] = v[l];
}

/* n outputs of windows that begin every s numbers of a row, WW long. A vector may run over into the
 * `room` behind out. */
static void average_row(REAL *out, idx n, idx room, REAL *row, idx WW, idx s, REAL scale)
{
    for (; WW == s && s % 2 == 0; WW /= 2, s /= 2)
        for (idx k = 0; k < n * s / 2; k += LANES) {
            vec a = load(row + 2 * k), b = load(row + 2 * k + LANES);
            store(row + k, UNZIP(a, b, 0) + UNZIP(a, b, 1));
        }
    for (idx k = 0; s == 1 && k < n; k += LANES) {
        vec sum = load(row + k);
        for (idx j = 1; j < WW; j++) sum += load(row + k + j);
        ask_far(out + k);
        store_some(out + k, sum * scale, room - k);
    }
    for (idx k = 0; s == 2 && k < n; k += LANES) {
        vec sum = {0};
        for (idx j = 0; j < WW; j += 2) {
            vec a = load(row + 2 * k + j), b = load(row + 2 * k + j + LANES);
            sum += UNZIP(a, b, 0);
            if (j + 1 < WW) sum += UNZIP(a, b, 1);
        }
        ask_far(out + k);
        store_some(out + k, sum * scale, room - k);
    }
    /* the sums of windows that begin anywhere */
    for (idx c = 0; s > 2 && c <= (n - 1) * s; c += LANES) {
        vec sum = load(row + c);
        for (idx j = 1; j < WW; j++) sum += load(row + c + j);
        store(row + c, sum * scale);
    }
    for (idx k = 0; s > 2 && k < n; k++) out[k] = row[k * s];
}

static INLINE bits last_lanes(idx count)
{
    bits mask;
    for (idx l = 0; l < LANES; l++) mask[l] = l < LANES - count ? 0 : -1;
    return mask;
}

/* LANES sums whose sum is that of so many numbers, at least LANES. */
static INLINE vec plane_sum(const REAL *x, idx count)
{
    vec sum[4] = {{0}};
    idx k = 0;
    for (; k + 4 * LANES <= count; k += 4 * LANES)
        UNROLL for (int v = 0; v < 4; v++) {
            ask_far(x + k + v * LANES);
            sum[v] += load(x + k + v * LANES);
        }
    for (; k + LANES <= count; k += LANES) {
        ask_far(x + k);
        sum[0] += load(x + k);
    }
    if (k < count) sum[1] += keep(load(x + count - LANES), last_lanes(count - k));
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void average_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    REAL *sums = (REAL *)((char *)scratch + 128), scale = (REAL)1 / (REAL)(p->HH * p->WW);
    idx first = task * POOL_PLANES, planes = smaller(POOL_PLANES, p->planes - first);
    idx size = p->H * p->W;
    const REAL *x = (const REAL *)p->x + first * size, *end = x + planes * size;
    REAL *out = (REAL *)p->out + first * p->out_H * p->out_W;
    REAL *out_end = out + planes * p->out_H * p->out_W;
    if (p->out_H * p->out_W == 1 && size >= LANES) {
        for (idx m = 0; m < planes; m++)
            store(sums + m * LANES, plane_sum(x + m * size, size) * scale);
        memset(out, 0, planes * sizeof(REAL));
        add_totals(sums, 1, (int)planes, out, 0);
        return;
    }
    idx height = p->H == p->out_H * p->stride_H ? planes * p->out_H : p->out_H; /* in windows */
    for (; out < out_end; x += size)
        for (idx y = 0, rows = average_rows(p); y < height; y += rows) {
            idx n = smaller(rows, height - y);
            for (idx r = 0; r < n; r++) {
                const REAL *top = x + (y + r) * p->stride_H * p->W;
                if (p->HH == 2) /* the constants save up to a quarter of the time */
                    add_rows(sums + r * p->W, top, p->W, 2, end);
                else if (p->HH == 3)
                    add_rows(sums + r * p->W, top, p->W, 3, end);
                else
                    add_rows(sums + r * p->W, top, p->W, p->HH, end);
            }
            average_row(out, n * p->out_W, out_end - out, sums, p->WW, p->stride_W, scale);
            out += n * p->out_W;
        }
}

/* What n windows give to the numbers of the row below them; `shares` is scratch. */
static INLINE void spread_row(REAL *row, const REAL *dout, idx n, const REAL *end, idx WW, idx s,
                              REAL scale, REAL *shares)
{
    if (WW == 2 && s == 2) {
        idx k = 0;
        for (; k < n && dout + k + LANES <= end; k += LANES) {
            vec d = load(dout + k) * scale;
            store(row + 2 * k, ZIP(d, d, 0));
            store(row + 2 * k + LANES, ZIP(d, d, 1));
        }
        for (; k < n; k++) row[2 * k] = row[2 * k + 1] = dout[k] * scale;
    } else if (s <= 2 && s < WW) { /* even and odd columns see other windows */
        idx even = parts(WW, s), odd = WW / s;
        memset(shares, 0, (n + 2 * even + LANES) * sizeof(REAL));
        REAL *share = shares + even - 1;
        for (idx k = 0; k < n; k++) share[k] = dout[k] * scale;
        for (idx k = 0; k < n + even - 1; k += LANES) {
            vec a = load(share + k), b = a;
            for (idx i = 1; i < even; i++) a += load(share + k - i);
            for (idx i = 1; i < odd; i++) b += load(share + k - i);
            store(row + s * k, s == 1 ? a : ZIP(a, b, 0));
            if (s == 2) store(row + s * k + LANES, ZIP(a, b, 1));
        }
    } else {
        memset(row, 0, ((n - 1) * s + WW) * sizeof(REAL));
        for (idx k = 0; k < n; k++) {
            REAL share = dout[k] * scale, *window = row + k * s;
            for (idx j = 0; j < WW; j++) window[j] += share;
        }
    }
}

/* Write a row, or add it. A vector may run over into the `room` behind the row when it is written;
 * when it is added, the last one overlaps its neighbor and leaves out what that has added. */
static INLINE void put_row(REAL *to, const REAL *row, idx W, idx room, const int add, bits rest)
{
    idx c = 0, last = add ? W : smaller(room, W + LANES - 1);
    for (; c + LANES <= last; c += LANES) {
        if (!add) ask_far(to + c);
        store(to + c, add ? load(to + c) + load(row + c) : load(row + c));
    }
    if (c < W && W >= LANES) {
        c = W - LANES;
        store(to + c, add ? load(to + c) + keep(load(row + c), rest) : load(row + c));
        return;
    }
    for (; c < W; c++) to[c] = add ? to[c] + row[c] : row[c];
}

static void spread_task(const void *plan, idx task, void *scratch)
{
    const pool_plan *p = plan;
    idx first = task * POOL_PLANES, planes = smaller(POOL_PLANES, p->planes - first);
    idx rows = average_rows(p), W = p->W;
    REAL *row = (REAL *)((char *)scratch + 128), *shares = row + rows * W + 2 * LANES;
    REAL scale = (REAL)1 / (REAL)(p->HH * p->WW);
    const REAL *dout = (const REAL *)p->x + first * p->out_H * p->out_W;
    const REAL *end = dout + planes * p->out_H * p->out_W;
    REAL *dx = (REAL *)p->out + first * p->H * W, *dx_end = dx + planes * p->H * W;
    idx height = p->H == p->out_H * p->stride_H ? planes * p->out_H : p->out_H; /* in windows */
    bits rest = last_lanes(W % LANES);
    for (; dout < end; dx += p->H * W)
        for (idx y = 0, written = 0; y < height; y += rows) { /* rows of dx */
            idx n = smaller(rows, height - y);
            spread_row(row, dout, n * p->out_W, end, p->WW, p->stride_W, scale, shares);
            dout += n * p->out_W;
            for (idx r = 0; r < n; r++) {
                idx top = (y + r) * p->stride_H;
                if (top > written) memset(dx + written * W, 0, (top - written) * W * sizeof(REAL));
                for (idx i = 0; i < p->HH; i++) {
                    REAL *to = dx + (top + i) * W;
                    if (top + i < written)
                        put_row(to, row + r * W, W, W, 1, rest);
                    else
                        put_row(to, row + r * W, W, p->stride_H < p->HH ? W : dx_end - to, 0, rest);
                }
                written = top + p->HH;
            }
        }
}

static int average_forward(const pool_plan *p, int threads)
{
    return run_tasks(average_task, p, parts(p->planes, POOL_PLANES), average_scratch(p), threads);
}

static int average_backward(const pool_plan *p, int threads)
{
    return run_tasks(spread_task, p, parts(p->planes, POOL_PLANES), average_scratch(p), threads);
}
