/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/paint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/blend.h"

/* The part of a layer that lies on the canvas. */
struct clip {
    uint32_t x, y, w, h; /* on the canvas */
    uint32_t left, top;  /* within the layer */
};

static struct clip clip_rect(const struct canvas *canvas, const struct layer_rect *r)
{
    int64_t x0 = r->x < 0 ? 0 : r->x, y0 = r->y < 0 ? 0 : r->y;
    int64_t x1 = (int64_t)r->x + r->w, y1 = (int64_t)r->y + r->h;

    x1 = x1 > canvas->w ? canvas->w : x1;
    y1 = y1 > canvas->h ? canvas->h : y1;
    if (x1 <= x0 || y1 <= y0)
        return (struct clip){0};
    return (struct clip){.x = (uint32_t)x0,
                         .y = (uint32_t)y0,
                         .w = (uint32_t)(x1 - x0),
                         .h = (uint32_t)(y1 - y0),
                         .left = (uint32_t)(x0 - r->x),
                         .top = (uint32_t)(y0 - r->y)};
}

int paint_scratch_init(struct paint_scratch *s, size_t longest)
{
    *s = (struct paint_scratch){.weights = calloc(longest + 1, 1)};
    s->rows[0] = calloc(longest + 1, sizeof(uint32_t));
    s->rows[1] = calloc(longest + 1, sizeof(uint32_t));
    s->mixed = calloc(longest + 1, sizeof(uint32_t));
    if (s->rows[0] && s->rows[1] && s->mixed && s->weights)
        return 0;
    paint_scratch_finish(s);
    return -ENOMEM;
}

void paint_scratch_finish(struct paint_scratch *s)
{
    free(s->rows[0]);
    free(s->rows[1]);
    free(s->mixed);
    free(s->weights);
    *s = (struct paint_scratch){0};
}

void paint_background(const struct canvas *canvas, uint32_t colour)
{
    for (uint32_t y = 0; y < canvas->h; y++)
        blend_fill(canvas_row(canvas, y), colour, canvas->w);
}

static uint32_t scale(uint32_t pixel, uint8_t opacity)
{
    return (uint32_t)blend_mul(pixel >> 24, opacity) << 24 |
           (uint32_t)blend_mul(pixel >> 16 & 255, opacity) << 16 |
           (uint32_t)blend_mul(pixel >> 8 & 255, opacity) << 8 | blend_mul(pixel & 255, opacity);
}

void paint_solid(const struct canvas *canvas, const struct layer_rect *rect, uint32_t colour,
                 uint8_t opacity)
{
    struct clip c = clip_rect(canvas, rect);

    colour = scale(colour, opacity);
    if (colour == 0)
        return;
    for (uint32_t y = 0; y < c.h; y++)
        blend_fill(canvas_row(canvas, c.y + y) + c.x, colour, c.w);
}

void paint_label(const struct canvas *canvas, const struct label_picture *p, uint8_t opacity)
{
    for (uint32_t y = 0; y < p->h && p->y + y < canvas->h; y++)
        blend_over(canvas_row(canvas, p->y + y) + p->x, p->data + (size_t)y * p->w, p->w, opacity);
}

static void put_row(uint32_t *dst, const uint32_t *src, size_t n, bool opaque, uint8_t opacity)
{
    if (opaque && opacity == 255)
        memcpy(dst, src, n * sizeof(*dst));
    else
        blend_over(dst, src, n, opacity);
}

/* Pictures come in the size of the box; should one be smaller, the rest of the row is transparent.
 */
static const uint32_t *row_of(const struct media_picture *p, const struct clip *c, uint32_t y,
                              uint32_t *spare)
{
    size_t n = 0;

    if (p && c->top + y < p->h && c->left < p->w) {
        const uint32_t *row = p->data + (size_t)(c->top + y) * p->stride + c->left;

        if (p->w - c->left >= c->w)
            return row;
        n = p->w - c->left;
        memcpy(spare, row, n * sizeof(*spare));
    }
    memset(spare + n, 0, (c->w - n) * sizeof(*spare));
    return spare;
}

static bool is_opaque(const struct media_picture *p, const struct layer *layer)
{
    return p && p->opaque && p->w >= layer->rect.w && p->h >= layer->rect.h;
}

static void paint_transition(const struct canvas *canvas, const struct layer *layer,
                             const struct play_view *view, const struct clip *c,
                             struct paint_scratch *s)
{
    bool opaque = is_opaque(view->from, layer) && is_opaque(view->to, layer), same = false;

    for (uint32_t y = 0; y < c->h; y++) {
        uint32_t *dst = canvas_row(canvas, c->y + y) + c->x;
        const uint32_t *from, *to;

        /* The weights of the part on the canvas: those of the whole layer, shifted. */
        if (!same)
            same = transition_weights(view->type, layer->rect.w, layer->rect.h, c->top + y, view->i,
                                      view->n, s->weights) != 0;
        from = row_of(view->from, c, y, s->rows[0]);
        to = row_of(view->to, c, y, s->rows[1]);
        if (opaque && layer->opacity == 255) {
            blend_mix(dst, from, to, s->weights + c->left, c->w);
            continue;
        }
        blend_mix(s->mixed, from, to, s->weights + c->left, c->w);
        put_row(dst, s->mixed, c->w, opaque, layer->opacity);
    }
}

void paint_zone(const struct canvas *canvas, const struct layer *layer,
                const struct play_view *view, struct paint_scratch *s)
{
    struct clip c = clip_rect(canvas, &layer->rect);

    if (view->n > 0) {
        paint_transition(canvas, layer, view, &c, s);
        return;
    }
    for (uint32_t y = 0; y < c.h; y++)
        put_row(canvas_row(canvas, c.y + y) + c.x, row_of(view->to, &c, y, s->rows[0]), c.w,
                is_opaque(view->to, layer), layer->opacity);
}

bool paint_zone_hides_all(const struct canvas *canvas, const struct layer *layer,
                          const struct play_view *view)
{
    const struct layer_rect *r = &layer->rect;

    return layer->opacity == 255 && r->x <= 0 && r->y <= 0 && (int64_t)r->x + r->w >= canvas->w &&
           (int64_t)r->y + r->h >= canvas->h && is_opaque(view->to, layer) &&
           (view->n == 0 || is_opaque(view->from, layer));
}
