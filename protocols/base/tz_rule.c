/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/tz_rule.h"

#include <errno.h>
#include <string.h>

#define DAY_S 86400

/* Each reader takes what it knows from *p and moves it, or returns false. */

static bool read_int(const char **p, int max, int *ret)
{
    int v = 0, digits = 0;

    for (; **p >= '0' && **p <= '9' && digits < 4; digits++)
        v = v * 10 + (*(*p)++ - '0');
    if (digits == 0 || v > max)
        return false;
    *ret = v;
    return true;
}

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool read_name(const char **p, char *ret)
{
    bool quoted = **p == '<';
    size_t n = 0;

    *p += quoted;
    while (**p && (quoted ? **p != '>' : is_alpha(**p))) {
        if (n == TZ_ABBR_MAX)
            return false;
        ret[n++] = *(*p)++;
    }
    ret[n] = '\0';
    if (quoted && *(*p)++ != '>')
        return false;
    return n > 0;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **p, int32_t *ret)
{
    int sign = **p == '-' ? -1 : 1;
    int h, m = 0, s = 0;

    *p += **p == '-' || **p == '+';
    if (!read_int(p, 167, &h))
        return false;
    if (**p == ':') {
        (*p)++;
        if (!read_int(p, 59, &m))
            return false;
    }
    if (**p == ':') {
        (*p)++;
        if (!read_int(p, 59, &s))
            return false;
    }
    *ret = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool read_week_date(const char **p, struct tz_date *d)
{
    d->kind = TZ_DATE_WEEK;
    if (!read_int(p, 12, &d->month) || d->month < 1 || *(*p)++ != '.')
        return false;
    if (!read_int(p, 5, &d->week) || d->week < 1 || *(*p)++ != '.')
        return false;
    return read_int(p, 6, &d->weekday);
}

static bool read_date(const char **p, struct tz_date *d)
{
    *d = (struct tz_date){.time_s = 7200};
    if (*(*p)++ != ',')
        return false;
    if (**p == 'M') {
        (*p)++;
        if (!read_week_date(p, d))
            return false;
    } else {
        d->kind = **p == 'J' ? TZ_DATE_JULIAN : TZ_DATE_DAY;
        *p += **p == 'J';
        if (!read_int(p, 365, &d->day) || (d->kind == TZ_DATE_JULIAN && d->day < 1))
            return false;
    }
    if (**p != '/')
        return true;
    (*p)++;
    return read_time(p, &d->time_s);
}

int tz_rule_parse(const char *text, struct tz_rule *ret)
{
    struct tz_rule rule = {0};
    const char *p = text;
    int32_t west;

    if (!read_name(&p, rule.std_name) || !read_time(&p, &west))
        return -EINVAL;
    rule.std_offset_s = -west;
    if (*p != '\0') {
        rule.has_dst = true;
        rule.dst_offset_s = rule.std_offset_s + 3600;
        if (!read_name(&p, rule.dst_name))
            return -EINVAL;
        if (*p != ',') {
            if (!read_time(&p, &west))
                return -EINVAL;
            rule.dst_offset_s = -west;
        }
        if (!read_date(&p, &rule.begin) || !read_date(&p, &rule.end) || *p != '\0')
            return -EINVAL;
    }
    *ret = rule;
    return 0;
}

static bool is_leap(int64_t y)
{
    return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

/* Seconds of local time since 1970 at which the date falls in this year. */
static int64_t date_in_year(const struct tz_date *d, int64_t year)
{
    int64_t day;

    if (d->kind == TZ_DATE_WEEK) {
        int64_t first = tz_days(year, d->month, 1);
        int64_t next = d->month == 12 ? tz_days(year + 1, 1, 1) : tz_days(year, d->month + 1, 1);
        int first_weekday = (int)(((first + 4) % 7 + 7) % 7);

        day = first + (d->weekday - first_weekday + 7) % 7 + 7 * (d->week - 1);
        while (day >= next)
            day -= 7;
    } else if (d->kind == TZ_DATE_JULIAN) {
        day = tz_days(year, 1, 1) + d->day - 1 + (is_leap(year) && d->day >= 60);
    } else {
        day = tz_days(year, 1, 1) + d->day;
    }
    return day * DAY_S + d->time_s;
}

/* The year in which a second of local time lies; the mean year is near enough to be off by one. */
static int64_t year_of(int64_t local_s)
{
    int64_t year = 1970 + local_s / 31556952;

    while (tz_days(year, 1, 1) * DAY_S > local_s)
        year--;
    while (tz_days(year + 1, 1, 1) * DAY_S <= local_s)
        year++;
    return year;
}

struct tz_rule_answer tz_rule_at(const struct tz_rule *rule, int64_t utc_s)
{
    int64_t year, begin, end;
    bool dst;

    if (!rule->has_dst)
        return (struct tz_rule_answer){rule->std_offset_s, false};
    year = year_of(utc_s + rule->std_offset_s);
    begin = date_in_year(&rule->begin, year) - rule->std_offset_s;
    end = date_in_year(&rule->end, year) - rule->dst_offset_s;
    dst = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return (struct tz_rule_answer){dst ? rule->dst_offset_s : rule->std_offset_s, dst};
}

void tz_rule_span(const struct tz_rule *rule, int64_t utc_s, struct tz_span *ret)
{
    struct tz_span span = {INT64_MIN, INT64_MAX, tz_rule_at(rule, utc_s).offset_s};
    int64_t year;

    *ret = span;
    if (!rule->has_dst)
        return;
    year = year_of(utc_s + rule->std_offset_s);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        const int64_t changes[] = {date_in_year(&rule->begin, y) - rule->std_offset_s,
                                   date_in_year(&rule->end, y) - rule->dst_offset_s};

        for (size_t i = 0; i < 2; i++) {
            if (changes[i] <= utc_s && changes[i] > span.from_s)
                span.from_s = changes[i];
            if (changes[i] > utc_s && changes[i] < span.until_s)
                span.until_s = changes[i];
        }
    }
    *ret = span;
}
