/* SPDX-License-Identifier: Apache-2.0 */
/* random_model.h - models made from a number, without a document: what the property tests, the
 * fuzz target and the benchmarks of the scheduler ask questions about. */
#ifndef TESTS_UNIT_SCHEDULER_RANDOM_MODEL_H
#define TESTS_UNIT_SCHEDULER_RANDOM_MODEL_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/occurrence.h"
#include "scheduler/schedule.h"

#define RM_DAY   20454 /* 2026-01-01 */
#define RM_DAY_S 86400
#define RM_T0    ((int64_t)RM_DAY * RM_DAY_S * 1000)

#define RM_ZONES 6
#define RM_EDITS 3

/* What windows are made of; all but the first are made to be slow. */
enum model_mix {
    MIX_USUAL,
    MIX_SUN,         /* from and to sunrise and sunset */
    MIX_ZONES,       /* in five zones that are not the screen's */
    MIX_EDITS,       /* with single occurrences moved and removed */
    MIX_OVERNIGHT,   /* past midnight */
    MIX_DAYS,        /* ends some days later */
    MIX_OPEN,        /* all open, always */
    MIX_SHUT,        /* none open on most days: days of the year */
    MIX_RECURRENCES, /* weekly, nth weekday, every n, lunar, by the calendar */
    MIX_ONCE,        /* one-time */
    MIX_ANY,         /* all of these */
    MIX_N
};

static inline const char *rm_mix_name(enum model_mix mix)
{
    static const char *const names[] = {
        "usual",       "sun",          "other zones", "edits",
        "overnight",   "several days", "all open",    "days of the year",
        "recurrences", "one-time",     "any"};

    return names[mix];
}

struct random_model {
    struct model m;
    uint64_t state;
    const uint8_t *bytes; /* a fuzz target's input instead of the generator; n of them */
    size_t n;
    struct model_sizes {
        uint32_t screens, rules, items, groups, priorities;
        const char *zone;
        bool plain; /* daily and weekly windows on the wall clock only */
        enum model_mix mix;
    } sizes;
    struct occurrence_edit *edits; /* RM_EDITS for each rule */
    struct calendar_day days[40];
    struct calendar calendar;
    struct target *targets;
    struct day_range *ranges;
    char *ids; /* 12 bytes each: items, playlists, rules, screens */
};

static inline uint32_t rm_next(struct random_model *r, uint32_t below)
{
    uint64_t z;

    if (r->n > 0) {
        z = *r->bytes++;
        if (--r->n > 0 && below > 256) {
            z = z << 8 | *r->bytes++;
            r->n--;
        }
        return (uint32_t)(z % below);
    }
    z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

static inline char *rm_id(struct random_model *r, uint32_t i, char kind, uint32_t number)
{
    char *id = r->ids + (size_t)i * 12;

    (void)snprintf(id, 12, "%c%u", kind, number);
    return id;
}

static inline struct window rm_once(int64_t from_ms, int64_t to_ms)
{
    return (struct window){.frequency = EVERY_ONCE,
                           .once_start_ms = from_ms,
                           .once_end_ms = to_ms,
                           .interval = 1,
                           .calendar = NONE};
}

static inline struct window rm_daily(struct day_range *range, int32_t from_s, int32_t to_s)
{
    *range = (struct day_range){{EDGE_CLOCK, from_s}, {EDGE_CLOCK, to_s}};
    return (struct window){.frequency = EVERY_DAY,
                           .first_day = DAY_MIN,
                           .last_day = DAY_MAX,
                           .interval = 1,
                           .calendar = NONE,
                           .ranges = range,
                           .n_ranges = 1};
}

/* --- mixes ------------------------------------------------------------------------------------ */

static inline struct edge rm_edge(struct random_model *r)
{
    enum edge_kind kind = (enum edge_kind)rm_next(r, 3);

    if (kind == EDGE_CLOCK)
        return (struct edge){kind, (int32_t)rm_next(r, 288) * 300};
    return (struct edge){kind, ((int32_t)rm_next(r, 97) - 48) * 300};
}

static inline void rm_edit(struct random_model *r, struct window *w, struct occurrence_edit *edits)
{
    int32_t day = RM_DAY + (int32_t)rm_next(r, 100);

    w->edits = edits;
    for (w->n_edits = 0; w->n_edits < RM_EDITS; w->n_edits++) {
        struct occurrence_edit *e = &edits[w->n_edits];

        *e = (struct occurrence_edit){.day = day, .removed = rm_next(r, 3) == 0};
        e->new_day = day + (int32_t)rm_next(r, 7) - 3;
        e->range = (struct day_range){rm_edge(r), rm_edge(r)};
        if (r->sizes.mix == MIX_EDITS) {
            e->range.start = (struct edge){EDGE_CLOCK, (int32_t)rm_next(r, 96) * 900};
            e->range.end = (struct edge){EDGE_CLOCK, (int32_t)rm_next(r, 97) * 900};
        }
        day += 1 + (int32_t)rm_next(r, 100);
    }
}

static inline void rm_recur(struct random_model *r, struct window *w)
{
    w->first_day = RM_DAY - (int32_t)rm_next(r, 800);
    w->interval = 1 + rm_next(r, 2) * rm_next(r, 14);
    w->frequency = (enum frequency)(EVERY_DAY + rm_next(r, 4));
    w->week_start = (uint8_t)rm_next(r, 7);
    w->month_day_policy = rm_next(r, 2) ? MONTH_DAY_CLAMP : MONTH_DAY_SKIP;
    if (rm_next(r, 4) == 0) {
        w->calendar = 0;
        w->calendar_days = (uint8_t)(1 + rm_next(r, 15));
    }
    if (w->frequency == EVERY_YEAR && rm_next(r, 2) == 0) {
        w->interval = 1 + rm_next(r, 2);
        w->lunar_month = (uint8_t)(1 + rm_next(r, 12));
        w->lunar_day = (uint8_t)(1 + rm_next(r, 30));
        return;
    }
    if (rm_next(r, 2))
        w->weekdays = (uint8_t)(1 + rm_next(r, 127));
    if (w->frequency >= EVERY_MONTH && w->weekdays)
        w->nth_weekday = (int8_t)((int)rm_next(r, 11) - 5);
    if (w->frequency != EVERY_WEEK && rm_next(r, 3) == 0)
        for (w->n_month_days = 0; w->n_month_days < 2; w->n_month_days++)
            w->month_days[w->n_month_days] =
                (int8_t)((rm_next(r, 3) ? 1 : -1) * (int)(1 + rm_next(r, 31)));
    if (rm_next(r, 4) == 0)
        w->months = (uint16_t)(1 + rm_next(r, 4095));
    if (rm_next(r, 8) == 0)
        w->count = 1 + rm_next(r, 300);
}

static inline struct window rm_window_of(struct random_model *r, enum model_mix mix, uint32_t i)
{
    struct day_range *range = &r->ranges[i];
    int32_t from = (int32_t)rm_next(r, 288) * 300;
    struct window w = rm_daily(range, from, from + 300 + (int32_t)rm_next(r, 12) * 300);

    range->end.s = range->end.s > RM_DAY_S ? RM_DAY_S : range->end.s;
    if (mix == MIX_SUN)
        *range = (struct day_range){rm_edge(r), rm_edge(r)};
    if (mix == MIX_ZONES && r->m.n_zones > 1)
        w.zone = r->m.zones[1 + rm_next(r, r->m.n_zones - 1)];
    if (mix == MIX_EDITS)
        rm_edit(r, &w, r->edits + (size_t)i * RM_EDITS);
    if (mix == MIX_OVERNIGHT)
        range->end.s = (int32_t)rm_next(r, (uint32_t)range->start.s / 300 + 1) * 300;
    if (mix == MIX_DAYS) {
        w.frequency = (enum frequency)(EVERY_WEEK + rm_next(r, 2));
        w.first_day = RM_DAY - 400 + (int32_t)rm_next(r, 60);
        w.end_days = (uint16_t)(1 + rm_next(r, rm_next(r, 4) ? 5 : 30));
    }
    if (mix == MIX_OPEN)
        range->end.s = range->start.s;
    if (mix == MIX_SHUT) {
        w.frequency = EVERY_YEAR;
        w.first_day = RM_DAY - 800 + (int32_t)rm_next(r, 200);
        w.months = (uint16_t)(1u << rm_next(r, 12));
        w.n_month_days = 1;
        w.month_days[0] = (int8_t)(1 + rm_next(r, 31));
    }
    if (mix == MIX_RECURRENCES)
        rm_recur(r, &w);
    if (mix == MIX_ONCE)
        return rm_once(RM_T0 + rm_next(r, 365 * 1440) * INT64_C(60000), 0);
    return w;
}

static inline struct window rm_mixed(struct random_model *r, uint32_t i)
{
    enum model_mix mix = r->sizes.mix;
    struct window w;

    if (mix == MIX_ANY) /* often two at once */
        mix = (enum model_mix)(1 + rm_next(r, MIX_ANY - 1));
    w = rm_window_of(r, mix, i);
    if (mix == MIX_ONCE) {
        w.once_end_ms = w.once_start_ms + INT64_C(60000) * (1 + rm_next(r, 3000));
        return w;
    }
    if (r->sizes.mix != MIX_ANY)
        return w;
    if (rm_next(r, 4) == 0)
        r->ranges[i] = (struct day_range){rm_edge(r), rm_edge(r)};
    if (rm_next(r, 4) == 0)
        w.zone = r->m.zones[rm_next(r, r->m.n_zones)];
    if (rm_next(r, 4) == 0)
        rm_edit(r, &w, r->edits + (size_t)i * RM_EDITS);
    if (rm_next(r, 4) == 0)
        rm_recur(r, &w);
    if (rm_next(r, 6) == 0)
        w.end_days = (uint16_t)rm_next(r, 4);
    if (rm_next(r, 4) == 0)
        w.gap = GAP_STRICT;
    if (rm_next(r, 4) == 0)
        w.last_day = RM_DAY + (int32_t)rm_next(r, 365);
    return w;
}

static inline struct window rm_window(struct random_model *r, struct day_range *range)
{
    uint32_t kind = r->sizes.plain ? 2 + rm_next(r, 8) : rm_next(r, 10);
    struct window w;

    w = rm_daily(range, (int32_t)rm_next(r, 96) * 900, (int32_t)rm_next(r, 97) * 900);
    if (rm_next(r, 4) == 0) { /* off the grid of quarters */
        range->start.s += (int32_t)rm_next(r, 900);
        range->end.s = (range->end.s + (int32_t)rm_next(r, 900)) % (RM_DAY_S + 1);
    }
    if (rm_next(r, 3) == 0) {
        w.first_day = RM_DAY + (int32_t)rm_next(r, 365);
        w.last_day = w.first_day + (int32_t)rm_next(r, 60);
    }
    if (kind == 0)
        return rm_once(RM_T0 + rm_next(r, 365 * 24) * INT64_C(3600000),
                       RM_T0 + (rm_next(r, 365 * 24) + 24 * 365) * INT64_C(3600000) / 1);
    if (kind == 1) {
        if (w.first_day == DAY_MIN)
            w.first_day = RM_DAY;
        w.frequency = EVERY_MONTH;
        w.month_days[0] = (int8_t)(1 + rm_next(r, 31));
        w.n_month_days = 1;
        w.month_day_policy = rm_next(r, 2) ? MONTH_DAY_CLAMP : MONTH_DAY_SKIP;
    }
    if (kind >= 5)
        w.weekdays = (uint8_t)rm_next(r, 128);
    if (kind == 4 && w.first_day != DAY_MIN)
        w.interval = 1 + rm_next(r, 3);
    if (kind == 2 && !r->sizes.plain)
        w.gap = GAP_STRICT;
    return w;
}

static inline void rm_rule(struct random_model *r, uint32_t i)
{
    struct model *m = &r->m;
    uint32_t axis = rm_next(r, 8);
    struct target *t = &r->targets[i];

    *t = (struct target){.kind = TARGET_ALL};
    if (rm_next(r, 3) == 0)
        *t = (struct target){.kind = TARGET_SCREEN, .ref = rm_next(r, m->n_screens)};
    else if (m->n_groups > 0 && rm_next(r, 3) == 0)
        *t = (struct target){.kind = TARGET_GROUP, .ref = rm_next(r, m->n_groups)};
    m->windows[i] = r->sizes.mix == MIX_USUAL ? rm_window(r, &r->ranges[i]) : rm_mixed(r, i);
    if (r->sizes.mix != MIX_USUAL)
        occurrence_prepare(&m->windows[i]);
    m->rules[i] = (struct rule){.id = rm_id(r, 2 * m->n_items + i, 'r', i),
                                .path = (char *)(uintptr_t) "rules[0]",
                                .layer = LAYER_SCHEDULE,
                                .priority = (int32_t)rm_next(r, r->sizes.priorities),
                                .targets = t,
                                .n_targets = 1,
                                .window = rm_next(r, 30) == 0 ? NONE : i,
                                .playlist = rm_next(r, m->n_playlists),
                                .max_wait_ms = FOREVER_MS,
                                .campaign = NONE,
                                .slot = NONE,
                                .owner = NONE,
                                .power = -1,
                                .brightness = NAN,
                                .nits = NAN,
                                .volume = NAN};
    if (axis == 0) {
        m->rules[i].axis = AXIS_OVERLAY;
        m->rules[i].text = m->rules[i].id;
        m->rules[i].playlist = NONE;
    } else if (axis == 1) {
        m->rules[i].axis = AXIS_DISPLAY;
        m->rules[i].playlist = NONE;
        m->rules[i].power = (int8_t)(rm_next(r, 3)) - 1;
        if (rm_next(r, 2))
            m->rules[i].brightness = 0.5;
        if (rm_next(r, 2))
            m->rules[i].volume = 0.25;
    } else if (axis == 2) {
        m->rules[i].layer = LAYER_DEFAULT;
    }
}

static inline void rm_items(struct random_model *r)
{
    struct model *m = &r->m;

    for (uint32_t i = 0; i < m->n_items; i++) {
        struct playlist_entry *e = calloc(1, sizeof(*e));

        m->items[i] = (struct item){.id = rm_id(r, i, 'i', i),
                                    .duration_ms = 15000,
                                    .category = NONE,
                                    .valid_to_ms = FOREVER_MS,
                                    .rights_to_ms = FOREVER_MS};
        *e = (struct playlist_entry){
            .item = i, .playlist = NONE, .per_visit = 1, .weight = 1, .condition = NONE};
        m->playlists[i] =
            (struct playlist){.id = rm_id(r, m->n_items + i, 'p', i), .entries = e, .n_entries = 1};
    }
}

static inline void rm_screens(struct random_model *r)
{
    struct model *m = &r->m;

    for (uint32_t i = 0; i < m->n_screens; i++) {
        struct screen *s = &m->screens[i];

        *s = (struct screen){.id = rm_id(r, 2 * m->n_items + m->n_rules + i, 's', i),
                             .zone = m->zones[0],
                             .node = NONE,
                             .default_playlist = NONE};
        if (r->sizes.mix != MIX_USUAL) {
            s->has_place = true;
            s->lat = 31.2 + i;
            s->lon = 121.5 - 2 * i;
        }
        if (m->n_groups == 0)
            continue;
        s->groups = calloc(1, sizeof(*s->groups));
        s->groups[0] = i % m->n_groups;
        s->n_groups = 1;
    }
}

/* The screen's zone and, for the mixes, others. */
static inline void rm_zones(struct random_model *r)
{
    const char *const names[RM_ZONES] = {r->sizes.zone ? r->sizes.zone : "UTC",
                                         "Asia/Urumqi",
                                         "America/New_York",
                                         "Australia/Lord_Howe",
                                         "Europe/London",
                                         "Pacific/Apia"};
    struct qp_diag diag;

    r->m.n_zones = r->sizes.mix == MIX_USUAL ? 1 : RM_ZONES;
    for (uint32_t i = 0; i < r->m.n_zones; i++) {
        if (tz_load(&r->m.zones[i], names[i], &diag) < 0) {
            fprintf(stderr, "%s\n", diag.text);
            exit(1);
        }
    }
}

/* A holiday of some days each month, with swapped working days. */
static inline void rm_calendar(struct random_model *r)
{
    for (int i = 0; i < 40; i++)
        r->days[i] = (struct calendar_day){RM_DAY + i * 9 + (i & 1), i % 4 == 3};
    r->calendar = (struct calendar){.days = r->days, .n_days = 40};
    r->m.calendars = &r->calendar;
    r->m.n_calendars = 1;
}

/* rm_make() takes sizes, state (the seed) and bytes from the struct. */
static inline void rm_make(struct random_model *r)
{
    struct model *m = &r->m;

    m->n_screens = r->sizes.screens;
    m->n_rules = m->n_windows = r->sizes.rules;
    m->n_items = m->n_playlists = r->sizes.items;
    m->n_groups = r->sizes.groups;
    m->screens = calloc(m->n_screens, sizeof(*m->screens));
    m->rules = calloc(m->n_rules + 1, sizeof(*m->rules));
    m->windows = calloc(m->n_rules + 1, sizeof(*m->windows));
    m->items = calloc(m->n_items, sizeof(*m->items));
    m->playlists = calloc(m->n_playlists, sizeof(*m->playlists));
    m->zones = calloc(RM_ZONES, sizeof(struct tz *));
    r->edits = calloc((m->n_rules + (size_t)1) * RM_EDITS, sizeof(*r->edits));
    r->targets = calloc(m->n_rules + 1, sizeof(*r->targets));
    r->ranges = calloc(m->n_rules + 1, sizeof(*r->ranges));
    r->ids = calloc(2 * m->n_items + m->n_rules + m->n_screens, 12);
    rm_zones(r);
    rm_calendar(r);
    rm_items(r);
    rm_screens(r);
    for (uint32_t i = 0; i < m->n_rules; i++)
        rm_rule(r, i);
}

static inline void rm_free(struct random_model *r)
{
    struct model *m = &r->m;

    for (uint32_t i = 0; i < m->n_playlists; i++)
        free(m->playlists[i].entries);
    for (uint32_t i = 0; i < m->n_screens; i++)
        free(m->screens[i].groups);
    free(m->screens);
    free(m->rules);
    free(m->windows);
    free(m->items);
    free(m->playlists);
    for (uint32_t i = 0; i < m->n_zones; i++)
        tz_destroy(m->zones[i]);
    free(r->edits);
    free((void *)m->zones);
    free(r->targets);
    free(r->ranges);
    free(r->ids);
}

#endif
