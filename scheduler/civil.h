/* SPDX-License-Identifier: Apache-2.0 */
/* civil.h - days since 1970-01-01 and the proleptic Gregorian calendar.
 *
 * Pure; any thread. Years 1 .. 100000 and all their days fit without overflow. */
#ifndef SCHEDULER_CIVIL_H
#define SCHEDULER_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_DAY_S 86400

struct civil {
    int32_t year;
    int month, day; /* 1..12, 1..31 */
};

struct civil civil_of_day(int32_t day);
/* month 1..12; day may be any number and is carried on. */
int32_t civil_to_day(int32_t year, int month, int day);
int civil_month_length(int32_t year, int month); /* 28..31 */
int civil_weekday(int32_t day);                  /* 0 = Monday .. 6 = Sunday */

/* Rounded towards minus infinity; divisor > 0. */
static inline int64_t civil_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static inline int64_t civil_floor_mod(int64_t a, int64_t b)
{
    return a - civil_floor_div(a, b) * b;
}

#endif
