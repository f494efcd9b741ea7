/* SPDX-License-Identifier: Apache-2.0 */
/* cases.h - questions that the files of the listed cases ask. */
#ifndef TESTS_UNIT_SCHEDULER_CASES_H
#define TESTS_UNIT_SCHEDULER_CASES_H

#include "tests/unit/scheduler/mini.h"

#define T0 (INT64_C(20454) * DAY_MS) /* 2026-01-01, UTC */

static inline enum verdict verdict_of(const struct mini *x, int64_t at, const struct rule *rule)
{
    struct applicable list[MINI_MAX];
    struct resolution r = {.applicable = list, .applicable_cap = MINI_MAX};

    schedule_resolve(x->s, at, 0, &x->facts, &r);
    for (size_t i = 0; i < r.n_applicable; i++)
        if (list[i].rule == rule)
            return list[i].verdict;
    T_CHECK(rule == NULL); /* the rule applies, so it is listed */
    return VERDICT_WINS;
}

static inline double share_sum(const struct mini *x, int64_t at)
{
    struct applicable list[MINI_MAX];
    struct resolution r = {.applicable = list, .applicable_cap = MINI_MAX};

    schedule_resolve(x->s, at, 0, &x->facts, &r);
    return r.share_sum;
}

/* Do the conflicts of the first day have a finding with this text? */
static inline bool says(const struct mini *x, const char *text)
{
    struct qp_report report = {.items = NULL};
    bool found = false;

    T_EQ(schedule_conflicts(x->s, T0, T0 + DAY_MS, CONFLICT_PARTLY, &report), 0);
    for (size_t i = 0; i < report.n; i++)
        found = found || strstr(report.items[i].text, text);
    if (!found)
        for (size_t i = 0; i < report.n; i++)
            fprintf(stderr, "%s\n", report.items[i].text);
    qp_report_finish(&report);
    return found;
}

#endif
