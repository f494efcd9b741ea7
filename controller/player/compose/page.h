/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - a layout as one item of a schedule: it is opened ahead as a clip is, begins and ends on
 * exact frames, and stands where its time zero says, whoever joins it when.
 *
 * A page paints the whole canvas itself. Time zero is the instant at which the item began or,
 * joined in progress, would have begun: frames of the layout are lattice frames since then, so that
 * lists and tickers are the same on every player. A page of which one zone cannot play any of its
 * files is broken as a whole: it would show a hole.
 *
 * Threads: open, close, tick, state by the loop thread; the rest by the render thread. */
#ifndef CONTROLLER_PLAYER_COMPOSE_PAGE_H
#define CONTROLLER_PLAYER_COMPOSE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "controller/player/media/media.h"
#include "protocols/base/rational.h"
#include "protocols/pixel/canvas.h"

struct page;

struct page_params {
    const char *file; /* borrowed for the call */
    uint32_t w, h;    /* of the canvas */
    struct qp_rational rate;
    int64_t zero_ns;          /* TAI: time zero of the layout */
    int64_t join_ns;          /* TAI, >= zero_ns: when it will first be shown */
    const char *audio_device; /* borrowed; NULL: silent */
    void (*on_notice)(void *user, const char *text); /* may be NULL */
    void *user;
};

/* Read the layout and start opening what it shows. Returns 0, or the errors of layout_load and
 * compose_create with a sentence that names the file. */
QP_MUST_CHECK int page_open(struct page **ret, const struct page_params *params,
                            struct qp_diag *diag);
void page_close(struct page *page); /* NULL is fine */
void page_tick(struct page *page);  /* every 20 ms or so */

/* OPENING, READY (all that is shown at join_ns is there) or FAILED (page_error has the sentence).
 */
enum media_state page_state(struct page *page);
const char *page_error(const struct page *page);
uint64_t page_late(const struct page *page); /* pictures that came late */

/* Not yet on: go on to this instant, unseen and unheard. True when everything is there for it. */
bool page_catch_up(struct page *page, int64_t tai_ns);
/* Is everything there for this instant? Without a clock, as compose_is_ready(). */
bool page_is_ready(struct page *page, int64_t tai_ns);

/* volume: of TAI, as compose_set_volume(). */
void page_paint(struct page *page, struct canvas *canvas, const struct media_volume *volume,
                int64_t tai_ns, int64_t utc_ns, int64_t mono_ns);

#endif
