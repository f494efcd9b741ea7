/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver against a naive one that asks every rule of every window, over random models. */
#include <pthread.h>
#include <stdatomic.h>

#include "scheduler/occurrence.h"
#include "tests/support/t.h"
#include "tests/unit/scheduler/random_model.h"
#include "tests/unit/sender/alloc.h"

#define MINUTE INT64_C(60000)

/* --- the naive resolver ------------------------------------------------------------------------
 */

struct naive {
    const struct rule *rule;
    uint32_t specificity;
    int64_t start_ms;
};

static uint32_t specificity(const struct model *m, const struct rule *r, uint32_t screen)
{
    return model_specificity(m, &r->targets[0], screen);
}

static bool open_start(const struct model *m, const struct rule *r, uint32_t screen, int64_t at,
                       int64_t *start)
{
    const struct screen *s = &m->screens[screen];
    struct occurrence_place place = {s->zone, s->has_place, s->lat, s->lon};
    struct occurrence o;

    *start = INT64_MIN;
    if (r->window == NONE)
        return true;
    if (!occurrence_open(m, &m->windows[r->window], &place, at, &o, NULL))
        return false;
    *start = o.start_ms;
    return true;
}

static bool is_better(const struct naive *a, const struct naive *b)
{
    if (!b->rule)
        return true;
    if (a->rule->layer != b->rule->layer)
        return a->rule->layer < b->rule->layer;
    if (a->rule->priority != b->rule->priority)
        return a->rule->priority > b->rule->priority;
    if (a->specificity != b->specificity)
        return a->specificity > b->specificity;
    if (a->start_ms != b->start_ms)
        return a->start_ms > b->start_ms;
    return strcmp(a->rule->id, b->rule->id) < 0;
}

/* what: 0 content, 1 overlay, 2 power, 3 brightness, 4 volume. */
static bool takes_part(const struct rule *r, int what)
{
    if (what == 0)
        return r->axis == AXIS_CONTENT;
    if (what == 1)
        return r->axis == AXIS_OVERLAY;
    if (r->axis != AXIS_DISPLAY)
        return false;
    return what == 2 ? r->power >= 0 : what == 3 ? !isnan(r->brightness) : !isnan(r->volume);
}

static struct naive naive(const struct model *m, uint32_t screen, int64_t at, int what)
{
    struct naive best = {.rule = NULL};

    for (uint32_t i = 0; i < m->n_rules; i++) {
        struct naive n = {.rule = &m->rules[i],
                          .specificity = specificity(m, &m->rules[i], screen)};

        if (!takes_part(n.rule, what) || n.specificity == 0 ||
            !open_start(m, n.rule, screen, at, &n.start_ms))
            continue;
        if (is_better(&n, &best))
            best = n;
    }
    return best;
}

static void compare(const struct random_model *r, const struct schedule *s, uint32_t screen,
                    int64_t at)
{
    struct resolution res = {.applicable = NULL};
    struct naive content = naive(&r->m, screen, at, 0);

    schedule_resolve(s, at, screen, NULL, &res);
    if (res.rule != content.rule) {
        fprintf(stderr, "at %lld: %s, not %s\n", (long long)at, res.rule ? res.rule->id : "none",
                content.rule ? content.rule->id : "none");
        exit(1);
    }
    T_CHECK(!res.rule || res.since_ms == content.start_ms);
    T_CHECK(res.overlay == naive(&r->m, screen, at, 1).rule);
    T_CHECK(res.power_rule == naive(&r->m, screen, at, 2).rule);
    T_CHECK(res.brightness_rule == naive(&r->m, screen, at, 3).rule);
    T_CHECK(res.volume_rule == naive(&r->m, screen, at, 4).rule);
    T_CHECK(res.next_change_ms > at);
}

static void make_mix(struct random_model *r, uint64_t seed, enum model_mix mix, struct schedule **s)
{
    static const char *const zones[] = {"Asia/Shanghai", "America/New_York",  "Australia/Lord_Howe",
                                        "Pacific/Apia",  "America/Sao_Paulo", "UTC"};

    *r = (struct random_model){.state = seed,
                               .sizes = {.screens = 4,
                                         .rules = 1 + (uint32_t)(seed * 7 % 40),
                                         .items = 5,
                                         .groups = 2,
                                         .priorities = 1 + (uint32_t)(seed % 4),
                                         .zone = zones[seed % 6],
                                         .mix = mix}};
    rm_make(r);
    T_EQ(schedule_prepare(s, &r->m, NULL), 0);
}

static void make(struct random_model *r, uint64_t seed, struct schedule **s)
{
    make_mix(r, seed, MIX_USUAL, s);
}

TEST(random_instants_as_the_naive_resolver)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct random_model r;
        struct schedule *s;

        make(&r, seed, &s);
        for (int i = 0; i < 60; i++) {
            int64_t at = RM_T0 + rm_next(&r, 365 * 1440) * MINUTE + rm_next(&r, 60000);

            compare(&r, s, rm_next(&r, 4), i % 3 ? at : at / (15 * MINUTE) * (15 * MINUTE));
        }
        schedule_destroy(s);
        rm_free(&r);
    }
}

static void compare_mix(enum model_mix mix, uint64_t seeds)
{
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct random_model r;
        struct schedule *s;

        make_mix(&r, seed, mix, &s);
        for (int i = 0; i < 60; i++) {
            int64_t at = RM_T0 + rm_next(&r, 365 * 1440) * MINUTE + rm_next(&r, 60000);

            compare(&r, s, rm_next(&r, 4), i % 3 ? at : at / (5 * MINUTE) * (5 * MINUTE));
        }
        schedule_destroy(s);
        rm_free(&r);
    }
}

TEST(sun_as_the_naive_resolver)
{
    compare_mix(MIX_SUN, 150);
}

TEST(other_zones_and_edits_as_the_naive_resolver)
{
    compare_mix(MIX_ZONES, 100);
    compare_mix(MIX_EDITS, 100);
}

TEST(long_occurrences_as_the_naive_resolver)
{
    compare_mix(MIX_OVERNIGHT, 100);
    compare_mix(MIX_DAYS, 150);
    compare_mix(MIX_OPEN, 50);
}

TEST(recurrences_as_the_naive_resolver)
{
    compare_mix(MIX_RECURRENCES, 400);
    compare_mix(MIX_SHUT, 50);
    compare_mix(MIX_ONCE, 50);
}

TEST(any_mix_as_the_naive_resolver)
{
    compare_mix(MIX_ANY, 600);
}

/* Around every change of the clocks of the year, to the minute. */
TEST(clock_changes_as_the_naive_resolver)
{
    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct random_model r;
        struct schedule *s;
        struct tz_span span;

        make_mix(&r, seed, seed % 2 ? MIX_USUAL : MIX_ANY, &s);
        tz_span(r.m.zones[0], RM_T0 / 1000, &span);
        for (int n = 0; n < 2 && span.until_s != INT64_MAX; n++) {
            for (int64_t at = span.until_s * 1000 - 200 * MINUTE;
                 at < span.until_s * 1000 + 200 * MINUTE; at += 5 * MINUTE)
                compare(&r, s, (uint32_t)(seed % 4), at);
            tz_span(r.m.zones[0], span.until_s, &span);
        }
        schedule_destroy(s);
        rm_free(&r);
    }
}

static bool is_same(const struct resolution *a, const struct resolution *b)
{
    return a->layer == b->layer && a->rule == b->rule && a->playlist == b->playlist &&
           a->since_ms == b->since_ms && a->overlay == b->overlay &&
           a->power_rule == b->power_rule && a->brightness_rule == b->brightness_rule &&
           a->volume_rule == b->volume_rule;
}

/* Minute by minute: nothing changes before the next change, and the walk from change to change sees
 * what the walk by minutes sees. */
TEST(nothing_changes_before_the_next_change)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct random_model r;
        struct schedule *s;
        int64_t at, to;
        uint32_t screen;

        make_mix(&r, seed, (enum model_mix)(seed % MIX_N), &s);
        screen = rm_next(&r, 4);
        at = RM_T0 + rm_next(&r, 365 * 24) * 60 * MINUTE;
        to = at + 3 * 1440 * MINUTE;
        while (at < to) {
            struct resolution a = {.applicable = NULL}, b = {.applicable = NULL};

            schedule_resolve(s, at, screen, NULL, &a);
            T_CHECK(a.next_change_ms > at);
            for (int64_t t = at; t < a.next_change_ms && t < to; t += MINUTE) {
                schedule_resolve(s, t, screen, NULL, &b);
                T_CHECK(is_same(&a, &b));
            }
            if (a.next_change_ms < to) {
                schedule_resolve(s, a.next_change_ms - 1, screen, NULL, &b);
                T_CHECK(is_same(&a, &b));
            }
            at = a.next_change_ms;
        }
        schedule_destroy(s);
        rm_free(&r);
    }
}

/* The answer is no bound but a change: with few rules it is found for weeks at least. */
TEST(something_changes_at_the_next_change)
{
    unsigned changes = 0, far = 0;

    for (uint64_t seed = 1; seed <= 44 * MIX_N; seed++) {
        struct random_model r;
        struct schedule *s;
        struct resolution a = {.applicable = NULL}, b = {.applicable = NULL};

        make_mix(&r, seed, (enum model_mix)(seed % MIX_N), &s);
        for (int i = 0; i < 20; i++) {
            int64_t at = RM_T0 + rm_next(&r, 365 * 1440) * MINUTE;

            schedule_resolve(s, at, 0, NULL, &a);
            if (a.next_change_ms == FOREVER_MS || a.next_change_ms - at > 21 * 1440 * MINUTE)
                continue;
            schedule_resolve(s, a.next_change_ms, 0, NULL, &b);
            T_CHECK(!is_same(&a, &b));
            changes++;
            far += a.next_change_ms - at > 3 * 1440 * MINUTE;
        }
        schedule_destroy(s);
        rm_free(&r);
    }
    T_CHECK(changes > 3000 && far > 30);
}

/* --- the list of rules -------------------------------------------------------------------------
 */

TEST(applicable_lists_every_open_rule_once)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct random_model r;
        struct schedule *s;
        struct applicable list[64], few[3];

        make(&r, seed, &s);
        for (int i = 0; i < 20; i++) {
            int64_t at = RM_T0 + rm_next(&r, 365 * 1440) * MINUTE, start;
            struct resolution res = {.applicable = list, .applicable_cap = 64};
            struct resolution cut = {.applicable = few, .applicable_cap = 3};
            size_t n = 0, wins = 0;

            schedule_resolve(s, at, 1, NULL, &res);
            schedule_resolve(s, at, 1, NULL, &cut);
            for (uint32_t k = 0; k < r.m.n_rules; k++) {
                const struct rule *rule = &r.m.rules[k];
                bool lane = rule->axis != AXIS_DISPLAY || takes_part(rule, 2) ||
                            takes_part(rule, 3) || takes_part(rule, 4);

                n +=
                    lane && specificity(&r.m, rule, 1) > 0 && open_start(&r.m, rule, 1, at, &start);
            }
            T_EQ(res.n_applicable, n);
            T_EQ(cut.n_applicable, n);
            for (size_t k = 0; k < n; k++) {
                wins += list[k].verdict == VERDICT_WINS && list[k].rule->axis == AXIS_CONTENT;
                T_CHECK(k == 0 || list[k].rule != list[k - 1].rule);
                T_CHECK(k > 2 || list[k].rule == few[k].rule);
            }
            T_EQ(wins, res.rule != NULL);
            T_CHECK(!res.rule || list[0].rule == res.rule);
        }
        schedule_destroy(s);
        rm_free(&r);
    }
}

/* --- threads -------------------------------------------------------------------------------------
 */

struct shared {
    const struct schedule *schedule;
    const struct rule *expected[64];
    atomic_uint wrong;
};

static int64_t instant(int i)
{
    return RM_T0 + i * INT64_C(7919) * MINUTE;
}

static void *ask(void *user)
{
    struct shared *shared = user;

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 64; i++) {
            struct resolution r = {.applicable = NULL};

            schedule_resolve(shared->schedule, instant(i), (uint32_t)(i % 4), NULL, &r);
            if (r.rule != shared->expected[i])
                atomic_fetch_add(&shared->wrong, 1);
        }
    }
    return NULL;
}

TEST(eight_threads_ask_one_schedule)
{
    struct random_model r;
    struct schedule *s;
    struct shared shared = {.schedule = NULL};
    pthread_t threads[8];

    make_mix(&r, 33, MIX_ANY, &s);
    shared.schedule = s;
    for (int i = 0; i < 64; i++) {
        struct resolution res = {.applicable = NULL};

        schedule_resolve(s, instant(i), (uint32_t)(i % 4), NULL, &res);
        shared.expected[i] = res.rule;
    }
    for (int i = 0; i < 8; i++)
        T_EQ(pthread_create(&threads[i], NULL, ask, &shared), 0);
    for (int i = 0; i < 8; i++)
        T_EQ(pthread_join(threads[i], NULL), 0);
    T_EQ(shared.wrong, 0);
    schedule_destroy(s);
    rm_free(&r);
}

/* --- allocations ---------------------------------------------------------------------------------
 */

TEST(resolve_allocates_nothing)
{
    struct random_model r, any;
    struct schedule *t;
    struct schedule *s;
    struct applicable list[64];
    unsigned long before;
    void *volatile p;

    make(&r, 39, &s);
    make_mix(&any, 39, MIX_ANY, &t);
    before = alloc_count();
    for (int i = 0; i < 2000; i++) {
        struct resolution res = {.applicable = i % 2 ? list : NULL,
                                 .applicable_cap = i % 2 ? 64 : 0};

        schedule_resolve(i % 3 ? s : t, RM_T0 + rm_next(&r, 365 * 1440) * MINUTE, (uint32_t)(i % 4),
                         NULL, &res);
    }
    T_EQ(alloc_count(), before);
    p = malloc(1);
    free((void *)p);
    T_CHECK(alloc_count() > before);
    schedule_destroy(t);
    rm_free(&any);
    schedule_destroy(s);
    rm_free(&r);
}
