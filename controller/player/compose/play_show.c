/* SPDX-License-Identifier: Apache-2.0 */
/* The render thread's side of play.h. */
#include "controller/player/compose/play.h"
#include "controller/player/compose/play_impl.h"
#include "protocols/base/clock.h"

#define LOOK_EVERY 64

static struct play_slot *slot_of(struct play *p, int64_t seq)
{
    return &p->slots[seq % PLAY_SLOTS];
}

/* The item after the current one, or NULL while its first picture is not there. */
static struct play_slot *next_ready(struct play *p)
{
    struct play_slot *slot = slot_of(p, p->cur + 1);

    /* During a transition the slot after the current one is free or ahead, never prev's: there are
     * three of them. */
    if (atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_READY)
        return NULL;
    return slot;
}

static void let_go(struct play *p, int64_t seq)
{
    atomic_fetch_add_explicit(&p->n_finished, 1, memory_order_relaxed);
    atomic_store_explicit(&slot_of(p, seq)->state, PLAY_SLOT_DONE, memory_order_release);
}

static void begin_next(struct play *p, int64_t f, int64_t fade_n)
{
    const struct play_slot *next = slot_of(p, p->cur + 1);

    if (p->cur >= 0 && fade_n > 0) {
        p->prev = p->cur;
        p->prev_start = p->start;
        p->fade_n = fade_n;
        p->fade_type = next->item->transition;
    } else if (p->cur >= 0) {
        let_go(p, p->cur);
    }
    p->cur++;
    p->start = f;
    p->last_serial = 0;
    p->last_new_frame = f;
    atomic_fetch_add_explicit(&p->n_started, 1, memory_order_relaxed);
    atomic_store_explicit(&p->head, p->cur, memory_order_release);
}

/* The frame on which the current item's time is up; *ret_sure tells an estimate from the truth. */
static int64_t end_frame(struct play *p, bool *ret_sure)
{
    const struct play_slot *slot = slot_of(p, p->cur);
    enum media_state state = media_state(slot->media);
    int64_t ns = slot->item->duration_ns, n;

    *ret_sure = ns > 0 || state == MEDIA_ENDED || state == MEDIA_FAILED;
    if (ns <= 0)
        ns = media_duration_ns(slot->media);
    /* An endless item that broke: nothing more will come. */
    if (state == MEDIA_FAILED && (ns == INT64_MAX || slot->item->duration_ns <= 0))
        return p->start + 1;
    n = play_frames_of(p, ns);
    return n == INT64_MAX ? n : p->start + n;
}

/* Is the current item's time up, less the length of the transition that follows? A file whose
 * length is only estimated plays until it has ended, unless nothing new comes any more. */
static bool is_up(struct play *p, int64_t f, int64_t fade_n)
{
    bool sure;
    int64_t end = end_frame(p, &sure);
    int64_t stall = transition_frames_ceil(p->params.rate, PLAY_STALL_NS);

    if (f < end - fade_n)
        return false;
    /* Ask for the picture of this frame: a file that has nothing for it says now that it has ended,
     * and the next item begins on this frame, not on the one after. */
    if (!sure && f >= end) {
        (void)media_picture(slot_of(p, p->cur)->media,
                            transition_frame_ns(p->params.rate, f - p->start));
        (void)end_frame(p, &sure);
    }
    /* An estimate shorter than the transition says nothing. */
    return sure || (fade_n > 0 && end - p->start > fade_n) || f - p->last_new_frame >= stall;
}

/* Where in its file a fed item is on frame f. */
static int64_t fed_time(const struct play *p, const struct play_slot *slot, int64_t f)
{
    int64_t since = qp_lattice_due(p->params.rate, f) - slot->item->begin_ns;

    return slot->item->start_ns + (since > 0 ? since : 0);
}

/* Has a fed item decoded as far as frame f? Asking lets it go on. */
static bool has_caught_up(const struct play *p, const struct play_slot *slot, int64_t f)
{
    int64_t t = fed_time(p, slot, f);

    if (slot->page)
        return page_catch_up(slot->page, qp_lattice_due(p->params.rate, f));
    if (!slot->media)
        return true;
    (void)media_picture(slot->media, t);
    return media_is_ready(slot->media, t);
}

static void begin_fed(struct play *p, struct play_slot *next, int64_t f)
{
    next->from = p->cur < 0 ? f : next->begin;
    next->record.first = f;
    if (p->cur >= 0)
        play_close_record(slot_of(p, p->cur), f, next->begin, PLAY_END_NEXT);
    p->blank = !next->media && !next->page;
    atomic_store_explicit(&p->now_presented, 0, memory_order_relaxed);
    atomic_store_explicit(&p->now_dark, 0, memory_order_relaxed);
    begin_next(p, f, 0);
}

/* The next item begins on its frame, or as soon after as it has a picture for that moment. */
static void advance_fed(struct play *p, int64_t f)
{
    struct play_slot *next = next_ready(p);
    int64_t patience = transition_frames_ceil(p->params.rate, PLAY_CATCH_UP_NS);

    p->last_frame = f;
    if (next && f >= next->begin && (has_caught_up(p, next, f) || f - next->begin >= patience))
        begin_fed(p, next, f);
}

/* On which frame the next item begins, seen from frame f on which the current one's time is up: in
 * a page where that was, even if this frame is late. */
static int64_t next_begin(struct play *p, int64_t f, int64_t fade_n)
{
    bool sure;
    int64_t end = end_frame(p, &sure) - fade_n;

    if (!p->params.is_page || !sure || end > f)
        return f;
    return end > p->start ? end : p->start + 1;
}

static void advance(struct play *p, int64_t f)
{
    struct play_slot *next;
    int64_t fade_n = 0, begin;

    if (p->prev >= 0) {
        if (f - p->start < p->fade_n)
            return;
        let_go(p, p->prev);
        p->prev = -1;
    }
    next = next_ready(p);
    if (p->cur < 0) {
        if (next)
            begin_next(p, p->params.is_page ? next->begin : f, 0);
        return;
    }
    if (next)
        fade_n = play_fade_frames(p, next->item);
    if (!is_up(p, f, fade_n))
        return;
    begin = next_begin(p, f, fade_n);
    if (next)
        begin_next(p, begin, f - begin < fade_n ? fade_n : 0);
    else
        p->over = atomic_load_explicit(&p->end_seq, memory_order_acquire) == p->cur + 1;
}

static const struct media_picture *picture_of(struct play *p, int64_t seq, int64_t k,
                                              int64_t mono_ns)
{
    struct play_slot *slot = slot_of(p, seq);
    struct media *media = slot->media;
    int64_t t =
        p->params.feed ? fed_time(p, slot, p->start + k) : transition_frame_ns(p->params.rate, k);
    const struct media_picture *picture = media ? media_picture(media, t) : NULL;

    if (media && mono_ns != PLAY_UNSEEN) {
        media_set_volume(media, &p->volume, t, p->volume_at_ns);
        media_sync(media, t, mono_ns);
    }
    return picture;
}

bool play_frame(struct play *p, int64_t f, int64_t mono_ns, struct play_view *ret)
{
    if (p->params.feed)
        advance_fed(p, f);
    else
        advance(p, f);
    *ret = (struct play_view){0};
    if (p->cur < 0)
        return false;
    ret->page = slot_of(p, p->cur)->page;
    ret->to = picture_of(p, p->cur, f - p->start, mono_ns);
    if (ret->to && ret->to->serial != p->last_serial) {
        p->last_serial = ret->to->serial;
        p->last_new_frame = f;
    }
    if (p->prev >= 0) {
        ret->from = picture_of(p, p->prev, f - p->prev_start, mono_ns);
        ret->type = p->fade_type;
        ret->i = f - p->start;
        ret->n = p->fade_n;
    }
    return ret->page || ret->to || ret->from;
}

void play_set_volume(struct play *p, const struct media_volume *volume, int64_t at_ns)
{
    p->volume = *volume;
    p->volume_at_ns = at_ns;
}

static bool has_picture(struct play *p, int64_t seq, int64_t k)
{
    return media_is_ready(slot_of(p, seq)->media, transition_frame_ns(p->params.rate, k));
}

void play_count(struct play *p, bool dark)
{
    struct play_record *record;
    struct play_slot *slot;

    if (!p->params.feed || p->cur < 0)
        return;
    slot = slot_of(p, p->cur);
    record = &slot->record;
    if (!p->is_seen) /* until now something else was on, or the text was being drawn */
        record->first = slot->from = p->last_frame;
    p->is_seen = true;
    record->presented++;
    record->dark += dark;
    atomic_store_explicit(&p->now_presented, record->presented, memory_order_release);
    atomic_store_explicit(&p->now_dark, record->dark, memory_order_relaxed);
    atomic_store_explicit(&p->now_last, p->last_frame, memory_order_release);
}

bool play_is_due(const struct play *p, int64_t f)
{
    const struct play_slot *next = next_ready((struct play *)(uintptr_t)p);

    return f < (next ? next->begin : atomic_load_explicit(&p->fed_until, memory_order_acquire));
}

static bool is_ready_fed(struct play *p, int64_t f)
{
    const struct play_slot *on = slot_of(p, p->cur), *next = next_ready(p);

    if (next && f >= next->begin)
        return has_caught_up(p, next, f);
    if (on->page && !page_is_ready(on->page, qp_lattice_due(p->params.rate, f)))
        return false;
    if (on->media && !media_is_ready(on->media, fed_time(p, on, f))) {
        /* A decoder that is far behind has filled its pictures' room and waits for us. Looking is
         * counted as a late picture: not too often. */
        if (++p->n_looks % LOOK_EVERY == 0)
            (void)media_picture(on->media, fed_time(p, on, f));
        return false;
    }
    return next || (f < atomic_load_explicit(&p->fed_until, memory_order_acquire) &&
                    atomic_load_explicit(&p->n_waiting, memory_order_acquire) == 0);
}

bool play_is_ready(struct play *p, int64_t f)
{
    bool sure;

    if (p->cur < 0)
        return true;
    if (p->params.feed)
        return is_ready_fed(p, f);
    if (!has_picture(p, p->cur, f - p->start) ||
        (p->prev >= 0 && !has_picture(p, p->prev, f - p->prev_start)))
        return false;
    /* How long before the end the next item begins is known only once it is there. */
    return end_frame(p, &sure) == INT64_MAX || next_ready(p) ||
           atomic_load_explicit(&p->end_seq, memory_order_acquire) == p->cur + 1;
}
