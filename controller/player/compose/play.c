/* SPDX-License-Identifier: Apache-2.0 */
/* The loop thread's side; the render thread's is play_show.c. */
#include "controller/player/compose/play.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/player/compose/play_impl.h"
#include "protocols/base/clock.h"

/* --- what an item shows: a medium, a page, or nothing
 * ------------------------------------------- */

static enum media_state content_state(const struct media *media, struct page *page)
{
    if (page)
        return page_state(page);
    return media ? media_state(media) : MEDIA_READY;
}

static const char *content_error(const struct media *media, const struct page *page)
{
    if (page)
        return page_error(page);
    return media && media_state(media) == MEDIA_FAILED ? media_error(media) : NULL;
}

static uint64_t content_late(const struct media *media, const struct page *page)
{
    struct media_stats stats;

    if (page)
        return page_late(page);
    if (!media)
        return 0;
    media_stats(media, &stats);
    return stats.late;
}

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

static int open_page(struct play *p, const struct play_item *item, struct page **ret,
                     struct qp_diag *diag)
{
    const struct page_params pp = {.file = item->file,
                                   .w = p->params.w,
                                   .h = p->params.h,
                                   .rate = p->params.rate,
                                   .zero_ns = item->begin_ns - item->start_ns,
                                   .join_ns = item->begin_ns,
                                   .audio_device = p->params.audio_device,
                                   .on_notice = p->params.on_notice,
                                   .user = p->params.user};

    if (!p->params.whole_canvas)
        return qp_diag_set(diag, -EINVAL, "%s: a layout can only play on the whole canvas",
                           item->file);
    return page_open(ret, &pp, diag);
}

static int open_medium(struct play *p, const struct play_item *item, int64_t start_ns,
                       struct media **ret, struct qp_diag *diag)
{
    const struct media_params mp = {
        .file = item->file,
        .w = p->params.w,
        .h = p->params.h,
        .fit = item->fit,
        .crop = item->crop,
        .loop = p->params.feed || item->duration_ns > 0 || is_endless(p),
        .still_ns = item->duration_ns,
        .start_ns = start_ns,
        .rate = p->params.rate,
        .audio_device = p->params.audio_device,
    };
    char text[700];
    int err = media_open(ret, &mp, diag);

    if (err < 0) {
        (void)snprintf(text, sizeof(text), "%s", diag->text[0] ? diag->text : strerror(-err));
        (void)qp_diag_set(diag, err, "%s: %s", item->file, text);
    }
    return err;
}

/* start_ns: where in the item. */
static int open_item(struct play *p, const struct play_item *item, int64_t start_ns)
{
    struct play_pending pending = {.item = item};
    struct qp_diag diag = {{0}};
    int err = 0;

    if (item->file && item->is_layout)
        err = open_page(p, item, &pending.page, &diag);
    else if (item->file)
        err = open_medium(p, item, start_ns, &pending.media, &diag);
    if (err < 0) {
        skip(p, item, diag.text);
        return err;
    }
    p->pending[p->n_pending++] = pending;
    atomic_store_explicit(&p->n_waiting, p->n_pending, memory_order_release);
    return 0;
}

static void drop_first_pending(struct play *p)
{
    p->n_pending--;
    memmove(p->pending, p->pending + 1, p->n_pending * sizeof(p->pending[0]));
    atomic_store_explicit(&p->n_waiting, p->n_pending, memory_order_release);
}

void play_close_record(struct play_slot *slot, int64_t end, int64_t due, enum play_end how)
{
    struct play_record *record = &slot->record;

    record->end = end;
    record->expected = due > slot->from ? due - slot->from : 0;
    record->end_kind = how;
    if (content_state(slot->media, NULL) == MEDIA_FAILED)
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

static void close_slot(struct play *p, struct play_slot *slot)
{
    media_close(slot->media);
    page_close(slot->page);
    if (slot->item)
        release(p, slot->item, &slot->record);
    slot->media = NULL;
    slot->page = NULL;
    slot->item = NULL;
}

static void close_done(struct play *p)
{
    for (unsigned i = 0; i < PLAY_SLOTS; i++) {
        struct play_slot *slot = &p->slots[i];

        pass_on_warning(p, slot);
        if (atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_DONE)
            continue;
        /* A clip that broke off in the middle: it was shown, but somebody should know. */
        if (content_state(slot->media, NULL) == MEDIA_FAILED) {
            skip(p, slot->item, media_error(slot->media));
            slot->record.end_kind = PLAY_END_FAILED;
        }
        p->n_late_closed += content_late(slot->media, slot->page);
        close_slot(p, slot);
        atomic_store_explicit(&slot->state, PLAY_SLOT_EMPTY, memory_order_release);
    }
}

/* --- a page's list joins in progress -----------------------------------------------------------
 */

int64_t play_frames_of(const struct play *p, int64_t ns)
{
    int64_t n;

    if (ns == INT64_MAX)
        return INT64_MAX;
    n = transition_frames_ceil(p->params.rate, ns < MEDIA_TIE_NS ? 0 : ns - MEDIA_TIE_NS);
    return n < 1 ? 1 : n;
}

int64_t play_fade_frames(const struct play *p, const struct play_item *item)
{
    return item->transition == TRANSITION_CUT
               ? 0
               : transition_frames_round(p->params.rate, item->transition_ns);
}

/* From the beginning of list item i, ns long, to that of the one after it, which comes in earlier
 * by its transition. */
static int64_t step_of(const struct play *p, size_t i, int64_t ns)
{
    const struct play_item *next = &p->params.items[(i + 1) % p->params.n_items];
    int64_t n = play_frames_of(p, ns), fade = play_fade_frames(p, next);

    return n == INT64_MAX || (i + 1 == p->params.n_items && !p->params.loop) ? n
           : n - fade > 1                                                    ? n - fade
                                                                             : 1;
}

/* Open the list's item that is on, as far as is known. Returns false when nothing can be played. */
static bool open_joining(struct play *p)
{
    struct join *j = &p->join;

    for (size_t tries = 0; tries <= 2 * p->params.n_items; tries++) {
        const struct play_item *item;
        int64_t left, length;

        if (!join_find(j))
            return false;
        item = &p->params.items[j->i];
        if (item->duration_ns > 0 && j->lengths[j->i] == JOIN_UNKNOWN) {
            join_set(j, step_of(p, j->i, item->duration_ns));
            continue;
        }
        /* What is over shows its last picture. */
        length = j->lengths[j->i];
        left = length > 0 && j->left >= length ? length - 1 : j->left;
        if (open_item(p, item, transition_frame_ns(p->params.rate, left)) == 0)
            return true;
        join_set(j, 0);
    }
    return false;
}

/* The item that was opened to join is ready: is it the one? Otherwise it is closed. */
static bool settle_joining(struct play *p, struct play_pending *first)
{
    struct join *j = &p->join;
    int64_t ns = media_duration_ns(first->media);
    bool was_known = j->lengths[j->i] != JOIN_UNKNOWN;

    if (!was_known) /* a file that does not say how long it is is on until it ends */
        join_set(j, ns > 0 ? step_of(p, j->i, ns) : INT64_MAX);
    if (join_is_found(j) && (was_known || j->left < j->lengths[j->i])) {
        p->cursor = j->i + 1;
        p->is_joining = false;
        return true;
    }
    media_close(first->media);
    return false;
}

/* Nothing of it can be played. */
static void give_up_joining(struct play *p)
{
    p->is_joining = false;
    p->cursor = p->params.n_items;
    atomic_store_explicit(&p->failed, true, memory_order_release);
    p->retry_at_ns = qp_clock_mono_ns() + PLAY_RETRY_NS;
}

/* --- handing over ------------------------------------------------------------------------------
 */

static void hand_over(struct play *p, struct play_slot *slot, const struct play_pending *first)
{
    slot->media = first->media;
    slot->page = first->page;
    slot->item = first->item;
    slot->warned = false;
    slot->record = (struct play_record){.end_kind = PLAY_END_NEXT};
    if (p->params.feed)
        slot->begin = frame_at(p, first->item->begin_ns);
    else
        p->told[first->item - p->params.items] = false;
    if (p->params.is_page && p->published == 0)
        slot->begin = is_endless(p) ? 0 : p->params.join_frame - p->join.left;
    p->published++;
    p->n_failed_in_row = 0;
    atomic_store_explicit(&p->failed, false, memory_order_release);
    atomic_store_explicit(&slot->state, PLAY_SLOT_READY, memory_order_release);
}

/* Hand over what is ready, in order; drop what failed. */
static void settle_pending(struct play *p)
{
    while (p->n_pending > 0) {
        struct play_pending *first = &p->pending[0];
        struct play_slot *slot = &p->slots[p->published % PLAY_SLOTS];
        enum media_state state = content_state(first->media, first->page);

        if (state == MEDIA_OPENING)
            return;
        if (state == MEDIA_READY) {
            if (atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_EMPTY)
                return;
            if (!p->is_joining || settle_joining(p, first))
                hand_over(p, slot, first);
        } else {
            skip(p, first->item, content_error(first->media, first->page));
            media_close(first->media);
            page_close(first->page);
            release(p, first->item, &(struct play_record){.end_kind = PLAY_END_FAILED});
            if (p->is_joining)
                join_set(&p->join, 0);
            else
                note_failure(p);
        }
        drop_first_pending(p);
    }
}

static bool list_is_over(struct play *p)
{
    if (p->params.feed || p->is_joining)
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
    if (open_item(p, item, item->start_ns) < 0) {
        release(p, item, &(struct play_record){.end_kind = PLAY_END_FAILED});
        atomic_store_explicit(&p->n_waiting, p->n_pending, memory_order_release);
    }
    return true;
}

/* A page's endless item has been playing since frame 0. */
static int64_t endless_start(const struct play *p)
{
    return p->params.is_page ? transition_frame_ns(p->params.rate, p->params.join_frame) : 0;
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
        if (p->is_joining) { /* one at a time */
            if (p->n_pending == 0 && !open_joining(p))
                give_up_joining(p);
            return;
        }
        if (has_endless(p) || list_is_over(p))
            return;
        if (p->retry_at_ns != 0 && qp_clock_mono_ns() < p->retry_at_ns)
            return;
        p->retry_at_ns = 0;
        if (open_item(p, &p->params.items[p->cursor++], is_endless(p) ? endless_start(p) : 0) < 0)
            note_failure(p);
    }
}

static void tick_pages(struct play *p)
{
    for (unsigned i = 0; i < PLAY_SLOTS; i++) {
        if (p->slots[i].page)
            page_tick(p->slots[i].page);
    }
    for (size_t i = 0; i < p->n_pending; i++) {
        if (p->pending[i].page)
            page_tick(p->pending[i].page);
    }
}

void play_tick(struct play *p)
{
    close_done(p);
    tick_pages(p);
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
    *p = (struct play){
        .params = *params, .cur = -1, .prev = -1, .volume = {1, 1, 1, INT64_MIN, INT64_MAX}};
    p->told = calloc(params->n_items ? params->n_items : 1, sizeof(*p->told));
    p->is_joining = params->is_page && !is_endless(p);
    if (!p->told || (p->is_joining &&
                     join_init(&p->join, params->n_items, params->loop, params->join_frame) < 0)) {
        free(p->told);
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    }
    atomic_init(&p->head, -1);
    atomic_init(&p->end_seq, INT64_MAX);
    atomic_init(&p->fed_until, INT64_MIN);
    open_ahead(p);
    return 0;
}

void play_finish(struct play *p)
{
    struct play_slot *on = p->cur >= 0 ? &p->slots[p->cur % PLAY_SLOTS] : NULL;

    if (on && p->params.feed)
        play_close_record(on, p->last_frame + 1, p->last_frame + 1, PLAY_END_STOPPED);
    /* In the order in which they were shown. */
    for (unsigned i = 0; i < PLAY_SLOTS; i++)
        close_slot(p, &p->slots[(p->cur + 2 + i) % PLAY_SLOTS]);
    while (p->n_pending > 0) {
        struct play_pending *last = &p->pending[--p->n_pending];

        media_close(last->media);
        page_close(last->page);
        release(p, last->item, &(struct play_record){.end_kind = PLAY_END_STOPPED});
    }
    join_finish(&p->join);
    free(p->told);
    p->told = NULL;
}

bool play_now(const struct play *p, struct play_now *ret)
{
    int64_t head = atomic_load_explicit(&p->head, memory_order_acquire);
    const struct play_slot *slot = &p->slots[(head < 0 ? 0 : head) % PLAY_SLOTS];
    int64_t presented;

    if (!p->params.feed || head < 0 || !slot->item ||
        atomic_load_explicit(&slot->state, memory_order_acquire) != PLAY_SLOT_READY)
        return false;
    /* Once it is above 0 the first frame is known for good. */
    presented = atomic_load_explicit(&p->now_presented, memory_order_acquire);
    if (presented <= 0)
        return false;
    *ret = (struct play_now){
        .tag = slot->item->tag,
        .first = slot->record.first,
        .from = slot->from,
        .last = atomic_load_explicit(&p->now_last, memory_order_acquire),
        .presented = presented,
        .dark = atomic_load_explicit(&p->now_dark, memory_order_relaxed),
    };
    return ret->last >= ret->first && atomic_load_explicit(&p->head, memory_order_acquire) == head;
}

bool play_is_opened(const struct play *p)
{
    return p->published > 0;
}

uint64_t play_late(const struct play *p)
{
    uint64_t n = p->n_late_closed;

    for (unsigned i = 0; i < PLAY_SLOTS; i++)
        n += content_late(p->slots[i].media, p->slots[i].page);
    return n;
}
