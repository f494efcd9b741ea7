/* SPDX-License-Identifier: Apache-2.0 */
/* conflict.h - what the files of schedule_conflicts() share. Nothing outside scheduler includes
 * it. */
#ifndef SCHEDULER_CONFLICT_H
#define SCHEDULER_CONFLICT_H

#include "protocols/base/report.h"
#include "scheduler/resolve_query.h"

#define CONFLICT_TIME_MAX 32

struct conflict {
    const struct schedule *schedule;
    const struct model *model;
    struct qp_report *report;
    int64_t from_ms, to_ms;
    uint32_t screen; /* of the class that is looked at: its first */
    uint8_t *told;   /* beside rules: bits of what was already reported */
};

enum { TOLD_HIDDEN = 1, TOLD_SHARE = 2 };

/* "2026-07-17 12:00" on the clock of the screen. */
const char *conflict_time(const struct conflict *c, char text[CONFLICT_TIME_MAX], int64_t ms);

QP_MUST_CHECK int conflict_hidden(struct conflict *c); /* conflict.c; of a class */
void conflict_shares(struct conflict *c);              /* conflict_goal.c; of a class */
void conflict_slots(struct conflict *c);
void conflict_campaigns(struct conflict *c);
QP_MUST_CHECK int conflict_quotas(struct conflict *c); /* conflict_quota.c */

#endif
