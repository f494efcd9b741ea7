/* SPDX-License-Identifier: Apache-2.0 */
/* mini.h - a small model written out in a test: one screen, rules, playlists of items. */
#ifndef TESTS_UNIT_SCHEDULER_MINI_H
#define TESTS_UNIT_SCHEDULER_MINI_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/schedule.h"
#include "tests/support/t.h"

#define MINI_MAX  64
#define MINI_LOG  40000
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   INT64_C(3600000)
#define DAY_MS    INT64_C(86400000)

struct mini {
    struct model m;
    struct schedule *s;
    struct facts facts;
    struct screen screens[MINI_MAX];
    struct rule rules[MINI_MAX];
    struct window windows[MINI_MAX];
    struct day_range ranges[MINI_MAX];
    struct target targets[MINI_MAX];
    struct item items[MINI_MAX];
    struct playlist playlists[MINI_MAX];
    struct playlist_entry entries[MINI_MAX][MINI_MAX];
    struct campaign campaigns[4];
    struct quota quotas[4];
    struct slot slots[4];
    struct separation separations[4];
    struct node nodes[4];
    char *categories[8], *groups[4], *tags[4];
    struct tz *zones[1];
    char ids[4 * MINI_MAX][16];
    unsigned n_ids;
    struct stretch log[MINI_LOG];
    size_t n_log;
    bool keep_first; /* on_stretch stops after the first */
};

static inline char *mini_id(struct mini *x, const char *prefix, unsigned n)
{
    char *id = x->ids[x->n_ids++];

    (void)snprintf(id, 16, "%s%02u", prefix, n);
    return id;
}

static inline uint32_t mini_screen(struct mini *x)
{
    uint32_t i = x->m.n_screens++;

    x->screens[i] = (struct screen){
        .id = mini_id(x, "screen", i), .zone = x->zones[0], .node = NONE, .default_playlist = NONE};
    return i;
}

static inline struct mini *mini_new(const char *zone)
{
    struct mini *x = calloc(1, sizeof(*x));

    T_CHECK(x != NULL);
    T_EQ(tz_load(&x->zones[0], zone, NULL), 0);
    x->m.screens = x->screens;
    x->m.rules = x->rules;
    x->m.windows = x->windows;
    x->m.items = x->items;
    x->m.playlists = x->playlists;
    x->m.campaigns = x->campaigns;
    x->m.quotas = x->quotas;
    x->m.slots = x->slots;
    x->m.separations = x->separations;
    x->m.nodes = x->nodes;
    x->m.categories = x->categories;
    x->m.groups = x->groups;
    x->m.tags = x->tags;
    x->m.zones = x->zones;
    x->m.n_groups = 4;
    x->m.n_categories = 8;
    for (int i = 0; i < 8; i++)
        x->categories[i] = (char *)(uintptr_t) "category";
    x->facts.held_rule = NONE;
    (void)mini_screen(x);
    return x;
}

static inline uint32_t mini_item(struct mini *x, int64_t duration_ms)
{
    uint32_t i = x->m.n_items++;

    x->items[i] = (struct item){.id = mini_id(x, "item", i),
                                .duration_ms = duration_ms,
                                .category = NONE,
                                .valid_to_ms = FOREVER_MS,
                                .rights_to_ms = FOREVER_MS};
    return i;
}

static inline void mini_entry(struct mini *x, uint32_t playlist, uint32_t item, uint32_t sub)
{
    struct playlist *p = &x->playlists[playlist];

    p->entries[p->n_entries++] = (struct playlist_entry){
        .item = item, .playlist = sub, .per_visit = 1, .weight = 1, .condition = NONE};
}

static inline uint32_t mini_playlist(struct mini *x)
{
    uint32_t i = x->m.n_playlists++;

    x->playlists[i] = (struct playlist){.id = mini_id(x, "list", i), .entries = x->entries[i]};
    return i;
}

/* A playlist of one new item. */
static inline uint32_t mini_single(struct mini *x, int64_t duration_ms)
{
    uint32_t p = mini_playlist(x);

    mini_entry(x, p, mini_item(x, duration_ms), NONE);
    return p;
}

/* Always, for all screens, content of the schedule; change it before mini_prepare(). */
static inline struct rule *mini_rule(struct mini *x, uint32_t playlist)
{
    uint32_t i = x->m.n_rules++;

    x->targets[i] = (struct target){.kind = TARGET_ALL};
    x->rules[i] = (struct rule){.id = mini_id(x, "rule", i),
                                .path = (char *)(uintptr_t) "rules[0]",
                                .layer = LAYER_SCHEDULE,
                                .targets = &x->targets[i],
                                .n_targets = 1,
                                .window = NONE,
                                .playlist = playlist,
                                .max_wait_ms = FOREVER_MS,
                                .campaign = NONE,
                                .slot = NONE,
                                .owner = NONE,
                                .power = -1,
                                .brightness = NAN,
                                .nits = NAN,
                                .volume = NAN};
    return &x->rules[i];
}

static inline struct rule *mini_interrupt(struct mini *x, uint32_t playlist, double share)
{
    struct rule *r = mini_rule(x, playlist);

    r->layer = LAYER_INTERRUPT;
    r->share = share;
    return r;
}

static inline struct window *mini_window(struct mini *x, struct rule *r)
{
    uint32_t i = x->m.n_windows++;

    r->window = i;
    x->windows[i] = (struct window){.frequency = EVERY_DAY,
                                    .first_day = DAY_MIN,
                                    .last_day = DAY_MAX,
                                    .interval = 1,
                                    .calendar = NONE,
                                    .ranges = &x->ranges[i],
                                    .n_ranges = 1};
    return &x->windows[i];
}

static inline struct window *mini_daily(struct mini *x, struct rule *r, int from_min, int to_min)
{
    struct window *w = mini_window(x, r);

    *w->ranges = (struct day_range){{EDGE_CLOCK, from_min * 60}, {EDGE_CLOCK, to_min * 60}};
    return w;
}

static inline struct window *mini_once(struct mini *x, struct rule *r, int64_t from, int64_t to)
{
    struct window *w = mini_window(x, r);

    w->frequency = EVERY_ONCE;
    w->once_start_ms = from;
    w->once_end_ms = to;
    w->n_ranges = 0;
    return w;
}

static inline void mini_prepare(struct mini *x)
{
    schedule_destroy(x->s);
    x->s = NULL;
    T_EQ(schedule_prepare(&x->s, &x->m, NULL), 0);
}

static inline void mini_free(struct mini *x)
{
    schedule_destroy(x->s);
    tz_destroy(x->zones[0]);
    free(x);
}

/* UTC of a wall-clock time in the zone of the model. */
static inline int64_t mini_at(const struct mini *x, int year, int month, int day, int hour,
                              int minute, int second)
{
    return tz_to_utc(x->zones[0], year, month, day, hour, minute, second) * 1000;
}

static inline struct resolution mini_resolve(const struct mini *x, int64_t at)
{
    struct resolution r = {.applicable = NULL};

    schedule_resolve(x->s, at, 0, &x->facts, &r);
    return r;
}

static inline bool mini_on_stretch(void *user, const struct stretch *s)
{
    struct mini *x = user;

    T_CHECK(x->n_log < MINI_LOG);
    T_CHECK(s->start_ms < s->end_ms);
    T_CHECK(x->n_log == 0 || x->log[x->n_log - 1].end_ms == s->start_ms);
    x->log[x->n_log++] = *s;
    return !x->keep_first;
}

/* Into x->log. The stretches are checked to follow each other without a hole. */
static inline void mini_timeline(struct mini *x, int64_t from, int64_t to)
{
    x->n_log = 0;
    T_EQ(schedule_timeline(x->s, from, to, 0, &x->facts, mini_on_stretch, x), x->keep_first);
    T_CHECK(x->n_log > 0 && x->log[0].start_ms == from);
    T_CHECK(x->keep_first || x->log[x->n_log - 1].end_ms == to);
}

static inline unsigned mini_plays(const struct mini *x, uint32_t item)
{
    unsigned n = 0;

    for (size_t i = 0; i < x->n_log; i++)
        n += x->log[i].item == item;
    return n;
}

static inline int64_t mini_ms(const struct mini *x, uint32_t item)
{
    int64_t ms = 0;

    for (size_t i = 0; i < x->n_log; i++)
        ms += x->log[i].item == item ? x->log[i].end_ms - x->log[i].start_ms : 0;
    return ms;
}

#endif
