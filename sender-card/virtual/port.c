/* SPDX-License-Identifier: Apache-2.0 */
/* A port has two pictures and a stamp for every cell. The stamps tell at the latch what belongs to
 * the newest pass over the wall, what to an earlier one that was never latched, and what did not
 * come at all; no assumption is made about packet sizes or their order. */
#include "sender-card/virtual/impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum wall_addressing addressing_of(const struct vport *p)
{
    return p->raw ? WALL_RASTER : WALL_LINEAR;
}

static struct vspan place(const struct wall *wall, const struct wall_span *s)
{
    const struct wall_cabinet *c = &wall->cabinets[s->cabinet];
    bool sideways = c->turn == WALL_TURN_90 || c->turn == WALL_TURN_270;
    struct vspan v = {.cell = (uint32_t)s->cell, .n = s->n, .cabinet = s->cabinet};

    wall_led_canvas(wall, s->cabinet, s->led, &v.u, &v.v);
    if (s->n > 1) {
        double u1, v1;

        wall_led_canvas(wall, s->cabinet, (uint32_t)((int64_t)s->led + s->led_step), &u1, &v1);
        v.du = u1 - v.u;
        v.dv = v1 - v.v;
    }
    v.hu = (sideways ? c->scale_y : c->scale_x) / 2;
    v.hv = (sideways ? c->scale_x : c->scale_y) / 2;
    return v;
}

static int add_span(struct vport *p, size_t *cap, const struct vspan *span)
{
    if (p->n_spans == *cap) {
        size_t more = *cap ? *cap * 2 : 256;
        struct vspan *grown = reallocarray(p->spans, more, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        p->spans = grown;
        *cap = more;
    }
    p->spans[p->n_spans++] = *span;
    return 0;
}

/* LEDs of an irregular cabinet lie anywhere: each is a span of its own. */
static int add_spans(struct vport *p, size_t *cap, const struct wall_span *s)
{
    const struct wall *wall = p->vw->wall;
    bool irregular = wall->types[wall->cabinets[s->cabinet].type].points;
    struct wall_span one = *s;
    struct vspan v;
    int r = 0;

    if (!irregular) {
        v = place(wall, s);
        return add_span(p, cap, &v);
    }
    one.n = 1;
    for (uint32_t i = 0; i < s->n && r == 0; i++) {
        v = place(wall, &one);
        r = add_span(p, cap, &v);
        one.cell++;
        one.led = (uint32_t)((int64_t)one.led + s->led_step);
    }
    return r;
}

static int compile_spans(struct vport *p)
{
    struct wall_index *index;
    size_t cap = 0;
    int r = wall_index_create(&index, p->vw->wall, p->index, addressing_of(p));

    if (r < 0)
        return r;
    for (uint64_t cell = 0; cell < p->n_cells && r == 0;) {
        struct wall_span s = wall_span_at(index, cell, UINT32_MAX);

        if (s.n == 0)
            break;
        if (s.cabinet != WALL_HOLE)
            r = add_spans(p, &cap, &s);
        cell += s.n;
    }
    wall_index_destroy(index);
    return r;
}

static int allocate(struct vport *p)
{
    size_t n = p->n_cells ? p->n_cells : 1;

    p->front = calloc(n, 3);
    p->back = calloc(n, 3);
    p->stamp = calloc(n, 1);
    p->intervals = calloc(VIRTUAL_INTERVALS, sizeof(*p->intervals));
    if (!p->front || !p->back || !p->stamp || !p->intervals)
        return -ENOMEM;
    if (p->n_universes) {
        p->universes = calloc(p->n_universes, sizeof(*p->universes));
        if (!p->universes)
            return -ENOMEM;
    }
    return 0;
}

int vport_init(struct vport *p, struct virtual_wall *vw, uint32_t index, struct qp_diag *diag)
{
    const struct wall_output *out = &vw->wall->outputs[index];
    uint64_t cells;
    int r;

    p->vw = vw;
    p->index = index;
    p->stats.id = out->id;
    p->stats.driver = out->driver;
    r = voptions_read(p, diag);
    if (r < 0)
        return r;
    cells = wall_port_cells(vw->wall, index, addressing_of(p));
    if (cells > VIRTUAL_MAX_CELLS)
        return qp_diag_set(diag, -E2BIG, "outputs[%u]: %llu cells are more than the %llu shown",
                           index, (unsigned long long)cells, VIRTUAL_MAX_CELLS);
    p->n_cells = (uint32_t)cells;
    p->raster_w = out->raster_w;
    p->raster_h = out->raster_h;
    p->row_cells = p->raw ? p->raster_w : 480;
    p->stats.unit = p->raw ? "row" : "block";
    if (p->driver == VDRIVER_ARTNET || p->driver == VDRIVER_SACN) {
        p->row_cells = p->leds_per_universe;
        p->stats.unit = "universe";
        p->n_universes = (p->n_cells + p->leds_per_universe - 1) / p->leds_per_universe;
        p->universes_missing = p->n_universes;
    }
    p->pass = p->first_pass = 1;
    p->expected = true;
    memset(p->stats.brightness, 255, sizeof(p->stats.brightness));
    r = allocate(p);
    if (r == 0)
        r = compile_spans(p);
    if (r < 0)
        return qp_diag_set(diag, r, "outputs[%u]: %s", index, strerror(-r));
    return 0;
}

void vport_finish(struct vport *p)
{
    free(p->spans);
    free(p->front);
    free(p->back);
    free(p->stamp);
    free(p->intervals);
    free(p->universes);
}

void vport_bad(struct vport *p, const char *reason)
{
    p->stats.malformed++;
    for (size_t i = 0; i < VIRTUAL_REASONS; i++) {
        if (p->stats.reasons[i].text && strcmp(p->stats.reasons[i].text, reason) != 0)
            continue;
        p->stats.reasons[i].text = reason;
        p->stats.reasons[i].n++;
        return;
    }
}

static void next_pass(struct vport *p)
{
    if (p->pass < UINT8_MAX) {
        p->pass++;
    } else {
        memset(p->stamp, 0, p->n_cells);
        p->pass = 1;
        p->first_pass = 1;
    }
}

/* A cell comes a second time: either the packet before it was doubled, or a new frame begins. */
static bool is_duplicate(struct vport *p, uint32_t cell, uint32_t n, const uint8_t *src)
{
    return cell == p->last_cell && n == p->last_n &&
           memcmp(p->back + 3 * (size_t)cell, src, 3 * (size_t)n) == 0;
}

void vport_write(struct vport *p, uint64_t cell, uint32_t n, const uint8_t *src)
{
    uint32_t first = (uint32_t)cell;

    if (n == 0)
        return;
    if (cell >= p->n_cells) {
        vport_bad(p, "pixels beyond the end of the port");
        return;
    }
    if (n > p->n_cells - first)
        n = p->n_cells - first;
    if (p->dirty && memchr(p->stamp + first, p->pass, n)) {
        if (is_duplicate(p, first, n, src)) {
            p->stats.duplicate_packets++;
            return;
        }
        p->stats.restarted++;
        next_pass(p);
    }
    memcpy(p->back + 3 * (size_t)first, src, 3 * (size_t)n);
    memset(p->stamp + first, p->pass, n);
    p->dirty = true;
    p->last_cell = first;
    p->last_n = n;
}

/* All n stamps are those of the pass. */
static bool is_whole(const uint8_t *stamp, uint32_t n, uint8_t pass)
{
    return stamp[0] == pass && memcmp(stamp, stamp + 1, n - 1) == 0;
}

bool vport_complete(const struct vport *p)
{
    for (size_t i = 0; i < p->n_spans; i++) {
        if (!is_whole(p->stamp + p->spans[i].cell, p->spans[i].n, p->pass))
            return false;
    }
    return true;
}

/* Cells that did not come since the last latch keep their old light; count what is missing. */
static void keep_missing(struct vport *p, uint64_t *ret_leds, uint64_t *ret_units)
{
    uint32_t last_unit = UINT32_MAX;

    for (size_t i = 0; i < p->n_spans; i++) {
        const struct vspan *s = &p->spans[i];

        if (is_whole(p->stamp + s->cell, s->n, p->pass))
            continue;
        for (uint32_t c = s->cell; c < s->cell + s->n; c++) {
            if (p->stamp[c] == p->pass)
                continue;
            ++*ret_leds;
            if (p->stamp[c] < p->first_pass || p->stamp[c] > p->pass)
                memcpy(p->back + 3 * (size_t)c, p->front + 3 * (size_t)c, 3);
            if (c / p->row_cells != last_unit) {
                last_unit = c / p->row_cells;
                ++*ret_units;
            }
        }
    }
}

static void note_time(struct vport *p, int64_t time_ns)
{
    if (time_ns && p->last_latch_ns && time_ns > p->last_latch_ns)
        p->intervals[p->n_intervals++ % VIRTUAL_INTERVALS] = time_ns - p->last_latch_ns;
    p->last_latch_ns = time_ns;
}

void vport_latch(struct vport *p, int64_t time_ns)
{
    uint64_t leds = 0, units = 0;
    uint8_t *shown;

    if (!p->dirty) {
        p->stats.duplicate_latches++;
        return;
    }
    virtual_before_latch(p, time_ns);
    keep_missing(p, &leds, &units);
    if (leds && p->driver == VDRIVER_DDP && p->ddp_sequence && !p->ddp_gap &&
        p->pass == p->first_pass && p->latched_once) {
        p->stats.kept_leds += leds;
    } else if (leds) {
        p->stats.torn++;
        p->stats.leds_missing += leds;
        p->stats.units_missing += units;
    }
    shown = p->back;
    p->back = p->front;
    p->front = shown;
    p->dirty = false;
    p->latched_once = true;
    p->ddp_gap = false;
    p->last_n = 0;
    p->stats.frames++;
    next_pass(p);
    p->first_pass = p->pass;
    note_time(p, time_ns);
    virtual_port_latched(p, time_ns);
}
