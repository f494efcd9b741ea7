/* SPDX-License-Identifier: Apache-2.0 */
/* raster.c - the window of every card in its port's picture. */
#include <math.h>
#include <stdlib.h>

#include "protocols/wall/bands.h"
#include "protocols/wall/geometry.h"
#include "protocols/wall/loader.h"

#define WHOLE 1e-6 /* pixels: positions this near to an integer are meant to be one */

static struct wall_cabinet *link_of(struct loader *l, const struct wall_output *o, uint32_t i)
{
    return &l->wall->cabinets[o->chain[i]];
}

/* Side by side in chain order. false: too large, said. */
static bool place_in_chain(struct loader *l, const struct wall_output *o)
{
    uint64_t x = 0;

    for (uint32_t i = 0; i < o->n_chain; i++) {
        struct wall_cabinet *c = link_of(l, o, i);

        c->raster_x = (uint32_t)x;
        c->raster_y = 0;
        x += l->wall->types[c->type].window_w;
        if (x > WALL_MAX_LEDS)
            return false;
    }
    return true;
}

static bool is_whole(double v)
{
    return fabs(v - round(v)) < WHOLE;
}

/* Where they are on the canvas, from the top left of the port's own box. */
static bool place_on_canvas(struct loader *l, const struct wall_output *o,
                            const struct qp_node *node)
{
    double x0 = HUGE_VAL, y0 = HUGE_VAL;

    for (uint32_t i = 0; i < o->n_chain; i++) {
        x0 = fmin(x0, link_of(l, o, i)->x);
        y0 = fmin(y0, link_of(l, o, i)->y);
    }
    for (uint32_t i = 0; i < o->n_chain; i++) {
        struct wall_cabinet *c = link_of(l, o, i);
        double x = c->x - x0, y = c->y - y0;

        if (fabs(c->scale_x - 1) > WHOLE || fabs(c->scale_y - 1) > WHOLE || !is_whole(x) ||
            !is_whole(y)) {
            qp_node_error(node, l->report, "Use \"chain\" or \"explicit\" for this output.",
                          "raster \"canvas\" needs scale 1 and whole pixels, cabinet %s has scale "
                          "%g x %g at (%g, %g)",
                          c->id, c->scale_x, c->scale_y, c->x, c->y);
            return false;
        }
        c->raster_x = (uint32_t)lround(x);
        c->raster_y = (uint32_t)lround(y);
    }
    return true;
}

static bool need_explicit(struct loader *l, const struct wall_output *o, const struct qp_node *node)
{
    char path[64];

    for (uint32_t i = 0; i < o->n_chain; i++)
        if (!l->origins[o->chain[i]].has_raster) {
            qp_node_error(node, l->report,
                          "Give \"raster\": {\"x\", \"y\"} in every cabinet of this output.",
                          "raster \"explicit\", but cabinet %s (%s) does not say where its window "
                          "lies",
                          link_of(l, o, i)->id, wall_origin_path(l, o->chain[i], path));
            return false;
        }
    return true;
}

static void warn_unused(struct loader *l, const struct wall_output *o)
{
    char path[64];

    for (uint32_t i = 0; i < o->n_chain; i++)
        if (l->origins[o->chain[i]].has_raster) {
            qp_report_add(l->report, QP_SEVERITY_WARNING, wall_origin_path(l, o->chain[i], path),
                          "Set \"raster\": \"explicit\" in the output, or remove it.",
                          "the raster position of cabinet %s is not used by output %s",
                          link_of(l, o, i)->id, o->id);
            return;
        }
}

/* Large enough for all windows; what the file asks for may be larger still. */
static bool size_raster(struct loader *l, struct wall_output *o, const struct qp_node *node)
{
    uint64_t w = 0, h = 0;

    for (uint32_t i = 0; i < o->n_chain; i++) {
        const struct wall_cabinet *c = link_of(l, o, i);
        const struct wall_type *t = &l->wall->types[c->type];

        if ((uint64_t)c->raster_x + t->window_w > w)
            w = (uint64_t)c->raster_x + t->window_w;
        if ((uint64_t)c->raster_y + t->window_h > h)
            h = (uint64_t)c->raster_y + t->window_h;
    }
    if ((o->raster_w && o->raster_w < w) || (o->raster_h && o->raster_h < h)) {
        qp_node_error(node, l->report, "Make it larger, or leave it out.",
                      "raster_size %u x %u is smaller than the windows, %llu x %llu", o->raster_w,
                      o->raster_h, (unsigned long long)w, (unsigned long long)h);
        return false;
    }
    if (o->raster_w > w)
        w = o->raster_w;
    if (o->raster_h > h)
        h = o->raster_h;
    if (w > WALL_MAX_LEDS || h > WALL_MAX_LEDS || w * h > WALL_MAX_LEDS) {
        qp_node_error(node, l->report, "Cut the chain into more outputs.",
                      "the port's picture of %llu x %llu cells is too large", (unsigned long long)w,
                      (unsigned long long)h);
        return false;
    }
    o->raster_w = (uint32_t)w;
    o->raster_h = (uint32_t)h;
    return true;
}

static int refuse_shared_cells(struct loader *l, const struct wall_output *o,
                               const struct qp_node *node)
{
    struct window *windows = calloc((size_t)o->n_chain + 1, sizeof(*windows));
    struct bands bands = {0};
    uint32_t clash[2] = {0, 0};
    int err;

    if (!windows)
        return -ENOMEM;
    for (uint32_t i = 0; i < o->n_chain; i++) {
        const struct wall_cabinet *c = link_of(l, o, i);
        const struct wall_type *t = &l->wall->types[c->type];

        windows[i] =
            (struct window){c->raster_x, c->raster_y, t->window_w, t->window_h, o->chain[i]};
    }
    err = bands_init(&bands, windows, o->n_chain, clash);
    free(windows);
    bands_finish(&bands);
    if (err == -EEXIST)
        qp_node_error(node, l->report,
                      "Use \"chain\", or \"explicit\" with a window of its own for every cabinet.",
                      "the windows of cabinets %s and %s overlap in the port's picture",
                      l->wall->cabinets[clash[0]].id, l->wall->cabinets[clash[1]].id);
    if (err == -E2BIG)
        qp_node_error(node, l->report, "Align the windows, or use \"chain\".",
                      "too many windows at different heights");
    return err == -ENOMEM ? err : 0;
}

static int place_raster(struct loader *l, struct wall_output *o, const struct qp_node *node)
{
    struct qp_node raster = qp_node_member(node, "raster");
    struct qp_node size = qp_node_member(node, "raster_size");
    const struct qp_node *at = raster.json ? &raster : node;
    bool placed = false;

    if (o->raster != WALL_RASTER_EXPLICIT)
        warn_unused(l, o);
    switch (o->raster) {
    case WALL_RASTER_CHAIN:
        placed = place_in_chain(l, o);
        if (!placed)
            qp_node_error(node, l->report, "Cut the chain into more outputs.",
                          "the cards side by side are wider than %u cells", WALL_MAX_LEDS);
        break;
    case WALL_RASTER_CANVAS:
        placed = place_on_canvas(l, o, at);
        break;
    case WALL_RASTER_EXPLICIT:
        placed = need_explicit(l, o, at);
        break;
    }
    if (!placed || !size_raster(l, o, size.json ? &size : node))
        return 0;
    return refuse_shared_cells(l, o, at);
}

int wall_place_rasters(struct loader *l)
{
    struct qp_node list = qp_node_member(&l->root, "outputs");
    const cJSON *element;
    uint32_t i = 0;

    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node node = qp_node_at(&list, element, i);
        int err = place_raster(l, &l->wall->outputs[i++], &node);

        if (err < 0)
            return err;
    }
    return 0;
}
