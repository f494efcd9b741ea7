/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/wall/geometry.h"

uint64_t wall_port_cells(const struct wall *wall, uint32_t port, enum wall_addressing addressing)
{
    const struct wall_output *o = &wall->outputs[port];

    return addressing == WALL_LINEAR ? o->n_leds : (uint64_t)o->raster_w * o->raster_h;
}

/* A turn by 90 degrees takes (x, y) of a w x h box to (h - y, x): what was the bottom edge is on
 * the left. The others are that again; the mirror comes before. */
struct wall_affine wall_cabinet_affine(const struct wall *wall, uint32_t cabinet)
{
    const struct wall_cabinet *c = &wall->cabinets[cabinet];
    const struct wall_type *t = &wall->types[c->type];
    double w = t->w * c->scale_x, h = t->h * c->scale_y;
    /* p = p0 + px * x and q = q0 + qy * y: mirrored and scaled, not turned. */
    double p0 = c->mirror_x ? w : 0, px = c->mirror_x ? -c->scale_x : c->scale_x;
    double q0 = c->mirror_y ? h : 0, qy = c->mirror_y ? -c->scale_y : c->scale_y;

    switch (c->turn) {
    case WALL_TURN_90:
        return (struct wall_affine){.u0 = c->x + h - q0, .uy = -qy, .v0 = c->y + p0, .vx = px};
    case WALL_TURN_180:
        return (struct wall_affine){.u0 = c->x + w - p0, .ux = -px, .v0 = c->y + h - q0, .vy = -qy};
    case WALL_TURN_270:
        return (struct wall_affine){.u0 = c->x + q0, .uy = qy, .v0 = c->y + w - p0, .vx = -px};
    case WALL_TURN_0:
    default:
        return (struct wall_affine){.u0 = c->x + p0, .ux = px, .v0 = c->y + q0, .vy = qy};
    }
}

void wall_led_canvas(const struct wall *wall, uint32_t cabinet, uint32_t led, double *ret_u,
                     double *ret_v)
{
    const struct wall_type *t = &wall->types[wall->cabinets[cabinet].type];
    struct wall_affine a = wall_cabinet_affine(wall, cabinet);
    double x = t->points ? (double)t->points[led].x : led % t->w + 0.5;
    double y = t->points ? (double)t->points[led].y : led / t->w + 0.5;

    *ret_u = a.u0 + a.ux * x + a.uy * y;
    *ret_v = a.v0 + a.vx * x + a.vy * y;
}

struct wall_box wall_cabinet_box(const struct wall *wall, uint32_t cabinet)
{
    const struct wall_cabinet *c = &wall->cabinets[cabinet];
    const struct wall_type *t = &wall->types[c->type];
    double w = t->w * c->scale_x, h = t->h * c->scale_y;
    bool upright = c->turn == WALL_TURN_0 || c->turn == WALL_TURN_180;

    return (struct wall_box){c->x, c->y, upright ? w : h, upright ? h : w};
}
