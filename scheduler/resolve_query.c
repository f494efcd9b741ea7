/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_query.c - who shows on a lane now: a search in the order of rank that ends early. */
#include "scheduler/resolve_query.h"

#include <math.h>
#include <string.h>

#include "scheduler/civil.h"

#define FOLD_NEAR_S (26 * 3600) /* clocks never change by more */
#define FREE_NEAR   3           /* days that zones, sun and long ends may shift a date */

/* Times of day are asked about between these instants only; no window is open outside. */
#define AT_MIN_S ((DAY_MIN - INT64_C(800)) * CIVIL_DAY_S)
#define AT_MAX_S ((DAY_MAX + INT64_C(800)) * CIVIL_DAY_S)

static const struct facts no_facts = {.held_rule = NONE};

/* --- the instant -------------------------------------------------------------------------------
 */

static struct start_day start_day(int32_t day)
{
    struct civil c = civil_of_day(day);

    return (struct start_day){.month_day = 1u << (c.day - 1),
                              .month = (uint16_t)(1u << (c.month - 1)),
                              .weekday = (uint8_t)(1u << civil_weekday(day))};
}

static bool is_repeated(const struct query *q, int64_t at_s)
{
    struct tz_instants i;

    if ((q->span.from_s == INT64_MIN || at_s - q->span.from_s > FOLD_NEAR_S) &&
        (q->span.until_s == INT64_MAX || q->span.until_s - at_s > FOLD_NEAR_S))
        return false;
    tz_instants(q->class->zone, at_s + q->span.offset_s, &i);
    return i.first_s != i.last_s;
}

void query_init(struct query *q, const struct schedule *schedule, int64_t at_ms, uint32_t screen,
                const struct facts *facts)
{
    const struct screen *s = &schedule->model->screens[screen];
    int64_t at_s = civil_floor_div(at_ms, 1000);

    at_s = at_s < AT_MIN_S ? AT_MIN_S : at_s > AT_MAX_S ? AT_MAX_S : at_s;
    *q = (struct query){.schedule = schedule,
                        .model = schedule->model,
                        .class = &schedule->classes[schedule->class_of[screen]],
                        .facts = facts ? facts : &no_facts,
                        .place = {s->zone, s->has_place, s->lat, s->lon},
                        .screen = screen,
                        .at_ms = at_ms,
                        .span = {INT64_MIN, INT64_MAX, 0},
                        .bound_ms = FOREVER_MS};
    if (q->class->zone) {
        tz_span(q->class->zone, at_s, &q->span);
        q->exact = is_repeated(q, at_s);
    }
    at_s += q->span.offset_s;
    q->day = (int32_t)civil_floor_div(at_s, CIVIL_DAY_S);
    q->tod_s = (int32_t)(at_s - (int64_t)q->day * CIVIL_DAY_S);
    q->days[0] = start_day(q->day);
    q->days[1] = start_day(q->day - 1);
}

/* Far enough inside the stretch of one offset the zone need not be asked. */
static struct tz_instants instants(const struct query *q, int64_t wall_s)
{
    int64_t utc_s = wall_s - q->span.offset_s;
    struct tz_instants ret = {utc_s, utc_s, false};

    if ((q->span.from_s != INT64_MIN && utc_s - q->span.from_s < 2 * FOLD_NEAR_S) ||
        (q->span.until_s != INT64_MAX && q->span.until_s - utc_s < 2 * FOLD_NEAR_S))
        tz_instants(q->class->zone, wall_s, &ret);
    return ret;
}

int64_t query_first_ms(const struct query *q, int64_t wall_s, bool *ret_gap)
{
    struct tz_instants i = instants(q, wall_s);

    if (ret_gap)
        *ret_gap = i.gap;
    return i.first_s * 1000;
}

int64_t query_last_ms(const struct query *q, int64_t wall_s)
{
    return instants(q, wall_s).last_s * 1000;
}

/* --- one rule ----------------------------------------------------------------------------------
 */

static bool is_playable(const struct query *q, const struct rule *r, int64_t *bound)
{
    if (r->axis != AXIS_CONTENT || r->layer == LAYER_BLACKOUT)
        return true;
    return r->playlist != NONE && query_playable(q, r->playlist, bound);
}

static void lower(int64_t *bound, int64_t ms)
{
    if (bound && ms < *bound)
        *bound = ms;
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

/* The day of the wall clock on which an entry's occurrence would have begun: 0 today, 1 yesterday.
 */
static int start_of(const struct query *q, const struct entry *e)
{
    return e->start_s > q->tod_s;
}

static bool is_day(const struct query *q, const struct entry *e, int back)
{
    const struct start_day *d = &q->days[back];
    int32_t day = q->day - back;

    return day >= e->first_day && day <= e->last_day && (e->weekdays & d->weekday) &&
           (e->month_days & d->month_day) && (e->months & d->month);
}

static bool is_open_clock(const struct query *q, const struct entry *e)
{
    const struct rule *r = &q->model->rules[e->rule];
    int back = start_of(q, e);
    struct occurrence o;

    return q->tod_s + back * CIVIL_DAY_S < e->end_s && is_day(q, e, back) &&
           (!e->verify || query_rule(q, r, q->model->windows, &o, NULL));
}

/* A window far off is not looked at; only the day on which it comes near is a bound. */
static bool is_far(struct query *q, const struct window *w)
{
    int64_t near_ms;

    if (w->n_edits > 0 || w->frequency == EVERY_ONCE)
        return false;
    if (q->day > (int64_t)w->last_day + w->end_days + FREE_NEAR)
        return true;
    if (q->day >= (int64_t)w->first_day - FREE_NEAR)
        return false;
    near_ms = ((int64_t)w->first_day - FREE_NEAR + 1) * CIVIL_DAY_S * 1000;
    lower(&q->bound_ms, near_ms > q->at_ms ? near_ms : q->at_ms + 1);
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
    lower(&q->bound_ms, change);
    return open;
}

static struct occurrence clock_occurrence(const struct query *q, const struct entry *e,
                                          bool *ret_gap)
{
    int64_t midnight = (int64_t)(q->day - start_of(q, e)) * CIVIL_DAY_S;

    return (struct occurrence){query_first_ms(q, midnight + e->start_s, ret_gap),
                               query_last_ms(q, midnight + e->end_s), q->day - start_of(q, e)};
}

bool query_entry(struct query *q, uint32_t entry, struct occurrence *ret)
{
    const struct entry *e = &q->class->entries[entry];
    const struct rule *r = &q->model->rules[e->rule];

    if (q->exact || e->kind == ENTRY_FREE)
        return open_exactly(q, e, ret) && is_playable(q, r, &q->bound_ms);
    if (e->kind == ENTRY_ONCE) {
        if (q->at_ms < e->start_ms || q->at_ms >= e->end_ms)
            return false;
        *ret = (struct occurrence){e->start_ms, e->end_ms, 0};
        return is_playable(q, r, &q->bound_ms);
    }
    if (!is_open_clock(q, e) || !is_playable(q, r, &q->bound_ms))
        return false;
    if (e->verify)
        return query_rule(q, r, q->model->windows, ret, NULL);
    *ret = clock_occurrence(q, e, NULL);
    return true;
}

/* --- a group -----------------------------------------------------------------------------------
 */

struct best {
    uint32_t entry; /* NONE: nothing open */
    struct occurrence occurrence;
};

static void offer(const struct query *q, struct best *best, uint32_t entry,
                  const struct occurrence *o)
{
    const struct entry *entries = q->class->entries;
    const struct rule *rules = q->model->rules;

    if (best->entry != NONE) {
        if (o->start_ms < best->occurrence.start_ms)
            return;
        if (o->start_ms == best->occurrence.start_ms &&
            strcmp(rules[entries[entry].rule].id, rules[entries[best->entry].rule].id) >= 0)
            return;
    }
    best->entry = entry;
    best->occurrence = *o;
}

static uint32_t next_bit(const uint64_t *row, uint32_t from, uint32_t to)
{
    uint64_t word;

    if (from >= to)
        return to;
    word = row[from / 64] & (~UINT64_C(0) << (from % 64));
    for (uint32_t i = from / 64; i <= (to - 1) / 64; word = row[++i]) {
        if (word) {
            uint32_t at = i * 64 + (uint32_t)__builtin_ctzll(word);

            return at < to ? at : to;
        }
        if (i == (to - 1) / 64)
            break;
    }
    return to;
}

static const uint64_t *row_now(const struct query *q)
{
    return q->class->bits + (size_t)(q->tod_s / INDEX_SLOT_S) * q->class->n_words;
}

/* The first open one of a stretch, which by the order of its entries is the best. */
static void scan_clock(struct query *q, uint32_t from, uint32_t to, struct best *best)
{
    const uint64_t *row = row_now(q);

    for (uint32_t i = next_bit(row, from, to); i < to; i = next_bit(row, i + 1, to)) {
        struct occurrence o;

        if (!query_entry(q, i, &o))
            continue;
        offer(q, best, i, &o);
        return;
    }
}

static void scan_clocks(struct query *q, const struct group *g, struct best *best)
{
    uint32_t lo = g->from, hi = g->clock_to;

    while (lo < hi) { /* the first that starts no later than now */
        uint32_t mid = lo + (hi - lo) / 2;

        if (q->class->entries[mid].start_s > q->tod_s)
            lo = mid + 1;
        else
            hi = mid;
    }
    scan_clock(q, lo, g->clock_to, best);
    if (best->entry == NONE)
        scan_clock(q, g->from, lo, best);
}

static void scan_once(struct query *q, const struct group *g, struct best *best)
{
    const struct class *c = q->class;
    uint32_t lo = g->clock_to, hi = g->once_to;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (c->entries[mid].start_ms > q->at_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < g->once_to && c->reach[lo] > q->at_ms; lo++) {
        struct occurrence o;

        if (!query_entry(q, lo, &o))
            continue;
        offer(q, best, lo, &o);
        return;
    }
}

static void scan_all(struct query *q, uint32_t from, uint32_t to, struct best *best)
{
    for (uint32_t i = from; i < to; i++) {
        struct occurrence o;

        if (query_entry(q, i, &o))
            offer(q, best, i, &o);
    }
}

/* A start that clocks going forward moved is not in the order of the wall clock. */
static bool is_moved(const struct query *q, const struct best *best)
{
    const struct entry *e = best->entry == NONE ? NULL : &q->class->entries[best->entry];
    bool gap = false;

    if (e && e->kind == ENTRY_CLOCK)
        (void)clock_occurrence(q, e, &gap);
    return gap;
}

static void scan_group(struct query *q, const struct group *g, struct best *best)
{
    *best = (struct best){.entry = NONE};
    if (!q->exact)
        scan_clocks(q, g, best);
    if (!q->exact && is_moved(q, best)) {
        q->exact = true;
        *best = (struct best){.entry = NONE};
    }
    if (q->exact) {
        scan_all(q, g->from, g->to, best);
        return;
    }
    scan_once(q, g, best);
    scan_all(q, g->once_to, g->to, best);
}

/* --- a lane ------------------------------------------------------------------------------------
 */

void query_lane(struct query *q, enum lane lane, struct found *ret)
{
    const struct class *c = q->class;
    uint32_t at = c->lane_from[lane], to = c->lane_from[lane + 1];

    *ret = (struct found){.limit = to};
    while (at < to) {
        const struct group *g;
        struct best best;

        at = q->exact ? at : next_bit(row_now(q), at, to);
        if (at >= to)
            return;
        g = &c->groups[c->entries[at].group];
        scan_group(q, g, &best);
        at = g->to;
        if (best.entry == NONE)
            continue;
        *ret = (struct found){.rule = &q->model->rules[c->entries[best.entry].rule],
                              .windows = q->model->windows,
                              .specificity = c->entries[best.entry].specificity,
                              .limit = g->to,
                              .start_ms = best.occurrence.start_ms,
                              .end_ms = best.occurrence.end_ms};
        lower(&q->bound_ms, best.occurrence.end_ms);
        return;
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

void query_lane_alerts(struct query *q, enum lane lane, struct found *ret)
{
    const struct facts *f = q->facts;

    query_lane(q, lane, ret);
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
        lower(&q->bound_ms, change);
        if (!open || !is_playable(q, a.rule, &q->bound_ms))
            continue;
        a.start_ms = o.start_ms;
        a.end_ms = o.end_ms;
        a.limit = limit_of(q, lane, &a);
        if (!ret->rule || query_compare(&a, ret) < 0)
            *ret = a;
    }
}
