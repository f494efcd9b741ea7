/* SPDX-License-Identifier: Apache-2.0 */
/* lunar.h - the Chinese lunar calendar of the lunar years 1900 to 2100; see also lunar_of_day() in
 * occurrence.h. Pure; any thread. */
#ifndef SCHEDULER_LUNAR_H
#define SCHEDULER_LUNAR_H

#include <stdbool.h>
#include <stdint.h>

#define LUNAR_FIRST_YEAR 1900
#define LUNAR_LAST_YEAR  2100
#define LUNAR_NONE       INT32_MAX

/* The day (since 1970-01-01) of a lunar date in an ordinary, not a leap month: month 1..12, day
 * 1..30. In a month of 29 days the 30th is its last day (clamp) or LUNAR_NONE, which other values
 * out of range and days after 2100-12-31 give as well. */
int32_t lunar_to_day(int year, int month, int day, bool clamp);

#endif
