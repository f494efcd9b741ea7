/* SPDX-License-Identifier: Apache-2.0 */
/* compose.h - layers onto the canvas: video, image, colour, text, ticker, clock, countdown.
 *
 * A composition is one layout (docs/layout-format.md) together with its playlist. It owns its media
 * items, opens the next one ahead of time and prepares text in a worker thread; the render thread
 * only copies and blends. Nothing here ever shows black between items: the previous picture stays
 * until the next one's first picture is ready. */
#ifndef CONTROLLER_PLAYER_COMPOSE_COMPOSE_H
#define CONTROLLER_PLAYER_COMPOSE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/base/rational.h"
#include "protocols/base/report.h"
#include "protocols/pixel/canvas.h"

struct layout;
struct play_feed; /* play.h */

/* Read and check a layout file for a canvas of this size. Returns 0 and a new layout, or -EINVAL
 * with findings and the first as a sentence, -ENOENT ..., -ENOMEM. */
QP_MUST_CHECK int layout_load(struct layout **ret, const char *file, uint32_t canvas_w,
                              uint32_t canvas_h, struct qp_report *report, struct qp_diag *diag);
QP_MUST_CHECK int layout_parse(struct layout **ret, const char *text, size_t len, const char *dir,
                               uint32_t canvas_w, uint32_t canvas_h, struct qp_report *report,
                               struct qp_diag *diag);
/* The layout used when none is given: one full-canvas zone that plays the playlist with `fill`. */
QP_MUST_CHECK int layout_default(struct layout **ret, uint32_t canvas_w, uint32_t canvas_h);
void layout_destroy(struct layout *layout);

struct compose_params {
    struct layout *layout;    /* borrowed until compose_destroy */
    const char *const *media; /* the playlist of the layout's main zone; copied */
    size_t n_media;
    bool loop; /* begin the playlist again */
    /* Instead of media: what the main zone plays comes from here (play.h); borrowed. NULL: media.
     * Nothing is then ever over or failed, and frames are those of the lattice. */
    const struct play_feed *feed;
    /* The layout is a page (page.h): its time zero is TAI zero_ns whenever it was opened, frames
     * are those of the lattice, and it is first shown at TAI join_ns. */
    bool is_page;
    int64_t zero_ns, join_ns;
    struct qp_rational rate; /* of the wall */
    int64_t settle_ns; /* first pictures are waited for so long, then what is there shows; 0: 3 s */
    const char *audio_device; /* NULL: silent */
    /* Called from compose_tick() with a sentence when an item is skipped, and for what the picture
     * survives: an item without its sound, a character that no font has. */
    void (*on_notice)(void *user, const char *text);
    void *user;
};

struct compose;

/* Starts opening the first items and preparing text. Returns 0 or -EINVAL/-ENOMEM. */
QP_MUST_CHECK int compose_create(struct compose **ret, const struct compose_params *params,
                                 struct qp_diag *diag);
void compose_destroy(struct compose *compose);

/* House-keeping off the render thread (opening the next item, closing old ones, reporting skips);
 * call it every 20 ms or so from the loop thread. */
void compose_tick(struct compose *compose);

enum compose_state {
    COMPOSE_WAITING, /* nothing valid to show yet */
    COMPOSE_PLAYING,
    COMPOSE_ENDED, /* the playlist is over; the last picture stays */
    COMPOSE_FAILED /* not one item could be played */
};

/* Paint the canvas for wall frame n (lattice index), due at tai_ns / utc_ns; mono_ns is when it
 * will be latched. Time of the first call is time zero of the layout. Render thread: no wait, no
 * lock, no allocation. Returns the state. While WAITING the canvas is left as it was. */
enum compose_state compose_render(struct compose *compose, struct canvas *canvas, int64_t tai_ns,
                                  int64_t utc_ns, int64_t mono_ns);

/* Fed: what was rendered last is on the wall, and counts as presented. Render thread. */
void compose_count(struct compose *compose);

/* True when compose_render() for this instant would repeat no older picture for want of a decoded
 * one: every item on show has its picture, or failed, or ended. For rendering without a clock
 * (captures, benchmarks), where the renderer waits for the decoder. Render thread. */
bool compose_is_ready(struct compose *compose, int64_t tai_ns);
/* Fed: the item on show is the one of this instant, and not the one before it, which stays for want
 * of it. Render thread. */
bool compose_is_due(const struct compose *compose, int64_t tai_ns);

/* Pages, loop thread: WAITING until everything is there that is shown at join_ns, then PLAYING;
 * FAILED when a zone has nothing that can be played: *ret_layer is then its name (borrowed). */
enum compose_state compose_opened(const struct compose *compose, const char **ret_layer);
/* Pages, render thread, before they are shown: go on to this instant, unseen and unheard. Returns
 * true when everything is there for it. */
bool compose_catch_up(struct compose *compose, int64_t tai_ns);

/* Render thread, before compose_render: is the n-th ticker of the layout shown? It comes in from
 * its beginning. All are shown at first. */
void compose_show_ticker(struct compose *compose, size_t n, bool shown);
/* Render thread, before compose_render: what is painted is not shown, on purpose; fed items are
 * told (play.h). */
void compose_set_dark(struct compose *compose, bool dark);

struct play_now; /* play.h */
/* Loop thread: what the feed's zone has on. Returns false when nothing is. */
bool compose_now(const struct compose *compose, struct play_now *ret);

struct media_volume; /* media.h */
/* Render thread, before compose_render: how loud it is; instants are TAI. Full volume at first. */
void compose_set_volume(struct compose *compose, const struct media_volume *volume);

struct compose_stats {
    uint64_t items_started, items_skipped, items_finished;
    uint64_t pictures_late; /* the decoder was behind */
};

void compose_stats(const struct compose *compose, struct compose_stats *ret);

#endif
