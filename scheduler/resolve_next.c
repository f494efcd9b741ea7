/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_next.c - when something else may begin, and what can be played meanwhile. */
#include "scheduler/civil.h"
#include "scheduler/resolve_query.h"

#define LOOKS      12000u /* at entries, before the answer is "not before that midnight" */
#define MIN_DAYS   2
#define PLAY_LOOKS 10000u /* at entries of playlists */

/* --- next start --------------------------------------------------------------------------------
 */

struct ahead {
    struct query *q;
    const uint32_t *limit;
    int32_t day;
    struct start_day start;
};

static bool is_challenger(const struct ahead *a, uint32_t entry)
{
    return entry < a->limit[a->q->class->entries[entry].lane];
}

/* Does an occurrence begin at this instant, on the day looked at? */
static bool begins(const struct ahead *a, const struct entry *e, int64_t start_ms)
{
    const struct rule *r = &a->q->model->rules[e->rule];
    int64_t end_s = (int64_t)a->day * CIVIL_DAY_S + e->end_s;
    struct occurrence o;

    if (query_last_ms(a->q, end_s) <= start_ms)
        return false;
    return !e->verify || (occurrence_open(a->q->model, &a->q->model->windows[r->window],
                                          &a->q->place, start_ms, &o, NULL) &&
                          o.start_ms == start_ms);
}

/* Starts of one day in the order of the wall clock, until one lowers the bound or is beyond it. */
static bool look_at_day(struct ahead *a, uint32_t from)
{
    const struct class *c = a->q->class;

    for (uint32_t i = from; i < c->n_by_start; i++) {
        const struct entry *e = &c->entries[c->by_start[i]];
        int64_t start_ms;

        if (a->day < e->first_day || a->day > e->last_day || !(e->weekdays & a->start.weekday) ||
            !(e->month_days & a->start.month_day) || !(e->months & a->start.month) ||
            !is_challenger(a, c->by_start[i]))
            continue;
        start_ms = query_first_ms(a->q, (int64_t)a->day * CIVIL_DAY_S + e->start_s, NULL);
        if (start_ms >= a->q->bound_ms)
            return true;
        if (start_ms <= a->q->at_ms || !begins(a, e, start_ms))
            continue;
        a->q->bound_ms = start_ms;
        return true;
    }
    return false;
}

static void set_day(struct ahead *a, int32_t day)
{
    struct civil c = civil_of_day(day);

    a->day = day;
    a->start = (struct start_day){.month_day = 1u << (c.day - 1),
                                  .month = (uint16_t)(1u << (c.month - 1)),
                                  .weekday = (uint8_t)(1u << civil_weekday(day))};
}

/* The first of by_start that starts after the present time of day. */
static uint32_t after_now(const struct query *q)
{
    const struct class *c = q->class;
    uint32_t lo = 0, hi = c->n_by_start;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (c->entries[c->by_start[mid]].start_s <= q->tod_s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool has_clock_challenger(const struct query *q, const uint32_t limit[LANE_N])
{
    const struct class *c = q->class;

    for (int lane = 0; lane < LANE_N; lane++)
        for (uint32_t i = c->lane_from[lane]; i < limit[lane];
             i = c->groups[c->entries[i].group].to)
            if (c->groups[c->entries[i].group].clock_to > i)
                return true;
    return false;
}

static void look_at_clocks(struct query *q, const uint32_t limit[LANE_N])
{
    struct ahead a = {.q = q, .limit = limit};
    uint32_t looks = 0, from = after_now(q);

    if (q->class->n_by_start == 0)
        return;
    for (int32_t n = 0;; n++, from = 0) {
        int64_t midnight_ms;

        set_day(&a, q->day + n);
        if (a.day > q->class->last_day)
            return;
        midnight_ms = query_first_ms(q, (int64_t)a.day * CIVIL_DAY_S, NULL);
        if (n > 0 && midnight_ms >= q->bound_ms)
            return;
        if (n >= MIN_DAYS && looks > LOOKS) {
            q->bound_ms = midnight_ms;
            return;
        }
        looks += q->class->n_by_start + 16;
        if (look_at_day(&a, from))
            return;
        if (n == MIN_DAYS && !has_clock_challenger(q, limit))
            return;
    }
}

static void look_at_once(struct query *q, const uint32_t limit[LANE_N])
{
    const struct class *c = q->class;
    uint32_t lo = 0, hi = c->n_by_once;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (c->entries[c->by_once[mid]].start_ms <= q->at_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < c->n_by_once; lo++) {
        const struct entry *e = &c->entries[c->by_once[lo]];

        if (e->start_ms >= q->bound_ms)
            return;
        if (c->by_once[lo] >= limit[e->lane])
            continue;
        q->bound_ms = e->start_ms;
        return;
    }
}

void query_next_start(struct query *q, const uint32_t limit[LANE_N])
{
    look_at_once(q, limit);
    look_at_clocks(q, limit);
}

/* --- playable ----------------------------------------------------------------------------------
 */

static void lower(int64_t *bound, int64_t ms)
{
    if (ms < *bound)
        *bound = ms;
}

static bool is_within(int64_t at, int64_t from, int64_t to, int64_t *bound)
{
    if (at < from) {
        lower(bound, from);
        return false;
    }
    if (at < to)
        lower(bound, to);
    return at < to;
}

static bool has_rights(const struct query *q, const struct item *item)
{
    for (uint32_t i = 0; i < item->n_rights_area; i++)
        if (model_specificity(q->model, &item->rights_area[i], q->screen) > 0)
            return true;
    return item->n_rights_area == 0;
}

bool query_item(const struct query *q, uint32_t item, int64_t *bound)
{
    const struct item *it = &q->model->items[item];
    int64_t change = FOREVER_MS;
    bool valid, rights;

    if (q->facts->missing_items && (q->facts->missing_items[item / 8] >> (item % 8) & 1))
        return false;
    if (!has_rights(q, it))
        return false;
    valid = is_within(q->at_ms, it->valid_from_ms ? it->valid_from_ms : INT64_MIN, it->valid_to_ms,
                      &change);
    rights = is_within(q->at_ms, it->rights_from_ms ? it->rights_from_ms : INT64_MIN,
                       it->rights_to_ms, &change);
    if (bound)
        lower(bound, change);
    return valid && rights;
}

struct play_look {
    const struct query *q;
    uint32_t looks;
};

/* *bound: if something can be shown, how long that one can; otherwise when something may. */
static bool look_into(struct play_look *p, uint32_t playlist, int64_t *bound)
{
    const struct playlist *list = &p->q->model->playlists[playlist];
    int64_t all = FOREVER_MS;

    for (uint32_t i = 0; i < list->n_entries; i++) {
        const struct playlist_entry *e = &list->entries[i];
        int64_t change = FOREVER_MS, condition = FOREVER_MS;
        bool ok = true;

        if (p->looks++ > PLAY_LOOKS)
            return true;
        if (e->condition != NONE)
            ok = occurrence_open(p->q->model, &p->q->model->windows[e->condition], &p->q->place,
                                 p->q->at_ms, NULL, &condition);
        if (ok)
            ok = e->item != NONE ? query_item(p->q, e->item, &change)
                                 : look_into(p, e->playlist, &change);
        lower(&change, condition);
        if (ok) {
            lower(bound, change);
            return true;
        }
        lower(&all, change);
    }
    lower(bound, all);
    return false;
}

bool query_playable(const struct query *q, uint32_t playlist, int64_t *bound)
{
    struct play_look p = {.q = q};
    int64_t change = FOREVER_MS;
    bool ok;

    if (q->schedule->plain[playlist] && !q->facts->missing_items)
        return true;
    ok = look_into(&p, playlist, &change);
    if (bound)
        lower(bound, change);
    return ok;
}
