/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - a layout file (docs/layout-format.md) as checked structs.
 *
 * Everything here was validated by layout_parse: rectangles lie at least partly on the canvas,
 * strings are UTF-8 within their limits, formats and zones of time are known. Read-only once
 * parsed; any thread. The reader itself is bounded: LAYOUT_MAX_* below. */
#ifndef CONTROLLER_PLAYER_COMPOSE_LAYOUT_H
#define CONTROLLER_PLAYER_COMPOSE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/player/compose/compose.h"
#include "controller/player/compose/play.h"
#include "controller/player/compose/text.h"

#define LAYOUT_MAX_BYTES  (1u << 20)
#define LAYOUT_MAX_LAYERS 64u
#define LAYOUT_MAX_ITEMS  4096u   /* of one playlist */
#define LAYOUT_MAX_TEXT   65536u  /* bytes of one ticker */
#define LAYOUT_MAX_LABEL  4096u   /* bytes of a text */
#define LAYOUT_MAX_FORMAT 256u    /* bytes of a clock's or countdown's format */
#define LAYOUT_MAX_SPEED  20000.0 /* px/s */

struct tz;

enum layer_type {
    LAYER_ZONE, /* a playlist; "video" and "image" are zones of one item */
    LAYER_SOLID,
    LAYER_TEXT,
    LAYER_TICKER,
    LAYER_CLOCK,
    LAYER_COUNTDOWN
};

/* Canvas pixels; may reach over the edges. w, h >= 1. */
struct layer_rect {
    int32_t x, y;
    uint32_t w, h;
};

struct layer {
    char *name; /* for sentences: the file's own or "layers[3]" */
    enum layer_type type;
    struct layer_rect rect;
    int32_t z;
    uint8_t opacity;

    /* zone */
    bool main; /* plays the playlist that compose_create is given */
    bool loop;
    bool audio;
    struct play_item *items; /* owned, n_items of them; for main: one, the pattern for each */
    size_t n_items;

    uint32_t colour; /* solid: premultiplied */

    /* text, ticker, clock, countdown */
    struct text_style style;
    uint32_t background; /* premultiplied, behind the text */
    char *text;          /* text, ticker; clock, countdown: the format */
    char *done;          /* countdown: what is shown afterwards; never NULL */
    int64_t speed_micro; /* ticker: px/s * 1e6 */
    uint32_t gap;        /* ticker: px between the end of the text and its next beginning */
    struct tz *tz;       /* clock; owned */
    int64_t to_utc_s;    /* countdown */
    unsigned lang;       /* names of days and months, enum timefmt_lang */
};

struct layout {
    uint32_t w, h;
    uint32_t background;  /* opaque */
    struct layer *layers; /* n_layers, lowest first */
    size_t n_layers;
};

void layout_item_finish(struct play_item *item);

#endif
