/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "tests/unit/scheduler/mini.h"

#define T0 (INT64_C(20454) * DAY_MS)

static void check(struct mini *x, struct qp_report *report)
{
    *report = (struct qp_report){.items = NULL};
    mini_prepare(x);
    T_EQ(schedule_conflicts(x->s, T0, T0 + 7 * DAY_MS, CONFLICT_PARTLY, report), 0);
}

static bool says(const struct qp_report *report, const char *text)
{
    for (size_t i = 0; i < report->n; i++)
        if (strstr(report->items[i].text, text))
            return true;
    return false;
}

TEST(a_plain_schedule_has_no_findings)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;

    (void)mini_daily(x, mini_rule(x, mini_single(x, 1000)), 0, 12 * 60);
    (void)mini_daily(x, mini_rule(x, mini_single(x, 1000)), 12 * 60, 24 * 60);
    check(x, &report);
    T_EQ(report.n, 0);
    qp_report_finish(&report);
    mini_free(x);
}

TEST(who_hides_whom_and_when)
{
    struct mini *x = mini_new("UTC");
    struct rule *low = mini_rule(x, mini_single(x, 1000)), *high;
    struct qp_report report;

    (void)mini_daily(x, low, 9 * 60, 11 * 60);
    high = mini_rule(x, mini_single(x, 1000));
    high->priority = 3;
    (void)mini_daily(x, high, 8 * 60, 12 * 60);
    check(x, &report);
    T_EQ(report.n_warnings, 1);
    T_CHECK(says(&report, "never shows: it is hidden by rule \"rule01\" (priority 3) from "
                          "2026-01-01 09:00 to 2026-01-01 11:00"));
    T_CHECK(says(&report, "(7 times)"));
    qp_report_finish(&report);
    (void)mini_daily(x, low, 9 * 60, 13 * 60); /* now it shows for an hour */
    check(x, &report);
    T_CHECK(says(&report, "\"rule00\" (priority 0) is hidden by rule \"rule01\""));
    T_CHECK(says(&report, "from 2026-01-01 09:00 to 2026-01-01 12:00"));
    qp_report_finish(&report);
    report = (struct qp_report){0};
    T_EQ(schedule_conflicts(x->s, T0, T0 + 7 * DAY_MS, CONFLICT_NEVER, &report), 0);
    T_EQ(report.n_warnings, 0);
    qp_report_finish(&report);
    mini_free(x);
}

TEST(a_playlist_with_nothing_to_show)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;

    (void)mini_rule(x, mini_single(x, 1000));
    x->items[0].valid_to_ms = T0 - DAY_MS;
    check(x, &report);
    T_CHECK(says(&report, "nothing in its playlist may be shown"));
    qp_report_finish(&report);
    mini_free(x);
}

TEST(shares_above_all_of_the_time)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;
    struct rule *r;

    (void)mini_interrupt(x, mini_single(x, 10000), 0.7);
    r = mini_interrupt(x, mini_single(x, 10000), 0.7);
    (void)mini_daily(x, r, 17 * 60, 18 * 60);
    check(x, &report);
    T_EQ(report.n_errors, 1);
    T_CHECK(says(&report, "140 % of the time from 2026-01-01 17:00"));
    qp_report_finish(&report);
    (void)mini_daily(x, &x->rules[0], 8 * 60, 17 * 60);
    check(x, &report);
    T_EQ(report.n_errors, 0);
    qp_report_finish(&report);
    mini_free(x);
}

/* Before saving: not only when the week has come. */
TEST(shares_of_next_summer)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;
    struct rule *r;

    (void)mini_interrupt(x, mini_single(x, 10000), 0.7);
    r = mini_interrupt(x, mini_single(x, 10000), 0.7);
    (void)mini_once(x, r, T0 + 200 * DAY_MS, T0 + 201 * DAY_MS);
    check(x, &report);
    T_EQ(report.n_errors, 1);
    T_CHECK(says(&report, "140 % of the time from 2026-07-20 00:00"));
    qp_report_finish(&report);
    mini_free(x);
}

TEST(a_goal_without_room)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;
    struct rule *r = mini_interrupt(x, mini_single(x, 10000), 0);

    r->plays_per_hour = 10;
    r->campaign = 0;
    x->campaigns[0] =
        (struct campaign){.id = r->id, .first_day = 20454, .last_day = 20463, .plays = 2402};
    x->m.n_campaigns = 1;
    check(x, &report);
    T_CHECK(says(&report, "wants 2402 plays, its rules have room for 2401"));
    qp_report_finish(&report);
    x->campaigns[0].plays = 2400;
    check(x, &report);
    T_EQ(report.n_errors, 0);
    qp_report_finish(&report);
    mini_free(x);
}

TEST(slots_that_nobody_fills_and_strangers_in_them)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;
    uint32_t category = 2;

    x->nodes[0] = (struct node){.id = x->ids[0], .parent = NONE};
    x->m.n_nodes = 1;
    x->slots[0] =
        (struct slot){.id = x->ids[0], .share = 0.2, .categories = &category, .n_categories = 1};
    x->m.n_slots = 1;
    (void)mini_rule(x, mini_single(x, 1000));
    check(x, &report);
    T_CHECK(says(&report, "is filled by no rule"));
    qp_report_finish(&report);
    mini_rule(x, mini_single(x, 1000))->slot = 0;
    x->items[1].category = 1;
    check(x, &report);
    T_CHECK(says(&report, "is of a category that slot"));
    T_CHECK(!says(&report, "is filled by no rule"));
    qp_report_finish(&report);
    mini_free(x);
}

/* --- quotas over their own periods ---------------------------------------------------------------
 */

/* Culture at noon of every day in the first quarter only, an hour of 24. */
static struct mini *quota_of(enum quota_period period, double min)
{
    struct mini *x = mini_new("Asia/Shanghai");
    struct rule *r;

    (void)mini_rule(x, mini_single(x, 600000));
    r = mini_rule(x, mini_single(x, 600000));
    r->priority = 1;
    mini_daily(x, r, 12 * 60, 13 * 60)->last_day = 20454 + 89; /* 2026-03-31 */
    x->items[1].category = 1;
    x->quotas[0] = (struct quota){.id = x->ids[0],
                                  .targets = &x->targets[0],
                                  .n_targets = 1,
                                  .numerator = 1,
                                  .denominator = NONE,
                                  .period = period,
                                  .band_end_s = 86400,
                                  .min = min,
                                  .max = NAN};
    x->m.n_quotas = 1;
    return x;
}

static void judged(enum quota_period period, double min, const char *text)
{
    struct mini *x = quota_of(period, min);
    struct qp_report report;

    check(x, &report); /* from T0, a week: in the midst of the local day */
    if (!says(&report, text)) {
        for (size_t i = 0; i < report.n; i++)
            fprintf(stderr, "%s\n", report.items[i].text);
        T_CHECK(report.n == 0 && !text[0]);
    }
    qp_report_finish(&report);
    mini_free(x);
}

TEST(quotas_are_judged_over_their_own_periods)
{
    judged(QUOTA_HOUR, 0.5,
           "0.0 % of the time of everything from 2026-01-01 08:00 to 2026-01-01 "
           "09:00");
    judged(QUOTA_HOUR, 0.5, "(161 of 168 hours)"); /* all but the noons */
    judged(QUOTA_DAY, 0.05,
           "4.2 % of the time of everything from 2026-01-01 00:00 to 2026-01-02 "
           "00:00");
    judged(QUOTA_DAY, 0.05, "(8 of 8 days)");
    judged(QUOTA_DAY, 0.05, "missing by hour of the day: 00-12 3, 13-24 3 minutes");
    judged(QUOTA_QUARTER, 0.05,
           "4.2 % of the time of everything from 2026-01-01 00:00 to "
           "2026-04-01 00:00");
    judged(QUOTA_YEAR, 0.02,
           "1.0 % of the time of everything from 2026-01-01 00:00 to 2027-01-01 "
           "00:00");
}

TEST(a_quota_that_holds_is_not_told)
{
    static const enum quota_period periods[] = {QUOTA_DAY, QUOTA_QUARTER, QUOTA_YEAR};
    static const double min[] = {0.041, 0.041, 0.0102}; /* 90 of 365 * 24 hours */

    for (int i = 0; i < 3; i++) {
        struct mini *x = quota_of(periods[i], min[i]);
        struct qp_report report;

        check(x, &report);
        T_CHECK(!says(&report, "quota"));
        qp_report_finish(&report);
        mini_free(x);
    }
}

TEST(a_long_item_counts_in_the_hours_in_which_it_plays)
{
    struct mini *x = quota_of(QUOTA_HOUR, 0);
    struct qp_report report;

    x->items[0].duration_ms = x->items[1].duration_ms = 7 * HOUR_MS;
    x->rules[1].window = NONE;
    x->quotas[0].min = 0.999;
    check(x, &report);
    T_CHECK(!says(&report, "quota"));
    qp_report_finish(&report);
    mini_free(x);
}

/* 20 million items are looked at, shared by 63 walks: a week of one second each is more. */
TEST(what_was_not_judged_is_named)
{
    struct mini *x = quota_of(QUOTA_DAY, 0.5);
    struct qp_report report;

    x->items[0].duration_ms = x->items[1].duration_ms = 1000;
    T_EQ(mini_single(x, HOUR_MS), 2);
    for (int i = 1; i < MINI_MAX; i++)
        (void)mini_screen(x);
    for (int i = 2; i < MINI_MAX; i++) { /* each of a class of its own, and with long items */
        struct rule *r = mini_rule(x, 2);

        *r->targets = (struct target){.kind = TARGET_SCREEN, .ref = (uint32_t)i};
        r->priority = i;
    }
    check(x, &report);
    T_CHECK(says(&report, "was judged from 2026-01-01 00:00 to 2026-01-04"));
    T_CHECK(says(&report, "not to 2026-01-09 00:00"));
    qp_report_finish(&report);
    mini_free(x);
}

/* Screens with the same rules are one class, and a quota may mean only some of them. */
TEST(a_quota_of_the_second_screen_is_judged)
{
    struct mini *x = quota_of(QUOTA_DAY, 0.05);
    struct target second = {.kind = TARGET_SCREEN, .ref = 1};
    struct qp_report report;

    (void)mini_screen(x);
    (void)mini_screen(x);
    x->quotas[0].targets = &second;
    check(x, &report);
    T_CHECK(says(&report, "on screen \"screen01\""));
    T_EQ(report.n_warnings, 2); /* the quota, and what hides */
    qp_report_finish(&report);
    mini_free(x);
}

TEST(a_filler_may_lie_in_a_playlist_below)
{
    struct mini *x = quota_of(QUOTA_DAY, 0.01);
    struct qp_report report;
    uint32_t filler = mini_playlist(x), below = mini_single(x, 15000);

    mini_entry(x, filler, NONE, below);
    x->quotas[0].action = QUOTA_AUTOFILL;
    x->quotas[0].filler = filler;
    check(x, &report);
    T_CHECK(says(&report, "has nothing of \"category\" to fill up with"));
    T_EQ(strcmp(report.items[report.n - 1].path, "quotas[0].filler"), 0);
    qp_report_finish(&report);
    x->items[2].category = 1;
    check(x, &report);
    T_CHECK(!says(&report, "to fill up with"));
    qp_report_finish(&report);
    mini_free(x);
}

/* --- interrupts ----------------------------------------------------------------------------------
 */

TEST(an_interrupt_that_never_gets_in)
{
    struct mini *x = mini_new("UTC");
    struct qp_report report;
    struct rule *i, *n = mini_rule(x, mini_single(x, 10000));

    n->priority = 7;
    i = mini_interrupt(x, mini_single(x, 10000), 0.1);
    check(x, &report);
    T_CHECK(says(&report, "rule \"rule01\" (priority 0) never shows: it may not interrupt rule "
                          "\"rule00\" (priority 7) from 2026-01-01 00:00 to 2026-01-08 00:00"));
    qp_report_finish(&report);
    (void)mini_daily(x, n, 8 * 60, 20 * 60); /* the rest of the day is its own */
    check(x, &report);
    T_EQ(report.n, 0);
    qp_report_finish(&report);
    i->any_priority = true;
    n->window = NONE;
    check(x, &report);
    T_EQ(report.n, 0);
    qp_report_finish(&report);
    mini_free(x);
}

TEST(windows_that_never_open)
{
    struct mini *x = mini_new("UTC");
    struct rule *a = mini_rule(x, mini_single(x, 1000)), *b = mini_rule(x, mini_single(x, 1000));
    struct qp_report report;
    struct window *w;

    mini_daily(x, a, 8 * 60, 20 * 60)->ranges->start.kind = EDGE_SUNSET;
    w = mini_daily(x, b, 21 * 60, 22 * 60);
    w->frequency = EVERY_YEAR;
    w->months = 2; /* 30 February */
    w->month_days[0] = 30;
    w->n_month_days = 1;
    w->month_day_policy = MONTH_DAY_SKIP;
    check(x, &report);
    T_EQ(report.n_warnings, 2);
    T_CHECK(says(&report, "rule \"rule00\" follows the sun, and the place of screen"));
    T_CHECK(says(&report, "rule \"rule01\" never begins: there is no such day"));
    qp_report_finish(&report);
    x->screens[0].has_place = true;
    w->month_days[0] = 29;
    check(x, &report);
    T_CHECK(!says(&report, "never begins") && !says(&report, "follows the sun"));
    qp_report_finish(&report);
    mini_free(x);
}

/* Ranges of a daypart times rules times screens: refused before there is an entry for each. */
TEST(too_many_ranges_are_refused)
{
    struct mini *x = mini_new("UTC");
    struct day_range *ranges = calloc(5000, sizeof(*ranges));
    uint32_t p = mini_single(x, 1000);
    struct qp_diag diag = {0};

    T_CHECK(ranges != NULL);
    for (int i = 0; i < 5000; i++)
        ranges[i] = (struct day_range){{EDGE_CLOCK, i}, {EDGE_CLOCK, i + 1}};
    for (int i = 1; i < 31; i++)
        (void)mini_screen(x);
    for (uint32_t i = 0; i < 31; i++)
        *mini_rule(x, p)->targets = (struct target){.kind = TARGET_SCREEN, .ref = i};
    for (int i = 0; i < 30; i++) {
        struct window *w = mini_window(x, mini_rule(x, p));

        w->ranges = ranges;
        w->n_ranges = 5000;
    }
    T_EQ(schedule_prepare(&x->s, &x->m, &diag), -E2BIG);
    T_CHECK(strstr(diag.text, "more than 4000000 time ranges"));
    T_CHECK(!x->s);
    for (uint32_t i = 0; i < x->m.n_windows; i++)
        x->windows[i].n_ranges = 50;
    T_EQ(schedule_prepare(&x->s, &x->m, &diag), 0);
    mini_free(x);
    free(ranges);
}

/* Screens of one class have room alike, and a goal in total is shared by all of them. */
TEST(a_goal_of_many_screens)
{
    struct mini *x = mini_new("UTC");
    struct rule *r = mini_interrupt(x, mini_single(x, 10000), 0);
    struct qp_report report;

    for (int i = 1; i < 20; i++)
        (void)mini_screen(x);
    *mini_rule(x, mini_single(x, 1000))->targets =
        (struct target){.kind = TARGET_SCREEN, .ref = 7}; /* a class of its own */
    r->plays_per_hour = 10;
    r->campaign = 0;
    x->campaigns[0] =
        (struct campaign){.id = r->id, .first_day = 20454, .last_day = 20463, .plays = 48021};
    x->m.n_campaigns = 1;
    check(x, &report);
    T_CHECK(says(&report, "wants 48021 plays, its rules have room for 48020"));
    qp_report_finish(&report);
    mini_free(x);
}
