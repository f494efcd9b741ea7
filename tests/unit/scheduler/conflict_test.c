/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/scheduler/mini.h"

#define T0 (INT64_C(20454) * DAY_MS)

static void check(struct mini *x, struct qp_report *report)
{
    *report = (struct qp_report){.items = NULL};
    mini_prepare(x);
    T_EQ(schedule_conflicts(x->s, T0, T0 + 7 * DAY_MS, report), 0);
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
