/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.c - one item after the other, from restart to restart.
 *
 * Whatever happens after a restart depends on that restart alone, and midnight is one; so the
 * sequence is worked out from the midnight before the first instant that is asked for, and told
 * from there on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/civil.h"
#include "scheduler/resolve_why.h"
#include "scheduler/timeline.h"

#define IDLE_MS  1000 /* with nothing to show, look again after that */
#define SKIP_MAX 64   /* items passed over because they may not follow now */

/* --- telling -----------------------------------------------------------------------------------
 */

static void tell(struct timeline *tl, struct stretch s)
{
    if (tl->stopped || s.end_ms <= tl->from_ms || s.start_ms >= tl->to_ms || s.start_ms >= s.end_ms)
        return;
    if (s.start_ms < tl->from_ms) {
        s.offset_ms += tl->from_ms - s.start_ms;
        s.start_ms = tl->from_ms;
    }
    if (s.end_ms > tl->to_ms) {
        s.end_ms = tl->to_ms;
        s.cut = 0;
    }
    tl->stopped = !tl->on_stretch(tl->user, &s);
}

static void flush_idle(struct timeline *tl)
{
    if (tl->idle.end_ms > tl->idle.start_ms)
        tell(tl, tl->idle);
    tl->idle.end_ms = tl->idle.start_ms = 0;
}

/* Nothing to show: black, or the safe slide; told in one piece. */
static void add_idle(struct timeline *tl, int64_t end_ms)
{
    const struct rule *rule = tl->now.rule;
    enum schedule_layer layer = tl->now.layer;

    if (layer == LAYER_INTERRUPT || layer == LAYER_SCHEDULE || layer == LAYER_DEFAULT) {
        rule = NULL;
        layer = LAYER_SAFE;
    }
    if (tl->idle.end_ms != tl->now_ms || tl->idle.rule != rule || tl->idle.layer != layer ||
        tl->idle.end_ms == tl->idle.start_ms) {
        flush_idle(tl);
        tl->idle = (struct stretch){
            .start_ms = tl->now_ms, .item = NONE, .rule = rule, .layer = layer, .quota = NONE};
    }
    tl->idle.end_ms = end_ms;
    tl->now_ms = end_ms;
}

/* --- days and winners --------------------------------------------------------------------------
 */

static int64_t midnight_of(const struct tz *zone, int64_t day)
{
    struct tz_instants i = {day * CIVIL_DAY_S, day * CIVIL_DAY_S, false};

    if (zone)
        tz_instants(zone, day * CIVIL_DAY_S, &i);
    return i.first_s * 1000;
}

void timeline_midnights(const struct tz *zone, int64_t at_ms, int64_t *ret_from_ms,
                        int64_t *ret_to_ms, int32_t *ret_day)
{
    int64_t at_s = civil_floor_div(at_ms, 1000), day, next;
    struct tz_span span = {INT64_MIN, INT64_MAX, 0};

    if (zone)
        tz_span(zone, at_s, &span);
    day = civil_floor_div(at_s + span.offset_s, CIVIL_DAY_S) + 1;
    while (midnight_of(zone, day) > at_ms)
        day--;
    next = day + 1; /* a day that a zone leaves out has the midnight of the next */
    while (midnight_of(zone, next) <= at_ms)
        next++;
    *ret_from_ms = midnight_of(zone, day);
    *ret_to_ms = midnight_of(zone, next);
    *ret_day = (int32_t)day;
}

static void ask(struct timeline *tl, int64_t at_ms, struct resolution *ret)
{
    const struct class *class = &tl->schedule->classes[tl->schedule->class_of[tl->screen]];

    timeline_work(tl, TIMELINE_ASK_WORK + class->n_free * 4u + class->n_entries / 8);
    *ret = (struct resolution){.applicable = NULL};
    schedule_resolve(tl->schedule, at_ms, tl->screen, tl->facts, ret);
}

static bool is_same(const struct resolution *a, const struct resolution *b)
{
    return a->layer == b->layer && a->rule == b->rule && a->playlist == b->playlist;
}

/* The playlist that has the say, unless only interrupts are left. */
static uint32_t normal_playlist(const struct timeline *tl)
{
    return tl->now.layer == LAYER_INTERRUPT ? NONE : tl->now.playlist;
}

static void restart(struct timeline *tl)
{
    uint32_t playlist = normal_playlist(tl);

    tl->epoch++;
    tl->pending.item = NONE;
    timeline_work(tl, tl->n_mixes + tl->model->n_separations +
                          (tl->by_advertiser ? tl->schedule->n_advertisers : 0));
    timeline_bound_restart(tl);
    timeline_mix_restart(tl);
    if (tl->now.rule && tl->now.rule->start == START_JOIN && playlist != NONE)
        tl->pending = timeline_join(tl, &tl->normal, playlist,
                                    tl->now.since_ms == INT64_MIN ? 0 : tl->now.since_ms);
}

static void begin_day(struct timeline *tl)
{
    timeline_midnights(tl->model->screens[tl->screen].zone, tl->now_ms, &tl->midnight_ms,
                       &tl->next_midnight_ms, &tl->day);
    timeline_bound_day(tl);
    if (timeline_events(tl) < 0)
        tl->failed = true;
}

/* Who shows now? Begins anew with another winner and at midnight. */
static void look(struct timeline *tl)
{
    bool new_day = tl->now_ms >= tl->next_midnight_ms;
    struct resolution before = tl->now;

    if (!new_day && tl->now_ms < tl->change_ms)
        return;
    ask(tl, tl->now_ms, &tl->now);
    tl->change_ms = tl->now.next_change_ms;
    if (new_day)
        begin_day(tl);
    if (new_day || !is_same(&before, &tl->now))
        restart(tl);
}

/* --- the end of an item ------------------------------------------------------------------------
 */

/* A node's block must play, in its time and all of it: nothing else runs on into it. */
static bool is_mandatory(const struct resolution *r)
{
    return r->rule && r->rule->mandatory && r->layer == LAYER_SCHEDULE;
}

/* An alert and a mandatory block cut whatever runs on past a boundary. */
static int64_t until_cut(struct timeline *tl, int64_t from_ms, int64_t limit_ms)
{
    struct resolution r;

    for (int64_t at = from_ms; at < limit_ms && !tl->stopped; at = r.next_change_ms) {
        ask(tl, at, &r);
        if (r.layer <= LAYER_TAKEOVER || (is_mandatory(&r) && r.rule != tl->now.rule))
            return at;
    }
    return limit_ms;
}

/* How far the rule whose turn ends at `at` may run on. */
static int64_t overrun(struct timeline *tl, const struct rule *rule, int64_t at)
{
    int64_t limit = tl->next_midnight_ms;

    if (!rule || rule->boundary == BOUNDARY_CUT || tl->now.layer <= LAYER_TAKEOVER)
        return at;
    if (rule->max_wait_ms < limit - at)
        limit = at + rule->max_wait_ms;
    return until_cut(tl, at, limit);
}

/* Is there another winner at the next possible change before end_ms? *ret: when. */
static bool loses(struct timeline *tl, int64_t end_ms, int64_t *ret)
{
    struct resolution r;

    while (tl->change_ms < end_ms && tl->change_ms < tl->next_midnight_ms && !tl->stopped) {
        ask(tl, tl->change_ms, &r);
        if (!is_same(&r, &tl->now)) {
            *ret = tl->change_ms;
            return true;
        }
        tl->now.since_ms = r.since_ms;
        tl->change_ms = r.next_change_ms;
    }
    return false;
}

/* When an item that begins now and would end at end_ms really ends. *ret_boundary: the change of
 * winner that it meets, or FOREVER_MS. */
static int64_t end_of(struct timeline *tl, uint32_t item, int64_t end_ms, int64_t *ret_boundary)
{
    const struct item *it = &tl->model->items[item];
    int64_t limit;

    *ret_boundary = FOREVER_MS;
    end_ms = it->valid_to_ms < end_ms ? it->valid_to_ms : end_ms;
    end_ms = it->rights_to_ms < end_ms ? it->rights_to_ms : end_ms;
    if (loses(tl, end_ms, ret_boundary)) {
        limit = overrun(tl, tl->now.rule, *ret_boundary);
        end_ms = limit < end_ms ? limit : end_ms;
    }
    return end_ms < tl->next_midnight_ms ? end_ms : tl->next_midnight_ms;
}

/* --- exact times -------------------------------------------------------------------------------
 */

static bool may_play(const struct timeline *tl, const struct event *e)
{
    return tl->now.layer >= LAYER_INTERRUPT && resolve_mixes(tl->mixes[e->mix].rule, tl->now.rule);
}

/* Its rule's window is open at that instant; asked once. */
static bool is_open(struct timeline *tl, struct event *e)
{
    const struct rule *rule = tl->mixes[e->mix].rule;
    struct occurrence o;
    struct query q;

    if (e->state == EVENT_NEW) {
        query_init(&q, tl->schedule, e->at_ms, tl->screen, tl->facts);
        e->state = query_rule(&q, rule, tl->model->windows, &o, NULL) &&
                           query_playable(&q, rule->playlist, NULL)
                       ? EVENT_OPEN
                       : EVENT_SHUT;
    }
    return e->state == EVENT_OPEN;
}

/* The next exact play that is not over. One that is due and may not play yet waits, and does not
 * hold up others. */
static struct event *next_event(struct timeline *tl)
{
    for (uint32_t i = tl->next_event; i < tl->n_events; i++) {
        struct event *e = &tl->events[i];

        if (e->at_ms < tl->midnight_ms || e->at_ms + TIMELINE_LATE_MS < tl->now_ms ||
            !is_open(tl, e)) {
            tl->next_event += i == tl->next_event;
            timeline_work(tl, 1);
            continue;
        }
        if (e->at_ms > tl->now_ms || may_play(tl, e))
            return e; /* a future one is asked again when it is due */
    }
    return NULL;
}

/* --- one item ----------------------------------------------------------------------------------
 */

struct turn {
    struct pick pick;
    const struct rule *rule;
    enum schedule_layer layer;
    uint32_t mix, quota; /* NONE */
    bool exact;
};

/* Screens of a sync group keep in step: one that lacks the file of an item shows its default for as
 * long. */
static void tell_item(struct timeline *tl, struct stretch s)
{
    uint32_t playlist = tl->model->screens[tl->screen].default_playlist;
    struct pick p = {.item = NONE};
    int64_t end = s.end_ms;

    if (!timeline_item_missing(tl, s.item)) {
        tell(tl, s);
        return;
    }
    s.rule = NULL;
    s.offset_ms = 0;
    for (; s.start_ms < end; s.start_ms = s.end_ms) {
        if (playlist != NONE)
            p = timeline_next(tl, &tl->stand_in, playlist);
        for (int n = 0; p.item != NONE && timeline_item_missing(tl, p.item) && n < SKIP_MAX; n++)
            p = timeline_next(tl, &tl->stand_in, playlist);
        if (p.item != NONE && timeline_item_missing(tl, p.item))
            p.item = NONE;
        s.item = p.item;
        s.layer = p.item == NONE ? LAYER_SAFE : LAYER_DEFAULT;
        s.end_ms = p.item == NONE || end - s.start_ms < p.len_ms ? end : s.start_ms + p.len_ms;
        s.cut = p.item != NONE && s.end_ms - s.start_ms < p.len_ms;
        tell(tl, s);
    }
}

static void show(struct timeline *tl, const struct turn *t)
{
    int64_t start = tl->now_ms, full = start + t->pick.len_ms - t->pick.offset_ms, boundary, end;
    const struct event *e;

    end = end_of(tl, t->pick.item, full, &boundary);
    e = t->exact ? NULL : next_event(tl);
    if (e && e->at_ms > start && e->at_ms < end && e->at_ms < boundary && may_play(tl, e))
        end = e->at_ms;
    flush_idle(tl);
    tell_item(tl, (struct stretch){.start_ms = start,
                                   .end_ms = end,
                                   .offset_ms = t->pick.offset_ms,
                                   .item = t->pick.item,
                                   .rule = t->rule,
                                   .layer = t->layer,
                                   .cut = end < full,
                                   .scaled = tl->scaled,
                                   .quota = t->quota});
    timeline_count(tl, t->pick.item, start, end);
    if (t->mix != NONE)
        timeline_mix_shown(tl, t->mix, start, end);
    tl->now_ms = end;
}

static struct turn turn_of(const struct timeline *tl)
{
    return (struct turn){.pick = {.item = NONE},
                         .rule = tl->now.rule,
                         .layer = tl->now.layer,
                         .mix = NONE,
                         .quota = NONE};
}

/* The next item that may follow; when none of a loop may, the first of them: never black. */
static struct pick next_normal(struct timeline *tl)
{
    struct pick first = {.item = NONE}, p = tl->pending;
    uint32_t playlist = normal_playlist(tl);

    tl->pending.item = NONE;
    if (p.item != NONE || playlist == NONE)
        return p.item != NONE ? p : first;
    for (int tries = 0; tries < SKIP_MAX; tries++) {
        p = timeline_next(tl, &tl->normal, playlist);
        if (p.item == NONE || timeline_allowed(tl, p.item, p.len_ms))
            return p.item == NONE ? first : p;
        if (first.item == NONE)
            first = p;
        if (timeline_at_round(&tl->normal) && tries > 0)
            break;
    }
    return first;
}

static bool take_event(struct timeline *tl, struct turn *t)
{
    struct event *e = next_event(tl);

    if (!e || e->at_ms > tl->now_ms)
        return false;
    e->state = EVENT_SHUT;
    t->pick = timeline_mix_take(tl, e->mix);
    t->mix = e->mix;
    t->exact = true;
    return t->pick.item != NONE;
}

static bool take_mix(struct timeline *tl, struct turn *t, bool any)
{
    t->mix = timeline_mix_due(tl, any);
    if (t->mix == NONE)
        return false;
    t->pick = timeline_mix_take(tl, t->mix);
    return t->pick.item != NONE;
}

static void name_mix(const struct timeline *tl, struct turn *t)
{
    t->rule = tl->mixes[t->mix].rule;
    t->layer = LAYER_INTERRUPT;
}

/* The screen's default content stands in when the winner has nothing to show. */
static bool take_default(struct timeline *tl, struct turn *t)
{
    uint32_t playlist = tl->model->screens[tl->screen].default_playlist;

    t->mix = NONE;
    if (playlist == NONE)
        return false;
    t->pick = timeline_next(tl, &tl->fallback, playlist);
    t->rule = NULL;
    t->layer = LAYER_DEFAULT;
    return t->pick.item != NONE;
}

static bool take_any(struct timeline *tl, struct turn *t)
{
    if (tl->now.layer == LAYER_BLACKOUT)
        return false;
    if (tl->n_mixes > 0 && (take_event(tl, t) || take_mix(tl, t, false))) {
        name_mix(tl, t);
        return true;
    }
    t->mix = NONE;
    t->pick = next_normal(tl);
    if (t->pick.item != NONE)
        return true;
    if (tl->n_mixes > 0 && take_mix(tl, t, true)) {
        name_mix(tl, t);
        return true;
    }
    return take_default(tl, t);
}

/* A quota that the chosen item would leave short is filled first, but not in a mandatory block:
 * after it; a chosen item of the winner waits for its turn after the filler. */
static void fill(struct timeline *tl, struct turn *t)
{
    uint32_t quota;
    struct pick p;

    if (tl->n_quotas == 0 || t->exact || tl->now.layer < LAYER_INTERRUPT || is_mandatory(&tl->now))
        return;
    p = timeline_fill(tl, t->pick.item, t->pick.len_ms, &quota);
    if (p.item == NONE)
        return;
    if (t->mix != NONE) {
        tl->mixes[t->mix].next = t->pick;
        tl->mixes[t->mix].has_next = true;
    } else if (t->layer == tl->now.layer) {
        tl->pending = t->pick;
    }
    *t = (struct turn){.pick = p, .layer = tl->now.layer, .mix = NONE, .quota = quota};
}

static void idle(struct timeline *tl)
{
    int64_t end = tl->next_midnight_ms;
    const struct event *e = next_event(tl);

    if (tl->now.playlist != NONE || tl->n_mixes > 0)
        end = tl->now_ms + IDLE_MS < end ? tl->now_ms + IDLE_MS : end;
    end = tl->change_ms < end ? tl->change_ms : end;
    if (e && e->at_ms > tl->now_ms && e->at_ms < end)
        end = e->at_ms;
    add_idle(tl, end);
}

/* Items of the winner until its loop is over, but not beyond what its boundary policy allows. */
static void finish_loop(struct timeline *tl, const struct rule *rule, int64_t boundary)
{
    int64_t limit = overrun(tl, rule, boundary);

    while (tl->now_ms < limit && !timeline_at_round(&tl->normal) && !tl->stopped) {
        struct turn t = turn_of(tl);
        int64_t start = tl->now_ms, full;

        t.pick = timeline_next(tl, &tl->normal, rule->playlist);
        if (t.pick.item == NONE)
            return;
        full = start + t.pick.len_ms;
        timeline_count(tl, t.pick.item, start, full < limit ? full : limit);
        tl->now_ms = full < limit ? full : limit;
        tell_item(tl, (struct stretch){.start_ms = start,
                                       .end_ms = tl->now_ms,
                                       .item = t.pick.item,
                                       .rule = rule,
                                       .layer = t.layer,
                                       .cut = tl->now_ms < full,
                                       .quota = NONE});
    }
}

static void step(struct timeline *tl)
{
    struct turn t;
    int64_t boundary;

    look(tl);
    timeline_mix_refresh(tl);
    t = turn_of(tl);
    if (!take_any(tl, &t)) {
        idle(tl);
        return;
    }
    fill(tl, &t);
    show(tl, &t);
    if (tl->now.rule && tl->now.rule->boundary == BOUNDARY_FINISH_LOOP &&
        tl->now_ms < tl->next_midnight_ms && loses(tl, tl->now_ms + 1, &boundary))
        finish_loop(tl, tl->now.rule, boundary);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static int open_timeline(struct timeline *tl)
{
    const struct model *m = tl->model;
    int err;

    tl->subs = calloc(m->n_playlists + (size_t)1, sizeof(*tl->subs));
    tl->conditions = calloc(m->n_windows + (size_t)1, sizeof(*tl->conditions));
    tl->rights = calloc(m->n_items + (size_t)1, 1);
    if (!tl->subs || !tl->conditions || !tl->rights)
        return -ENOMEM;
    for (uint32_t i = 0; i < m->n_windows; i++)
        tl->conditions[i].until_ms = INT64_MIN;
    err = timeline_bound_open(tl);
    return err == 0 ? timeline_mix_open(tl) : err;
}

static void close_timeline(struct timeline *tl)
{
    timeline_mix_close(tl);
    timeline_bound_close(tl);
    free(tl->subs);
    free(tl->conditions);
    free(tl->rights);
}

int timeline_run(const struct schedule *schedule, int64_t from_ms, int64_t to_ms, uint32_t screen,
                 const struct facts *facts, schedule_on_stretch on_stretch, void *user,
                 uint64_t *work_left)
{
    static const struct facts none = {.held_rule = NONE};
    struct timeline tl = {.schedule = schedule,
                          .model = schedule->model,
                          .facts = facts ? facts : &none,
                          .screen = screen,
                          .from_ms = from_ms,
                          .to_ms = to_ms,
                          .on_stretch = on_stretch,
                          .user = user,
                          .work_left = work_left,
                          .pending = {.item = NONE},
                          .next_midnight_ms = INT64_MIN};
    int err;

    timeline_midnights(schedule->model->screens[screen].zone, from_ms, &tl.midnight_ms,
                       &(int64_t){0}, &tl.day);
    err = open_timeline(&tl);
    tl.now_ms = tl.midnight_ms;
    while (err == 0 && tl.now_ms < to_ms && !tl.stopped && !tl.failed)
        step(&tl);
    if (err == 0)
        flush_idle(&tl);
    close_timeline(&tl);
    if (err < 0 || tl.failed)
        return -ENOMEM;
    return tl.stopped ? 1 : 0;
}

int schedule_timeline(const struct schedule *schedule, int64_t from_ms, int64_t to_ms,
                      uint32_t screen, const struct facts *facts, schedule_on_stretch on_stretch,
                      void *user)
{
    return timeline_run(schedule, from_ms, to_ms, screen, facts, on_stretch, user, NULL);
}
