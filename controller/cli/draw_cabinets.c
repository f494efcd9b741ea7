/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "controller/cli/draw.h"

struct place {
    double x, y, w, h; /* on the page */
    double cx, cy, unit;
};

static struct place place_of(const struct draw_page *p, uint32_t cabinet)
{
    struct wall_box b = wall_cabinet_box(p->wall, cabinet);
    struct place r = {.x = p->wall_x + b.x * p->scale,
                      .y = p->wall_y + b.y * p->scale,
                      .w = b.w * p->scale,
                      .h = b.h * p->scale};

    r.cx = r.x + r.w / 2;
    r.cy = r.y + r.h / 2;
    r.unit = fmin(r.w, r.h);
    return r;
}

static struct draw_colour colour_of(const struct wall_cabinet *c)
{
    if (c->port == WALL_NO_PORT)
        return (struct draw_colour){0.5, 0.5, 0.5};
    return draw_port_colour(c->port);
}

/* The LEDs of an irregular cabinet as dots, as long as they can be told apart. */
static void draw_points(const struct draw_page *p, uint32_t cabinet, struct draw_colour colour)
{
    const struct wall_cabinet *c = &p->wall->cabinets[cabinet];
    const struct wall_type *t = &p->wall->types[c->type];
    double r = fmin(3, 0.35 * p->scale * fmin(c->scale_x, c->scale_y));

    if (!t->points || r < 0.3 || t->n_leds > 50000)
        return;
    draw_set(p->cr, draw_tint(colour, 0.45));
    for (uint32_t i = 0; i < t->n_leds; i++) {
        double u, v;

        wall_led_canvas(p->wall, cabinet, i, &u, &v);
        cairo_new_sub_path(p->cr);
        cairo_arc(p->cr, p->wall_x + u * p->scale, p->wall_y + v * p->scale, r, 0, 2 * M_PI);
    }
    cairo_fill(p->cr);
}

/* A cabinet that does not hang as its maker drew it: a wedge at its own top edge, near its own left
 * corner, clear of the cables. */
static void draw_top_mark(const struct draw_page *p, uint32_t cabinet, const struct place *b,
                          struct draw_colour colour)
{
    const struct wall_cabinet *c = &p->wall->cabinets[cabinet];
    const struct wall_type *t = &p->wall->types[c->type];
    struct wall_affine a = wall_cabinet_affine(p->wall, cabinet);
    double len = hypot(a.uy, a.vy), s = fmin(11, b->unit * 0.13), x = t->w * 0.14;
    double dx = -a.uy / len, dy = -a.vy / len; /* native up, on the page */
    double tip_x = p->wall_x + (a.u0 + a.ux * x) * p->scale - dx * 2;
    double tip_y = p->wall_y + (a.v0 + a.vx * x) * p->scale - dy * 2;

    if (c->turn == WALL_TURN_0 && !c->mirror_x && !c->mirror_y)
        return;
    draw_set(p->cr, draw_tint(colour, 0.1));
    cairo_move_to(p->cr, tip_x, tip_y);
    cairo_line_to(p->cr, tip_x - dx * s - dy * s, tip_y - dy * s + dx * s);
    cairo_line_to(p->cr, tip_x - dx * s + dy * s, tip_y - dy * s - dx * s);
    cairo_close_path(p->cr);
    cairo_fill(p->cr);
}

static void describe_pose(const struct wall_cabinet *c, char *buf, size_t cap)
{
    static const char *const turns[] = {"", "90°", "180°", "270°"};
    bool mirrored = c->mirror_x || c->mirror_y;

    snprintf(buf, cap, "%s%s%s%s%s", turns[c->turn], c->turn && mirrored ? " " : "",
             mirrored ? "mirror " : "", c->mirror_x ? "x" : "", c->mirror_y ? "y" : "");
}

/* On a ground of the cabinet's own tint, so that a cable below does not strike it through. */
static void draw_label(const struct draw_page *p, const char *text, double x, double y, double size,
                       double max_w, struct draw_colour colour, bool bold)
{
    double w = fmin(max_w, draw_text_width(p->cr, text, size, bold));

    draw_rounded(p->cr, x - w / 2 - size * 0.25, y - size * 0.62, w + size * 0.5, size * 1.24,
                 size * 0.3);
    draw_set(p->cr, draw_tint(colour, 0.84));
    cairo_fill(p->cr);
    draw_set(p->cr, draw_tint(colour, -0.35));
    draw_text_centred(p->cr, text, x, y, size, bold, max_w);
}

void draw_labels(const struct draw_page *p)
{
    for (uint32_t i = 0; i < p->wall->n_cabinets; i++) {
        const struct wall_cabinet *c = &p->wall->cabinets[i];
        struct place b = place_of(p, i);
        struct draw_colour colour = colour_of(c);
        double size = fmin(15, b.unit * 0.15);
        char pose[48], text[128];

        describe_pose(c, pose, sizeof(pose));
        snprintf(text, sizeof(text), "%s%s%s", c->id, pose[0] ? " · " : "", pose);
        draw_label(p, text, b.cx, b.y + b.h - b.unit * 0.13, size, b.w * 0.88, colour, false);
        if (c->port == WALL_NO_PORT)
            draw_label(p, "no output", b.cx, b.cy, size * 1.2, b.w * 0.9, colour, true);
    }
}

void draw_cabinets(const struct draw_page *p)
{
    for (uint32_t i = 0; i < p->wall->n_cabinets; i++) {
        const struct wall_cabinet *c = &p->wall->cabinets[i];
        struct place b = place_of(p, i);
        struct draw_colour colour = colour_of(c);

        cairo_rectangle(p->cr, b.x + 0.5, b.y + 0.5, b.w - 1, b.h - 1);
        draw_set(p->cr, draw_tint(colour, 0.84));
        cairo_fill_preserve(p->cr);
        draw_set(p->cr, draw_tint(colour, 0.35));
        cairo_set_line_width(p->cr, 1);
        cairo_stroke(p->cr);
        draw_points(p, i, colour);
        draw_top_mark(p, i, &b, colour);
    }
}

static void draw_arrow_head(cairo_t *cr, double x, double y, double dx, double dy, double s)
{
    cairo_move_to(cr, x + dx * s, y + dy * s);
    cairo_line_to(cr, x - dx * s * 0.7 - dy * s * 0.75, y - dy * s * 0.7 + dx * s * 0.75);
    cairo_line_to(cr, x - dx * s * 0.7 + dy * s * 0.75, y - dy * s * 0.7 - dx * s * 0.75);
    cairo_close_path(cr);
    cairo_fill(cr);
}

/* One cable; dashed when it passes over other cabinets. The head stands where the cable leaves the
 * first cabinet, clear of both numbers. */
static void draw_cable(cairo_t *cr, const struct place *a, const struct place *b)
{
    static const double dashes[] = {7, 4};
    double x = b->cx - a->cx, y = b->cy - a->cy, len = hypot(x, y);
    double unit = fmin(a->unit, b->unit), width = fmax(1.2, fmin(4, unit * 0.045));
    bool is_long = fabs(x) > (a->w + b->w) * 0.75 || fabs(y) > (a->h + b->h) * 0.75;

    if (len < 1e-9)
        return;
    cairo_set_line_width(cr, width);
    if (is_long)
        cairo_set_dash(cr, dashes, 2, 0);
    cairo_move_to(cr, a->cx, a->cy);
    cairo_line_to(cr, b->cx, b->cy);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    draw_arrow_head(cr, a->cx + x * 0.54, a->cy + y * 0.54, x / len, y / len, width * 2.6);
}

static double badge_radius(const struct place *b)
{
    return fmax(4, fmin(20, b->unit * 0.19));
}

/* The number on the chain: filled for the first, a double ring for the last. */
static void draw_badge(const struct draw_page *p, const struct wall_cabinet *c,
                       const struct place *b, struct draw_colour colour)
{
    const struct wall_output *o = &p->wall->outputs[c->port];
    double r = badge_radius(b);
    char text[16];

    snprintf(text, sizeof(text), "%u", c->chain_index + 1);
    cairo_new_path(p->cr);
    if (c->chain_index + 1 == o->n_chain) {
        cairo_arc(p->cr, b->cx, b->cy, r * 1.25, 0, 2 * M_PI);
        cairo_set_source_rgb(p->cr, 1, 1, 1);
        cairo_fill_preserve(p->cr);
        draw_set(p->cr, colour);
        cairo_set_line_width(p->cr, fmax(1, r * 0.12));
        cairo_stroke(p->cr);
    }
    cairo_arc(p->cr, b->cx, b->cy, r, 0, 2 * M_PI);
    if (c->chain_index == 0)
        draw_set(p->cr, colour);
    else
        cairo_set_source_rgb(p->cr, 1, 1, 1);
    cairo_fill_preserve(p->cr);
    draw_set(p->cr, colour);
    cairo_set_line_width(p->cr, fmax(1, r * 0.12));
    cairo_stroke(p->cr);
    if (c->chain_index == 0)
        cairo_set_source_rgb(p->cr, 1, 1, 1);
    draw_text_centred(p->cr, text, b->cx, b->cy, r * 1.15, true, r * 1.6);
}

/* The name of the port, above the number of the cabinet that its cable goes to. */
static void draw_tag(const struct draw_page *p, uint32_t cabinet, const char *text,
                     struct draw_colour colour, bool filled)
{
    struct place b = place_of(p, cabinet);
    double size = fmax(6, fmin(15, b.unit * 0.16)), h = size * 1.45, top = b.y + b.unit * 0.05;
    double w = draw_text_width(p->cr, text, size, true);

    if (w > b.w * 0.86) {
        size = fmax(5, size * b.w * 0.86 / w);
        w = draw_text_width(p->cr, text, size, true);
    }
    w += size * 0.8;
    draw_rounded(p->cr, b.cx - w / 2, top, w, h, size * 0.35);
    draw_set(p->cr, filled ? colour : (struct draw_colour){1, 1, 1});
    cairo_fill_preserve(p->cr);
    draw_set(p->cr, colour);
    cairo_set_line_width(p->cr, 1.2);
    cairo_stroke(p->cr);
    if (filled)
        cairo_set_source_rgb(p->cr, 1, 1, 1);
    draw_text_centred(p->cr, text, b.cx, top + h / 2, size, true, w);
}

static void draw_tags(const struct draw_page *p, const struct wall_output *o,
                      struct draw_colour colour)
{
    char text[96];

    draw_tag(p, o->chain[0], o->id, colour, true);
    if (!o->backup)
        return;
    snprintf(text, sizeof(text), "%s backup", o->id);
    if (o->n_chain > 1)
        draw_tag(p, o->chain[o->n_chain - 1], text, colour, false);
}

void draw_chains(const struct draw_page *p)
{
    for (uint32_t i = 0; i < p->wall->n_outputs; i++) {
        const struct wall_output *o = &p->wall->outputs[i];

        draw_set(p->cr, draw_port_colour(i));
        for (uint32_t k = 1; k < o->n_chain; k++) {
            struct place a = place_of(p, o->chain[k - 1]), b = place_of(p, o->chain[k]);

            draw_cable(p->cr, &a, &b);
        }
    }
    for (uint32_t i = 0; i < p->wall->n_outputs; i++) {
        const struct wall_output *o = &p->wall->outputs[i];

        for (uint32_t k = 0; k < o->n_chain; k++) {
            struct place b = place_of(p, o->chain[k]);

            draw_badge(p, &p->wall->cabinets[o->chain[k]], &b, draw_port_colour(i));
        }
        draw_tags(p, o, draw_port_colour(i));
    }
}
