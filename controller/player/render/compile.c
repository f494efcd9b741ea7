/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling one port: packet slots are cut into spans of one cabinet, those at module borders, at
 * the canvas' edge and at RUN_MAX; what lies side by side on the canvas and in the packet and
 * shares a correction grows together again. */
#include <math.h>
#include <stdlib.h>

#include "controller/player/render/plan_impl.h"
#include "protocols/wall/geometry.h"

#define BYTES_PER_LED 3

struct compiler {
    struct plan *plan;
    struct port_plan *port;
};

static int push_run(struct port_plan *port, const struct run *run)
{
    if (port->n_runs == port->cap) {
        size_t cap = port->cap ? 2 * port->cap : 1024;
        struct run *runs = reallocarray(port->runs, cap, sizeof(*runs));

        if (!runs)
            return -ENOMEM;
        port->runs = runs;
        port->cap = cap;
    }
    port->runs[port->n_runs++] = *run;
    return 0;
}

/* Extend the last run if this one continues it everywhere. */
static bool grow_last(struct compiler *c, const struct run *run)
{
    struct run *last;

    if (c->port->n_runs == 0 || run->kind != RUN_DIRECT)
        return false;
    last = &c->port->runs[c->port->n_runs - 1];
    if (last->kind != RUN_DIRECT || last->chain != run->chain || last->n + run->n > RUN_MAX)
        return false;
    if (last->y != run->y || last->x + last->n != run->x ||
        last->dst + (size_t)BYTES_PER_LED * last->n != run->dst)
        return false;
    if (c->plan->wall->cabinets[last->cabinet].gains || c->plan->wall->cabinets[run->cabinet].gains)
        return false;
    last->n += run->n;
    return true;
}

static int emit(struct compiler *c, struct run run)
{
    while (run.n > 0) {
        struct run part = run;
        uint32_t n = run.n < RUN_MAX ? run.n : RUN_MAX;
        int r;

        part.n = n;
        if (!grow_last(c, &part)) {
            r = push_run(c->port, &part);
            if (r < 0)
                return r;
        }
        run.n -= n;
        run.dst += (size_t)BYTES_PER_LED * n;
        run.led = (uint32_t)((int64_t)run.led + (int64_t)run.led_step * n);
        run.x = (uint32_t)((int64_t)run.x + (int64_t)run.du * n);
        run.y = (uint32_t)((int64_t)run.y + (int64_t)run.dv * n);
        run.phase = (uint8_t)((run.phase + n) % DITHER_SIDE);
    }
    return 0;
}

/* Native direction of a span: one column or one row from LED to LED. */
static void native_step(const struct wall_type *type, int32_t led_step, int *dx, int *dy)
{
    bool vertical = type->w == 1 || led_step == (int32_t)type->w || -led_step == (int32_t)type->w;

    *dx = vertical ? 0 : led_step;
    *dy = vertical ? (led_step > 0 ? 1 : -1) : 0;
}

static bool on_axis(int64_t first, int64_t last, uint32_t len)
{
    return first >= 0 && last >= 0 && first < len && last < len;
}

/* LEDs that coincide with canvas pixels. A checked wall has none off its canvas; that is not left
 * to trust, because a run is read without looking. */
static int emit_exact(struct compiler *c, struct run run)
{
    const struct wall *wall = c->plan->wall;
    const struct wall_type *type = &wall->types[wall->cabinets[run.cabinet].type];
    struct wall_affine a = wall_cabinet_affine(wall, run.cabinet);
    int64_t u, v, last = (int64_t)run.n - 1;
    double fu, fv;
    int dx, dy;

    native_step(type, run.led_step, &dx, &dy);
    wall_led_canvas(wall, run.cabinet, run.led, &fu, &fv);
    u = (int64_t)floor(fu);
    v = (int64_t)floor(fv);
    run.du = (int16_t)lround(a.ux * dx + a.uy * dy);
    run.dv = (int16_t)lround(a.vx * dx + a.vy * dy);
    if (!on_axis(u, u + last * run.du, wall->canvas_w) ||
        !on_axis(v, v + last * run.dv, wall->canvas_h))
        return -ERANGE;
    run.kind = run.du == 1 ? RUN_DIRECT : RUN_STRIDED;
    run.x = (uint32_t)u;
    run.y = (uint32_t)v;
    run.row = (uint8_t)(run.y % DITHER_SIDE);
    run.phase = (uint8_t)(run.x % DITHER_SIDE);
    return emit(c, run);
}

/* LEDs with footprints, which stay within the canvas by themselves (sample.h). */
static int emit_sampled(struct compiler *c, struct run run)
{
    uint32_t w = c->plan->wall->types[c->plan->wall->cabinets[run.cabinet].type].w;

    run.kind = RUN_SAMPLED;
    run.row = (uint8_t)(run.led / w % DITHER_SIDE);
    run.phase = (uint8_t)(run.led % w % DITHER_SIDE);
    return emit(c, run);
}

/* LEDs from here to the next module border along the span, and which module they are in. */
static uint32_t module_run(const struct wall_type *type, const struct run *run, uint32_t *module)
{
    uint32_t mw = type->w / type->modules_x, mh = type->h / type->modules_y;
    uint32_t x = run->led % type->w, y = run->led / type->w;
    int dx, dy;

    *module = y / mh * type->modules_x + x / mw;
    native_step(type, run->led_step, &dx, &dy);
    if (dx > 0)
        return mw - x % mw;
    if (dx < 0)
        return x % mw + 1;
    return dy > 0 ? mh - y % mh : y % mh + 1;
}

static int emit_span(struct compiler *c, const struct wall_span *span, size_t dst)
{
    const struct wall_cabinet *cabinet = &c->plan->wall->cabinets[span->cabinet];
    const struct wall_type *type = &c->plan->wall->types[cabinet->type];
    bool by_module = c->plan->wall->processing.correction && cabinet->modules && !type->points;
    struct run run = {.cabinet = span->cabinet, .led = span->led, .led_step = span->led_step};
    uint32_t left = span->n;

    while (left > 0) {
        uint32_t module = 0, n = left;
        int r;

        if (by_module) {
            n = module_run(type, &run, &module);
            n = n < left ? n : left;
        }
        run.n = n;
        run.dst = dst;
        run.chain = c->plan->cabinet_chain[span->cabinet] + module;
        r = c->plan->footprint[span->cabinet] ? emit_sampled(c, run) : emit_exact(c, run);
        if (r < 0)
            return r;
        left -= n;
        dst += (size_t)n * BYTES_PER_LED;
        run.led = (uint32_t)((int64_t)run.led + (int64_t)run.led_step * n);
    }
    return 0;
}

static int compile_slot(struct compiler *c, const struct wall_index *index,
                        const struct sender_slot *slot)
{
    uint64_t cell = slot->cell, end = slot->cell + slot->n;

    while (cell < end) {
        struct wall_span span = wall_span_at(index, cell, (uint32_t)(end - cell));
        int r = 0;

        if (span.cabinet != WALL_HOLE)
            r = emit_span(c, &span, slot->offset + (size_t)(cell - slot->cell) * BYTES_PER_LED);
        if (r < 0)
            return r;
        cell += span.n;
    }
    return 0;
}

/* The order of the frame. Runs along canvas rows stay in packet order: canvas and packets are then
 * read and written as a few long streams, which is worth far more than a matrix kept in registers.
 * Runs across the rows (turned cabinets) go cabinet by cabinet, where neighbours share cache lines.
 * Tables are remade when the curve changes, so each curve comes once. */
struct order {
    uint32_t curve;
    uint64_t group; /* 0: along the rows; else a cabinet */
};

static struct order order_of(const struct plan *plan, const struct run *run)
{
    return (struct order){.curve = plan->chains[run->chain].curve,
                          .group = run->kind == RUN_STRIDED ? 1 + (uint64_t)run->cabinet : 0};
}

static int in_frame_order(const void *a, const void *b, void *arg)
{
    const struct run *x = a, *y = b;
    struct order p = order_of(arg, x), q = order_of(arg, y);

    if (p.curve != q.curve)
        return p.curve < q.curve ? -1 : 1;
    if (p.group != q.group)
        return p.group < q.group ? -1 : 1;
    return (x->dst > y->dst) - (x->dst < y->dst);
}

int plan_compile_port(struct plan *plan, uint32_t port, const struct sender_layout *layout)
{
    struct compiler c = {.plan = plan, .port = &plan->ports[port]};
    struct wall_index *index = NULL;
    int r = wall_index_create(&index, plan->wall, port, layout->addressing);

    for (size_t i = 0; r == 0 && i < layout->n_slots; i++)
        r = compile_slot(&c, index, &layout->slots[i]);
    wall_index_destroy(index);
    if (r == 0)
        qsort_r(c.port->runs, c.port->n_runs, sizeof(*c.port->runs), in_frame_order, plan);
    return r;
}
