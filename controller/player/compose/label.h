/* SPDX-License-Identifier: Apache-2.0 */
/* label.h - a text, a clock or a countdown as ready pictures.
 *
 * The worker thread draws what will be shown in the next seconds into slots; the render thread
 * takes the slot of the current second. A slot belongs to the worker while EMPTY, to nobody while
 * READY (either side may claim it, by compare-and-swap) and to the render thread while HELD. If the
 * picture of a second is not there in time, the one before stays. */
#ifndef CONTROLLER_PLAYER_COMPOSE_LABEL_H
#define CONTROLLER_PLAYER_COMPOSE_LABEL_H

#include <stdatomic.h>

#include "controller/player/compose/layout.h"

#define LABEL_SLOTS   4
#define LABEL_AHEAD_S 2 /* seconds drawn ahead of the current one */

/* Premultiplied pixels with their place on the canvas; wholly on it. */
struct label_picture {
    uint32_t *data; /* owned; w * h pixels, NULL when empty */
    uint32_t x, y, w, h;
};

struct label_slot {
    _Atomic int state;
    _Atomic int64_t from_s;  /* first second of UTC it is for */
    _Atomic int64_t until_s; /* one past the last; the worker may prolong it */
    char *text;              /* worker's */
    struct label_picture picture;
};

struct label {
    const struct layer *layer; /* borrowed */
    uint32_t canvas_w, canvas_h;
    struct label_slot slots[LABEL_SLOTS];
    int held;             /* render thread: slot on show, -1: none */
    _Atomic bool failed;  /* worker: reported, not tried again */
    _Atomic(char *) note; /* a sentence for the loop thread, which frees it */
};

void label_init(struct label *label, const struct layer *layer, uint32_t canvas_w,
                uint32_t canvas_h);
void label_finish(struct label *label); /* no thread uses it any more */

/* Worker: draw what is missing for now_s .. now_s + LABEL_AHEAD_S. */
void label_prepare(struct label *label, struct text_engine *engine, int64_t now_s);

/* Render thread: the picture for this second of UTC, the one before, or NULL. Wait-free. */
const struct label_picture *label_picture(struct label *label, int64_t utc_s);

/* Render thread: would label_picture() give the picture of this very second (or is there none to
 * come)? */
bool label_is_ready(const struct label *label, int64_t utc_s);

/* Leave a sentence for the loop thread if none is waiting. */
void label_set_note(_Atomic(char *) *note, const char *layer, const char *text);

/* Where a text of these extents begins in the layer's box, px from its top. */
double label_top(const struct layer *layer, const struct text_extents *extents);

/* Report characters that no font has. */
void label_note_missing(_Atomic(char *) *note, const char *layer, const struct text_extents *ext);

#endif
