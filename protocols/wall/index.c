/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - where each cabinet of a port begins, and the spans that follow from it.
 *
 * Linear: the first cell of every cabinet in chain order, searched by bisection. Raster: bands of
 * lines, in each the windows from left to right. */
#include <stdlib.h>

#include "protocols/wall/bands.h"
#include "protocols/wall/geometry.h"
#include "protocols/wall/path.h"

struct wall_index {
    const struct wall *wall; /* borrowed */
    const struct wall_output *output;
    enum wall_addressing addressing;
    uint64_t *starts;       /* linear: n_chain + 1 */
    struct window *windows; /* raster: n_chain */
    struct bands bands;
};

static int index_linear(struct wall_index *x)
{
    const struct wall_output *o = x->output;
    uint64_t at = 0;

    x->starts = calloc((size_t)o->n_chain + 1, sizeof(*x->starts));
    if (!x->starts)
        return -ENOMEM;
    for (uint32_t i = 0; i < o->n_chain; i++) {
        x->starts[i] = at;
        at += x->wall->types[x->wall->cabinets[o->chain[i]].type].n_leds;
    }
    x->starts[o->n_chain] = at;
    return 0;
}

static int index_raster(struct wall_index *x)
{
    const struct wall_output *o = x->output;
    uint32_t clash[2];

    x->windows = calloc((size_t)o->n_chain + 1, sizeof(*x->windows));
    if (!x->windows)
        return -ENOMEM;
    for (uint32_t i = 0; i < o->n_chain; i++) {
        const struct wall_cabinet *c = &x->wall->cabinets[o->chain[i]];
        const struct wall_type *t = &x->wall->types[c->type];

        x->windows[i] = (struct window){.x = c->raster_x,
                                        .y = c->raster_y,
                                        .w = t->window_w,
                                        .h = t->window_h,
                                        .cabinet = o->chain[i]};
    }
    return bands_init(&x->bands, x->windows, o->n_chain, clash);
}

int wall_index_create(struct wall_index **ret, const struct wall *wall, uint32_t port,
                      enum wall_addressing addressing)
{
    struct wall_index *x = calloc(1, sizeof(*x));
    int err;

    if (!x)
        return -ENOMEM;
    x->wall = wall;
    x->output = &wall->outputs[port];
    x->addressing = addressing;
    err = addressing == WALL_LINEAR ? index_linear(x) : index_raster(x);
    if (err < 0) {
        wall_index_destroy(x);
        return err;
    }
    *ret = x;
    return 0;
}

void wall_index_destroy(struct wall_index *index)
{
    if (!index)
        return;
    free(index->starts);
    free(index->windows);
    bands_finish(&index->bands);
    free(index);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Place `at` on the wiring path of a grid cabinet, to the end of the line. */
static struct wall_span span_on_path(const struct wall_type *t, uint32_t at)
{
    struct path_place p = path_at(&t->wiring, t->w, t->h, at);

    return (struct wall_span){
        .n = p.left,
        .led = p.y * t->w + p.x,
        .led_step = t->wiring.columns ? p.step * (int32_t)t->w : p.step,
    };
}

static struct wall_span span_linear(const struct wall_index *x, uint64_t cell)
{
    uint32_t low = 0, high = x->output->n_chain; /* starts[low] <= cell < starts[high] */
    const struct wall_type *t;
    struct wall_span s;
    uint32_t at;

    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (x->starts[mid] <= cell)
            low = mid;
        else
            high = mid;
    }
    at = (uint32_t)(cell - x->starts[low]);
    t = &x->wall->types[x->wall->cabinets[x->output->chain[low]].type];
    if (t->points)
        s = (struct wall_span){.n = t->n_leds - at, .led = at, .led_step = 1};
    else
        s = span_on_path(t, at);
    s.cabinet = x->output->chain[low];
    return s;
}

/* From (cx, cy) of a window to the end of its line, or of its LEDs. */
static struct wall_span span_in_window(const struct wall_type *t, const struct window *w,
                                       uint32_t cx, uint32_t cy)
{
    uint32_t at = (cy - w->y) * w->w + (cx - w->x), n = w->w - (cx - w->x);

    if (at >= t->n_leds) /* behind the last LED of an irregular cabinet */
        return (struct wall_span){.n = n, .cabinet = WALL_HOLE};
    return (struct wall_span){
        .n = least(n, t->n_leds - at), .cabinet = w->cabinet, .led = at, .led_step = 1};
}

/* The band of line cy, or n if it lies above the first or below the last. */
static uint32_t band_of(const struct bands *b, uint32_t cy)
{
    uint32_t low = 0, high = b->n;

    if (b->n == 0 || cy < b->bands[0].y || cy >= b->bands[b->n].y)
        return b->n;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (b->bands[mid].y <= cy)
            low = mid;
        else
            high = mid;
    }
    return low;
}

static struct wall_span span_raster(const struct wall_index *x, uint64_t cell)
{
    uint32_t raster_w = x->output->raster_w;
    uint32_t cx = (uint32_t)(cell % raster_w), cy = (uint32_t)(cell / raster_w);
    uint32_t k = band_of(&x->bands, cy), low, high, hole_end = raster_w;

    if (k < x->bands.n) {
        low = x->bands.bands[k].first;
        high = x->bands.bands[k + 1].first;
        while (low < high) { /* to the first window that ends right of cx */
            uint32_t mid = low + (high - low) / 2;
            const struct window *w = &x->windows[x->bands.entries[mid]];

            if (w->x + w->w <= cx)
                low = mid + 1;
            else
                high = mid;
        }
        if (low < x->bands.bands[k + 1].first) {
            const struct window *w = &x->windows[x->bands.entries[low]];

            if (w->x <= cx)
                return span_in_window(&x->wall->types[x->wall->cabinets[w->cabinet].type], w, cx,
                                      cy);
            hole_end = w->x;
        }
    }
    return (struct wall_span){.n = hole_end - cx, .cabinet = WALL_HOLE};
}

struct wall_span wall_span_at(const struct wall_index *index, uint64_t cell, uint32_t max_n)
{
    struct wall_span s =
        index->addressing == WALL_LINEAR ? span_linear(index, cell) : span_raster(index, cell);

    s.cell = cell;
    s.n = least(s.n, max_n);
    return s;
}
