/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_index.c - from the rules of a class to entries that are quick to search. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/occurrence_day.h"
#include "scheduler/recur.h"
#include "scheduler/schedule_index.h"

#define ANY_WEEKDAY 0x7fu

struct maker {
    const struct model *model;
    struct class *class;
    struct entry *entries;
    uint32_t n, cap;
    uint32_t lane_from; /* where the entries of the present rule and lane begin */
    bool failed;
};

static void add(struct maker *k, const struct entry *e)
{
    if (k->failed)
        return;
    if (k->n == k->cap) {
        uint32_t cap = k->cap ? k->cap * 2 : 64;
        struct entry *entries = reallocarray(k->entries, cap, sizeof(*entries));

        if (!entries) {
            k->failed = true;
            return;
        }
        k->entries = entries;
        k->cap = cap;
    }
    k->entries[k->n] = *e;
    k->entries[k->n].repeats = k->n > k->lane_from;
    k->n++;
}

/* --- windows --------------------------------------------------------------------------------- */

/* Is every day with the weekday, from first to last, a start day? */
static bool is_plain(const struct window *w)
{
    return (w->frequency == EVERY_DAY || w->frequency == EVERY_WEEK) && w->interval <= 1 &&
           w->n_month_days == 0 && w->months == 0 && (w->calendar == NONE || w->calendar_days == 0);
}

static uint8_t weekdays(const struct window *w)
{
    if (w->frequency == EVERY_ONCE || schedule_is_lunar(w))
        return ANY_WEEKDAY;
    if (w->weekdays)
        return w->weekdays;
    if (w->frequency == EVERY_WEEK) /* 1970-01-01 was a Thursday */
        return (uint8_t)(1u << (((w->first_day % 7) + 7 + 3) % 7));
    return ANY_WEEKDAY;
}

static uint8_t zone_of(struct maker *k, const struct window *w)
{
    struct class *c = k->class;
    const struct tz *zone = w->zone ? w->zone : c->zone;

    for (uint32_t i = 0; i < c->n_zones; i++)
        if (c->zones[i] == zone)
            return (uint8_t)i;
    if (c->n_zones == INDEX_MAX_ZONES)
        return UINT8_MAX;
    c->zones[c->n_zones] = zone;
    return (uint8_t)c->n_zones++;
}

static bool is_same_face(const struct face *a, const struct face *b)
{
    return a->is_once == b->is_once && a->zone == b->zone && a->start_kind == b->start_kind &&
           a->end_kind == b->end_kind && a->wrap == b->wrap && a->end_days == b->end_days;
}

/* Adds an entry to the face like this one; false: there are too many faces. */
static bool add_to_face(struct maker *k, struct entry *e, const struct face *like)
{
    struct class *c = k->class;
    uint32_t i = 0;

    while (i < c->n_faces && !is_same_face(&c->faces[i], like))
        i++;
    if (i == INDEX_MAX_FACES)
        return false;
    if (i == c->n_faces && (i & (i - 1)) == 0) { /* room doubles */
        struct face *faces = reallocarray(c->faces, i ? 2 * (size_t)i : 1, sizeof(*faces));

        k->failed |= !faces;
        if (!faces)
            return true;
        c->faces = faces;
    }
    if (i == c->n_faces)
        c->faces[c->n_faces++] = *like;
    e->face = (uint8_t)i;
    add(k, e);
    return true;
}

static bool add_once(struct maker *k, struct entry *e, int64_t start_ms, int64_t end_ms)
{
    e->kind = ENTRY_ONCE;
    e->start_ms = start_ms;
    e->end_ms = end_ms;
    return add_to_face(k, e, &(struct face){.is_once = true});
}

/* Nobody knows before the day whether the sun's end comes before the start: then there are two
 * entries, of which one has an occurrence on any day. */
static bool add_range(struct maker *k, struct entry *e, const struct window *w,
                      const struct day_range *r)
{
    enum edge_kind a = r->start.kind, b = r->end.kind;
    struct face face = {.zone = zone_of(k, w), .start_kind = (uint8_t)a, .end_kind = (uint8_t)b};
    bool never_wraps = false, always_wraps = false;

    if (face.zone == UINT8_MAX)
        return false;
    e->kind = ENTRY_DAY;
    e->start_s = r->start.s;
    e->end_s = r->end.s;
    if (b == EDGE_CLOCK) /* long ones apart: they have many days to look back to */
        e->end_s += w->end_days * INDEX_DAY_S;
    if (b == EDGE_CLOCK)
        face.end_days = w->end_days > 7 ? 8 : w->end_days > 1 ? 2 : w->end_days;
    else
        face.end_days = w->end_days;
    if (a == EDGE_CLOCK && b == EDGE_CLOCK) {
        if (r->end.s <= r->start.s)
            e->end_s += INDEX_DAY_S;
        return add_to_face(k, e, &face);
    }
    if (w->end_days == 0 && a == b) {
        always_wraps = r->end.s <= r->start.s;
        never_wraps = !always_wraps;
    } else if (w->end_days == 0 && a == EDGE_SUNRISE && b == EDGE_SUNSET) {
        never_wraps = r->end.s > r->start.s;
    } else if (w->end_days == 0 && a == EDGE_SUNSET && b == EDGE_SUNRISE) {
        always_wraps = r->end.s <= r->start.s;
    } else if (w->end_days > 3) {
        never_wraps = true;
    }
    face.wrap = 1;
    if (!always_wraps && !add_to_face(k, e, &face))
        return false;
    face.wrap = 2;
    if (b == EDGE_CLOCK)
        e->end_s += INDEX_DAY_S;
    else
        face.end_days++;
    return never_wraps || add_to_face(k, e, &face);
}

static bool add_ranges(struct maker *k, const struct entry *like, const struct window *w,
                       const struct day_range *ranges, uint32_t n, uint8_t mask)
{
    struct entry e = *like;

    e.weekdays = mask;
    for (uint32_t i = 0; i < n && mask; i++)
        if (!add_range(k, &e, w, &ranges[i]))
            return false;
    return true;
}

/* The occurrences that were moved, each on the day that it was moved to. */
static bool add_edits(struct maker *k, const struct entry *like, const struct window *w)
{
    struct occurrence_place place = {.zone = k->class->zone};
    struct occurrence_query q;
    struct entry e = *like;

    e.weekdays = ANY_WEEKDAY;
    e.verify = e.edited = false;
    if (w->n_edits > 0)
        occurrence_query_init(&q, k->model, w, &place, 0);
    for (uint32_t i = 0; i < w->n_edits; i++) {
        const struct occurrence_edit *edit = &w->edits[i];
        uint32_t n;

        if (edit->removed || occurrence_next_day(&q, edit->day) != edit->day)
            continue;
        (void)occurrence_ranges(w, edit->day, &n);
        e.first_day = e.last_day = edit->new_day;
        if (n > 0 && !add_range(k, &e, w, &edit->range))
            return false;
    }
    return true;
}

static bool add_days(struct maker *k, const struct entry *like, const struct window *w)
{
    struct entry e = *like;
    uint8_t mask = weekdays(w);

    e.verify = !is_plain(w);
    e.edited = w->n_edits > 0;
    e.strict = w->gap == GAP_STRICT;
    e.first_day = w->first_day;
    e.last_day = recur_last_day(w);
    if (w->frequency == EVERY_ONCE && w->first_day < e.last_day)
        e.last_day = w->first_day;
    if (w->first_day < DAY_MIN) /* no recurrence begins so early */
        mask = 0;
    for (uint32_t i = 0; i < w->n_exceptions; i++) {
        if (!add_ranges(k, &e, w, w->exceptions[i].ranges, w->exceptions[i].n_ranges,
                        mask & w->exceptions[i].weekdays))
            return false;
        mask &= (uint8_t)~w->exceptions[i].weekdays;
    }
    return add_ranges(k, &e, w, w->ranges, w->n_ranges, mask) && add_edits(k, &e, w);
}

static void add_window(struct maker *k, struct entry *e, const struct rule *r)
{
    const struct window *w = r->window == NONE ? NULL : &k->model->windows[r->window];
    uint32_t n = k->n;
    bool ok;

    if (!w)
        ok = add_once(k, e, INT64_MIN, FOREVER_MS);
    else if (w->frequency == EVERY_ONCE && w->once_start_ms < w->once_end_ms)
        ok = add_once(k, e, w->once_start_ms, w->once_end_ms);
    else
        ok = add_days(k, e, w);
    if (ok)
        return;
    k->n = n; /* instead of what was added so far */
    e->kind = ENTRY_FREE;
    add(k, e);
}

static void add_lane(struct maker *k, const struct entry *meant, const struct rule *r,
                     enum lane lane)
{
    struct entry e = {.rule = meant->rule, .specificity = meant->specificity};

    e.lane = (uint8_t)lane;
    k->lane_from = k->n;
    add_window(k, &e, r);
}

static void add_rule(struct maker *k, const struct entry *meant)
{
    const struct rule *r = &k->model->rules[meant->rule];

    if (r->axis == AXIS_CONTENT)
        add_lane(k, meant, r, schedule_is_mix(r) ? LANE_MIX : LANE_CONTENT);
    if (r->axis == AXIS_OVERLAY)
        add_lane(k, meant, r, LANE_OVERLAY);
    if (r->axis == AXIS_DISPLAY && r->power >= 0)
        add_lane(k, meant, r, LANE_POWER);
    if (r->axis == AXIS_DISPLAY && (!isnan(r->brightness) || !isnan(r->nits)))
        add_lane(k, meant, r, LANE_BRIGHTNESS);
    if (r->axis == AXIS_DISPLAY && !isnan(r->volume))
        add_lane(k, meant, r, LANE_VOLUME);
}

/* --- order ----------------------------------------------------------------------------------- */

static int order(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_group(const struct model *m, const struct entry *a, const struct entry *b)
{
    const struct rule *x = &m->rules[a->rule], *y = &m->rules[b->rule];
    int c = order(a->lane, b->lane);

    if (c == 0)
        c = order(x->layer, y->layer);
    if (c == 0)
        c = order(y->mandatory, x->mandatory);
    if (c == 0)
        c = order(y->priority, x->priority);
    return c ? c : order(b->specificity, a->specificity);
}

static int by_rank(const void *a, const void *b, void *user)
{
    const struct model *m = user;
    const struct entry *x = a, *y = b;
    int c = by_group(m, x, y);

    if (c == 0)
        c = order(x->kind, y->kind);
    if (c == 0 && x->kind != ENTRY_FREE)
        c = order(x->face, y->face);
    if (c == 0 && x->kind == ENTRY_DAY)
        c = order(y->start_s, x->start_s);
    if (c == 0 && x->kind == ENTRY_ONCE)
        c = order(y->start_ms, x->start_ms);
    if (c == 0)
        c = strcmp(m->rules[x->rule].id, m->rules[y->rule].id);
    if (c == 0 && x->kind == ENTRY_DAY)
        c = order(y->end_s, x->end_s);
    return c ? c : order(x->rule, y->rule);
}

static void find_groups(const struct model *m, struct class *class)
{
    uint32_t lane = 0;

    for (uint32_t i = 0; i < class->n_entries; i++) {
        struct entry *e = &class->entries[i];
        struct group *g;

        if (i == 0 || by_group(m, e - 1, e) != 0)
            class->groups[class->n_groups++] = (struct group){i, i};
        g = &class->groups[class->n_groups - 1];
        e->group = class->n_groups - 1;
        g->to = i + 1;
        while (lane <= e->lane)
            class->lane_from[lane++] = i;
    }
    while (lane <= LANE_N)
        class->lane_from[lane++] = class->n_entries;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int reserve(struct class *class)
{
    class->groups = calloc(class->n_entries + (size_t)1, sizeof(*class->groups));
    class->free_entries = calloc(class->n_entries + (size_t)1, sizeof(*class->free_entries));
    return class->groups && class->free_entries ? 0 : -ENOMEM;
}

static int make_entries(const struct schedule *schedule, struct class *class)
{
    struct maker k = {.model = schedule->model, .class = class};

    class->zones[class->n_zones++] = class->zone;
    for (uint32_t i = 0; i < class->n_entries; i++)
        add_rule(&k, &class->entries[i]);
    free(class->entries);
    class->entries = k.entries;
    class->n_entries = k.n;
    return k.failed ? -ENOMEM : 0;
}

int schedule_index_class(const struct schedule *schedule, struct class *class)
{
    if (make_entries(schedule, class) < 0 || reserve(class) < 0)
        return -ENOMEM;
    if (class->n_entries > 0)
        qsort_r(class->entries, class->n_entries, sizeof(*class->entries), by_rank,
                (void *)(uintptr_t)schedule->model);
    find_groups(schedule->model, class);
    class->last_day = DAY_MIN - 1;
    for (uint32_t i = 0; i < class->n_entries; i++) {
        const struct entry *e = &class->entries[i];

        if (e->kind == ENTRY_FREE)
            class->free_entries[class->n_free++] = i;
        if (e->kind == ENTRY_DAY && e->last_day > class->last_day)
            class->last_day = e->last_day;
    }
    return schedule_make_faces(schedule, class);
}

void schedule_index_finish(struct class *class)
{
    schedule_finish_faces(class);
    free(class->entries);
    free(class->groups);
    free(class->free_entries);
}
