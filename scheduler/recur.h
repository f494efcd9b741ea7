/* SPDX-License-Identifier: Apache-2.0 */
/* recur.h - on which days a window begins: its frequency, interval, weekdays and days of month.
 *
 * Only dates: no times of day, no calendar of holidays, no edits. Pure; any thread. A search jumps
 * to the period that contains the day asked for and then takes at most one step per period of 400
 * years (the Gregorian calendar repeats itself, weekdays included, after 146097 days). */
#ifndef SCHEDULER_RECUR_H
#define SCHEDULER_RECUR_H

#include "scheduler/model.h"

#define RECUR_NONE     INT32_MAX
#define RECUR_ANY_DAY  0x7fu
#define RECUR_MAX_STEP 146097 /* days of 400 years */

/* The first start day at or after `day` whose weekday is in mask (bit 0 = Monday); RECUR_NONE if
 * there is none up to last_day. */
int32_t recur_next(const struct window *window, int32_t day, unsigned mask);

bool recur_has(const struct window *window, int32_t day);

/* The same without a search and without `count`; date is that of the day. A lunar date needs the
 * day's own, lunar, NULL outside of 1901 .. 2100. */
struct civil;
struct lunar_date;
bool recur_on(const struct window *window, int32_t day, const struct civil *date,
              const struct lunar_date *lunar);

/* The last start day that `count` allows, at most last_day; without a count last_day. */
int32_t recur_last_day(const struct window *window);

/* Days of a month in a year as bits, bit 0 = the 1st, that month_days, weekdays and nth_weekday
 * name; default_day stands for no such condition. */
uint32_t recur_month_bits(const struct window *window, int32_t year, int month, int default_day);

#endif
