/* SPDX-License-Identifier: Apache-2.0 */
/* program_feed.c - what comes next for the main zone (compose/play.h), and what was seen of it. */
#include <stdlib.h>
#include <string.h>

#include "controller/player/program_impl.h"
#include "controller/player/proof/record.h"
#include "protocols/base/clock.h"

/* --- the log --------------------------------------------------------------------------------- */

static const char *reason_of(const struct shown *s, const struct play_record *record)
{
    switch (record->end_kind) {
    case PLAY_END_NEXT:
        return s->stretch.cut ? "cut" : "ended";
    case PLAY_END_FAILED:
        return "failed";
    case PLAY_END_STOPPED:
        break;
    }
    return s->program->is_over ? "stopped" : "replaced";
}

static int64_t utc_of(const struct program *p, int64_t frame)
{
    return qp_lattice_due(p->params.wall->rate, frame) - p->params.tai_minus_utc_ns;
}

static cJSON *record_of(const struct shown *s, const struct play_record *record, const char *reason)
{
    const struct program *p = s->program;
    const struct stretch *st = &s->stretch;
    uint32_t campaign = st->rule ? st->rule->campaign : NONE;
    int64_t utc = utc_of(p, record->first);
    struct record r = {
        .start_ns = utc,
        .end_ns = utc_of(p, record->end),
        .screen = p->model->screens[p->screen].id,
        .rule = st->rule ? st->rule->id : NULL,
        .campaign = campaign != NONE ? p->model->campaigns[campaign].id : NULL,
        .item = st->item != NONE ? p->model->items[st->item].id : NULL,
        .layer = st->layer,
        .position_ms = st->offset_ms + (utc - st->start_ms * MS) / MS,
        .expected = record->expected,
        .presented = record->presented,
        .dark = record->dark,
        .reason = reason,
        .clock = p->clock,
    };

    return record_tree(&r);
}

/* What is on, as far as it is known now. */
cJSON *program_record_on(void *user)
{
    const struct program *p = user;
    struct play_now now;

    if (!compose_now(p->compose, &now))
        return NULL;
    return record_of(now.tag,
                     &(struct play_record){.first = now.first,
                                           .end = now.last + 1,
                                           .expected = now.last + 1 - now.from,
                                           .presented = now.presented,
                                           .dark = now.dark},
                     "killed");
}

/* --- the feed -------------------------------------------------------------------------------- */

/* The file of an item that comes next; NULL: none, or one that was changed since it was verified.
 */
static char *file_of(const struct program *p, const struct item *item)
{
    char *path = program_item_path(p, item);

    if (!path || !item->sha256 ||
        known_verify(p->params.known, path, item->sha256, NULL, 0) == VERIFY_GOOD)
        return path;
    known_renew(p->params.known);
    free(path);
    return NULL;
}

static bool on_next(void *user, struct play_item *ret)
{
    struct program *p = user;
    struct shown *s = calloc(1, sizeof(*s));
    int64_t until_ms = p->feed.planned_ms;

    if (!s || !feed_next(&p->feed, p->now_ms, &s->stretch, &until_ms)) {
        free(s);
        ret->begin_ns = program_tai(p, until_ms);
        return false;
    }
    s->program = p;
    s->id = known_new_id(p->params.known);
    p->newest = s;
    *ret = (struct play_item){.begin_ns = program_tai(p, s->stretch.start_ms),
                              .start_ns = s->stretch.offset_ms * MS,
                              .tag = s};
    if (s->stretch.item == NONE)
        return true;
    ret->file = file_of(p, &p->model->items[s->stretch.item]);
    ret->is_layout = p->model->items[s->stretch.item].layout != NULL;
    if (!ret->file) { /* the safe slide is seen, and that is no play */
        s->stretch.layer = LAYER_SAFE;
        s->stretch.rule = NULL;
        s->stretch.item = NONE;
    }
    return true;
}

/* A slice ends with its day, so that all of it has the counts and the pace of that day. */
static void on_slice(void *user, int64_t from_ms, int64_t *to_ms)
{
    struct program *p = user;
    struct play_count *counts;
    int64_t until_ms;
    uint32_t n;

    if (known_counts(p->params.known, p->model, p->screen, from_ms, &p->given, &counts, &n,
                     &until_ms) < 0)
        return; /* without memory the older ones are better than none */
    free(p->counts);
    p->counts = counts;
    p->facts.counts = counts;
    p->facts.n_counts = n;
    if (until_ms < *to_ms)
        *to_ms = until_ms;
}

static void on_done(void *user, const struct play_item *item, const struct play_record *record)
{
    struct program *p = user;
    struct shown *s = item->tag;
    char buf[PROGRAM_MAX_NAME];

    if (s == p->newest) {
        s->stretch.end_ms = p->feed.last.end_ms; /* they may have moved */
        s->stretch.cut = p->feed.last.cut;
        p->newest = NULL;
    }
    if (record->end > record->first && record->presented > 0)
        known_record(p->params.known, record_of(s, record, reason_of(s, record)));
    if (record->end_kind == PLAY_END_FAILED && s->stretch.item != NONE)
        p->params.on_broken(p->params.user,
                            program_item_name(&p->model->items[s->stretch.item], buf));
    free(s);
}

void program_feed_init(struct program *p)
{
    feed_init(&p->feed, p->schedule, &p->facts, p->screen, p->params.from_ms);
    p->feed.on_slice = on_slice;
    p->feed.user = p;
    p->play_feed = (struct play_feed){.next = on_next, .on_done = on_done, .user = p};
}
