/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scheduler/mini.h"

#define T0 (INT64_C(20454) * DAY_MS)

struct sums {
    const struct mini *x;
    int64_t rule_ms[4], rule_plays[4], campaign_ms, quota_ms, total_ms, last_hour;
    unsigned n;
};

static bool on_cell(void *user, const struct plan_cell *c)
{
    struct sums *s = user;

    T_EQ((c->rule != NONE) + (c->campaign != NONE) + (c->quota != NONE), 1);
    T_EQ(c->hour_ms % HOUR_MS, 0);
    T_CHECK(c->hour_ms >= s->last_hour);
    s->last_hour = c->hour_ms;
    T_CHECK(c->ms <= HOUR_MS);
    s->n++;
    if (c->rule != NONE) {
        s->rule_ms[c->rule] += c->ms;
        s->rule_plays[c->rule] += c->plays;
    } else if (c->campaign != NONE) {
        s->campaign_ms += c->ms;
    } else {
        s->quota_ms += c->ms;
        s->total_ms += c->total_ms;
    }
    return true;
}

TEST(cells_add_up_to_the_timeline)
{
    struct mini *x = mini_new("Asia/Shanghai");
    struct sums s = {.x = x};
    struct rule *r;

    (void)mini_rule(x, mini_single(x, 47000));
    r = mini_interrupt(x, mini_single(x, 13000), 0.25);
    r->campaign = 0;
    x->campaigns[0] = (struct campaign){.id = r->id, .first_day = 20000, .last_day = 21000};
    x->m.n_campaigns = 1;
    x->items[1].category = 3;
    x->quotas[0] = (struct quota){.id = r->id,
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 3,
                                  .denominator = NONE,
                                  .band_start_s = 6 * 3600,
                                  .band_end_s = 86400,
                                  .min = NAN,
                                  .max = NAN};
    x->m.n_quotas = 1;
    mini_prepare(x);
    T_EQ(schedule_plan(x->s, T0, T0 + DAY_MS, NULL, on_cell, &s), 0);
    mini_timeline(x, T0, T0 + DAY_MS);
    T_EQ(s.rule_ms[0], mini_ms(x, 0));
    T_EQ(s.rule_ms[1], mini_ms(x, 1));
    T_EQ(s.rule_plays[1], mini_plays(x, 1));
    T_EQ(s.rule_ms[0] + s.rule_ms[1], DAY_MS);
    T_EQ(s.campaign_ms, s.rule_ms[1]);
    /* Items that begin in the band, cut at its end like everything at midnight. */
    T_CHECK(llabs((long long)(s.total_ms - 18 * HOUR_MS)) < 60000);
    T_CHECK(llabs((long long)(s.quota_ms - s.total_ms / 4)) < 60000);
    T_CHECK(s.n >= 24 * 3 + 18);
    mini_free(x);
}

static bool on_first(void *user, const struct plan_cell *c)
{
    (void)c;
    ++*(unsigned *)user;
    return false;
}

TEST(stops_when_told)
{
    struct mini *x = mini_new("UTC");
    unsigned n = 0;

    (void)mini_rule(x, mini_single(x, 47000));
    mini_prepare(x);
    T_EQ(schedule_plan(x->s, T0, T0 + DAY_MS, NULL, on_first, &n), 1);
    T_EQ(n, 1);
    mini_free(x);
}
