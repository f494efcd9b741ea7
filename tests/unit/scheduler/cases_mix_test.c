/* SPDX-License-Identifier: Apache-2.0 */
/* The listed cases of interrupts, shares and campaigns, each by its number. */
#include "tests/unit/scheduler/cases.h"

/* A normal item and interrupts of these lengths and shares for an hour. */
static struct mini *hour(int64_t normal_ms, unsigned n, const int64_t *len, const double *share)
{
    struct mini *x = mini_new("UTC");

    (void)mini_rule(x, mini_single(x, normal_ms));
    for (unsigned i = 0; i < n; i++)
        (void)mini_interrupt(x, mini_single(x, len[i]), share[i] / 3600);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    return x;
}

TEST(s27_six_of_sixty)
{
    struct mini *x = hour(60000, 1, (int64_t[]){60000}, (double[]){360});

    T_EQ(mini_plays(x, 0), 54);
    T_EQ(mini_plays(x, 1), 6);
    mini_free(x);
}

TEST(s28_two_quarters)
{
    struct mini *x = hour(60000, 2, (int64_t[]){60000, 60000}, (double[]){900, 900});

    T_EQ(mini_plays(x, 0), 30);
    T_EQ(mini_plays(x, 1), 15);
    T_EQ(mini_plays(x, 2), 15);
    mini_free(x);
}

TEST(s29_half_of_the_time_in_short_pieces)
{
    struct mini *x = hour(300000, 1, (int64_t[]){10000}, (double[]){1800});

    T_EQ(mini_ms(x, 0), 1800000);
    T_EQ(mini_plays(x, 1), 180);
    T_CHECK(says(x, "granularity limited by rule \"rule00\", whose items are up to 300 s long"));
    T_CHECK(says(x, "blocks of some 30 plays"));
    mini_free(x);
}

TEST(s30_six_interrupts_fill_the_hour)
{
    struct mini *x = mini_new("UTC");
    static const unsigned plays[] = {200, 40, 20, 20, 60, 20};

    for (unsigned i = 0; i < 6; i++)
        (void)mini_interrupt(x, mini_single(x, 10000), plays[i] / 360.0);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    for (unsigned i = 0; i < 6; i++)
        T_EQ(mini_plays(x, i), plays[i]);
    mini_free(x);
}

TEST(s32_too_large_shares_are_scaled_with_an_alarm)
{
    struct mini *x = hour(60000, 2, (int64_t[]){10000, 10000}, (double[]){2160, 2160});
    struct qp_report report = {.items = NULL};

    T_CHECK(labs((long)(mini_ms(x, 1) - mini_ms(x, 2))) <= 20000);
    T_CHECK(mini_ms(x, 1) + mini_ms(x, 2) >= 3600000 - 120000);
    T_EQ(x->log[5].scaled, 1);
    T_CHECK(fabs(share_sum(x, T0) - 1.2) < 1e-9);
    T_EQ(schedule_conflicts(x->s, T0, T0 + DAY_MS, CONFLICT_PARTLY, &report), 0);
    T_EQ(report.n_errors, 1);
    qp_report_finish(&report);
    mini_free(x);
}

TEST(s33_an_interrupt_needs_the_priority_unless_told_otherwise)
{
    struct mini *x = mini_new("UTC");
    struct rule *n = mini_rule(x, mini_single(x, 10000));
    struct rule *i = mini_interrupt(x, mini_single(x, 10000), 0.5);

    n->priority = 10;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    T_EQ(mini_plays(x, 1), 0);
    T_EQ(verdict_of(x, T0, i), VERDICT_LOWER_PRIORITY);
    i->any_priority = true;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + HOUR_MS);
    T_EQ(mini_plays(x, 1), 180);
    T_EQ(verdict_of(x, T0, i), VERDICT_MIXES);
    mini_free(x);
}

TEST(s34_used_up_plays_leave_the_default_or_the_safe_slide)
{
    for (int with_default = 0; with_default < 2; with_default++) {
        struct mini *x = mini_new("UTC");
        unsigned others = 0;

        for (int i = 0; i < 3; i++)
            mini_interrupt(x, mini_single(x, 10000), 0)->plays_per_hour = 2;
        if (with_default)
            x->screens[0].default_playlist = mini_single(x, 10000);
        mini_prepare(x);
        mini_timeline(x, T0 + 2 * HOUR_MS, T0 + 3 * HOUR_MS);
        for (uint32_t i = 0; i < 3; i++)
            T_CHECK(mini_plays(x, i) <= 2 && mini_plays(x, i) >= 1);
        for (size_t i = 0; i < x->n_log; i++) {
            others += x->log[i].layer != LAYER_INTERRUPT;
            if (x->log[i].layer == LAYER_INTERRUPT)
                continue;
            T_EQ(x->log[i].layer, with_default ? LAYER_DEFAULT : LAYER_SAFE);
            T_EQ(x->log[i].item == NONE, !with_default);
        }
        T_CHECK(others > 0);
        mini_free(x);
    }
}

static unsigned plays_with(uint64_t delivered, bool known)
{
    struct mini *x = mini_new("UTC");
    struct play_count counts[2] = {
        {.rule = NONE, .campaign = 0, .plays = delivered / 2},
        {.rule = NONE, .campaign = 0, .screen = 1, .plays = delivered / 2}};
    struct rule *r;
    unsigned n;

    (void)mini_screen(x);
    (void)mini_rule(x, mini_single(x, 10000));
    r = mini_interrupt(x, mini_single(x, 10000), 0);
    r->plays_per_hour = 60;
    r->campaign = 0;
    x->campaigns[0] = (struct campaign){
        .id = r->id, .first_day = 20454 - 5, .last_day = 20454 + 4, .plays = 2400};
    x->m.n_campaigns = 1;
    x->facts.counts = counts;
    x->facts.n_counts = known ? 2 : 0;
    mini_prepare(x);
    mini_timeline(x, T0, T0 + DAY_MS);
    n = mini_plays(x, 1);
    mini_free(x);
    return n;
}

TEST(s36_a_campaign_hurries_and_rests)
{
    T_CHECK(abs((int)plays_with(1200, true) - 120) <= 1); /* even: 5 in an hour on each screen */
    T_CHECK(abs((int)plays_with(600, true) - 240) <= 1);  /* half of what it should be: twice */
    T_CHECK(abs((int)plays_with(2, true) - 480) <= 1);    /* no more than four times */
    T_EQ(plays_with(1330, true), 0);                      /* more than 5 points ahead */
    T_EQ(plays_with(2400, true), 0);
    T_CHECK(abs((int)plays_with(0, false) - 120) <= 1); /* nothing known: as planned */
}

struct goal {
    int64_t plays, of;
};

static bool on_goal(void *user, const struct plan_cell *cell)
{
    struct goal *g = user;

    g->of += cell->rule != NONE ? cell->plays : 0;
    g->plays += cell->rule == 1 ? cell->plays : 0;
    return true;
}

TEST(s37_a_fifth_of_all_plays)
{
    struct mini *x = mini_new("UTC");
    struct goal g = {0, 0};

    for (int i = 1; i < 10; i++)
        (void)mini_screen(x);
    (void)mini_rule(x, mini_single(x, 10000));
    (void)mini_interrupt(x, mini_single(x, 10000), 0.2);
    mini_prepare(x);
    T_EQ(schedule_plan(x->s, T0, T0 + 10 * DAY_MS, NULL, on_goal, &g), 0);
    T_EQ(g.of, 864000);
    T_EQ(g.plays, 172800);
    mini_free(x);
}

TEST(s38_the_rest_of_a_loop_is_filled)
{
    struct mini *x = mini_new("UTC");
    uint32_t loop = mini_playlist(x), filler;

    for (int i = 0; i < 3; i++)
        mini_entry(x, loop, mini_item(x, 30000), NONE);
    filler = mini_single(x, 30000);
    mini_entry(x, loop, NONE, filler);
    (void)mini_rule(x, loop);
    mini_prepare(x);
    for (int i = 0; i < 20; i++) {
        mini_timeline(x, T0 + i * 120 * SECOND_MS, T0 + (i + 1) * 120 * SECOND_MS);
        T_EQ(mini_ms(x, 3), 30000);
        T_CHECK(x->log[3].rule == &x->rules[0]);
    }
    mini_free(x);
}

TEST(s39_two_halves_of_unlike_pieces)
{
    struct mini *x = mini_new("UTC");

    (void)mini_interrupt(x, mini_single(x, 15000), 0.5);
    (void)mini_interrupt(x, mini_single(x, 22000), 0.5);
    mini_prepare(x);
    mini_timeline(x, T0, T0 + 20 * 120 * SECOND_MS);
    T_CHECK(labs((long)(mini_ms(x, 0) - 1200000)) <= 22000);
    T_CHECK(labs((long)(mini_ms(x, 1) - 1200000)) <= 22000);
    mini_free(x);
}
