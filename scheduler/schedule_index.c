/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_index.c - from the rules of a class to entries that are quick to search. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/schedule_index.h"

#define ANY_MONTH_DAY 0x7fffffffu
#define ANY_MONTH     0xfffu
#define ANY_WEEKDAY   0x7fu

struct maker {
    const struct model *model;
    const struct class *class;
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

static bool is_clock(const struct day_range *ranges, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (ranges[i].start.kind != EDGE_CLOCK || ranges[i].end.kind != EDGE_CLOCK)
            return false;
    return true;
}

/* Can every occurrence be told from the wall clock of the class's zone and a start day? */
static bool fits_clock(const struct class *class, const struct window *w)
{
    if ((w->zone && w->zone != class->zone) || w->n_edits > 0 || w->end_days > 0 ||
        !is_clock(w->ranges, w->n_ranges))
        return false;
    for (uint32_t i = 0; i < w->n_exceptions; i++)
        if (!is_clock(w->exceptions[i].ranges, w->exceptions[i].n_ranges))
            return false;
    return true;
}

/* Is every day with the weekday, from first to last, a start day? */
static bool is_plain(const struct window *w)
{
    return w->gap == GAP_MOVE && (w->frequency == EVERY_DAY || w->frequency == EVERY_WEEK) &&
           w->interval <= 1 && w->n_month_days == 0 && w->months == 0 && w->nth_weekday == 0 &&
           w->lunar_month == 0 && (w->count == 0 || w->counted) &&
           (w->calendar == NONE || w->calendar_days == 0);
}

/* Days of the month that may be start days; days counted from the end, and those that a short month
 * moves, may be any from the 28th (or the day itself) on. */
static uint32_t month_days(const struct window *w)
{
    uint32_t bits = 0;

    if (w->frequency == EVERY_WEEK || w->lunar_month || w->n_month_days == 0)
        return ANY_MONTH_DAY;
    for (uint32_t i = 0; i < w->n_month_days; i++) {
        int day = w->month_days[i];

        if (day < 0)
            return ANY_MONTH_DAY;
        bits |= 1u << (day - 1);
        if (day > 28)
            bits |= 0x78000000u; /* the 28th to the 31st */
    }
    return bits & ANY_MONTH_DAY;
}

static uint8_t weekdays(const struct window *w)
{
    if (w->weekdays)
        return w->weekdays;
    if (w->frequency == EVERY_WEEK) /* 1970-01-01 was a Thursday */
        return (uint8_t)(1u << (((w->first_day % 7) + 7 + 3) % 7));
    return ANY_WEEKDAY;
}

static void add_ranges(struct maker *k, struct entry *e, const struct day_range *ranges, uint32_t n,
                       uint8_t mask)
{
    e->weekdays = mask;
    for (uint32_t i = 0; i < n && mask; i++) {
        e->start_s = ranges[i].start.s;
        e->end_s = ranges[i].end.s;
        if (e->end_s <= e->start_s)
            e->end_s += INDEX_DAY_S;
        add(k, e);
    }
}

static void add_clock(struct maker *k, struct entry *e, const struct window *w)
{
    uint8_t mask = weekdays(w);

    e->kind = ENTRY_CLOCK;
    e->verify = !is_plain(w);
    e->first_day = w->first_day;
    e->last_day = w->last_day;
    e->month_days = month_days(w);
    e->months = w->months && !w->lunar_month ? w->months : ANY_MONTH;
    for (uint32_t i = 0; i < w->n_exceptions; i++) {
        add_ranges(k, e, w->exceptions[i].ranges, w->exceptions[i].n_ranges,
                   mask & w->exceptions[i].weekdays);
        mask &= (uint8_t)~w->exceptions[i].weekdays;
    }
    add_ranges(k, e, w->ranges, w->n_ranges, mask);
}

static void add_window(struct maker *k, struct entry *e, const struct rule *r)
{
    const struct window *w = r->window == NONE ? NULL : &k->model->windows[r->window];

    if (!w) {
        e->kind = ENTRY_ONCE;
        e->start_ms = INT64_MIN;
        e->end_ms = FOREVER_MS;
        add(k, e);
    } else if (w->frequency == EVERY_ONCE && w->once_start_ms < w->once_end_ms) {
        e->kind = ENTRY_ONCE;
        e->start_ms = w->once_start_ms;
        e->end_ms = w->once_end_ms;
        add(k, e);
    } else if (w->frequency != EVERY_ONCE && fits_clock(k->class, w)) {
        add_clock(k, e, w);
    } else {
        e->kind = ENTRY_FREE;
        add(k, e);
    }
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
    if (c == 0 && x->kind == ENTRY_CLOCK)
        c = order(y->start_s, x->start_s);
    if (c == 0 && x->kind == ENTRY_ONCE)
        c = order(y->start_ms, x->start_ms);
    if (c == 0)
        c = strcmp(m->rules[x->rule].id, m->rules[y->rule].id);
    return c ? c : order(x->rule, y->rule);
}

static int by_start(const void *a, const void *b, void *user)
{
    const struct class *class = user;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int c = order(class->entries[x].start_s, class->entries[y].start_s);

    return c ? c : order(x, y);
}

static int by_once(const void *a, const void *b, void *user)
{
    const struct class *class = user;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int c = order(class->entries[x].start_ms, class->entries[y].start_ms);

    return c ? c : order(x, y);
}

static void find_groups(const struct model *m, struct class *class)
{
    uint32_t lane = 0;

    for (uint32_t i = 0; i < class->n_entries; i++) {
        struct entry *e = &class->entries[i];
        struct group *g;

        if (i == 0 || by_group(m, e - 1, e) != 0)
            class->groups[class->n_groups++] = (struct group){i, i, i, i};
        g = &class->groups[class->n_groups - 1];
        e->group = class->n_groups - 1;
        g->clock_to = e->kind == ENTRY_CLOCK ? i + 1 : g->clock_to;
        g->once_to = e->kind != ENTRY_FREE ? i + 1 : g->once_to;
        g->to = i + 1;
        while (lane <= e->lane)
            class->lane_from[lane++] = i;
    }
    while (lane <= LANE_N)
        class->lane_from[lane++] = class->n_entries;
}

/* --- index ----------------------------------------------------------------------------------- */

static void set_bits(struct class *class, uint32_t i, int32_t from_s, int32_t to_s)
{
    for (int32_t slot = from_s / INDEX_SLOT_S; slot * INDEX_SLOT_S < to_s; slot++)
        class->bits[(size_t)slot * class->n_words + i / 64] |= UINT64_C(1) << (i % 64);
}

static void index_entry(struct class *class, uint32_t i)
{
    const struct entry *e = &class->entries[i];

    if (e->kind == ENTRY_CLOCK) {
        class->by_start[class->n_by_start++] = i;
        if (e->last_day > class->last_day)
            class->last_day = e->last_day;
        set_bits(class, i, e->start_s, e->end_s < INDEX_DAY_S ? e->end_s : INDEX_DAY_S);
        set_bits(class, i, 0, e->end_s - INDEX_DAY_S);
        return;
    }
    if (e->kind == ENTRY_ONCE)
        class->by_once[class->n_by_once++] = i;
    else
        class->free_entries[class->n_free++] = i;
    set_bits(class, i, 0, INDEX_DAY_S);
}

static void find_reach(struct class *class)
{
    for (uint32_t g = 0; g < class->n_groups; g++) {
        int64_t reach = INT64_MIN;

        for (uint32_t i = class->groups[g].once_to; i-- > class->groups[g].clock_to;) {
            reach = class->entries[i].end_ms > reach ? class->entries[i].end_ms : reach;
            class->reach[i] = reach;
        }
    }
}

static int reserve(struct class *class)
{
    size_t n = class->n_entries + (size_t)1;

    class->n_words = class->n_entries / 64 + 1;
    class->groups = calloc(n, sizeof(*class->groups));
    class->by_start = calloc(n, sizeof(*class->by_start));
    class->by_once = calloc(n, sizeof(*class->by_once));
    class->free_entries = calloc(n, sizeof(*class->free_entries));
    class->reach = calloc(n, sizeof(*class->reach));
    class->bits = calloc((size_t)INDEX_SLOTS * class->n_words, sizeof(*class->bits));
    return class->groups && class->by_start && class->by_once && class->free_entries &&
                   class->reach && class->bits
               ? 0
               : -ENOMEM;
}

int schedule_index_class(const struct schedule *schedule, struct class *class)
{
    struct maker k = {.model = schedule->model, .class = class};

    for (uint32_t i = 0; i < class->n_entries; i++)
        add_rule(&k, &class->entries[i]);
    free(class->entries);
    class->entries = k.entries;
    class->n_entries = k.n;
    if (k.failed || reserve(class) < 0)
        return -ENOMEM;
    class->last_day = DAY_MIN - 1;
    if (class->n_entries > 0)
        qsort_r(class->entries, class->n_entries, sizeof(*class->entries), by_rank,
                (void *)(uintptr_t)schedule->model);
    find_groups(schedule->model, class);
    for (uint32_t i = 0; i < class->n_entries; i++)
        index_entry(class, i);
    qsort_r(class->by_start, class->n_by_start, sizeof(uint32_t), by_start, class);
    qsort_r(class->by_once, class->n_by_once, sizeof(uint32_t), by_once, class);
    find_reach(class);
    return 0;
}

void schedule_index_finish(struct class *class)
{
    free(class->entries);
    free(class->groups);
    free(class->by_start);
    free(class->by_once);
    free(class->free_entries);
    free(class->reach);
    free(class->bits);
}
