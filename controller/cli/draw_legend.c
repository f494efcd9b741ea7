/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "controller/cli/draw.h"

static const struct draw_colour ink = {0.13, 0.15, 0.18}, faint = {0.45, 0.48, 0.52};

static void draw_title(const struct draw_page *p)
{
    const struct wall *w = p->wall;
    char text[256];

    draw_set(p->cr, ink);
    draw_text_at(p->cr, w->name[0] ? w->name : "LED wall", DRAW_MARGIN, DRAW_MARGIN, 22, true);
    snprintf(text, sizeof(text),
             "seen from the front · %u × %u pixels at %.5g Hz · %u cabinet%s · %u port%s · %" PRIu64
             " LEDs",
             w->canvas_w, w->canvas_h, qp_rational_f64(w->rate), w->n_cabinets,
             w->n_cabinets == 1 ? "" : "s", w->n_outputs, w->n_outputs == 1 ? "" : "s", w->n_leds);
    draw_set(p->cr, faint);
    draw_text_at(p->cr, text, DRAW_MARGIN, DRAW_MARGIN + 22, 13, false);
}

/* A step of 1, 2 or 5 times a power of ten, or a multiple of 64, that leaves room for a number. */
static double ruler_step(double scale)
{
    for (double step = 64; step < 1e6; step *= 2)
        if (step * scale >= 46)
            return step;
    return 1e6;
}

static void draw_rulers(const struct draw_page *p)
{
    double step = ruler_step(p->scale), w = p->wall->canvas_w, h = p->wall->canvas_h;
    char text[32];

    cairo_set_line_width(p->cr, 1);
    draw_set(p->cr, faint);
    for (double v = 0; v <= w; v += step) {
        double x = p->wall_x + v * p->scale;

        snprintf(text, sizeof(text), "%.0f", v);
        cairo_move_to(p->cr, x, p->wall_y - 3);
        cairo_line_to(p->cr, x, p->wall_y - 9);
        cairo_stroke(p->cr);
        draw_text_centred(p->cr, text, x, p->wall_y - 15, 9, false, 60);
    }
    for (double v = 0; v <= h; v += step) {
        double y = p->wall_y + v * p->scale;

        snprintf(text, sizeof(text), "%.0f", v);
        cairo_move_to(p->cr, p->wall_x - 3, y);
        cairo_line_to(p->cr, p->wall_x - 9, y);
        cairo_stroke(p->cr);
        draw_text_at(p->cr, text, p->wall_x - 12 - draw_text_width(p->cr, text, 9, false), y + 3, 9,
                     false);
    }
}

void draw_frame(const struct draw_page *p)
{
    cairo_set_source_rgb(p->cr, 1, 1, 1);
    cairo_paint(p->cr);
    draw_title(p);
    draw_rulers(p);
    cairo_rectangle(p->cr, p->wall_x - 1, p->wall_y - 1, p->wall->canvas_w * p->scale + 2,
                    p->wall->canvas_h * p->scale + 2);
    cairo_set_source_rgb(p->cr, 0.955, 0.96, 0.965);
    cairo_fill_preserve(p->cr);
    draw_set(p->cr, draw_tint(faint, 0.4));
    cairo_set_line_width(p->cr, 1);
    cairo_stroke(p->cr);
}

static const char *member_text(const cJSON *json, const char *name)
{
    const cJSON *m = cJSON_GetObjectItemCaseSensitive(json, name);

    return cJSON_IsString(m) ? m->valuestring : NULL;
}

/* "ethernet eth1", "udp 10.0.0.5" ... */
static void describe_link(const cJSON *link, char *buf, size_t cap)
{
    static const char *const places[] = {"nic", "address", "to", "file", "socket", "path"};
    const char *type = member_text(link, "type"), *place = NULL;

    for (size_t i = 0; i < QP_ARRAY_LEN(places) && !place; i++)
        place = member_text(link, places[i]);
    snprintf(buf, cap, "%s%s%s", type ? type : "no link", place ? " " : "", place ? place : "");
}

static void draw_port_row(const struct draw_page *p, uint32_t port, double x, double y)
{
    const struct wall_output *o = &p->wall->outputs[port];
    struct draw_colour colour = draw_port_colour(port);
    char link[80], backup[96] = "", text[256];

    describe_link(o->link, link, sizeof(link));
    if (o->backup) {
        char other[64];

        describe_link(o->backup, other, sizeof(other));
        snprintf(backup, sizeof(backup), ", %s backup %s", o->backup_hot ? "hot" : "standby",
                 other);
    }
    draw_rounded(p->cr, x, y - 12, 18, 14, 3);
    draw_set(p->cr, draw_tint(colour, 0.84));
    cairo_fill_preserve(p->cr);
    draw_set(p->cr, colour);
    cairo_set_line_width(p->cr, 2);
    cairo_stroke(p->cr);
    draw_set(p->cr, ink);
    draw_text_at(p->cr, o->id, x + 26, y, 13, true);
    x += 34 + draw_text_width(p->cr, o->id, 13, true);
    snprintf(text, sizeof(text), "%s · %s%s · %u cabinet%s · %" PRIu64 " LEDs", o->driver, link,
             backup, o->n_chain, o->n_chain == 1 ? "" : "s", o->n_leds);
    draw_set(p->cr, faint);
    draw_text_at(p->cr, text, x, y, 12, false);
}

static bool any_turned(const struct wall *w)
{
    for (uint32_t i = 0; i < w->n_cabinets; i++)
        if (w->cabinets[i].turn || w->cabinets[i].mirror_x || w->cabinets[i].mirror_y)
            return true;
    return false;
}

static void draw_key(const struct draw_page *p, double y)
{
    char text[256];

    snprintf(text, sizeof(text),
             "Numbers count the cabinets along the cable from the sender: filled circle = first, "
             "double ring = last, dashed = cable over other cabinets.%s",
             any_turned(p->wall)
                 ? " A wedge marks the top left corner of a cabinet that is turned or mirrored."
                 : "");
    draw_set(p->cr, faint);
    if (draw_text_width(p->cr, text, 11, false) > p->width - 2 * DRAW_MARGIN)
        draw_text_centred(p->cr, text, p->width / 2, y - 4, 11, false, p->width - 2 * DRAW_MARGIN);
    else
        draw_text_at(p->cr, text, DRAW_MARGIN, y, 11, false);
}

void draw_legend(const struct draw_page *p)
{
    uint32_t n = p->wall->n_outputs;
    uint32_t rows = (n + p->legend_columns - 1) / p->legend_columns;

    for (uint32_t i = 0; i < n; i++)
        draw_port_row(p, i, DRAW_MARGIN + (i / rows) * p->legend_column_w,
                      p->legend_y + (i % rows) * DRAW_ROW);
    draw_key(p, p->legend_y + rows * DRAW_ROW + 8);
}
