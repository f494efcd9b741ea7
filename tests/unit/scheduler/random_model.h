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
#include "scheduler/schedule.h"

#define RM_DAY   20454 /* 2026-01-01 */
#define RM_DAY_S 86400
#define RM_T0    ((int64_t)RM_DAY * RM_DAY_S * 1000)

struct random_model {
    struct model m;
    uint64_t state;
    const uint8_t *bytes; /* a fuzz target's input instead of the generator; n of them */
    size_t n;
    struct model_sizes {
        uint32_t screens, rules, items, groups, priorities;
        const char *zone;
        bool plain; /* daily and weekly windows on the wall clock only */
    } sizes;
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
    m->windows[i] = rm_window(r, &r->ranges[i]);
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
        if (m->n_groups == 0)
            continue;
        s->groups = calloc(1, sizeof(*s->groups));
        s->groups[0] = i % m->n_groups;
        s->n_groups = 1;
    }
}

/* rm_make() takes sizes, state (the seed) and bytes from the struct. */
static inline void rm_make(struct random_model *r)
{
    struct model *m = &r->m;
    struct qp_diag diag;

    m->n_screens = r->sizes.screens;
    m->n_rules = m->n_windows = r->sizes.rules;
    m->n_items = m->n_playlists = r->sizes.items;
    m->n_groups = r->sizes.groups;
    m->n_zones = 1;
    m->screens = calloc(m->n_screens, sizeof(*m->screens));
    m->rules = calloc(m->n_rules + 1, sizeof(*m->rules));
    m->windows = calloc(m->n_rules + 1, sizeof(*m->windows));
    m->items = calloc(m->n_items, sizeof(*m->items));
    m->playlists = calloc(m->n_playlists, sizeof(*m->playlists));
    m->zones = calloc(1, sizeof(struct tz *));
    r->targets = calloc(m->n_rules + 1, sizeof(*r->targets));
    r->ranges = calloc(m->n_rules + 1, sizeof(*r->ranges));
    r->ids = calloc(2 * m->n_items + m->n_rules + m->n_screens, 12);
    if (tz_load(&m->zones[0], r->sizes.zone ? r->sizes.zone : "UTC", &diag) < 0) {
        fprintf(stderr, "%s\n", diag.text);
        exit(1);
    }
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
    tz_destroy(m->zones[0]);
    free((void *)m->zones);
    free(r->targets);
    free(r->ranges);
    free(r->ids);
}

#endif
