/* SPDX-License-Identifier: Apache-2.0 */
/* occurrence_day.h - the occurrences of one start day, and which days are start days; the parts of
 * occurrence.c that know nothing of searching. Internal. Pure; any thread.
 *
 * All instants here are UTC seconds, as the edges of ranges are. */
#ifndef SCHEDULER_OCCURRENCE_DAY_H
#define SCHEDULER_OCCURRENCE_DAY_H

#include "protocols/base/tz.h"
#include "scheduler/occurrence.h"

/* A question about one window at one place. */
struct occurrence_query {
    const struct model *model;
    const struct window *window;
    const struct occurrence_place *place;
    const struct tz *zone; /* NULL: UTC */
    struct tz_span span;   /* around the instant of the question: what lies well inside needs no
                              further look at the zone */
    int32_t last_day;      /* with `count` counted out */
    int64_t lo_s, hi_s;    /* no range starts earlier or ends later, from its day's midnight, in
                              local time */
};

struct occurrence_s {
    int64_t start_s, end_s;
};

void occurrence_query_init(struct occurrence_query *q, const struct model *model,
                           const struct window *window, const struct occurrence_place *place,
                           int64_t at_s);

/* One range on a start day. False: it does not happen (no sun, a gap, nothing left of it). */
bool occurrence_of_range(const struct occurrence_query *q, int32_t day,
                         const struct day_range *range, struct occurrence_s *ret);

/* The ranges of a start day, after weekday exceptions. */
const struct day_range *occurrence_ranges(const struct window *window, int32_t day,
                                          uint32_t *ret_n);

/* The first start day at or after `day` that calendar and recurrence allow; RECUR_NONE. */
int32_t occurrence_next_day(const struct occurrence_query *q, int32_t day);

/* Does the window's calendar, if it has one, let a day pass? Recurrence is not looked at. */
bool occurrence_calendar_passes(const struct model *model, const struct window *window,
                                int32_t day);

/* Was the occurrence of that original date moved or removed? */
bool occurrence_is_edited(const struct window *window, int32_t day);

/* Bounds of UTC for a local time: with the clocks steady around it both are exact. */
int64_t occurrence_earliest_s(const struct occurrence_query *q, int64_t wall_s);
int64_t occurrence_latest_s(const struct occurrence_query *q, int64_t wall_s);

#endif
