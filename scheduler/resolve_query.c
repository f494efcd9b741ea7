/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_query.c - who shows on a lane now: a search in the order of rank that ends early. */
#include "scheduler/resolve_query.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "scheduler/civil.h"

#define FREE_NEAR 3 /* days that zones, sun and long ends may shift a date */

/* Times of day are asked about between these instants only; no window is open outside. */
#define AT_MIN_S ((DAY_MIN - INT64_C(800)) * CIVIL_DAY_S)
#define AT_MAX_S ((DAY_MAX + INT64_C(800)) * CIVIL_DAY_S)

static const struct facts no_facts = {.held_rule = NONE};

/* --- the instant -------------------------------------------------------------------------------
 */

void query_init(struct query *q, const struct schedule *schedule, int64_t at_ms, uint32_t screen,
                const struct facts *facts)
{
    const struct screen *s = &schedule->model->screens[screen];
    int64_t at_s = civil_floor_div(at_ms, 1000);

    memset(q, 0, offsetof(struct query, zones));
    q->schedule = schedule;
    q->model = schedule->model;
    q->class = &schedule->classes[schedule->class_of[screen]];
    memset(q->zones, 0, q->class->n_zones * sizeof(*q->zones));
    q->facts = facts ? facts : &no_facts;
    q->place = (struct occurrence_place){s->zone, s->has_place, s->lat, s->lon};
    q->screen = screen;
    q->at_ms = at_ms;
    q->at_s = at_s < AT_MIN_S ? AT_MIN_S : at_s > AT_MAX_S ? AT_MAX_S : at_s;
    q->bound_ms = FOREVER_MS;
    q->sure = true;
}

/* --- one rule ----------------------------------------------------------------------------------
 */

static bool is_playable(const struct query *q, const struct rule *r, int64_t *bound)
{
    if (r->axis != AXIS_CONTENT || r->layer == LAYER_BLACKOUT)
        return true;
    return r->playlist != NONE && query_playable(q, r->playlist, bound);
}

/* Something may change then. */
static void lower(struct query *q, int64_t ms)
{
    if (ms >= q->bound_ms)
        return;
    q->bound_ms = ms;
    q->sure = false;
}

bool query_is_playable(struct query *q, const struct rule *r)
{
    int64_t change = FOREVER_MS;
    bool ok = is_playable(q, r, &change);

    lower(q, change);
    return ok;
}

bool query_rule(const struct query *q, const struct rule *rule, const struct window *windows,
                struct occurrence *ret, int64_t *ret_change)
{
    if (rule->window == NONE) {
        *ret = (struct occurrence){INT64_MIN, FOREVER_MS, 0};
        if (ret_change)
            *ret_change = FOREVER_MS;
        return true;
    }
    return occurrence_open(q->model, &windows[rule->window], &q->place, q->at_ms, ret, ret_change);
}

/* A window far off is not looked at; only the day on which it comes near is a bound. */
static bool is_far(struct query *q, const struct window *w)
{
    int64_t near_ms;

    if (w->n_edits > 0 || w->frequency == EVERY_ONCE)
        return false;
    if (q->at_s / CIVIL_DAY_S > (int64_t)w->last_day + w->end_days + FREE_NEAR)
        return true;
    if (q->at_s / CIVIL_DAY_S >= (int64_t)w->first_day - FREE_NEAR)
        return false;
    near_ms = ((int64_t)w->first_day - FREE_NEAR + 1) * CIVIL_DAY_S * 1000;
    lower(q, near_ms > q->at_ms ? near_ms : q->at_ms + 1);
    return true;
}

static bool open_exactly(struct query *q, const struct entry *e, struct occurrence *ret)
{
    const struct rule *r = &q->model->rules[e->rule];
    int64_t change = FOREVER_MS;
    bool open;

    if (r->window != NONE && is_far(q, &q->model->windows[r->window]))
        return false;
    open = query_rule(q, r, q->model->windows, ret, &change);
    lower(q, change);
    return open;
}

bool query_entry(struct query *q, uint32_t entry, struct occurrence *ret)
{
    const struct entry *e = &q->class->entries[entry];
    bool open = e->kind == ENTRY_FREE ? open_exactly(q, e, ret) : query_face_entry(q, entry, ret);

    return open && query_is_playable(q, &q->model->rules[e->rule]);
}

/* --- a lane ------------------------------------------------------------------------------------
 */

static void scan_free(struct query *q, enum lane lane, struct best *best)
{
    const struct class *c = q->class;

    for (uint32_t i = 0; i < c->n_free; i++) {
        const struct entry *e = &c->entries[c->free_entries[i]];
        struct occurrence o;

        if (e->lane != lane)
            continue;
        if (best->entry != NONE && e->group > c->entries[best->entry].group)
            return;
        if (q->skip_exact_times && q->model->rules[e->rule].n_at > 0)
            continue;
        if (query_entry(q, c->free_entries[i], &o))
            query_offer(q, best, c->free_entries[i], &o);
    }
}

static void take_best(struct query *q, enum lane lane, const struct best *best, struct found *ret)
{
    const struct class *c = q->class;

    *ret = (struct found){.limit = c->lane_from[lane + 1]};
    if (best->entry == NONE)
        return;
    *ret = (struct found){.rule = &q->model->rules[c->entries[best->entry].rule],
                          .windows = q->model->windows,
                          .specificity = c->entries[best->entry].specificity,
                          .limit = c->groups[c->entries[best->entry].group].to,
                          .start_ms = best->occurrence.start_ms,
                          .end_ms = best->occurrence.end_ms};
    if (ret->end_ms < q->bound_ms) {
        q->bound_ms = ret->end_ms;
        q->sure = lane == LANE_CONTENT;
    }
}

/* --- alerts ------------------------------------------------------------------------------------
 */

static bool is_on_lane(const struct rule *r, enum lane lane)
{
    switch (lane) {
    case LANE_CONTENT:
        return r->axis == AXIS_CONTENT && !schedule_is_mix(r);
    case LANE_MIX:
        return schedule_is_mix(r);
    case LANE_OVERLAY:
        return r->axis == AXIS_OVERLAY;
    case LANE_POWER:
        return r->axis == AXIS_DISPLAY && r->power >= 0;
    case LANE_BRIGHTNESS:
        return r->axis == AXIS_DISPLAY && (!isnan(r->brightness) || !isnan(r->nits));
    case LANE_VOLUME:
        return r->axis == AXIS_DISPLAY && !isnan(r->volume);
    default:
        return false;
    }
}

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

int query_compare(const struct found *a, const struct found *b)
{
    int c = order(a->rule->layer, b->rule->layer);

    if (c == 0)
        c = order(b->rule->mandatory, a->rule->mandatory);
    if (c == 0)
        c = order(b->rule->priority, a->rule->priority);
    if (c == 0)
        c = order(b->specificity, a->specificity);
    if (c == 0)
        c = order(b->start_ms, a->start_ms);
    return c ? c : strcmp(a->rule->id, b->rule->id);
}

enum verdict query_verdict(const struct found *a, const struct found *b)
{
    if (a->rule->layer != b->rule->layer || a->rule->mandatory != b->rule->mandatory)
        return VERDICT_LOWER_LAYER;
    if (a->rule->priority != b->rule->priority)
        return VERDICT_LOWER_PRIORITY;
    if (a->specificity != b->specificity)
        return VERDICT_LESS_SPECIFIC;
    return a->start_ms != b->start_ms ? VERDICT_EARLIER_START : VERDICT_LARGER_ID;
}

/* Entries of the document that could beat an alert: groups in their order, equal rank included. */
static uint32_t limit_of(const struct query *q, enum lane lane, const struct found *alert)
{
    const struct class *c = q->class;
    uint32_t from = c->lane_from[lane], to = c->lane_from[lane + 1], lo, hi;

    if (from == to)
        return to;
    lo = c->entries[from].group;
    hi = c->entries[to - 1].group + 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct entry *e = &c->entries[c->groups[mid].from];
        struct found f = {.rule = &q->model->rules[e->rule],
                          .specificity = e->specificity,
                          .start_ms = INT64_MAX};

        if (query_compare(&f, alert) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo > c->entries[from].group ? c->groups[lo - 1].to : from;
}

static void find_alert(struct query *q, enum lane lane, struct found *ret)
{
    const struct facts *f = q->facts;

    for (uint32_t i = 0; i < f->n_alerts; i++) {
        struct found a = {.rule = &f->alerts[i], .windows = f->alert_windows};
        int64_t change = FOREVER_MS;
        struct occurrence o;
        bool open;

        if (!is_on_lane(a.rule, lane))
            continue;
        a.specificity = schedule_specificity(q->model, a.rule, q->screen);
        if (a.specificity == 0)
            continue;
        open = query_rule(q, a.rule, f->alert_windows, &o, &change);
        lower(q, change);
        if (!open || !query_is_playable(q, a.rule))
            continue;
        a.start_ms = o.start_ms;
        a.end_ms = o.end_ms;
        a.limit = limit_of(q, lane, &a);
        if (!ret->rule || query_compare(&a, ret) < 0)
            *ret = a;
    }
}

void query_lanes(struct query *q, unsigned lanes, struct found ret[LANE_N])
{
    struct best best[LANE_N];

    for (int lane = 0; lane < LANE_N; lane++)
        best[lane] = (struct best){.entry = NONE};
    for (uint32_t i = 0; i < q->class->n_faces; i++)
        query_face(q, i, lanes, best);
    for (int lane = 0; lane < LANE_N; lane++) {
        if (!(lanes >> lane & 1))
            continue;
        scan_free(q, (enum lane)lane, &best[lane]);
        take_best(q, (enum lane)lane, &best[lane], &ret[lane]);
        if (!q->skip_exact_times)
            find_alert(q, (enum lane)lane, &ret[lane]);
    }
}
