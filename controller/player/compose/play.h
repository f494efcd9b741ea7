/* SPDX-License-Identifier: Apache-2.0 */
/* play.h - one zone's playlist: which item is on, which fades in, which is opened ahead.
 *
 * The list is a fixed one, or it is fed: then each item comes from a callback with the instant at
 * which it begins, and nothing but that instant decides; frames are numbered by the lattice, so
 * that every player of a schedule does the same. A list of a page (page.h) joins in progress and
 * keeps to its frames: an item begins where the one before it ends, not when it was ready.
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

#include "controller/player/compose/join.h"
#include "controller/player/compose/page.h"
#include "controller/player/compose/transition.h"
#include "controller/player/media/media.h"

#define PLAY_SLOTS       3u
#define PLAY_AHEAD       2u
#define PLAY_RETRY_NS    5000000000LL /* between rounds in which nothing could be played */
#define PLAY_STALL_NS    5000000000LL /* without a new picture after the expected end: give up */
#define PLAY_CATCH_UP_NS 1000000000LL /* a late item gets so long to reach its picture, unseen */

struct play_item {
    char *file; /* owned by whoever owns the item */
    enum media_fit fit;
    struct media_rect crop; /* w == 0: all of it */
    int64_t duration_ns;    /* 0: the file's own; a shorter clip is repeated, a longer one cut */
    enum transition_type transition; /* how it comes in; the very first item always cuts in */
    int64_t transition_ns;

    /* Fed items only; they repeat until the next begins, and always cut in. */
    int64_t begin_ns; /* TAI; an item that is late joins in progress */
    int64_t start_ns; /* where in the file it is at begin_ns */
    void *tag;        /* the feeder's own */
    bool is_layout;   /* file is a layout: a page (page.h), which paints the whole canvas */
};

/* What became of a fed item. Frames are lattice indexes. */
struct play_record {
    int64_t first, end;      /* frames on which it was on; both 0: never */
    int64_t expected;        /* frames that it should have been on, once it or its feed began */
    int64_t presented, dark; /* painted; of which on a wall that was dark on purpose */
    enum play_end {
        PLAY_END_NEXT,    /* the next item began */
        PLAY_END_STOPPED, /* the player was closed */
        PLAY_END_FAILED,  /* it could not be opened, or broke off */
    } end_kind;
};

/* The fed item that is on, for whoever must know it before its end. */
struct play_now {
    void *tag;
    int64_t first, last,
        from; /* frames: its first, the newest, the first that counts as expected */
    int64_t presented, dark;
};

/* Where fed items come from; called on the loop thread, from play_init, play_tick, play_finish. */
struct play_feed {
    /* The next item, in the order of begin_ns; file is taken (NULL: no picture, what lies below is
     * seen). Returns false when none is known yet; then nothing begins before ret->begin_ns. */
    bool (*next)(void *user, struct play_item *ret);
    /* An item's end, once for each, shown or not; item lives until this returns. */
    void (*on_done)(void *user, const struct play_item *item, const struct play_record *record);
    void *user; /* borrowed */
};

struct play_params {
    const struct play_item *items; /* borrowed */
    size_t n_items;                /* >= 1 */
    const struct play_feed *feed;  /* borrowed; NULL: items. Otherwise items and loop are unused */
    bool loop;
    bool is_page;       /* a list of a page: ... */
    int64_t join_frame; /* ... that is first shown on this frame */
    bool whole_canvas;  /* the box is the canvas: layouts may be fed */
    uint32_t w, h;      /* the box, pixels */
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
    struct media *media; /* or page, or neither: no picture */
    struct page *page;
    const struct play_item *item;
    bool warned;   /* loop thread: what media_warning says was passed on */
    int64_t begin; /* fed, first of a page's list: the frame on which it begins */
    int64_t from;  /* fed: the first frame that counts as expected */
    struct play_record record;
};

struct play_pending {
    struct media *media; /* or page, or neither */
    struct page *page;
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
    struct join join;          /* a page's list: where it stands on join_frame */
    bool is_joining;           /* that is not known yet */
    _Atomic int64_t fed_until; /* fed: nothing that is not handed over begins before this frame */
    _Atomic size_t n_waiting;  /* n_pending for the render thread; raised before fed_until is */
    _Atomic int64_t now_last, now_presented, now_dark; /* of the fed item that is on */
    bool *told; /* owned, n_items: a sentence was said and the item has not played since */

    /* render thread */
    int64_t cur, prev;         /* sequence numbers, -1: none; prev only during a transition */
    int64_t start, prev_start; /* frames on which they began */
    int64_t fade_n;            /* frames of the running transition */
    enum transition_type fade_type;
    uint64_t last_serial;
    int64_t last_new_frame; /* when the current item last had a new picture */
    bool over;              /* the last item's time is up */
    bool blank;             /* fed: the item on has no picture, on purpose */
    bool is_seen;           /* fed: a frame was counted */
    int64_t last_frame;
    struct media_volume volume; /* set by play_set_volume */
    int64_t volume_at_ns;       /* its name for the frame that comes next */
    unsigned n_looks;           /* fed, without a clock */
};

/* What to paint for one frame. from is NULL outside a transition. */
struct play_view {
    struct page *page; /* NULL, or to be painted instead of pictures */
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

#define PLAY_UNSEEN INT64_MIN

/* Render thread: frame number f (never goes back; fed: lattice index), shown at mono_ns, or
 * PLAY_UNSEEN: go on to this frame, without a sound. Returns false while there is nothing to show
 * yet. */
bool play_frame(struct play *play, int64_t f, int64_t mono_ns, struct play_view *ret);

/* Render thread, before play_frame: how loud it is; at_ns is the volume's name for that frame. */
void play_set_volume(struct play *play, const struct media_volume *volume, int64_t at_ns);

/* Render thread: true if play_frame(f) would neither repeat a picture nor hold an item beyond its
 * end because the decoder or the loop thread is behind. Fed: the item that follows was opened, too,
 * so that one that cannot be played is found on the same frame in every rehearsal. */
bool play_is_ready(struct play *play, int64_t f);
/* Fed, render thread: the item that is on is the one of frame f, and not the one before it, which
 * stays for want of it. */
bool play_is_due(const struct play *play, int64_t f);

/* Render thread: the frame was painted; dark: the wall shows nothing of it, on purpose. */
void play_count(struct play *play, bool dark);

/* Loop thread: the fed item that is on. Returns false when there is none, or it is changing. */
bool play_now(const struct play *play, struct play_now *ret);

/* Loop thread, lists: has the first item been handed over? */
bool play_is_opened(const struct play *play);

/* Loop thread: pictures that came late, all items so far. */
uint64_t play_late(const struct play *play);

#endif
