/* How a convolution is cut into pieces that fit the caches. No arithmetic on pixels here.
 *
 * Forward and the gradient with respect to the image are the same operation, called a
 * correlation below: every target pixel is a sum, over source planes and filter taps, of
 * source pixel times weight.
 *
 *   forward  target out (F planes), source x (C planes). Window (m, q) starts at padded
 *            row m*stride, so tap i reads row m*stride + i*dilation. Split the rows of the
 *            padded image by their remainder modulo the stride ("phases"): within its phase
 *            the tap reads row m + const. A strided convolution has become a dense one.
 *   dx       target dx (C planes), source dout (F planes). The rows of dx with the same
 *            remainder a modulo the stride form a target phase; they see only the taps with
 *            i*dilation = a modulo the stride, and read dout rows m - const. Again dense,
 *            with no multiplication by zero.
 *
 * So a correlation is: a padded copy of a band of rows of the source, split by phase; and
 * one or more jobs, each with a table of distances from the target's position to the pixel
 * that a tap reads. The kernels in direct.h never see strides, pads or dilation.
 *
 * The copy holds `chunk` source planes and the rows that a band of target rows needs, about
 * BAND_BYTES: it stays in the second-level cache while all filters pass over it. Measured
 * from 128 kB to 1 MB: flat between 256 and 512 kB, 1.2 times slower beyond the cache.
 *
 * A tap's pixels of all planes are read one after the other. Planes that lie a power of two
 * apart share few sets of the first-level cache and evict each other, so the planes of the copy
 * are an odd number of cache lines apart: 1x1 filters on 16x16 images gain a third with AVX2.
 */

#ifndef CS231N_PLAN_H
#define CS231N_PLAN_H

#include "common.h"

#define BAND_BYTES (384 * 1024)
#define PACK_BYTES (2 * 1024 * 1024) /* packed weights of one chunk of source planes */
#define MAX_LANES 16
#define MIN_TASKS 8 /* bands are made smaller for small batches, so that threads find work */

/* One vector of target pixels. */
typedef struct {
    int32_t source;          /* where its first lane reads, before the tap's distance */
    int32_t target;          /* where its first lane is written */
    int32_t whole;           /* all lanes are neighbors in the target */
    int32_t count;           /* in the first position of a job: how many there are */
    int32_t lane[MAX_LANES]; /* else: where each lane is written, or -1 */
} position;

/* The target pixels of one phase, and the taps that they see. */
typedef struct {
    idx first_row, first_column; /* target row = m * step_H + first_row */
    idx taps;                    /* per source plane */
    int32_t *tap;                /* [taps] which weight, i*WW + j */
    int32_t *distance;           /* [chunk*taps] from position.source to the tap's pixel */
    idx pack_at;                 /* where its packed weights begin */
} job;

typedef struct {
    idx N, groups, source_planes, source_H, source_W, source_step;
    idx target_planes, target_H, target_W, target_step;
    idx split_H, split_W, top, left; /* source row = (m + r) * split_H + phase - top */
    idx step_H, step_W;
    idx first_m, last_m, first_q, last_q;
    idx extra_rows, extra_columns, copy_rows, pitch, plane;
    idx phases;        /* of the source that some tap reads */
    int32_t *phase_of; /* [split_H*split_W] their numbers, or -1 */
    idx chunk, bands, band_rows;
    int in_place;  /* the source needs no copy */
    int flat;      /* vectors run across the ends of rows */
    int by_planes; /* vectors hold target planes (outer.h), not pixels (direct.h, dw.h) */
    int holes;     /* no tap sees some target pixels */
    int zip; /* target phases are drafted one by one, then their columns interleaved (direct.h) */
    /* of filters: target planes stand for columns (direct.h), or 0; of dx and its pad */
    idx columns, final_W, final_left;
    int lanes;
    idx weight_of_target, weight_of_source; /* steps in w */
    /* window: taps of all jobs; pack: packed weights of a source plane */
    idx jobs, window, pack, max_positions;
    job *job;
} correlation;

static void free_correlation(correlation *p)
{
    for (idx k = 0; p->job && k < p->jobs; k++) free(p->job[k].distance);
    if (p->job) free(p->job->tap);
    free(p->job);
    free(p->phase_of);
}

static idx floor_divide(idx a, idx b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

/* Vectors for a band of `rows` x `columns` target pixels: within rows (the last one of a row
 * overlaps its neighbor), or across the ends of rows (lanes in the gaps are wasted). */
static idx row_positions(idx rows, idx columns, idx lanes) { return rows * parts(columns, lanes); }
static idx flat_positions(idx rows, idx columns, idx pitch, idx lanes)
{
    return parts((rows - 1) * pitch + columns, lanes);
}

/* A vector that is not whole is written lane by lane; the cost of that in multiply-adds. */
#define LANE_COST 2
/* of results that are not written to the target directly (direct.h) */
#define MAX_DRAFT_BYTES (512 * 1024)

/* `parts_of_dw` is 0 for a correlation proper. For dw it is the least number of chunks, and
 * vectors are whole in either way of placing them. */
static void choose_band(correlation *p, idx real_bytes, idx parts_of_dw)
{
    idx rows = p->last_m - p->first_m, columns = p->last_q - p->first_q, taps = 0;
    p->pitch = p->columns ? parts(columns, p->lanes) * p->lanes : columns + p->extra_columns;
    p->chunk = parts_of_dw ? parts(p->source_planes, parts_of_dw) : p->source_planes;
    while (p->chunk > 1
           && (p->chunk * p->phases * (p->extra_rows + smaller(rows, 4)) * p->pitch * real_bytes
                   > BAND_BYTES
               || p->groups * p->chunk * p->pack * real_bytes > PACK_BYTES))
        p->chunk = parts(p->chunk, 2);
    idx fit = BAND_BYTES / (p->chunk * p->phases * p->pitch * real_bytes) - p->extra_rows;
    fit = smaller(rows, larger(fit, 1));
    idx bands = parts(rows, fit);
    if (p->N * bands < MIN_TASKS)
        bands = larger(bands, smaller(parts(MIN_TASKS, p->N), parts(rows, 4)));
    p->band_rows = parts(rows, bands);
    p->bands = parts(rows, p->band_rows);

    for (idx k = 0; k < p->jobs; k++) taps = larger(taps, p->chunk * p->job[k].taps);
    idx in_rows = row_positions(p->band_rows, columns, p->lanes);
    idx across = flat_positions(p->band_rows, columns, p->pitch, p->lanes);
    p->zip = p->step_W == 2 && !p->holes && p->target_W >= p->lanes && p->chunk >= p->source_planes
             && p->jobs * p->target_planes * (p->band_rows * p->pitch + 2 * p->lanes) * real_bytes
                    <= MAX_DRAFT_BYTES;
    idx by_lane = p->zip ? 0 : LANE_COST * p->lanes;
    idx rows_cost = in_rows * (taps + (columns < p->lanes || p->step_W > 1 ? by_lane : 0));
    idx flat_cost = across * taps
                    + by_lane * smaller(across, p->step_W > 1 ? across : p->band_rows);
    p->flat = parts_of_dw ? columns < p->lanes || (columns % p->lanes && across <= in_rows)
                          : flat_cost < rows_cost;
    p->max_positions = p->flat ? across : in_rows;

    idx pixels = p->band_rows * columns, vectors = parts(p->target_planes, p->lanes);
    idx turned = p->step_H > 1 || p->step_W > 1 ? 2 * p->lanes : parts(p->lanes, 2);
    /* one vector for each number read: reading is the limit */
    idx narrow = vectors == 1 && !parts_of_dw;
    /* dw: measured to run better */
    idx planes_cost = vectors * pixels * (taps + turned) * (parts_of_dw ? 20 : narrow ? 26 : 22);
    idx pixels_cost = p->target_planes
                      * (parts_of_dw ? p->max_positions * taps : smaller(flat_cost, rows_cost))
                      * 22;
    /* each row begins and ends a loop: measured to cost as much as 0.6 vectors of it */
    if (parts_of_dw && !p->flat) pixels_cost += pixels_cost * 3 / (5 * parts(columns, p->lanes));
    p->by_planes = planes_cost < pixels_cost && !p->columns;
    if (p->by_planes) p->pack = p->pack / p->target_planes * vectors * p->lanes;

    int unpadded = p->split_H == 1 && p->split_W == 1 && p->top == 0 && p->left == 0
                   && p->first_m == 0 && p->first_q == 0 && p->last_m + p->extra_rows == p->source_H
                   && p->pitch == p->source_W;
    idx line = 64 / real_bytes, plane = p->source_H * p->source_W;
    int collide = !parts_of_dw && p->chunk > 8 && plane % (4 * line) == 0;
    p->in_place = unpadded && !collide && (p->by_planes || (columns >= p->lanes && !p->flat));
    p->copy_rows = p->band_rows + p->extra_rows;
    p->plane = p->in_place ? plane : (parts(p->copy_rows * p->pitch, line) | 1) * line;
}

static idx copy_size(const correlation *p)
{
    return p->in_place ? 0 : p->chunk * p->phases * p->plane + 2 * p->lanes;
}

static int allocate_jobs(correlation *p, const conv_sizes *s, idx jobs)
{
    p->jobs = jobs;
    p->job = calloc(jobs, sizeof(job));
    p->phase_of = malloc(p->split_H * p->split_W * sizeof(int32_t));
    /* of all jobs: a tap belongs to one of them */
    if (p->job) p->job->tap = malloc(s->HH * s->WW * sizeof(int32_t));
    return p->job && p->job->tap && p->phase_of;
}

static int allocate_distances(correlation *p)
{
    idx pack_at = 0;
    for (idx k = 0; k < p->jobs; k++) {
        job *j = p->job + k;
        j->pack_at = pack_at;
        pack_at += (p->by_planes ? parts(p->target_planes, p->lanes) * p->lanes : p->target_planes)
                   * p->chunk * j->taps;
        j->distance = malloc(larger(1, p->chunk * j->taps) * sizeof(int32_t));
        if (!j->distance) return 0;
    }
    return 1;
}

/* Whether dx is to be computed column by column of the filters (direct.h): where a tile would have
 * few planes, where enough taps are summed before the columns are, and where all source planes fit
 * one chunk. */
static int by_columns(const conv_sizes *s, idx lanes, idx real_bytes)
{
    int plain = s->stride_H == 1 && s->stride_W == 1 && s->dilation_H == 1 && s->dilation_W == 1
                && s->left < s->WW;
    idx planes = s->C * s->WW * s->H * (s->out_W + s->WW - 1);
    idx band = s->F * (s->HH + 3) * (s->out_W + lanes);
    return plain && s->C <= 3 && s->WW >= 3 && s->F * s->HH >= 16 && s->out_W >= lanes
           && s->W >= lanes && planes * real_bytes <= MAX_DRAFT_BYTES
           && band * real_bytes <= BAND_BYTES
           && s->groups * s->F * s->C * s->HH * s->WW * real_bytes <= PACK_BYTES;
}

/* Returns 0 when memory is exhausted; free_correlation is due in any case. */
static int plan_forward(correlation *p, const conv_sizes *s, idx lanes, idx real_bytes,
                        idx parts_of_dw)
{
    idx sh = s->stride_H, sw = s->stride_W;
    *p = (correlation){
        .N = s->N,
        .groups = s->groups,
        .source_planes = s->C,
        .source_H = s->H,
        .source_W = s->W,
        .source_step = s->x_step,
        .target_planes = s->F,
        .target_H = s->out_H,
        .target_W = s->out_W,
        .target_step = s->out_step,
        .split_H = sh,
        .split_W = sw,
        .top = s->top,
        .left = s->left,
        .step_H = 1,
        .step_W = 1,
        .last_m = s->out_H,
        .last_q = s->out_W,
        .extra_rows = s->dilation_H * (s->HH - 1) / sh,
        .extra_columns = s->dilation_W * (s->WW - 1) / sw,
        .weight_of_target = s->C * s->HH * s->WW,
        .weight_of_source = s->HH * s->WW,
        .lanes = (int)lanes,
        .window = s->HH * s->WW,
        .pack = s->F * s->HH * s->WW,
    };
    if (!allocate_jobs(p, s, 1)) return 0;
    for (idx k = 0; k < sh * sw; k++) p->phase_of[k] = -1;
    for (idx i = 0; i < s->HH; i++)
        for (idx j = 0; j < s->WW; j++) {
            int32_t *phase = p->phase_of + i * s->dilation_H % sh * sw + j * s->dilation_W % sw;
            if (*phase < 0) *phase = (int32_t)p->phases++;
        }
    job *only = p->job;
    only->taps = s->HH * s->WW;
    for (idx t = 0; t < only->taps; t++) only->tap[t] = (int32_t)t;
    choose_band(p, real_bytes, parts_of_dw);
    if (!allocate_distances(p)) return 0;
    int32_t *distance = only->distance;
    for (idx c = 0; c < p->chunk; c++)
        for (idx i = 0; i < s->HH; i++)
            for (idx j = 0; j < s->WW; j++) {
                idx y = i * s->dilation_H, x = j * s->dilation_W;
                idx plane = c * p->phases + p->phase_of[y % sh * sw + x % sw];
                *distance++ = (int32_t)(plane * p->plane + y / sh * p->pitch + x / sw);
            }
    return 1;
}

/* With columns, s has a plane for each of them and `final` is the convolution itself, else NULL. */
static int plan_dx(correlation *p, const conv_sizes *s, idx lanes, idx real_bytes,
                   const conv_sizes *final)
{
    idx sh = s->stride_H, sw = s->stride_W;
    *p = (correlation){
        .N = s->N,
        .groups = s->groups,
        .source_planes = s->F,
        .source_H = s->out_H,
        .source_W = s->out_W,
        .source_step = s->out_step,
        .target_planes = s->C,
        .target_H = s->H,
        .target_W = s->W,
        .target_step = s->x_step,
        .split_H = 1,
        .split_W = 1,
        .step_H = sh,
        .step_W = sw,
        .first_m = s->top / sh,
        .last_m = (s->H - 1 + s->top) / sh + 1,
        .first_q = s->left / sw,
        .last_q = (s->W - 1 + s->left) / sw + 1,
        .extra_rows = s->dilation_H * (s->HH - 1) / sh,
        .extra_columns = s->dilation_W * (s->WW - 1) / sw,
        .weight_of_target = s->HH * s->WW,
        .weight_of_source = s->C * s->HH * s->WW,
        .lanes = (int)lanes,
        .window = s->HH * s->WW,
        .pack = s->C * s->HH * s->WW,
        .phases = 1,
        .columns = final ? final->WW : 0,
        .final_W = final ? final->W : 0,
        .final_left = final ? final->left : 0,
    };
    /* the copy starts at the first row of dout that row first_m needs */
    p->top = p->extra_rows - p->first_m;
    p->left = p->extra_columns - p->first_q;
    if (!allocate_jobs(p, s, sh * sw)) return 0;
    p->phase_of[0] = 0;
    for (idx a = 0; a < sh; a++)
        for (idx b = 0; b < sw; b++) {
            job *one = p->job + a * sw + b;
            one->first_row = a - s->top;
            one->first_column = b - s->left;
            if (one > p->job) one->tap = one[-1].tap + one[-1].taps;
            for (idx i = 0; i < s->HH; i++)
                for (idx j = 0; j < s->WW; j++)
                    if (i * s->dilation_H % sh == a && j * s->dilation_W % sw == b)
                        one->tap[one->taps++] = (int32_t)(i * s->WW + j);
            p->holes |= !one->taps;
        }
    choose_band(p, real_bytes, 0);
    if (p->columns) p->target_W += p->columns - 1;
    if (!allocate_distances(p)) return 0;
    for (idx k = 0; k < p->jobs; k++)
        for (idx f = 0; f < p->chunk; f++)
            for (idx t = 0; t < p->job[k].taps; t++) {
                idx y = p->job[k].tap[t] / s->WW * s->dilation_H / sh;
                idx x = p->job[k].tap[t] % s->WW * s->dilation_W / sw;
                p->job[k].distance[f * p->job[k].taps + t] = (int32_t)(f * p->plane
                                                                       + (p->extra_rows - y)
                                                                             * p->pitch
                                                                       + p->extra_columns - x);
            }
    return 1;
}

/* The positions of job k in the band that begins at row m; returns how many. */
static idx place_vectors(position *pos, const correlation *p, idx k, idx m)
{
    const job *one = p->job + k;
    idx rows = smaller(p->band_rows, p->last_m - m), columns = p->last_q - p->first_q;
    idx count = p->flat ? flat_positions(rows, columns, p->pitch, p->lanes)
                        : row_positions(rows, columns, p->lanes);
    idx per_row = parts(columns, p->lanes), kept = 0;
    for (idx v = 0; v < count; v++) {
        position *at = pos + kept;
        idx start = v * p->lanes, twice = 0; /* flat: counted along rows of length pitch */
        if (!p->flat) {
            idx column = v % per_row * p->lanes;
            idx first = larger(0, smaller(column, columns - p->lanes));
            start = v / per_row * p->pitch + first;
            /* sums that are continued are so in one vector alone */
            if (p->chunk < p->source_planes) twice = column - first;
        }
        idx written = 0;
        at->source = at->target = (int32_t)start;
        at->whole = p->zip;
        kept += p->zip;
        if (p->zip) continue;
        for (int l = 0; l < p->lanes; l++) {
            idx r = (start + l) / p->pitch, q = (start + l) % p->pitch;
            if (!p->flat) r = start / p->pitch, q = start % p->pitch + l;
            idx y = (m + r) * p->step_H + one->first_row;
            idx x = (p->first_q + q) * p->step_W + one->first_column;
            int inside = l >= twice && r < rows && q < columns && y >= 0 && y < p->target_H
                         && x >= 0 && x < p->target_W;
            at->lane[l] = inside ? (int32_t)(y * p->target_W + x) : -1;
            written += inside;
        }
        at->target = at->lane[0];
        at->whole = written == p->lanes && at->lane[p->lanes - 1] - at->target == p->lanes - 1;
        kept += written > 0;
    }
    return kept;
}

#endif
