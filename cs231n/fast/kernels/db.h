/* The gradient with respect to the biases: the sum of every plane of dout, image by image.
 *
 * dw.h, outer.h and winograd_dw.h call `sum_planes` for the images that they are about to read,
 * which then are in the cache already: on its own, db costs a twentieth of the layer, as dout comes
 * from main memory once more.
 */

typedef struct {
    idx N, planes, pixels, step;
    const REAL *dout;
    double *sums; /* [N][planes], or NULL when nobody wants them */
} db_plan;

/* The sums of the planes of one image: in the order of memory, which takes half the time of plane
 * after plane. */
static OUTLINE void sum_planes(const db_plan *d, idx n)
{
    const REAL *pixel = d->dout + n * d->step;
    for (idx f = 0; d->sums && f < d->planes; f++, pixel += d->pixels) {
        vec sum[4] = {{0}};
        double total;
        idx k = 0;
        for (; k + 4 * LANES <= d->pixels; k += 4 * LANES)
            UNROLL for (int v = 0; v < 4; v++) sum[v] += load(pixel + k + v * LANES);
        sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        UNROLL for (int round = 1; round < LANES; round *= 2)
            sum[0] = UNZIP(sum[0], sum[0], 0) + UNZIP(sum[0], sum[0], 1);
        total = sum[0][0];
        for (; k < d->pixels; k++) total += pixel[k];
        d->sums[n * d->planes + f] = total;
    }
}

static void db_task(const void *plan, idx n, void *scratch)
{
    sum_planes(plan, n);
    (void)scratch;
}

/* Returns 0 when memory is exhausted; db may be NULL. */
static int plan_db(db_plan *d, const conv_sizes *s, const REAL *dout, const REAL *db)
{
    *d = (db_plan){s->N, s->groups * s->F, s->out_H * s->out_W, s->out_step, dout, NULL};
    if (db) d->sums = malloc(s->N * d->planes * sizeof(double));
    return !db || d->sums;
}

static void finish_db(REAL *db, db_plan *d, int done)
{
    for (idx n = 1; done && db && n < d->N; n++)
        for (idx f = 0; f < d->planes; f++) d->sums[f] += d->sums[n * d->planes + f];
    for (idx f = 0; done && db && f < d->planes; f++) db[f] = (REAL)d->sums[f];
    free(d->sums);
}
