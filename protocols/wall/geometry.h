/* SPDX-License-Identifier: Apache-2.0 */
/* geometry.h - from places on the wire to LEDs, and from LEDs to places on the canvas.
 *
 * A port's LEDs are addressed in one of two ways. LINEAR: the LEDs of the first cabinet of the
 * chain in wiring order, then those of the second, and so on; a cell is an index. RASTER: a picture
 * of raster_w x raster_h cells, in which every card crops its own window; a cell is y * raster_w +
 * x, and some cells may have no LED.
 *
 * Pure functions of an immutable wall; any thread. */
#ifndef PROTOCOLS_WALL_GEOMETRY_H
#define PROTOCOLS_WALL_GEOMETRY_H

#include "protocols/wall/wall.h"

enum wall_addressing { WALL_LINEAR, WALL_RASTER };

#define WALL_HOLE UINT32_MAX

/* n consecutive cells whose LEDs lie in one cabinet on one native line. */
struct wall_span {
    uint64_t cell;    /* the first cell */
    uint32_t n;       /* >= 1 */
    uint32_t cabinet; /* index into wall.cabinets, or WALL_HOLE: no LED there */
    uint32_t led;     /* grid: native index y * w + x of the first LED; irregular: wiring index */
    int32_t led_step; /* from LED to LED: 1, -1, w or -w */
};

/* Number of cells of a port. */
uint64_t wall_port_cells(const struct wall *wall, uint32_t port, enum wall_addressing addressing);

/* The span that begins at `cell`, at most max_n cells long (max_n >= 1, cell in range). Cost:
 * O(log cabinets of the port). Needs the port's index. */
struct wall_index; /* where each cabinet of a port begins; compiled once */
QP_MUST_CHECK int wall_index_create(struct wall_index **ret, const struct wall *wall, uint32_t port,
                                    enum wall_addressing addressing);
void wall_index_destroy(struct wall_index *index);
struct wall_span wall_span_at(const struct wall_index *index, uint64_t cell, uint32_t max_n);

/* An affine map from native LED coordinates (column, row; the middle of an LED is +0.5) to the
 * canvas: u = u0 + ux * x + uy * y, v = v0 + vx * x + vy * y. */
struct wall_affine {
    double u0, ux, uy, v0, vx, vy;
};

struct wall_affine wall_cabinet_affine(const struct wall *wall, uint32_t cabinet);

/* The middle of one LED on the canvas, pixels. led as in wall_span. */
void wall_led_canvas(const struct wall *wall, uint32_t cabinet, uint32_t led, double *ret_u,
                     double *ret_v);

/* The box of a cabinet on the canvas, pixels. */
struct wall_box {
    double x, y, w, h;
};

struct wall_box wall_cabinet_box(const struct wall *wall, uint32_t cabinet);

#endif
