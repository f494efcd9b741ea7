/* SPDX-License-Identifier: Apache-2.0 */
/* From cells to pixels. Everything read here is either constant after create or in the snapshot, so
 * that painting needs no lock. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sender-card/virtual/impl.h"

/* Dots of the LED look: their diameter, in LED pitches. */
#define DOT 0.72

/* Where R, G and B lie among the three bytes of an LED. */
static const uint8_t places[6][3] = {
    [WALL_RGB] = {0, 1, 2}, [WALL_RBG] = {0, 2, 1}, [WALL_GRB] = {1, 0, 2},
    [WALL_GBR] = {2, 0, 1}, [WALL_BRG] = {1, 2, 0}, [WALL_BGR] = {2, 1, 0},
};

struct brush {
    const struct virtual_wall *vw;
    const struct virtual_snapshot *snapshot;
    enum virtual_look look;
    unsigned zoom; /* of dots */
    uint8_t *rgb8; /* one of the two */
    uint16_t *rgb16;
    uint32_t type, port; /* that lut was made for */
    uint16_t lut[3][256];
};

static uint16_t light_of(const struct virtual_wall *vw, uint32_t type, unsigned code,
                         unsigned brightness)
{
    return (uint16_t)((vw->gamma[type][code] * brightness + 127) / 255);
}

static void make_lut(struct brush *b, uint32_t type, uint32_t port)
{
    if (b->type == type && b->port == port)
        return;
    b->type = type;
    b->port = port;
    for (unsigned c = 0; c < 3; c++) {
        unsigned brightness = b->snapshot->brightness[port][c];

        for (unsigned code = 0; code < 256; code++) {
            uint16_t light = light_of(b->vw, type, code, brightness);

            b->lut[c][code] = b->look == VIRTUAL_RAW      ? (uint16_t)code
                              : b->look == VIRTUAL_LINEAR ? light
                                                          : b->vw->srgb[light >> 2];
        }
    }
}

static void put(const struct brush *b, uint32_t x, uint32_t y, const uint16_t rgb[3])
{
    size_t at = 3 * ((size_t)y * b->vw->w + x);

    for (int c = 0; c < 3; c++) {
        if (b->rgb16)
            b->rgb16[at + (size_t)c] = rgb[c];
        else
            b->rgb8[at + (size_t)c] = (uint8_t)rgb[c];
    }
}

/* First pixel whose middle lies at or behind t, clamped to the picture. */
static uint32_t edge(double t, uint32_t limit)
{
    double e = ceil(t - 0.5 - 1e-6);

    return e <= 0 ? 0 : e >= limit ? limit : (uint32_t)e;
}

static void fill_box(const struct brush *b, double u, double v, const struct vspan *s,
                     const uint16_t rgb[3])
{
    double f = b->vw->factor;
    uint32_t x1 = edge((u + s->hu) * f, b->vw->w), y1 = edge((v + s->hv) * f, b->vw->h);

    for (uint32_t y = edge((v - s->hv) * f, b->vw->h); y < y1; y++) {
        for (uint32_t x = edge((u - s->hu) * f, b->vw->w); x < x1; x++)
            put(b, x, y, rgb);
    }
}

static void paint_span(const struct brush *b, const struct vspan *s, const uint8_t *cells)
{
    const struct wall *wall = b->vw->wall;
    const uint8_t *place = places[wall->types[b->type].order];
    double f = b->vw->factor, u = s->u, v = s->v;
    bool boxes = s->hu * f > 0.501 || s->hv * f > 0.501;

    for (uint32_t i = 0; i < s->n; i++, u += s->du, v += s->dv, cells += 3) {
        const uint16_t rgb[3] = {b->lut[0][cells[place[0]]], b->lut[1][cells[place[1]]],
                                 b->lut[2][cells[place[2]]]};

        if (boxes)
            fill_box(b, u, v, s, rgb);
        else if (u >= 0 && v >= 0 && u * f < b->vw->w && v * f < b->vw->h)
            put(b, (uint32_t)(u * f), (uint32_t)(v * f), rgb);
    }
}

/* With the codes' light for its cabinet and port. */
static void each_span(struct brush *b, void (*paint)(const struct brush *b, const struct vspan *s,
                                                     const uint8_t *cells))
{
    const struct virtual_wall *vw = b->vw;

    for (uint32_t port = 0; b->snapshot->cells && port < vw->wall->n_outputs; port++) {
        const struct vport *p = &vw->ports[port];
        const uint8_t *cells = b->snapshot->cells + p->snapshot_offset;

        for (size_t i = 0; i < p->n_spans; i++) {
            const struct vspan *s = &p->spans[i];

            make_lut(b, vw->wall->cabinets[s->cabinet].type, port);
            paint(b, s, cells + 3 * (size_t)s->cell);
        }
    }
}

void virtual_paint(const struct virtual_wall *vw, const struct virtual_snapshot *snapshot,
                   enum virtual_look look, void *rgb)
{
    size_t n = 3 * (size_t)vw->w * vw->h;
    struct brush b = {.vw = vw, .snapshot = snapshot, .look = look, .type = UINT32_MAX};

    if (look == VIRTUAL_LINEAR)
        b.rgb16 = rgb;
    else
        b.rgb8 = rgb;
    memset(rgb, 0, look == VIRTUAL_LINEAR ? 2 * n : n);
    each_span(&b, paint_span);
}

/* --- the LED look ---------------------------------------------------------------------------- */

static double cover(double dx, double dy, double radius)
{
    double c = radius - sqrt(dx * dx + dy * dy) + 0.5;

    return c < 0 ? 0 : c > 1 ? 1 : c;
}

static void paint_dot(const struct brush *b, double cx, double cy, double radius,
                      const uint16_t rgb[3])
{
    uint32_t w = b->vw->w * b->zoom, h = b->vw->h * b->zoom;
    uint32_t x0 = edge(cx - radius - 1, w), x1 = edge(cx + radius + 1, w);
    uint32_t y1 = edge(cy + radius + 1, h);

    for (uint32_t y = edge(cy - radius - 1, h); y < y1; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            uint8_t *out = b->rgb8 + 3 * ((size_t)y * w + x);
            double a = cover(x + 0.5 - cx, y + 0.5 - cy, radius);

            for (int c = 0; c < 3; c++) {
                uint8_t light = (uint8_t)lround(a * rgb[c]);

                if (light > out[c])
                    out[c] = light;
            }
        }
    }
}

static void dot_span(const struct brush *b, const struct vspan *s, const uint8_t *cells)
{
    const uint8_t *place = places[b->vw->wall->types[b->type].order];
    double f = (double)b->vw->factor * b->zoom;
    double radius = (s->hu < s->hv ? s->hu : s->hv) * f * DOT;

    for (uint32_t i = 0; i < s->n; i++, cells += 3) {
        const uint16_t rgb[3] = {b->lut[0][cells[place[0]]], b->lut[1][cells[place[1]]],
                                 b->lut[2][cells[place[2]]]};

        paint_dot(b, (s->u + i * s->du) * f, (s->v + i * s->dv) * f, radius, rgb);
    }
}

void virtual_paint_dots(const struct virtual_wall *vw, const struct virtual_snapshot *snapshot,
                        unsigned zoom, uint8_t *rgb)
{
    struct brush b = {.vw = vw,
                      .snapshot = snapshot,
                      .look = VIRTUAL_LIGHT,
                      .zoom = zoom,
                      .rgb8 = rgb,
                      .type = UINT32_MAX};

    memset(rgb, 0, 3 * (size_t)vw->w * zoom * vw->h * zoom);
    each_span(&b, dot_span);
}

/* --- snapshots ---------------------------------------------------------------------------------
 */

int virtual_snapshot(const struct virtual_wall *vw, struct virtual_snapshot *ret)
{
    uint32_t n = vw->wall->n_outputs;

    if (!ret->cells) {
        uint8_t *cells = malloc(vw->snapshot_len ? vw->snapshot_len : 1);
        void *brightness = calloc(n ? n : 1, sizeof(*ret->brightness));

        if (!cells || !brightness) {
            free(cells);
            free(brightness);
            return -ENOMEM;
        }
        *ret = (struct virtual_snapshot){
            .cells = cells, .len = vw->snapshot_len, .brightness = brightness};
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct vport *p = &vw->ports[i];

        memcpy(ret->cells + p->snapshot_offset, p->front, 3 * (size_t)p->n_cells);
        memcpy(ret->brightness[i], p->stats.brightness, 3);
    }
    ret->frame = vw->totals.frames;
    return 0;
}

void virtual_snapshot_finish(struct virtual_snapshot *snapshot)
{
    free(snapshot->cells);
    free(snapshot->brightness);
    *snapshot = (struct virtual_snapshot){0};
}

void virtual_size(const struct virtual_wall *vw, uint32_t *ret_w, uint32_t *ret_h)
{
    *ret_w = vw->w;
    *ret_h = vw->h;
}

uint32_t virtual_factor(const struct virtual_wall *vw)
{
    return vw->factor;
}
