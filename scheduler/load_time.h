/* SPDX-License-Identifier: Apache-2.0 */
/* load_time.h - dates, times of day and instants as people write them. Pure; any thread.
 *
 * The readers return NULL, or what is wrong with the text as the rest of a sentence that began with
 * it ("... is not a date"); then *ret is untouched. */
#ifndef SCHEDULER_LOAD_TIME_H
#define SCHEDULER_LOAD_TIME_H

#include "scheduler/model.h"

/* The first and the last instant of the years 1900 .. 9999. */
#define INSTANT_MIN (DAY_MIN * INT64_C(86400000))
#define INSTANT_MAX ((DAY_MAX + INT64_C(1)) * 86400000 - 1)

/* "2026-07-17" */
const char *load_day(const char *text, int32_t *ret);
/* "08:00", "08:00:30"; "24:00" where it may be an end. */
const char *load_clock(const char *text, bool is_end, int32_t *ret);
/* "22:00-06:00", "sunrise-sunset", "sunset-1h30m - 24:00": two edges with a hyphen between. */
const char *load_range(const char *text, struct day_range *ret);
/* "2026-07-17T15:00:00Z", "2026-07-17T23:00+08:00"; without an offset it is local time of zone
 * (NULL: an error). A date alone is its first instant, or, is_end, the end of that day. Where
 * clocks go forward a missing time means the first instant after the gap; of a repeated one a start
 * takes the earlier and an end the later. */
const char *load_instant(const char *text, const struct tz *zone, bool is_end, int64_t *ret_ms);
/* Is it such a text, without offset and in whole seconds? *ret_s 0..86400. */
bool load_local(const char *text, bool is_end, int32_t *ret_day, int32_t *ret_s);

#endif
