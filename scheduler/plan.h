/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - what the plan and the conflicts share about quotas. Nothing outside scheduler includes
 * it. */
#ifndef SCHEDULER_PLAN_H
#define SCHEDULER_PLAN_H

#include "scheduler/schedule.h"

bool plan_quota_means(const struct model *model, const struct quota *quota, uint32_t screen);
/* An item, and none of an alert: those are outside of all quotas. */
bool plan_counts(const struct stretch *stretch);
/* Does an instant lie in the daily band, on the clock of the zone (NULL: UTC)? */
bool plan_in_band(const struct quota *quota, const struct tz *zone, int64_t ms);
/* The first edge of the band or of a local hour after from_ms, at most to_ms. */
int64_t plan_piece_end(const struct quota *quota, const struct tz *zone, int64_t from_ms,
                       int64_t to_ms);

#endif
