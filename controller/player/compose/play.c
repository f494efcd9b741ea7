/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/play.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/clock.h"

#define LOOK_EVERY 64

/* --- the loop thread's side ------------------------------------------------------------------- */

/* The lattice frame on which an instant's item begins: the first that is due then or later. */
static int64_t frame_at(const struct play *p, int64_t tai_ns)
{
    int64_t n = qp_lattice_index(p->params.rate, tai_ns);

    return n + (qp_lattice_due(p->params.rate, n) < tai_ns);
}

/* The end of an item: a fed one is the player's own. */
static void release(struct play *p, const struct play_item *item, const struct play_record *record)
{
    struct play_item *own = (struct play_item *)(uintptr_t)item;

    if (!p->params.feed)
        return;
    p->params.feed->on_done(p->params.feed->user, item, record);
    free(own->file);
    free(own);
}

static void skip(struct play *p, const struct play_item *item, const char *text)
{
    bool *told = p->params.feed ? NULL : &p->told[item - p->params.items];
    char sentence[720];

    p->n_skipped++;
    if (!p->params.on_notice || (told && *told))
        return;
    if (told)
        *told = true;
    /* The item's own sentence begins with the file's name; what has none gets it here. */
    if (text && text[0])
        (void)snprintf(sentence, sizeof(sentence), "%s; skipped", text);
    else
        (void)snprintf(sentence, sizeof(sentence), "%s: holds no picture; skipped", item->file);
    p->params.on_notice(p->params.user, sentence);
}

/* A playlist of one endless item repeats inside the decoder, which has no gap at all, and needs no
 * second one open. */
static bool is_endless(const struct play *p)
{
    return !p->params.feed && p->params.loop && p->params.n_items == 1 &&
           p->params.items[0].duration_ns == 0 && p->params.items[0].transition == TRANSITION_CUT;
}

static int open_item(struct play *p, const struct play_item *item)
{
    struct media_params mp = {
        .file = item->file,
        .w = p->params.w,
        .h = p->params.h,
        .fit = item->fit,
        .crop = item->crop,
        .loop = p->params.feed || item->duration_ns > 0 || is_endless(p),
        .still_ns = item->duration_ns,
        .start_ns = item->start_ns,
        .rate = p->params.rate,
        .audio_device = p->params.audio_device,
    };
    struct qp_diag diag = {{0}};
    struct media *media = NULL;
    int err = item->file ? media_open(&media, &mp, &diag) : 0;

    if (err < 0) {
        char text[700];

        (void)snprintf(text, sizeof(text), "%s: %s", item->file,
                       diag.text[0] ? diag.text : strerror(-err));
        skip(p, item, text);
        return err;
    }
    p->pending[p->n_pending++] = (struct play_pending){.media = media, .item = item};
    atomic_store_explicit(&p->n_waiting, p->n_pending, memory_order_release);
    return 0;
}

static void drop_first_pending(struct play *p)
{
    p->n_pending--;
    memmove(p->pending, p->pending + 1, p->n_pending * sizeof(p->pending[0]));
    atomic_store_explicit(&p->n_waiting, p->n_pending, memory_order_release);
}

/* An item was on until frame `end`, and should have been until `due`. */
static void close_record(struct play_slot *slot, int64_t end, int64_t due, enum play_end how)
{
    struct play_record *record = &slot->record;

    record->end = end;
    record->expected = due > slot->from ? due - slot->from : 0;
    record->end_kind = how;
    if (slot->media && media_state(slot->media) == MEDIA_FAILED)
        record->end_kind = PLAY_END_FAILED;
}

/* An item failed. Once around without a success: nothing is playable, try again later (a share may
 * come back) instead of spinning over the list. */
static void note_failure(struct play *p)
{
    if (p->params.feed) /* time goes on, and with it the feed */
        return;
    p->n_failed_in_row++;
    if (p->n_failed_in_row < p->params.n_items)
        return;
    if (atomic_load_explicit(&p->head, memory_order_acquire) < 0)
        atomic_store_explicit(&p->failed, true, memory_order_release);
    p->retry_at_ns = qp_clock_mono_ns() + PLAY_RETRY_NS;
    p->n_failed_in_row = 0;
}

/* Something that the picture survives, sound for example: a sentence, but not a skip. */
static void pass_on_warning(struct play *p, struct play_slot *slot)
{
    const char *warning = slot->media && !slot->warned ? media_warning(slot->media) : NULL;

    if (!warning)
        return;
    slot->warned = true;
    if (p->params.on_notice)
        p->params.on_notice(p->params.user, warning);
}

static void close_done(struct play *p)
{
    for (unsigned i = 0; i < PLAY_SLOTS; i++) {
        struct play_slot *slot = &p->slots[i];
        struct media_stats stats;

        pass_on_warning(p, slot);
        if (atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_DONE)
            continue;
        /* A clip that broke off in the middle: it was shown, but somebody should know. */
        if (slot->media && media_state(slot->media) == MEDIA_FAILED) {
            skip(p, slot->item, media_error(slot->media));
            slot->record.end_kind = PLAY_END_FAILED;
        }
        if (slot->media) {
            media_stats(slot->media, &stats);
            p->n_late_closed += stats.late;
        }
        media_close(slot->media);
        release(p, slot->item, &slot->record);
        slot->media = NULL;
        slot->item = NULL;
        atomic_store_explicit(&slot->state, PLAY_SLOT_EMPTY, memory_order_release);
    }
}

/* Hand over what is ready, in order; drop what failed. */
static void settle_pending(struct play *p)
{
    while (p->n_pending > 0) {
        struct play_pending *first = &p->pending[0];
        struct play_slot *slot = &p->slots[p->published % PLAY_SLOTS];
        enum media_state state = first->media ? media_state(first->media) : MEDIA_READY;

        if (state == MEDIA_OPENING)
            return;
        if (state == MEDIA_READY) {
            if (atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_EMPTY)
                return;
            slot->media = first->media;
            slot->item = first->item;
            slot->warned = false;
            slot->record = (struct play_record){.end_kind = PLAY_END_NEXT};
            if (p->params.feed)
                slot->begin = frame_at(p, first->item->begin_ns);
            else
                p->told[first->item - p->params.items] = false;
            p->published++;
            p->n_failed_in_row = 0;
            atomic_store_explicit(&p->failed, false, memory_order_release);
            atomic_store_explicit(&slot->state, PLAY_SLOT_READY, memory_order_release);
        } else {
            skip(p, first->item, state == MEDIA_FAILED ? media_error(first->media) : NULL);
            media_close(first->media);
            release(p, first->item, &(struct play_record){.end_kind = PLAY_END_FAILED});
            note_failure(p);
        }
        drop_first_pending(p);
    }
}

static bool list_is_over(struct play *p)
{
    if (p->params.feed)
        return false;
    if (p->cursor < p->params.n_items)
        return false;
    if (p->params.loop) {
        p->cursor = 0;
        return false;
    }
    if (p->n_pending == 0)
        atomic_store_explicit(&p->end_seq, p->published, memory_order_release);
    return true;
}

/* The endless item is on or on its way, and well. */
static bool has_endless(const struct play *p)
{
    const struct play_slot *newest = &p->slots[(p->published + PLAY_SLOTS - 1) % PLAY_SLOTS];

    if (!is_endless(p))
        return false;
    return p->n_pending > 0 || (newest->media && media_state(newest->media) != MEDIA_FAILED);
}

/* Open the next item of the feed. Returns false when there is none yet. */
static bool open_fed(struct play *p)
{
    struct play_item *item = calloc(1, sizeof(*item));
    bool is_known;

    if (!item)
        return false;
    is_known = p->params.feed->next(p->params.feed->user, item);
    if (is_known)
        atomic_store_explicit(&p->n_waiting, p->n_pending + 1, memory_order_release);
    atomic_store_explicit(&p->fed_until, frame_at(p, item->begin_ns), memory_order_release);
    if (!is_known) {
        free(item);
        return false;
    }
    if (open_item(p, item) < 0) {
        release(p, item, &(struct play_record){.end_kind = PLAY_END_FAILED});
        atomic_store_explicit(&p->n_waiting, p->n_pending, memory_order_release);
    }
    return true;
}

/* Keep as many items open as are wanted: two at the beginning, later the one that follows. */
static void open_ahead(struct play *p)
{
    int64_t head = atomic_load_explicit(&p->head, memory_order_acquire);
    int64_t last = (head < 0 ? 0 : head) + 1; /* highest sequence number that may be open */

    while (p->n_pending < PLAY_AHEAD && p->published + (int64_t)p->n_pending <= last) {
        if (p->params.feed && !open_fed(p))
            return;
        if (p->params.feed)
            continue;
        if (has_endless(p) || list_is_over(p))
            return;
        if (p->retry_at_ns != 0 && qp_clock_mono_ns() < p->retry_at_ns)
            return;
        p->retry_at_ns = 0;
        if (open_item(p, &p->params.items[p->cursor++]) < 0)
            note_failure(p);
    }
}

void play_tick(struct play *p)
{
    close_done(p);
    settle_pending(p);
    open_ahead(p);
    settle_pending(p);
    (void)list_is_over(p);
}

int play_init(struct play *p, const struct play_params *params, struct qp_diag *diag)
{
    if ((params->n_items == 0 && !params->feed) || params->w == 0 || params->h == 0 ||
        params->rate.num <= 0 || params->rate.den <= 0)
        return qp_diag_set(diag, -EINVAL, "a playlist needs items, a box and a frame rate");
    *p = (struct play){.params = *params, .cur = -1, .prev = -1};
    p->told = calloc(params->n_items ? params->n_items : 1, sizeof(*p->told));
    if (!p->told)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    atomic_init(&p->head, -1);
    atomic_init(&p->end_seq, INT64_MAX);
    atomic_init(&p->fed_until, INT64_MIN);
    open_ahead(p);
    return 0;
}

static void finish_slot(struct play *p, struct play_slot *slot)
{
    media_close(slot->media);
    slot->media = NULL;
    if (slot->item)
        release(p, slot->item, &slot->record);
    slot->item = NULL;
}

void play_finish(struct play *p)
{
    struct play_slot *on = p->cur >= 0 ? &p->slots[p->cur % PLAY_SLOTS] : NULL;

    if (on && p->params.feed)
        close_record(on, p->last_frame + 1, p->last_frame + 1, PLAY_END_STOPPED);
    /* In the order in which they were shown. */
    for (unsigned i = 0; i < PLAY_SLOTS; i++)
        finish_slot(p, &p->slots[(p->cur + 2 + i) % PLAY_SLOTS]);
    while (p->n_pending > 0) {
        struct play_pending *last = &p->pending[--p->n_pending];

        media_close(last->media);
        release(p, last->item, &(struct play_record){.end_kind = PLAY_END_STOPPED});
    }
    free(p->told);
    p->told = NULL;
}

bool play_now(const struct play *p, struct play_now *ret)
{
    int64_t head = atomic_load_explicit(&p->head, memory_order_acquire);
    const struct play_slot *slot = &p->slots[(head < 0 ? 0 : head) % PLAY_SLOTS];

    if (!p->params.feed || head < 0 || !slot->item ||
        atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_READY)
        return false;
    *ret = (struct play_now){
        .tag = slot->item->tag,
        .first = slot->record.first,
        .from = slot->from,
        .last = atomic_load_explicit(&p->now_last, memory_order_acquire),
        .presented = atomic_load_explicit(&p->now_presented, memory_order_relaxed),
        .dark = atomic_load_explicit(&p->now_dark, memory_order_relaxed),
    };
    return ret->presented > 0 && ret->last >= ret->first &&
           atomic_load_explicit(&p->head, memory_order_acquire) == head;
}

uint64_t play_late(const struct play *p)
{
    uint64_t n = p->n_late_closed;

    for (unsigned i = 0; i < PLAY_SLOTS; i++) {
        struct media_stats stats;

        if (!p->slots[i].media)
            continue;
        media_stats(p->slots[i].media, &stats);
        n += stats.late;
    }
    return n;
}

/* --- the render thread's side ----------------------------------------------------------------- */

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
    if (ns == INT64_MAX)
        return INT64_MAX;
    n = transition_frames_ceil(p->params.rate, ns < MEDIA_TIE_NS ? 0 : ns - MEDIA_TIE_NS);
    return p->start + (n < 1 ? 1 : n);
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
        close_record(slot_of(p, p->cur), f, next->begin, PLAY_END_NEXT);
    p->blank = !next->media;
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

static void advance(struct play *p, int64_t f)
{
    struct play_slot *next;
    int64_t fade_n = 0;

    if (p->prev >= 0) {
        if (f - p->start < p->fade_n)
            return;
        let_go(p, p->prev);
        p->prev = -1;
    }
    next = next_ready(p);
    if (p->cur < 0) {
        if (next)
            begin_next(p, f, 0);
        return;
    }
    if (next && next->item->transition != TRANSITION_CUT)
        fade_n = transition_frames_round(p->params.rate, next->item->transition_ns);
    if (!is_up(p, f, fade_n))
        return;
    if (next)
        begin_next(p, f, fade_n);
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

    if (media)
        media_sync(media, t, mono_ns);
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
    return ret->to || ret->from;
}

static bool has_picture(struct play *p, int64_t seq, int64_t k)
{
    return media_is_ready(slot_of(p, seq)->media, transition_frame_ns(p->params.rate, k));
}

void play_count(struct play *p, bool dark)
{
    struct play_record *record;

    if (!p->params.feed || p->cur < 0)
        return;
    record = &slot_of(p, p->cur)->record;
    record->presented++;
    record->dark += dark;
    atomic_store_explicit(&p->now_presented, record->presented, memory_order_relaxed);
    atomic_store_explicit(&p->now_dark, record->dark, memory_order_relaxed);
    atomic_store_explicit(&p->now_last, p->last_frame, memory_order_release);
}

static bool is_ready_fed(struct play *p, int64_t f)
{
    const struct play_slot *on = slot_of(p, p->cur), *next = next_ready(p);

    if (next && f >= next->begin)
        return has_caught_up(p, next, f);
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
