/* SPDX-License-Identifier: Apache-2.0 */
/* Footprints of cabinets whose LEDs do not coincide with canvas pixels. Turns are multiples of 90
 * degrees, so a grid needs one filter per column and one per row, whatever its size. */
#include <math.h>
#include <stdlib.h>

#include "controller/player/render/plan_impl.h"
#include "protocols/wall/geometry.h"

static bool near_integer(double v)
{
    return fabs(v - nearbyint(v)) < 1e-6;
}

static bool is_one_to_one(const struct wall_affine *a)
{
    bool unit = fabs(a->ux) + fabs(a->uy) > 0.5 && near_integer(a->ux) && near_integer(a->uy) &&
                near_integer(a->vx) && near_integer(a->vy) &&
                fabs(fabs(a->ux) + fabs(a->uy) - 1) < 1e-6 &&
                fabs(fabs(a->vx) + fabs(a->vy) - 1) < 1e-6;

    return unit && near_integer(a->u0) && near_integer(a->v0);
}

static int make_axes(struct footprint *f, uint32_t n_u, uint32_t n_v)
{
    f->u = calloc(n_u, sizeof(*f->u));
    f->v = calloc(n_v, sizeof(*f->v));
    f->weights = calloc((size_t)n_u + n_v, SAMPLE_MAX_TAPS * sizeof(*f->weights));
    f->n_u = n_u;
    f->n_v = n_v;
    return f->u && f->v && f->weights ? 0 : -ENOMEM;
}

/* A grid: canvas x depends on the native column only, or (turned) on the row only. */
static int grid_axes(struct footprint *f, const struct wall *wall, const struct wall_type *type,
                     const struct wall_affine *a)
{
    uint32_t n_u, n_v;
    int r;

    f->turned = fabs(a->uy) > fabs(a->ux);
    n_u = f->turned ? type->h : type->w;
    n_v = f->turned ? type->w : type->h;
    r = make_axes(f, n_u, n_v);
    if (r < 0)
        return r;
    for (uint32_t i = 0; i < n_u; i++) {
        double step = f->turned ? a->uy : a->ux;

        f->u[i] = sample_axis_of(a->u0 + step * (i + 0.5), fabs(step), wall->canvas_w,
                                 f->weights + (size_t)i * SAMPLE_MAX_TAPS);
    }
    for (uint32_t i = 0; i < n_v; i++) {
        double step = f->turned ? a->vx : a->vy;

        f->v[i] = sample_axis_of(a->v0 + step * (i + 0.5), fabs(step), wall->canvas_h,
                                 f->weights + ((size_t)n_u + i) * SAMPLE_MAX_TAPS);
    }
    return 0;
}

/* Irregular: both filters per LED. Its weights are packed, because most need two taps. */
static int point_axes(struct footprint *f, const struct wall *wall, uint32_t cabinet,
                      const struct wall_type *type, const struct wall_affine *a)
{
    double size_u = fabs(a->ux) + fabs(a->uy), size_v = fabs(a->vx) + fabs(a->vy);
    uint32_t room_u = (uint32_t)ceil(fmax(size_u, 1)) + 1;
    uint32_t room_v = (uint32_t)ceil(fmax(size_v, 1)) + 1;
    uint16_t scratch[SAMPLE_MAX_TAPS];
    uint16_t *w;

    f->irregular = true;
    f->u = calloc(type->n_leds, sizeof(*f->u));
    f->v = calloc(type->n_leds, sizeof(*f->v));
    f->weights = calloc((size_t)type->n_leds * (room_u + room_v), sizeof(*f->weights));
    f->n_u = f->n_v = type->n_leds;
    if (!f->u || !f->v || !f->weights)
        return -ENOMEM;
    w = f->weights;
    for (uint32_t i = 0; i < type->n_leds; i++) {
        double u, v;

        wall_led_canvas(wall, cabinet, i, &u, &v);
        f->u[i] = sample_axis_of(u, size_u, wall->canvas_w, scratch);
        for (uint32_t t = 0; t < f->u[i].n; t++)
            w[t] = scratch[t];
        f->u[i].weights = w;
        w += room_u;
        f->v[i] = sample_axis_of(v, size_v, wall->canvas_h, scratch);
        for (uint32_t t = 0; t < f->v[i].n; t++)
            w[t] = scratch[t];
        f->v[i].weights = w;
        w += room_v;
    }
    return 0;
}

int footprint_create(struct footprint **ret, const struct wall *wall, uint32_t cabinet)
{
    const struct wall_type *type = &wall->types[wall->cabinets[cabinet].type];
    struct wall_affine a = wall_cabinet_affine(wall, cabinet);
    struct footprint *f;
    int r;

    if (!type->points && is_one_to_one(&a)) {
        *ret = NULL;
        return 0;
    }
    if (fabs(a.ux) + fabs(a.uy) > SAMPLE_MAX_SCALE || fabs(a.vx) + fabs(a.vy) > SAMPLE_MAX_SCALE)
        return -EINVAL;
    f = calloc(1, sizeof(*f));
    if (!f)
        return -ENOMEM;
    r = type->points ? point_axes(f, wall, cabinet, type, &a) : grid_axes(f, wall, type, &a);
    if (r < 0) {
        footprint_destroy(f);
        return r;
    }
    *ret = f;
    return 0;
}

void footprint_destroy(struct footprint *f)
{
    if (!f)
        return;
    free(f->u);
    free(f->v);
    free(f->weights);
    free(f);
}
