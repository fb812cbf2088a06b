/* The transforms of Winograd's F(4x4, 3x3) along one row or column, and when they may be used.
 *
 * winograd.h needs B', A' and G, its gradient (winograd_dw.h) B', A and G'. The polynomial is
 * evaluated at 0, 1, -1, 2, -2 and infinity, so the entries are small powers of two, and their
 * fractions in G.
 */

#if LANES >= 4 /* a quarter is at least one tile */

/* out = B' d for one row or column of 6, at distance `step`. */
static INLINE void patch_1d(vec *out, const vec *d, const int step)
{
    vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    vec d5 = d[5 * step];
    vec a = d4 - 4 * d2, b = d3 - 4 * d1, c = d4 - d2, e = 2 * (d3 - d1);
    out[0] = 4 * d0 - 5 * d2 + d4;
    out[step] = a + b;
    out[2 * step] = a - b;
    out[3 * step] = c + e;
    out[4 * step] = c - e;
    out[5 * step] = 4 * d1 - 5 * d3 + d5;
}

/* out[0], out[out_step], ... = A' m for one row or column of 6. */
static INLINE void tile_1d(vec *out, const int out_step, const vec *m, const int step)
{
    vec plus = m[step] + m[2 * step], minus = m[step] - m[2 * step];
    vec plus2 = m[3 * step] + m[4 * step], minus2 = m[3 * step] - m[4 * step];
    out[0] = m[0] + plus + plus2;
    out[out_step] = minus + 2 * minus2;
    out[2 * out_step] = plus + 4 * plus2;
    out[3 * out_step] = minus + 8 * minus2 + m[5 * step];
}

/* out[0], out[out_step], ... = A y for one row or column of 4. */
static INLINE void dout_1d(vec *out, const int out_step, const vec *y, const int step)
{
    vec even = y[0] + y[2 * step], odd = y[step] + y[3 * step];
    vec even2 = y[0] + 4 * y[2 * step], odd2 = 2 * y[step] + 8 * y[3 * step];
    out[0] = y[0];
    out[out_step] = even + odd;
    out[2 * out_step] = even - odd;
    out[3 * out_step] = even2 + odd2;
    out[4 * out_step] = even2 - odd2;
    out[5 * out_step] = y[3 * step];
}

/* out[0], out[out_step], ... = G' u for one row or column of 6. */
static INLINE void dg_1d(vec *out, const int out_step, const vec *u, const int step)
{
    vec near = (u[step] + u[2 * step]) * (REAL)(-1. / 6);
    vec far = (u[3 * step] + u[4 * step]) * (REAL)(1. / 24);
    out[0] = u[0] * (REAL)0.25 + near + far;
    out[out_step] = (u[2 * step] - u[step]) * (REAL)(1. / 6)
                    + (u[3 * step] - u[4 * step]) * (REAL)(1. / 12);
    out[2 * out_step] = near + 4 * far + u[5 * step];
}

/* p0..p3: 4V pixels. column[j] = pixels j, j+4, j+8, ... The first `columns` of them. */
static INLINE void part4(vec *column, vec p0, vec p1, vec p2, vec p3, const int columns)
{
    vec even_a = UNZIP(p0, p1, 0), even_b = UNZIP(p2, p3, 0), odd_a = UNZIP(p0, p1, 1);
    vec odd_b = UNZIP(p2, p3, 1);
    column[0] = UNZIP(even_a, even_b, 0);
    column[1] = UNZIP(odd_a, odd_b, 0);
    if (columns < 4) return;
    column[2] = UNZIP(even_a, even_b, 1);
    column[3] = UNZIP(odd_a, odd_b, 1);
}

/* The way back: pixel[0..3] hold 4V pixels in order. */
static INLINE void join4(vec *pixel, const vec *column)
{
    vec low_even = ZIP(column[0], column[2], 0), high_even = ZIP(column[0], column[2], 1);
    vec low_odd = ZIP(column[1], column[3], 0), high_odd = ZIP(column[1], column[3], 1);
    pixel[0] = ZIP(low_even, low_odd, 0);
    pixel[1] = ZIP(low_even, low_odd, 1);
    pixel[2] = ZIP(high_even, high_odd, 0);
    pixel[3] = ZIP(high_even, high_odd, 1);
}

#define RANGE 12

/* of the powers of two, with an offset; 0 for 0, the largest for infinity and NaN */
static INLINE bits exponent(vec v)
{
    return ((bits)v >> FRACTION_BITS) & ((1 << (REAL_BYTES * 8 - 1 - FRACTION_BITS)) - 1);
}

/* Whether the padded copy of an image (or a band of it) is finite, below the limit and even enough:
 * its largest entry at most 2^RANGE times the geometric mean of all that are not 0. */
static int winograd_bearable(const REAL *copy, idx size, REAL limit)
{
    bits largest = {0}, sum = {0}, count = {0};
    int64_t most = 0, all = 0, entries = 0;
    for (idx k = 0; k < size; k += LANES) {
        bits e = exponent(load(copy + k)), above = e > largest;
        largest = (e & above) | (largest & ~above);
        sum += e;
        count -= e != 0;
    }
    for (int l = 0; l < LANES; l++) {
        most = largest[l] > most ? largest[l] : most;
        all += sum[l];
        entries += count[l];
    }
    return most < exponent(splat(limit))[0] && most * entries - all <= RANGE * entries;
}

#endif
