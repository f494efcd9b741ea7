/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/recur.h"

#include "scheduler/civil.h"
#include "scheduler/lunar.h"
#include "scheduler/occurrence.h"

#define CYCLE_WEEKS  20871
#define CYCLE_MONTHS 4800
#define CYCLE_YEARS  400

static int64_t interval_of(const struct window *w)
{
    return w->interval > 0 ? w->interval : 1;
}

/* The first of base, base + n, base + 2n ... that is >= value. */
static int64_t align(int64_t base, int64_t n, int64_t value)
{
    return value <= base ? base : base + (value - base + n - 1) / n * n;
}

static bool has_month(const struct window *w, int month)
{
    return w->months == 0 || (w->months >> (month - 1) & 1);
}

/* --- days of a month ------------------------------------------------------------------------- */

/* Bit of one day of the month, counted from the end if negative. 0: not in this month. */
static uint32_t day_bit(const struct window *w, int day, int length)
{
    if (day < 0)
        day = length + 1 + day;
    if (w->month_day_policy == MONTH_DAY_CLAMP)
        day = day < 1 ? 1 : day > length ? length : day;
    return day >= 1 && day <= length ? 1u << (day - 1) : 0;
}

/* Days with a weekday of the mask in a month whose 1st is the weekday `first`. */
static uint32_t weekday_bits(unsigned mask, int first, int length)
{
    uint64_t week = (mask >> first | mask << (7 - first)) & RECUR_ANY_DAY;

    return (uint32_t)(week * 0x10204081u & ((UINT64_C(1) << length) - 1));
}

/* The seven days among which the nth weekday lies. */
static uint32_t nth_bits(int nth, int length)
{
    int low = nth > 0 ? 7 * (nth - 1) : length + 7 * nth;

    return (uint32_t)(low >= 0 ? (uint64_t)RECUR_ANY_DAY << low : RECUR_ANY_DAY >> -low);
}

uint32_t recur_month_bits(const struct window *w, int32_t year, int month, int default_day)
{
    int length = civil_month_length(year, month);
    int first = civil_weekday(civil_to_day(year, month, 1));
    uint32_t bits = 0;

    for (unsigned i = 0; i < w->n_month_days && i < 31; i++)
        bits |= day_bit(w, w->month_days[i], length);
    if (w->n_month_days == 0)
        bits = w->weekdays ? UINT32_MAX : day_bit(w, default_day, length);
    if (w->weekdays)
        bits &= weekday_bits(w->weekdays, first, length);
    if (w->weekdays && w->nth_weekday)
        bits &= nth_bits(w->nth_weekday, length);
    return bits;
}

static int32_t first_in_month(const struct window *w, int32_t year, int month, int default_day,
                              int32_t day, unsigned mask)
{
    int32_t first = civil_to_day(year, month, 1);
    uint32_t bits = recur_month_bits(w, year, month, default_day);

    if (mask != RECUR_ANY_DAY)
        bits &= weekday_bits(mask, civil_weekday(first), civil_month_length(year, month));
    if (day > first)
        bits = day - first > 31 ? 0 : (uint32_t)(bits & ~((UINT64_C(1) << (day - first)) - 1));
    return bits ? first + __builtin_ctz(bits) : RECUR_NONE;
}

/* --- frequencies ----------------------------------------------------------------------------- */

/* Each returns the first start day >= day (which is >= first_day), may exceed last. */

static bool is_month_day(const struct window *w, const struct civil *c)
{
    int length = civil_month_length(c->year, c->month);

    for (unsigned i = 0; i < w->n_month_days && i < 31; i++)
        if (day_bit(w, w->month_days[i], length) == 1u << (c->day - 1))
            return true;
    return w->n_month_days == 0;
}

static int32_t next_daily(const struct window *w, int32_t day, int32_t last, unsigned mask)
{
    int64_t n = interval_of(w), d = align(w->first_day, n, day);
    bool by_date = w->months != 0 || w->n_month_days > 0;

    if (w->weekdays)
        mask &= w->weekdays;
    /* Without conditions on the date weekdays repeat after seven steps. */
    for (int step = 0; step < (by_date ? RECUR_MAX_STEP : 7) && d <= last; step++) {
        if (by_date) {
            struct civil c = civil_of_day((int32_t)d);

            if (!has_month(w, c.month)) {
                d = align(w->first_day, n, d - c.day + 1 + civil_month_length(c.year, c.month));
                continue;
            }
            if (!is_month_day(w, &c)) {
                d += n;
                continue;
            }
        }
        if (mask >> civil_weekday((int32_t)d) & 1)
            return (int32_t)d;
        d += n;
    }
    return RECUR_NONE;
}

static int32_t next_weekly(const struct window *w, int32_t day, int32_t last, unsigned mask)
{
    int shift = 3 - w->week_start % 7;
    int64_t base = civil_floor_div((int64_t)w->first_day + shift, 7);
    int64_t n = interval_of(w), week = civil_floor_div((int64_t)day + shift, 7);
    unsigned weekdays = w->weekdays ? w->weekdays : 1u << civil_weekday(w->first_day);

    mask &= weekdays;
    if (mask == 0)
        return RECUR_NONE;
    week = align(base, n, week);
    for (int step = 0; step <= CYCLE_WEEKS + 1 && week * 7 - shift <= last; step++, week += n) {
        int32_t start = (int32_t)(week * 7 - shift);

        for (int32_t d = day > start ? day : start; d < start + 7; d++)
            if ((mask >> civil_weekday(d) & 1) &&
                (w->months == 0 || has_month(w, civil_of_day(d).month)))
                return d;
    }
    return RECUR_NONE;
}

static int32_t next_monthly(const struct window *w, int32_t day, int32_t last, unsigned mask)
{
    struct civil first = civil_of_day(w->first_day), from = civil_of_day(day),
                 end = civil_of_day(last);
    int64_t n = interval_of(w), limit = end.year * INT64_C(12) + end.month - 1;
    int64_t m = align(first.year * INT64_C(12) + first.month - 1, n,
                      from.year * INT64_C(12) + from.month - 1);

    for (int step = 0; step <= CYCLE_MONTHS + 1 && m <= limit; step++, m += n) {
        int month = (int)(m % 12) + 1;
        int32_t found;

        if (!has_month(w, month))
            continue;
        found = first_in_month(w, (int32_t)(m / 12), month, first.day, day, mask);
        if (found != RECUR_NONE)
            return found;
    }
    return RECUR_NONE;
}

static int32_t next_yearly(const struct window *w, int32_t day, int32_t last, unsigned mask)
{
    struct civil first = civil_of_day(w->first_day);
    int64_t n = interval_of(w), year = align(first.year, n, civil_of_day(day).year);
    int32_t limit = civil_of_day(last).year;
    unsigned months = w->months ? w->months : 1u << (first.month - 1);

    for (int step = 0; step <= CYCLE_YEARS + 1 && year <= limit; step++, year += n) {
        for (int month = 1; month <= 12; month++) {
            int32_t found;

            if (!(months >> (month - 1) & 1) || civil_to_day((int32_t)year, month, 31) < day)
                continue;
            found = first_in_month(w, (int32_t)year, month, first.day, day, mask);
            if (found != RECUR_NONE)
                return found;
        }
    }
    return RECUR_NONE;
}

static int32_t next_lunar(const struct window *w, int32_t day, unsigned mask)
{
    bool clamp = w->month_day_policy == MONTH_DAY_CLAMP;
    struct lunar_date first;
    int64_t base =
        lunar_of_day(w->first_day, &first) ? first.year : civil_of_day(w->first_day).year;
    int64_t n = interval_of(w);
    /* The lunar year of a day is its Gregorian year or the one before. */
    int64_t from = civil_of_day(day).year - 1;

    for (int64_t y = align(base, n, from > LUNAR_FIRST_YEAR ? from : LUNAR_FIRST_YEAR);
         y <= LUNAR_LAST_YEAR; y += n) {
        int32_t found = lunar_to_day((int)y, w->lunar_month, w->lunar_day, clamp);

        if (found != LUNAR_NONE && found >= day && (mask >> civil_weekday(found) & 1))
            return found;
    }
    return RECUR_NONE;
}

static int32_t next_until(const struct window *w, int32_t day, int32_t last, unsigned mask)
{
    int32_t found = RECUR_NONE;

    if (day < w->first_day)
        day = w->first_day;
    if (last > DAY_MAX)
        last = DAY_MAX;
    if (w->first_day < DAY_MIN || day > last)
        return RECUR_NONE;
    switch (w->frequency) {
    case EVERY_ONCE:
        found = day == w->first_day && (mask >> civil_weekday(day) & 1) ? day : RECUR_NONE;
        break;
    case EVERY_DAY:
        found = next_daily(w, day, last, mask);
        break;
    case EVERY_WEEK:
        found = next_weekly(w, day, last, mask);
        break;
    case EVERY_MONTH:
        found = next_monthly(w, day, last, mask);
        break;
    case EVERY_YEAR:
        found = w->lunar_month ? next_lunar(w, day, mask) : next_yearly(w, day, last, mask);
        break;
    }
    return found <= last ? found : RECUR_NONE;
}

/* --- count ----------------------------------------------------------------------------------- */

/* After so many days the pattern repeats: 7 intervals where only weekdays count, or whole cycles of
 * the calendar, which are of whole weeks. */
static int64_t period_of(const struct window *w)
{
    bool by_day = w->frequency == EVERY_DAY || w->frequency == EVERY_WEEK;

    return interval_of(w) * (by_day && !w->months && !w->n_month_days ? 7 : RECUR_MAX_STEP);
}

/* Whole repetitions are skipped. Returns where to go on and takes what was skipped off *count. */
static int32_t skip_repetitions(const struct window *w, int32_t last, uint32_t *count)
{
    int64_t period = period_of(w), there;
    uint32_t each = 0, n;

    if (w->lunar_month || w->first_day + period > last)
        return w->first_day;
    for (int64_t d = w->first_day; d < w->first_day + period && each < *count; d++, each++) {
        d = next_until(w, (int32_t)d, last, RECUR_ANY_DAY);
        if (d == RECUR_NONE || d >= w->first_day + period)
            break;
    }
    if (each == 0 || each >= *count)
        return w->first_day;
    n = (*count - 1) / each;
    there = w->first_day + n * period;
    if (there > last)
        return last + 1;
    *count -= n * each;
    return (int32_t)there;
}

int32_t recur_last_day(const struct window *w)
{
    int32_t last = w->last_day < DAY_MAX ? w->last_day : DAY_MAX, day;
    uint32_t left = w->count;

    if (w->count == 0 || w->counted || w->frequency == EVERY_ONCE)
        return last;
    for (day = skip_repetitions(w, last, &left); day <= last; day++) {
        day = next_until(w, day, last, RECUR_ANY_DAY);
        if (day == RECUR_NONE)
            return last;
        if (--left == 0)
            return day;
    }
    return last;
}

int32_t recur_next(const struct window *w, int32_t day, unsigned mask)
{
    return next_until(w, day, recur_last_day(w), mask);
}

bool recur_has(const struct window *w, int32_t day)
{
    return recur_next(w, day, RECUR_ANY_DAY) == day;
}

/* --- one day --------------------------------------------------------------------------------- */

static bool is_multiple(int64_t distance, int64_t n)
{
    return distance >= 0 && (n == 1 || distance % n == 0);
}

static bool on_lunar(const struct window *w, int32_t day, const struct lunar_date *lunar)
{
    struct lunar_date first;
    int64_t base =
        lunar_of_day(w->first_day, &first) ? first.year : civil_of_day(w->first_day).year;

    if (!lunar || lunar->leap || lunar->month != w->lunar_month || lunar->day > w->lunar_day)
        return false;
    return is_multiple(lunar->year - base, interval_of(w)) &&
           lunar_to_day(lunar->year, w->lunar_month, w->lunar_day,
                        w->month_day_policy == MONTH_DAY_CLAMP) == day;
}

static bool on_week(const struct window *w, int32_t day, const struct civil *date)
{
    int shift = 3 - w->week_start % 7;
    unsigned weekdays = w->weekdays ? w->weekdays : 1u << civil_weekday(w->first_day);

    return (weekdays >> civil_weekday(day) & 1) && has_month(w, date->month) &&
           is_multiple(civil_floor_div((int64_t)day + shift, 7) -
                           civil_floor_div((int64_t)w->first_day + shift, 7),
                       interval_of(w));
}

static bool on_month(const struct window *w, const struct civil *date)
{
    struct civil first = civil_of_day(w->first_day);
    bool yearly = w->frequency == EVERY_YEAR;
    unsigned months = w->months ? w->months : yearly ? 1u << (first.month - 1) : 0xfffu;
    int64_t years = date->year - first.year;

    return (months >> (date->month - 1) & 1) &&
           is_multiple(yearly ? years : years * 12 + date->month - first.month, interval_of(w)) &&
           (recur_month_bits(w, date->year, date->month, first.day) >> (date->day - 1) & 1);
}

bool recur_on(const struct window *w, int32_t day, const struct civil *date,
              const struct lunar_date *lunar)
{
    if (day < w->first_day || day > w->last_day || w->first_day < DAY_MIN || day > DAY_MAX)
        return false;
    switch (w->frequency) {
    case EVERY_ONCE:
        return day == w->first_day;
    case EVERY_DAY:
        return is_multiple((int64_t)day - w->first_day, interval_of(w)) &&
               (!w->weekdays || (w->weekdays >> civil_weekday(day) & 1)) &&
               has_month(w, date->month) && is_month_day(w, date);
    case EVERY_WEEK:
        return on_week(w, day, date);
    case EVERY_MONTH:
        return on_month(w, date);
    case EVERY_YEAR:
        return w->lunar_month ? on_lunar(w, day, lunar) : on_month(w, date);
    }
    return false;
}
