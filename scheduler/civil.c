/* SPDX-License-Identifier: Apache-2.0 */
/* Years are counted from March, so that the leap day comes last; 400 years have 146097 days. */
#include "scheduler/civil.h"

#define ERA_DAYS   146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

struct civil civil_of_day(int32_t day)
{
    int64_t z = (int64_t)day + EPOCH_DAYS;
    int64_t era = civil_floor_div(z, ERA_DAYS);
    int32_t in_era = (int32_t)(z - era * ERA_DAYS);
    int32_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int32_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int m = (5 * in_year + 2) / 153;
    int month = m < 10 ? m + 3 : m - 9;

    return (struct civil){.year = (int32_t)(y + era * 400 + (month <= 2)),
                          .month = month,
                          .day = in_year - (153 * m + 2) / 5 + 1};
}

int32_t civil_to_day(int32_t year, int month, int day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t era = (int32_t)civil_floor_div(y, 400);
    int32_t in_era = y - era * 400;
    int32_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year - EPOCH_DAYS;
}

int civil_month_length(int32_t year, int month)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return lengths[month - 1] + (month == 2 && leap);
}

int civil_weekday(int32_t day)
{
    return (int)civil_floor_mod((int64_t)day + 3, 7); /* 1970-01-01 was a Thursday */
}
