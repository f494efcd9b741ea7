/* SPDX-License-Identifier: Apache-2.0 */
/* draw.h - a wall on paper, seen from the front: what the files of `qp wall draw` share. */
#ifndef CONTROLLER_CLI_DRAW_H
#define CONTROLLER_CLI_DRAW_H

#include <cairo/cairo.h>

#include "protocols/wall/geometry.h"

struct draw_colour {
    double r, g, b;
};

/* The page in points (SVG) or pixels (PNG). */
struct draw_page {
    const struct wall *wall; /* borrowed */
    cairo_t *cr;             /* borrowed; NULL while the page is only measured */
    double scale;            /* page units per canvas pixel */
    double wall_x, wall_y;   /* where the canvas begins */
    double width, height;    /* of the page */
    double legend_y;
    unsigned legend_columns;
    double legend_column_w;
};

#define DRAW_MARGIN 48.0
#define DRAW_ROW    24.0 /* of the legend */

/* Choose scale and places. */
void draw_measure(struct draw_page *page, const struct wall *wall);

/* draw_cabinets.c */
void draw_cabinets(const struct draw_page *page);
void draw_chains(const struct draw_page *page);
void draw_labels(const struct draw_page *page); /* last: cables pass below them */

/* draw_legend.c: title, rulers, ports */
void draw_frame(const struct draw_page *page);
void draw_legend(const struct draw_page *page);

/* draw_tools.c */
/* A picture that goes to a file, PNG or SVG, w x h in the units of draw_page. */
cairo_t *draw_open(const char *out, bool png, double w, double h);
/* Write it and free it. Returns CLI_OK, or CLI_ERROR after a sentence. */
int draw_close(cairo_t *cr, const char *out, bool png);
struct draw_colour draw_port_colour(uint32_t port);
struct draw_colour draw_tint(struct draw_colour c, double white); /* 0: c, 1: white */
void draw_set(cairo_t *cr, struct draw_colour c);
void draw_font(cairo_t *cr, const char *text, double size, bool bold);
double draw_text_width(cairo_t *cr, const char *text, double size, bool bold);
/* Centred on (x, y); shrunk to fit max_w, and not drawn when it would be smaller than 5 units. */
void draw_text_centred(cairo_t *cr, const char *text, double x, double y, double size, bool bold,
                       double max_w);
void draw_text_at(cairo_t *cr, const char *text, double x, double y, double size, bool bold);
void draw_rounded(cairo_t *cr, double x, double y, double w, double h, double r);

#endif
