/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/media/geometry.h"

#include <math.h>
#include <stdlib.h>

#define MARGIN 2 /* source pixels around a cut-out, for the taps of the scaler */

struct orient orient_from_matrix(const int32_t m[9])
{
    int64_t straight = llabs((int64_t)m[0]) + llabs((int64_t)m[4]);
    int64_t turned = llabs((int64_t)m[1]) + llabs((int64_t)m[3]);

    if (straight >= turned)
        return (struct orient){false, m[0] < 0, m[4] < 0};
    return (struct orient){true, m[3] < 0, m[1] < 0};
}

struct orient orient_from_exif(unsigned exif)
{
    static const struct orient table[9] = {
        [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
        [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
        [8] = {true, false, true},
    };

    return exif <= 8 ? table[exif] : table[0];
}

static double clamp(double v, double lo, double hi)
{
    return v < lo || v != v ? lo : v > hi ? hi : v;
}

/* One axis of the work. */
struct axis {
    double pos, len; /* cut-out in source pixels */
    uint32_t size;   /* of the source */
    uint32_t out;    /* pixels it becomes */
};

/* Keep at least GEOMETRY_MIN_CROP pixels, inside the picture. */
static void widen(struct axis *a)
{
    double least = a->size < GEOMETRY_MIN_CROP ? a->size : GEOMETRY_MIN_CROP;

    if (a->len < least) {
        a->pos -= (least - a->len) / 2;
        a->len = least;
    }
    a->pos = clamp(a->pos, 0, a->size - a->len);
}

static void crop_axis(struct axis *a, uint32_t size, double pos, double len)
{
    a->size = size;
    a->pos = clamp(pos, 0, 1) * size;
    a->len = clamp(len, 0, 1) * size;
    a->len = clamp(a->len, 0, size - a->pos);
    widen(a);
}

/* Centre a cut-out of this length in the one there is. */
static void narrow(struct axis *a, double len)
{
    if (len >= a->len)
        return;
    a->pos += (a->len - len) / 2;
    a->len = len;
    widen(a);
}

static uint32_t rounded(double v, uint32_t max)
{
    return (uint32_t)clamp(floor(v + 0.5), 1, max);
}

static void one_to_one(struct axis *a, uint32_t box)
{
    a->pos = floor(a->pos + 0.5);
    a->len = clamp(floor(a->len + 0.5), 1, a->size - a->pos);
    if (a->len > box) {
        a->pos += floor((a->len - box) / 2);
        a->len = box;
    }
    a->out = (uint32_t)a->len;
}

/* How large each axis of the cut-out becomes. aspect: width of a source pixel over its height. */
static void apply_fit(const struct geometry_in *in, double aspect, struct axis *x, struct axis *y)
{
    double sx = in->box_w / (x->len * aspect), sy = in->box_h / y->len;

    x->out = in->box_w;
    y->out = in->box_h;
    switch (in->fit) {
    case MEDIA_FILL:
        narrow(sx > sy ? y : x, sx > sy ? in->box_h / sx : in->box_w / sy / aspect);
        break;
    case MEDIA_FIT:
        x->out = rounded(x->len * aspect * fmin(sx, sy), in->box_w);
        y->out = rounded(y->len * fmin(sx, sy), in->box_h);
        break;
    case MEDIA_ONE_TO_ONE:
        one_to_one(x, in->box_w);
        one_to_one(y, in->box_h);
        break;
    default:
        break;
    }
}

struct cut {
    uint32_t pos, len, scaled, win;
};

/* Whole source pixels for one stored axis: outwards to the chroma grid, with room for the scaler's
 * taps where the cut-out does not end with the picture. flip: the result is mirrored. */
static struct cut cut_axis(const struct axis *a, uint32_t align, bool flip)
{
    /* The axis is given as seen; stored positions run the other way when mirrored. */
    double pos = flip ? a->size - a->pos - a->len : a->pos, scale = a->out / a->len, win;
    double margin = a->out == (uint32_t)a->len && a->len == floor(a->len) ? 0 : MARGIN;
    double lo = floor(pos + 1e-6), hi = ceil(pos + a->len - 1e-6);
    struct cut c;

    lo = lo <= 0 ? 0 : fmax(0, floor((lo - margin) / align) * align);
    hi = hi >= a->size ? a->size : fmin(a->size, ceil((hi + margin) / align) * align);
    c.pos = (uint32_t)lo;
    c.len = (uint32_t)(hi - lo);
    c.scaled = rounded((hi - lo) * scale, UINT32_MAX);
    if (c.scaled < a->out)
        c.scaled = a->out;
    win = clamp(floor((pos - lo) * scale + 0.5), 0, c.scaled - a->out);
    c.win = flip ? c.scaled - a->out - (uint32_t)win : (uint32_t)win;
    return c;
}

void geometry_fit(const struct geometry_in *in, struct geometry *ret)
{
    const struct orient o = in->orient;
    bool whole = !(in->crop.w > 0) || !(in->crop.h > 0);
    double aspect = in->par_num && in->par_den ? (double)in->par_num / in->par_den : 1;
    struct axis x, y;
    struct cut cx, cy;

    aspect = clamp(o.swap ? 1 / aspect : aspect, 1.0 / 16, 16);
    crop_axis(&x, o.swap ? in->h : in->w, whole ? 0 : in->crop.x, whole ? 1 : in->crop.w);
    crop_axis(&y, o.swap ? in->w : in->h, whole ? 0 : in->crop.y, whole ? 1 : in->crop.h);
    apply_fit(in, aspect, &x, &y);
    cx = cut_axis(&x, o.swap ? in->align_y : in->align_x, o.flip_x);
    cy = cut_axis(&y, o.swap ? in->align_x : in->align_y, o.flip_y);
    *ret = (struct geometry){
        .crop_x = o.swap ? cy.pos : cx.pos,
        .crop_y = o.swap ? cx.pos : cy.pos,
        .crop_w = o.swap ? cy.len : cx.len,
        .crop_h = o.swap ? cx.len : cy.len,
        .scaled_w = o.swap ? cy.scaled : cx.scaled,
        .scaled_h = o.swap ? cx.scaled : cy.scaled,
        .win_x = cx.win,
        .win_y = cy.win,
        .out_w = x.out,
        .out_h = y.out,
        .dst_x = (in->box_w - x.out) / 2,
        .dst_y = (in->box_h - y.out) / 2,
    };
}
