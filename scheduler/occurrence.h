/* SPDX-License-Identifier: Apache-2.0 */
/* occurrence.h - when a window is open: recurrence, dayparts, sun, lunar dates, clock changes.
 *
 * Pure and without allocation; any thread. Every search is bounded by construction: it steps over
 * calendar periods between DAY_MIN and DAY_MAX and never over single occurrences of the past. */
#ifndef SCHEDULER_OCCURRENCE_H
#define SCHEDULER_OCCURRENCE_H

#include "scheduler/model.h"

/* Where and in which zone a window is asked for. */
struct occurrence_place {
    const struct tz *zone; /* the screen's; used where the window names none */
    bool has_place;
    double lat, lon; /* WGS 84, for the sun */
};

struct occurrence {
    int64_t start_ms, end_ms; /* UTC, start < end */
    int32_t day;              /* the original local start date: the key of edits */
};

/* Make a window cheap to ask: counts out `count`, so that no later question has to, and closes a
 * recurrence that never comes (30 February). Optional; the answers are the same. Bounded: the
 * days of 400 years are stepped over at most three times. */
void occurrence_prepare(struct window *window);

/* The first occurrence that ends after `at` (so it may have begun already), in the order of starts.
 * Overlapping ranges of one window are returned separately. Returns false when there is none. */
bool occurrence_next(const struct model *model, const struct window *window,
                     const struct occurrence_place *place, int64_t at_ms, struct occurrence *ret);

/* All that overlap [from, to), in the order of starts, at most cap; returns how many there are in
 * all (may exceed cap). */
size_t occurrence_between(const struct model *model, const struct window *window,
                          const struct occurrence_place *place, int64_t from_ms, int64_t to_ms,
                          struct occurrence *ret, size_t cap);

/* Is it open at this instant? *ret (may be NULL) is the occurrence with the latest start.
 * *ret_change (may be NULL): the next instant at which the answer may change, FOREVER_MS if never.
 */
bool occurrence_open(const struct model *model, const struct window *window,
                     const struct occurrence_place *place, int64_t at_ms, struct occurrence *ret,
                     int64_t *ret_change);

/* Sunrise and sunset of a local date, UTC, rounded to whole minutes; false: the sun does not rise
 * or set there that day (then the window's sun edge has no occurrence). NOAA's solar equations. */
bool sun_times(double lat, double lon, int32_t day, const struct tz *zone, int64_t *ret_rise_ms,
               int64_t *ret_set_ms);

/* Chinese lunar date of a Gregorian day, 1901..2100. Returns false outside. */
struct lunar_date {
    int year; /* Gregorian year in which the lunar year begins */
    uint8_t month, day;
    bool leap;
};

bool lunar_of_day(int32_t day, struct lunar_date *ret);

#endif
