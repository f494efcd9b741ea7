/* SPDX-License-Identifier: Apache-2.0 */
/* play.h - one zone's playlist: which item is on, which fades in, which is opened ahead.
 *
 * Two threads share a player. The loop thread opens files, waits for their first picture, hands
 * them over strictly in playlist order and closes what was shown (play_tick). The render thread
 * decides by the frame number alone what is on (play_frame). Between them lie three slots, each
 * owned by one side at a time: sequence number q lives in slot q % 3.
 *
 * An item is handed over only when its first picture is there, and the old one is let go only when
 * the new one is on: there is no frame without a picture once the first has been shown. */
#ifndef CONTROLLER_PLAYER_COMPOSE_PLAY_H
#define CONTROLLER_PLAYER_COMPOSE_PLAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "controller/player/compose/transition.h"
#include "controller/player/media/media.h"

#define PLAY_SLOTS    3u
#define PLAY_AHEAD    2u
#define PLAY_RETRY_NS 5000000000LL /* between rounds in which nothing could be played */
#define PLAY_STALL_NS 5000000000LL /* without a new picture after the expected end: give up */

struct play_item {
    char *file; /* owned by whoever owns the item */
    enum media_fit fit;
    struct media_rect crop; /* w == 0: all of it */
    int64_t duration_ns;    /* 0: the file's own; a shorter clip is repeated, a longer one cut */
    enum transition_type transition; /* how it comes in; the very first item always cuts in */
    int64_t transition_ns;
};

struct play_params {
    const struct play_item *items; /* borrowed */
    size_t n_items;                /* >= 1 */
    bool loop;
    uint32_t w, h; /* the box, pixels */
    struct qp_rational rate;
    const char *audio_device;                        /* borrowed; NULL: silent */
    void (*on_notice)(void *user, const char *text); /* may be NULL; from play_tick */
    void *user;
};

enum play_slot_state {
    PLAY_SLOT_EMPTY, /* the loop thread's */
    PLAY_SLOT_READY, /* the render thread's */
    PLAY_SLOT_DONE   /* the render thread has let go of it: the loop thread closes it */
};

struct play_slot {
    _Atomic int state;
    struct media *media;
    const struct play_item *item;
    bool warned; /* loop thread: what media_warning says was passed on */
};

struct play_pending {
    struct media *media;
    const struct play_item *item;
};

struct play {
    struct play_params params;
    struct play_slot slots[PLAY_SLOTS];
    _Atomic int64_t head;    /* newest sequence number that is on; -1: none. Render writes. */
    _Atomic int64_t end_seq; /* number of items there will ever be; INT64_MAX: not known */
    _Atomic bool failed;     /* every item failed once around, nothing is open */
    _Atomic uint64_t n_started, n_finished;

    /* loop thread */
    struct play_pending pending[PLAY_AHEAD]; /* opening, in order */
    size_t n_pending;
    size_t cursor;     /* next item of the list; n_items: the list is over */
    int64_t published; /* sequence number of the next hand-over */
    size_t n_failed_in_row;
    int64_t retry_at_ns; /* CLOCK_MONOTONIC */
    uint64_t n_skipped, n_late_closed;
    bool *told; /* owned, n_items: a sentence was said and the item has not played since */

    /* render thread */
    int64_t cur, prev;         /* sequence numbers, -1: none; prev only during a transition */
    int64_t start, prev_start; /* frames on which they began */
    int64_t fade_n;            /* frames of the running transition */
    enum transition_type fade_type;
    uint64_t last_serial;
    int64_t last_new_frame; /* when the current item last had a new picture */
    bool over;              /* the last item's time is up */
};

/* What to paint for one frame. from is NULL outside a transition. */
struct play_view {
    const struct media_picture *to, *from;
    enum transition_type type;
    int64_t i, n; /* frame i of n of the transition */
};

/* Starts opening the first two items. Returns 0, -EINVAL or -ENOMEM. An item that cannot be played
 * is told of once, not in every round of the list. */
QP_MUST_CHECK int play_init(struct play *play, const struct play_params *params,
                            struct qp_diag *diag);
/* The render thread must have stopped. */
void play_finish(struct play *play);

/* Loop thread. */
void play_tick(struct play *play);

/* Render thread: frame number f (never goes back), shown at mono_ns. Returns false while there is
 * nothing to show yet. */
bool play_frame(struct play *play, int64_t f, int64_t mono_ns, struct play_view *ret);

/* Render thread: true if play_frame(f) would neither repeat a picture nor hold an item beyond its
 * end because the decoder or the loop thread is behind. */
bool play_is_ready(struct play *play, int64_t f);

/* Loop thread: pictures that came late, all items so far. */
uint64_t play_late(const struct play *play);

#endif
