/* SPDX-License-Identifier: Apache-2.0 */
/* ticker.h - a line of text that travels through its layer at a constant speed.
 *
 * Position is an exact function of the frame number: after f frames the text has come
 * f * speed / rate pixels, kept in 1/256 px, so nothing accumulates and a skipped frame leaves no
 * trace. Pixels between two columns are interpolated linearly. Text that reads from left to right
 * travels to the left, text that reads from right to left travels to the right.
 *
 * The line is drawn in tiles of TICKER_TILE columns. A short line is drawn once; of a long one only
 * the tiles in sight and those of the next seconds exist, in a ring that the worker refills behind
 * the text: memory is at most (layer width + 2 s of travel + 8 tiles) * height * 4 bytes, however
 * long the text.
 *
 * Coordinates: m counts the line's columns from where reading begins (from its right end for
 * right-to-left text), with period = columns + gap; the layer shows m from travelled - width to
 * travelled. Tile g is the (g % n_tiles)-th of repetition g / n_tiles. */
#ifndef CONTROLLER_PLAYER_COMPOSE_TICKER_H
#define CONTROLLER_PLAYER_COMPOSE_TICKER_H

#include <stdatomic.h>

#include "controller/player/compose/layout.h"
#include "protocols/pixel/canvas.h"

#define TICKER_TILE 512u

struct ticker_tile {
    _Atomic int64_t key; /* g, or the tile's number where all exist; -1: being drawn */
    uint32_t *data;      /* TICKER_TILE * clip_h pixels */
};

struct ticker_segment {
    uint32_t at, n;       /* columns of the row */
    const uint32_t *data; /* first pixel in the tile's first row; NULL: blank */
};

struct ticker {
    const struct layer *layer; /* borrowed */
    struct qp_rational rate;
    int64_t join_frame;
    uint32_t clip_x, clip_y, clip_w, clip_h; /* on the canvas */
    uint32_t clip_left, clip_top;            /* of the clip within the layer */

    /* Written by the worker before `shaped`. */
    _Atomic bool shaped;
    bool rtl;
    int64_t columns, period; /* px */
    int64_t n_tiles, n_slots;
    bool all; /* n_slots == n_tiles: every tile has its own slot */
    struct ticker_tile *tiles;
    struct ticker_segment *segments;
    size_t max_segments;
    struct text_block *block;
    double margin, top;

    _Atomic int64_t first_needed; /* smallest g that the render thread may still look at */
    _Atomic bool settled;
    _Atomic bool failed;
    _Atomic(char *) note;
};

/* The first frame painted will be join_frame or later. */
int ticker_init(struct ticker *ticker, const struct layer *layer, struct qp_rational rate,
                uint32_t canvas_w, uint32_t canvas_h, int64_t join_frame);
void ticker_finish(struct ticker *ticker); /* before the engine is destroyed */

/* Worker. */
void ticker_prepare(struct ticker *ticker, struct text_engine *engine);

/* Columns travelled after frame f, in 1/256 px. */
int64_t ticker_travelled(const struct layer *layer, struct qp_rational rate, int64_t f);

/* Render thread: the first frame at or after f on which the line begins to come in anew; f while
 * its length is not known. */
int64_t ticker_next_beginning(const struct ticker *ticker, int64_t f);

/* Render thread: is everything drawn that is in sight on frame f? Asking tells the worker. */
bool ticker_is_ready(struct ticker *ticker, int64_t f);

/* Render thread: paint the line as it stands in frame f. rows: two rows of canvas width + 1 pixels.
 * Returns false if a tile in sight was not drawn yet. */
bool ticker_paint(struct ticker *ticker, int64_t f, const struct canvas *canvas,
                  uint32_t *const rows[2]);

#endif
