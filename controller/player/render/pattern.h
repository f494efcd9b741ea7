/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h - test patterns for installers: pictures that need no file.
 *
 * Painting allocates nothing. One pattern belongs to the rendering thread. */
#ifndef CONTROLLER_PLAYER_RENDER_PATTERN_H
#define CONTROLLER_PLAYER_RENDER_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/diag.h"
#include "protocols/pixel/canvas.h"
#include "protocols/wall/wall.h"

enum pattern_kind {
    PATTERN_BLACK,
    PATTERN_WHITE,
    PATTERN_RED,
    PATTERN_GREEN,
    PATTERN_BLUE,
    PATTERN_GRADIENT, /* four bands: grey, red, green, blue, dark to bright */
    PATTERN_GRID,     /* canvas frame, diagonals, a line every 16 pixels, stronger every 64 */
    PATTERN_BAR,      /* a white bar that moves one pixel a frame over the canvas */
    PATTERN_CABINETS, /* number, port and chain place on every cabinet; a dot marks its own corner
                       */
    PATTERN_WALK,     /* one LED after the other in wiring order, on every port at the same time */
    PATTERN_N
};

/* The names of the command line: "black", ... "cabinets", "walk". PATTERN_N of them. */
extern const char *const pattern_names[PATTERN_N];
/* What each shows, one line. */
extern const char *const pattern_help[PATTERN_N];

struct pattern;

/* wall is borrowed until destroy. Returns 0 or -ENOMEM. */
QP_MUST_CHECK int pattern_create(struct pattern **ret, enum pattern_kind kind,
                                 const struct wall *wall);
void pattern_destroy(struct pattern *pattern); /* NULL is fine */

/* Paint frame n, the lattice index: players with the same clock show the same place of what moves.
 * n may skip. The canvas still holds what the previous call left there. */
void pattern_paint(struct pattern *pattern, struct canvas *canvas, uint64_t n);

#endif
