/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes make a model and instants: what shows is what asking every rule of every window gives,
 * the next change is later, nothing changes before it, and an hour of the timeline has no hole. */
#include <stdlib.h>
#include <string.h>

#include "scheduler/occurrence.h"
#include "tests/support/fuzz.h"
#include "tests/unit/scheduler/random_model.h"

#define LOOKS 6 /* before the next change; few, so that more inputs are tried */

static bool is_same(const struct resolution *a, const struct resolution *b)
{
    return a->layer == b->layer && a->rule == b->rule && a->playlist == b->playlist &&
           a->since_ms == b->since_ms && a->overlay == b->overlay &&
           a->power_rule == b->power_rule && a->brightness_rule == b->brightness_rule &&
           a->volume_rule == b->volume_rule;
}

/* Content without any index: the first by rank of all rules whose window is open. */
static void check_content(const struct model *m, int64_t at, const struct resolution *r)
{
    const struct screen *s = &m->screens[0];
    struct occurrence_place place = {s->zone, s->has_place, s->lat, s->lon};
    const struct rule *best = NULL;
    int64_t best_start = 0;

    for (uint32_t i = 0; i < m->n_rules; i++) {
        const struct rule *a = &m->rules[i];
        struct occurrence o = {.start_ms = INT64_MIN};
        uint32_t x = model_specificity(m, a->targets, 0), y;

        if (a->axis != AXIS_CONTENT || x == 0 ||
            (a->window != NONE &&
             !occurrence_open(m, &m->windows[a->window], &place, at, &o, NULL)))
            continue;
        y = best ? model_specificity(m, best->targets, 0) : 0;
        if (best && (a->layer != best->layer         ? a->layer > best->layer
                     : a->priority != best->priority ? a->priority < best->priority
                     : x != y                        ? x < y
                     : o.start_ms != best_start      ? o.start_ms < best_start
                                                     : strcmp(a->id, best->id) > 0))
            continue;
        best = a;
        best_start = o.start_ms;
    }
    if (r->rule != best || (best && r->since_ms != best_start))
        abort();
}

static void check_instant(const struct model *m, const struct schedule *s, int64_t at)
{
    struct applicable list[16];
    struct resolution a = {.applicable = list, .applicable_cap = 16}, b = {.applicable = NULL};
    int64_t to;

    schedule_resolve(s, at, 0, NULL, &a);
    check_content(m, at, &a);
    if (a.next_change_ms <= at)
        abort();
    to = a.next_change_ms == FOREVER_MS || a.next_change_ms - at > INT64_C(40) * 86400000
             ? at + INT64_C(40) * 86400000
             : a.next_change_ms;
    for (int i = 1; i <= LOOKS; i++) {
        int64_t then = i == LOOKS ? to - 1 : at + (to - at) / LOOKS * i;

        schedule_resolve(s, then, 0, NULL, &b);
        check_content(m, then, &b);
        if (!is_same(&a, &b))
            abort();
    }
}

static bool on_stretch(void *user, const struct stretch *s)
{
    int64_t *at = user;

    if (s->start_ms != *at || s->end_ms <= s->start_ms)
        abort();
    *at = s->end_ms;
    return true;
}

static void check_timeline(const struct schedule *s, int64_t at)
{
    int64_t end = at;

    if (schedule_timeline(s, at, at + 3600000, 0, NULL, on_stretch, &end) < 0)
        return;
    if (end != at + 3600000)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const zones[] = {"UTC", "America/New_York", "Australia/Lord_Howe",
                                        "Pacific/Apia"};
    struct random_model r = {.bytes = data, .n = size};
    struct schedule *s;

    r.sizes.screens = 1;
    r.sizes.items = 2;
    r.sizes.mix = (enum model_mix)rm_next(&r, MIX_N);
    r.sizes.rules = 1 + rm_next(&r, 12);
    r.sizes.priorities = 1 + rm_next(&r, 3);
    r.sizes.zone = zones[rm_next(&r, 4)];
    rm_make(&r);
    if (schedule_prepare(&s, &r.m, NULL) == 0) {
        for (int i = 0; i < 2; i++)
            check_instant(&r.m, s,
                          RM_T0 + (int64_t)rm_next(&r, 365 * 1440) * 60000 + rm_next(&r, 60000));
        check_timeline(s, RM_T0 + (int64_t)rm_next(&r, 365 * 1440) * 60000);
        check_instant(&r.m, s, INT64_MIN / 2);
        check_instant(&r.m, s, INT64_MAX / 2);
        schedule_destroy(s);
    }
    rm_free(&r);
    return 0;
}
