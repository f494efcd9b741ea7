/* SPDX-License-Identifier: Apache-2.0 */
/* A table, because the almanac's dates are facts that no formula of reasonable size meets: new
 * moons and principal terms by the rules of GB/T 33661-2017 in the time of 120 degrees East, before
 * 1929 in mean time of Beijing. The fourth month of 1906 began a day later than that, as printed
 * then. tests/integration/sched_time_test.py computes it anew from the positions of sun and moon.
 */
#include "scheduler/lunar.h"

#include "scheduler/civil.h"
#include "scheduler/occurrence.h"

/* Per lunar year: bits 0..12 the months in order, a leap month among them, 1 = 30 days; bits 13..16
 * the month that the leap month follows, 0: none; bits 17..22 the days from 1 January to its first
 * day. */
static const uint32_t years[] = {
    /* clang-format off */
    0x3d16d2, 0x620752, 0x4c0ea5, 0x38b64a, 0x5c064b, 0x440a9b, 0x309556, 0x56056a, /* 1900 */
    0x400b59, 0x2a5752, 0x500752, 0x3adb25, 0x600b25, 0x480a4b, 0x32b4ab, 0x5802ad, /* 1908 */
    0x42056b, 0x2c4b69, 0x520da9, 0x3efd92, 0x640e92, 0x4c0d25, 0x36ba4d, 0x5c0a56, /* 1916 */
    0x4602b6, 0x2e95b5, 0x5606d4, 0x400ea9, 0x2c5e92, 0x500e92, 0x3acd26, 0x5e052b, /* 1924 */
    0x480a57, 0x32b2b6, 0x580b5a, 0x4406d4, 0x2e6ec9, 0x520749, 0x3cf693, 0x620a93, /* 1932 */
    0x4c052b, 0x34ca5b, 0x5a0aad, 0x46056a, 0x309b55, 0x560ba4, 0x400b49, 0x2a5a93, /* 1940 */
    0x500a95, 0x38f52d, 0x5e0536, 0x480aad, 0x34b5aa, 0x5805b2, 0x420da5, 0x2e7d4a, /* 1948 */
    0x540d4a, 0x3d0a95, 0x600a97, 0x4c0556, 0x36cab5, 0x5a0ad5, 0x4606d2, 0x308ea5, /* 1956 */
    0x560ea5, 0x40064a, 0x286c97, 0x4e0a9b, 0x3af55a, 0x5e056a, 0x480b69, 0x34b752, /* 1964 */
    0x5a0b52, 0x420b25, 0x2c964b, 0x520a4b, 0x3d14ab, 0x6002ad, 0x4a056d, 0x36cb69, /* 1972 */
    0x5c0da9, 0x460d92, 0x309d25, 0x560d25, 0x415a4d, 0x640a56, 0x4e02b6, 0x38c5b5, /* 1980 */
    0x5e06d5, 0x480ea9, 0x34be92, 0x5a0e92, 0x440d26, 0x2c6a56, 0x500a57, 0x3d14d6, /* 1988 */
    0x62035a, 0x4a06d5, 0x36b6c9, 0x5c0749, 0x460693, 0x2e952b, 0x54052b, 0x3e0a5b, /* 1996 */
    0x2a555a, 0x4e056a, 0x38fb55, 0x600ba4, 0x4a0b49, 0x32ba93, 0x580a95, 0x42052d, /* 2004 */
    0x2c8aad, 0x500ab5, 0x3d35aa, 0x6205d2, 0x4c0da5, 0x36dd4a, 0x5c0d4a, 0x460c95, /* 2012 */
    0x30952e, 0x540556, 0x3e0ab5, 0x2a55b2, 0x5006d2, 0x38cea5, 0x5e0725, 0x48064b, /* 2020 */
    0x32ac97, 0x560cab, 0x42055a, 0x2c6ad6, 0x520b69, 0x3d7752, 0x620b52, 0x4c0b25, /* 2028 */
    0x36da4b, 0x5a0a4b, 0x4404ab, 0x2ea55b, 0x5405ad, 0x3e0b6a, 0x2a5b52, 0x500d92, /* 2036 */
    0x3afd25, 0x5e0d25, 0x480a55, 0x32b4ad, 0x5804b6, 0x4005b5, 0x2c6daa, 0x520ec9, /* 2044 */
    0x3f1e92, 0x620e92, 0x4c0d26, 0x36ca56, 0x5a0a57, 0x440556, 0x2e86d5, 0x540755, /* 2052 */
    0x400749, 0x286e93, 0x4e0693, 0x38f52b, 0x5e052b, 0x460a5b, 0x32b55a, 0x58056a, /* 2060 */
    0x420b65, 0x2c974a, 0x520b4a, 0x3d1a95, 0x620a95, 0x4a052d, 0x34caad, 0x5a0ab5, /* 2068 */
    0x4605aa, 0x2e8ba5, 0x540da5, 0x400d4a, 0x2a7c95, 0x4e0c96, 0x38f94e, 0x5e0556, /* 2076 */
    0x480ab5, 0x32b5b2, 0x5806d2, 0x420ea5, 0x2e8e4a, 0x50068b, 0x3b0c97, 0x6004ab, /* 2084 */
    0x4a055b, 0x34cad6, 0x5a0b6a, 0x460752, 0x309725, 0x540b45, 0x3e0a8b, 0x28549b, /* 2092 */
    0x4e04ab, /* 2100 */
    /* clang-format on */
};

_Static_assert(sizeof(years) / sizeof(years[0]) == LUNAR_LAST_YEAR - LUNAR_FIRST_YEAR + 1,
               "one entry per year");

static int leap_month(uint32_t entry)
{
    return entry >> 13 & 15;
}

static int month_length(uint32_t entry, int index)
{
    return 29 + (int)(entry >> index & 1);
}

static int32_t new_year(int year)
{
    return civil_to_day(year, 1, 1) + (int32_t)(years[year - LUNAR_FIRST_YEAR] >> 17);
}

bool lunar_of_day(int32_t day, struct lunar_date *ret)
{
    int year, index = 0, leap;
    uint32_t entry;

    if (day < civil_to_day(1901, 1, 1) || day > civil_to_day(2100, 12, 31))
        return false;
    year = civil_of_day(day).year;
    if (day < new_year(year))
        year--;
    entry = years[year - LUNAR_FIRST_YEAR];
    leap = leap_month(entry);
    day -= new_year(year);
    while (day >= month_length(entry, index))
        day -= month_length(entry, index++);
    /* index counts months; from the leap month on it is one ahead of the numbers. */
    *ret = (struct lunar_date){.year = year,
                               .month = (uint8_t)(index + (leap == 0 || index < leap)),
                               .day = (uint8_t)(day + 1),
                               .leap = leap > 0 && index == leap};
    return true;
}

int32_t lunar_to_day(int year, int month, int day, bool clamp)
{
    uint32_t entry;
    int leap, index;
    int32_t found;

    if (year < LUNAR_FIRST_YEAR || year > LUNAR_LAST_YEAR || month < 1 || month > 12 || day < 1 ||
        day > 30)
        return LUNAR_NONE;
    entry = years[year - LUNAR_FIRST_YEAR];
    leap = leap_month(entry);
    index = month - 1 + (leap > 0 && month > leap);
    if (day > month_length(entry, index) && !clamp)
        return LUNAR_NONE;
    if (day > month_length(entry, index))
        day = month_length(entry, index);
    found = new_year(year) + day - 1;
    for (int i = 0; i < index; i++)
        found += month_length(entry, i);
    if (found < civil_to_day(1901, 1, 1) || found > civil_to_day(2100, 12, 31))
        return LUNAR_NONE;
    return found;
}
