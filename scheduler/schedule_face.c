/* SPDX-License-Identifier: Apache-2.0 */
/* schedule_face.c - the lists and rows of bits of the faces of a class. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scheduler/civil.h"
#include "scheduler/schedule_index.h"

#define SLOT_S       900 /* seconds a row of STARTED and ENDS, */
#define SLOTS        256 /* or more, for so many rows at most */
#define SPANS        64
#define ALL          (~UINT64_C(0))
#define MONTH_DAYS   0x7fffffffu
#define CALENDAR_ALL 15u

/* No sun rises or sets earlier or later than this, from the midnight of its date. */
#define SUN_LO_S (-CIVIL_DAY_S / 2 - 3600)
#define SUN_HI_S (CIVIL_DAY_S * 3 / 2 + 3600)

struct builder {
    const struct model *model;
    const struct class *class;
    struct face *face;
    int64_t edges[SPANS];
    uint32_t n_edges;
};

static const struct entry *entry_of(const struct builder *b, const uint32_t *order, uint32_t i)
{
    return &b->class->entries[order[i]];
}

static const struct window *window_of(const struct builder *b, const struct entry *e)
{
    return &b->model->windows[b->model->rules[e->rule].window];
}

/* --- into which rows an entry belongs ----------------------------------------------------------
 */

/* Days that the nth weekday of any month may be. */
static uint32_t nth_days(int nth)
{
    uint32_t days = 0;

    for (int length = 28; nth && length <= 31; length++) {
        int low = nth > 0 ? 7 * (nth - 1) : length + 7 * nth;

        for (int day = low; day < low + 7; day++)
            if (day >= 0 && day < 31)
                days |= 1u << day;
    }
    return nth ? days : MONTH_DAYS;
}

/* Days counted from the end, and those that a short month moves, may be any from the 28th (or the
 * day itself) on. */
static uint32_t month_days(const struct window *w)
{
    uint32_t bits = 0;

    if (schedule_is_lunar(w) || w->frequency == EVERY_WEEK || w->frequency == EVERY_ONCE)
        return MONTH_DAYS;
    if (w->frequency != EVERY_DAY && w->weekdays)
        bits = w->n_month_days ? 0 : nth_days(w->nth_weekday);
    else if (w->n_month_days == 0)
        bits = w->frequency == EVERY_DAY ? MONTH_DAYS : 1u << (civil_of_day(w->first_day).day - 1);
    for (uint32_t i = 0; i < w->n_month_days; i++) {
        int day = w->month_days[i];

        if (day < 0)
            return MONTH_DAYS;
        bits |= 1u << (day - 1);
    }
    return bits >> 28 ? bits | 0x78000000u : bits;
}

static uint32_t months(const struct window *w)
{
    if (w->frequency == EVERY_ONCE || schedule_is_lunar(w))
        return 0xfff;
    if (w->months || w->frequency != EVERY_YEAR)
        return w->months ? w->months : 0xfff;
    return 1u << (civil_of_day(w->first_day).month - 1);
}

static uint64_t lunar_days(const struct window *w)
{
    uint64_t day = schedule_is_lunar(w) ? w->lunar_day : 0;

    if (day == 0 || day > 30)
        return ALL;
    return UINT64_C(1) << day | (day == 30 ? UINT64_C(1) << 29 : 0);
}

static uint64_t calendar_rows(const struct window *w)
{
    uint32_t days = w->calendar_days;

    if (w->calendar != 0 || days == 0)
        return CALENDAR_ALL;
    return (days & 1 ? 1u | 4u : 0) | (days & 2 ? 2u | 8u : 0) | (days & 4 ? 4u : 0) |
           (days & 8 ? 8u : 0);
}

static uint64_t span_rows(const struct dim *d, int64_t first, int64_t last)
{
    uint32_t from = dim_span_row(d, first), to = dim_span_row(d, last);

    return (to >= 63 ? ALL : (UINT64_C(1) << (to + 1)) - 1) & ~((UINT64_C(1) << from) - 1);
}

static uint64_t rows_of(const struct builder *b, const struct dim *d, enum dim_kind kind,
                        const struct entry *e)
{
    if (kind == DIM_SPAN)
        return b->face->is_once
                   ? span_rows(d, e->start_ms, e->end_ms == FOREVER_MS ? FOREVER_MS : e->end_ms - 1)
                   : span_rows(d, e->first_day, e->last_day);
    if (kind == DIM_WEEKDAY)
        return e->weekdays;
    if (!e->verify)
        return ALL;
    switch (kind) {
    case DIM_MONTH:
        return months(window_of(b, e));
    case DIM_MONTH_DAY:
        return month_days(window_of(b, e));
    case DIM_LUNAR_DAY:
        return lunar_days(window_of(b, e));
    case DIM_CALENDAR:
        return calendar_rows(window_of(b, e));
    default:
        return ALL;
    }
}

/* --- rows --------------------------------------------------------------------------------------
 */

static const uint32_t n_rows_of[DIM_N] = {[DIM_WEEKDAY] = 7,
                                          [DIM_MONTH] = 12,
                                          [DIM_MONTH_DAY] = 31,
                                          [DIM_LUNAR_DAY] = 31,
                                          [DIM_CALENDAR] = 4};

static int reserve_rows(const struct builder *b, struct dim *d, uint32_t n)
{
    d->n_rows = n;
    d->bits = calloc((size_t)n * b->face->n_words, sizeof(*d->bits));
    return d->bits ? 0 : -ENOMEM;
}

static void set_bit(const struct builder *b, struct dim *d, uint32_t row, uint32_t i)
{
    d->bits[(size_t)row * b->face->n_words + i / 64] |= UINT64_C(1) << (i % 64);
}

/* Rows of a question about the day, unless all entries are in all of them. */
static int make_rows(const struct builder *b, const uint32_t *order, enum dim_kind kind,
                     struct dim *d)
{
    uint32_t n = kind == DIM_SPAN ? b->n_edges + 1 : n_rows_of[kind];
    uint64_t every = n == 64 ? ALL : (UINT64_C(1) << n) - 1, all = every;

    d->n_rows = n;
    for (uint32_t i = 0; i < b->face->n; i++)
        all &= rows_of(b, d, kind, entry_of(b, order, i));
    if (all == every)
        return 0;
    if (reserve_rows(b, d, n) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < b->face->n; i++) {
        uint64_t rows = rows_of(b, d, kind, entry_of(b, order, i)) & every;

        for (; rows; rows &= rows - 1)
            set_bit(b, d, (uint32_t)__builtin_ctzll(rows), i);
    }
    return 0;
}

static void lay_out(struct dim *d, int64_t lo, int64_t hi, uint32_t *ret_n)
{
    d->lo = civil_floor_div(lo, SLOT_S) * SLOT_S;
    d->step = SLOT_S;
    while ((hi - d->lo) / d->step >= SLOTS)
        d->step += SLOT_S;
    *ret_n = (uint32_t)((hi - d->lo) / d->step) + 1;
}

/* An entry may have started from the row of its start on, and may not have ended up to that of its
 * end: each row is the one before it (or behind) and some more. */
static int make_times(const struct builder *b)
{
    struct face *f = b->face;
    struct dim *started = &f->rank[DIM_STARTED], *ends = &f->rank[DIM_ENDS];
    int32_t end_lo = INT32_MAX;
    uint32_t n_started, n_ends;

    for (uint32_t i = 0; i < f->n; i++)
        end_lo = entry_of(b, f->list, i)->end_s < end_lo ? entry_of(b, f->list, i)->end_s : end_lo;
    lay_out(started, f->start_lo, f->start_hi, &n_started);
    lay_out(ends, end_lo, f->end_hi, &n_ends);
    if (reserve_rows(b, started, n_started) < 0 || reserve_rows(b, ends, n_ends) < 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < f->n; i++) {
        set_bit(b, started, dim_row(started, entry_of(b, f->list, i)->start_s), i);
        set_bit(b, ends, dim_row(ends, entry_of(b, f->list, i)->end_s), i);
    }
    for (size_t i = f->n_words; i < (size_t)n_started * f->n_words; i++)
        started->bits[i] |= started->bits[i - f->n_words];
    for (size_t i = (size_t)(n_ends - 1) * f->n_words; i-- > 0;)
        ends->bits[i] |= ends->bits[i + f->n_words];
    return 0;
}

/* --- spans -------------------------------------------------------------------------------------
 */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The instants or days at which entries begin and cease, or so many of them as make spans alike. */
static int find_edges(struct builder *b)
{
    struct face *f = b->face;
    int64_t *all = calloc(2 * (size_t)f->n, sizeof(*all));
    uint32_t n = 0, distinct = 0;

    if (!all)
        return -ENOMEM;
    for (uint32_t i = 0; i < f->n; i++) {
        const struct entry *e = entry_of(b, f->list, i);

        all[n++] = f->is_once ? e->start_ms : e->first_day;
        all[n++] = f->is_once ? e->end_ms : e->last_day + INT64_C(1);
    }
    qsort(all, n, sizeof(*all), by_value);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || all[i] != all[distinct - 1])
            all[distinct++] = all[i];
    b->n_edges = distinct < SPANS ? distinct : SPANS - 1;
    for (uint32_t i = 0; i < b->n_edges; i++)
        b->edges[i] = all[(size_t)i * distinct / b->n_edges];
    free(all);
    return 0;
}

static int copy_edges(const struct builder *b, struct dim *d)
{
    d->edges = calloc(b->n_edges + (size_t)1, sizeof(*d->edges));
    if (!d->edges)
        return -ENOMEM;
    memcpy(d->edges, b->edges, b->n_edges * sizeof(*d->edges));
    d->n_rows = b->n_edges + 1;
    return 0;
}

static int make_dims(struct builder *b, const uint32_t *order, struct dim *dims)
{
    if (copy_edges(b, &dims[DIM_SPAN]) < 0 || make_rows(b, order, DIM_SPAN, &dims[DIM_SPAN]) < 0)
        return -ENOMEM;
    for (int kind = DIM_WEEKDAY; kind < DIM_N && !b->face->is_once; kind++)
        if (kind != DIM_SPAN && make_rows(b, order, (enum dim_kind)kind, &dims[kind]) < 0)
            return -ENOMEM;
    return 0;
}

/* --- lists -------------------------------------------------------------------------------------
 */

static int by_start(const void *a, const void *b, void *user)
{
    const struct builder *builder = user;
    const struct entry *x = &builder->class->entries[*(const uint32_t *)a];
    const struct entry *y = &builder->class->entries[*(const uint32_t *)b];
    int64_t s = builder->face->is_once ? x->start_ms : x->start_s;
    int64_t t = builder->face->is_once ? y->start_ms : y->start_s;

    return s != t ? (s < t ? -1 : 1) : x < y ? -1 : x > y;
}

static int order_starts(struct builder *b)
{
    struct face *f = b->face;

    f->by_start = calloc(f->n, sizeof(*f->by_start));
    f->best = calloc((size_t)f->n_words * LANE_N, sizeof(*f->best));
    if (!f->by_start || !f->best)
        return -ENOMEM;
    memcpy(f->by_start, f->list, f->n * sizeof(*f->by_start));
    qsort_r(f->by_start, f->n, sizeof(*f->by_start), by_start, b);
    memset(f->best, 0xff, (size_t)f->n_words * LANE_N * sizeof(*f->best));
    for (uint32_t i = 0; i < f->n; i++) {
        uint32_t *best = &f->best[(i / 64) * LANE_N + entry_of(b, f->by_start, i)->lane];

        *best = f->by_start[i] < *best ? f->by_start[i] : *best;
    }
    return 0;
}

/* How many days before the present one an open occurrence may have begun. */
static void find_reach(struct builder *b)
{
    struct face *f = b->face;
    int64_t lo, hi;

    f->start_lo = INT32_MAX;
    f->start_hi = f->end_hi = INT32_MIN;
    for (uint32_t i = 0; i < f->n; i++) {
        const struct entry *e = entry_of(b, f->list, i);

        f->start_lo = e->start_s < f->start_lo ? e->start_s : f->start_lo;
        f->start_hi = e->start_s > f->start_hi ? e->start_s : f->start_hi;
        f->end_hi = e->end_s > f->end_hi ? e->end_s : f->end_hi;
    }
    lo = f->start_lo + (f->start_kind == EDGE_CLOCK ? 0 : SUN_LO_S);
    hi = f->end_hi + (f->end_kind == EDGE_CLOCK ? 0 : SUN_HI_S + f->end_days * CIVIL_DAY_S);
    f->back_lo = (int32_t)civil_floor_div(lo, CIVIL_DAY_S);
    f->back_hi = (int32_t)civil_floor_div(hi - 1, CIVIL_DAY_S);
}

static int make_face(struct builder *b)
{
    struct face *f = b->face;

    f->n_words = (f->n + 63) / 64;
    if (!f->is_once)
        find_reach(b);
    if (find_edges(b) < 0 || order_starts(b) < 0 || make_dims(b, f->list, f->rank) < 0)
        return -ENOMEM;
    if (f->is_once)
        return 0;
    return make_times(b) < 0 || make_dims(b, f->by_start, f->start) < 0 ? -ENOMEM : 0;
}

/* Which entries are on which face, in their order. */
static int list_entries(struct class *class)
{
    uint32_t lane = 0;

    for (uint32_t i = 0; i < class->n_entries; i++)
        if (class->entries[i].kind != ENTRY_FREE)
            class->faces[class->entries[i].face].n++;
    for (uint32_t i = 0; i < class->n_faces; i++) {
        class->faces[i].list = calloc(class->faces[i].n + (size_t)1, sizeof(uint32_t));
        if (!class->faces[i].list)
            return -ENOMEM;
        class->faces[i].n = 0;
    }
    for (uint32_t i = 0; i <= class->n_entries; i++) {
        for (; lane <= LANE_N && class->lane_from[lane] == i; lane++)
            for (uint32_t k = 0; k < class->n_faces; k++)
                class->faces[k].lane_from[lane] = class->faces[k].n;
        if (i < class->n_entries && class->entries[i].kind != ENTRY_FREE) {
            struct face *f = &class->faces[class->entries[i].face];

            f->list[f->n++] = i;
        }
    }
    return 0;
}

int schedule_make_faces(const struct schedule *schedule, struct class *class)
{
    int err = list_entries(class);

    for (uint32_t i = 0; i < class->n_faces && err == 0; i++) {
        struct builder b = {.model = schedule->model, .class = class, .face = &class->faces[i]};

        if (b.face->n > 0)
            err = make_face(&b);
    }
    return err;
}

void schedule_finish_faces(struct class *class)
{
    for (uint32_t i = 0; class->faces && i < class->n_faces; i++) {
        struct face *f = &class->faces[i];

        for (int kind = 0; kind < DIM_N; kind++) {
            free(f->rank[kind].bits);
            free(f->rank[kind].edges);
            free(f->start[kind].bits);
            free(f->start[kind].edges);
        }
        free(f->list);
        free(f->by_start);
        free(f->best);
    }
    free(class->faces);
}
