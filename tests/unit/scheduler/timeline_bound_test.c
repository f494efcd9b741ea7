/* SPDX-License-Identifier: Apache-2.0 */
/* What bounds a timeline: separation, and quotas that are filled up or not passed. */
#include "tests/unit/scheduler/mini.h"

#define T0 (INT64_C(20454) * DAY_MS) /* 2026-01-01, UTC */

static uint32_t playlist_of(struct mini *x, unsigned n, int64_t len)
{
    uint32_t p = mini_playlist(x);

    for (unsigned i = 0; i < n; i++)
        mini_entry(x, p, mini_item(x, len), NONE);
    return p;
}

TEST(one_advertiser_is_kept_apart)
{
    struct mini *x = mini_new("UTC");
    uint32_t p = playlist_of(x, 6, 10000);

    x->items[0].advertiser = x->items[1].advertiser = x->items[2].advertiser = x->ids[0];
    x->separations[0] = (struct separation){.category = NONE, .gap_ms = 15000};
    x->m.n_separations = 1;
    (void)mini_rule(x, p);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    for (size_t i = 1; i < x->n_log; i++)
        for (size_t k = i - 1; k < i && x->log[i].start_ms - x->log[k].end_ms < 15000; k--)
            T_CHECK(x->log[i].item > 2 || x->log[k].item > 2);
    T_CHECK(mini_plays(x, 0) + mini_plays(x, 1) + mini_plays(x, 2) > 60);
    mini_free(x);
}

TEST(autofill_keeps_a_minimum_at_every_end)
{
    struct mini *x = mini_new("UTC");
    uint32_t filler;
    int64_t shown = 0;

    (void)mini_rule(x, playlist_of(x, 3, 20000));
    filler = mini_single(x, 15000);
    x->items[3].category = 1;
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .measure = QUOTA_SECONDS,
                                  .period = QUOTA_DAY,
                                  .band_end_s = 86400,
                                  .min = 1.0 / 3,
                                  .max = NAN,
                                  .action = QUOTA_AUTOFILL,
                                  .filler = filler};
    x->m.n_quotas = 1;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    for (size_t i = 0; i < x->n_log; i++) {
        shown += x->log[i].item == 3 ? x->log[i].end_ms - x->log[i].start_ms : 0;
        T_CHECK(x->log[i].cut || shown * 3 >= x->log[i].end_ms - T0);
    }
    T_CHECK(shown * 3 < DAY_MS + 60 * MINUTE_MS);
    T_EQ(x->log[0].quota, 0);
    mini_free(x);
}

/* Sixty seconds of ads, and culture to fill up with. */
static struct mini *filled(enum quota_period period, double min)
{
    struct mini *x = mini_new("Asia/Shanghai");
    uint32_t filler;

    (void)mini_rule(x, playlist_of(x, 3, 50000));
    filler = mini_single(x, 15000);
    x->items[3].category = 1;
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .period = period,
                                  .band_end_s = 86400,
                                  .min = min,
                                  .max = NAN,
                                  .action = QUOTA_AUTOFILL,
                                  .filler = filler};
    x->m.n_quotas = 1;
    return x;
}

/* Changes of the winner neither waste fillers nor lose count. */
TEST(a_days_quota_goes_on_through_changes_of_the_winner)
{
    struct mini *x = filled(QUOTA_DAY, 0.01);
    struct rule *r = mini_rule(x, 0);
    int64_t from = mini_at(x, 2026, 7, 17, 0, 0, 0), shown;

    r->priority = 1;
    mini_daily(x, r, 0, 5)->n_ranges = 48;
    x->windows[0].ranges = calloc(48, sizeof(struct day_range));
    T_CHECK(x->windows[0].ranges != NULL);
    for (int i = 0; i < 48; i++)
        x->windows[0].ranges[i] =
            (struct day_range){{EDGE_CLOCK, i * 1800}, {EDGE_CLOCK, i * 1800 + 300}};
    mini_prepare(x);
    mini_timeline(x, from, from + DAY_MS);
    shown = mini_ms(x, 3);
    T_CHECK(shown >= DAY_MS / 100 && shown <= DAY_MS / 100 + 15000);
    free(x->windows[0].ranges);
    mini_free(x);
}

TEST(what_a_mandatory_block_leaves_short_is_made_up)
{
    struct mini *x = filled(QUOTA_DAY, 0.1);
    struct rule *block = mini_rule(x, mini_single(x, HOUR_MS));
    int64_t from = mini_at(x, 2026, 7, 17, 0, 0, 0), shown;

    block->mandatory = true;
    (void)mini_daily(x, block, 12 * 60, 15 * 60);
    mini_prepare(x);
    mini_timeline(x, from, from + DAY_MS);
    shown = mini_ms(x, 3);
    T_CHECK(shown >= DAY_MS / 10 && shown <= DAY_MS / 10 + 60000);
    T_EQ(mini_ms(x, 4), 3 * HOUR_MS);
    mini_free(x);
}

TEST(an_alert_is_outside_of_quotas)
{
    struct mini *x = filled(QUOTA_DAY, 0.1);
    struct rule *alert = mini_rule(x, mini_single(x, HOUR_MS));
    int64_t from = mini_at(x, 2026, 7, 17, 0, 0, 0), shown;

    alert->layer = LAYER_EMERGENCY;
    (void)mini_daily(x, alert, 12 * 60, 22 * 60);
    mini_prepare(x);
    mini_timeline(x, from, from + DAY_MS);
    shown = mini_ms(x, 3);
    T_CHECK(shown >= 14 * HOUR_MS / 10 && shown <= 14 * HOUR_MS / 10 + 60000);
    for (size_t i = 0; i < x->n_log; i++) /* and not all at once */
        T_CHECK(x->log[i].item != 3 || i < 2 || x->log[i - 1].item != 3 || x->log[i - 2].item != 3);
    mini_free(x);
}

/* Every hour has its part: at the end of the hour no more than an item is missing. */
TEST(an_hours_quota_is_filled_in_every_hour)
{
    struct mini *x = filled(QUOTA_HOUR, 0.2);
    int64_t from = mini_at(x, 2026, 7, 17, 0, 0, 0);
    double share[24] = {0};

    mini_prepare(x);
    mini_timeline(x, from, from + DAY_MS);
    for (size_t i = 0; i < x->n_log; i++) {
        const struct stretch *s = &x->log[i];

        for (int64_t at = s->start_ms; at < s->end_ms && s->item == 3; at += 1000)
            share[(at - from) / HOUR_MS] += 1.0 / 3600;
    }
    for (int i = 0; i < 24; i++)
        T_CHECK(share[i] > 0.2 - 15.0 / 3600 && share[i] < 0.2 + 15.0 / 3600);
    mini_free(x);
}

TEST(a_maximum_is_not_passed)
{
    struct mini *x = mini_new("UTC");

    (void)mini_rule(x, playlist_of(x, 2, 10000));
    x->items[0].category = 1;
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .period = QUOTA_DAY,
                                  .band_end_s = 86400,
                                  .min = NAN,
                                  .max = 0.2,
                                  .action = QUOTA_AUTOFILL,
                                  .filler = NONE};
    x->m.n_quotas = 1;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    T_CHECK(mini_ms(x, 0) <= DAY_MS / 5);
    T_CHECK(mini_ms(x, 0) >= DAY_MS / 5 - 20000);
    mini_free(x);
}
