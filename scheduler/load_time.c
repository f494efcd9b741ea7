/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/load_time.h"

#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"

#define MAX_OFFSET_S (12 * 3600)

/* Exactly n digits at *p, which moves on; -1: there are fewer. */
static int digits(const char **p, unsigned n)
{
    int value = 0;

    for (unsigned i = 0; i < n; i++) {
        if (**p < '0' || **p > '9')
            return -1;
        value = value * 10 + (*(*p)++ - '0');
    }
    return value;
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static void skip_spaces(const char **p)
{
    while (**p == ' ')
        (*p)++;
}

static const char *take_day(const char **p, int32_t *ret)
{
    int year = digits(p, 4), month, day;

    if (year < 0 || !take(p, '-') || (month = digits(p, 2)) < 0 || !take(p, '-') ||
        (day = digits(p, 2)) < 0)
        return "is not a date like 2026-07-17";
    if (month < 1 || month > 12 || day < 1 || day > civil_month_length(year, month))
        return "is not a day of the calendar";
    if (year < 1900)
        return "is before 1900-01-01";
    *ret = civil_to_day(year, month, day);
    return NULL;
}

const char *load_day(const char *text, int32_t *ret)
{
    int32_t day = 0;
    const char *why = take_day(&text, &day);

    if (!why && *text)
        why = "is not a date like 2026-07-17";
    if (!why)
        *ret = day;
    return why;
}

static const char *take_clock(const char **p, bool is_end, int32_t *ret)
{
    int hour = digits(p, 2), minute, second = 0;

    if (hour < 0 || !take(p, ':') || (minute = digits(p, 2)) < 0 ||
        (take(p, ':') && (second = digits(p, 2)) < 0))
        return "is not a time like 08:00 or 08:00:30";
    if (hour == 24 && minute == 0 && second == 0 && !is_end)
        return "begins at 24:00, which is only an end; write 00:00";
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second)))
        return "is not a time between 00:00 and 24:00";
    *ret = hour * 3600 + minute * 60 + second;
    return NULL;
}

const char *load_clock(const char *text, bool is_end, int32_t *ret)
{
    int32_t s = 0;
    const char *why = take_clock(&text, is_end, &s);

    if (!why && *text)
        why = "is not a time like 08:00 or 08:00:30";
    if (!why)
        *ret = s;
    return why;
}

/* "+1h30m", "-20m" behind sunrise or sunset. A hyphen that no such number follows is the one
 * between the edges. */
static const char *take_offset(const char **p, int32_t *ret)
{
    const char *start = *p, *q = *p + 1;
    int32_t total = 0, number;

    *ret = 0;
    if (*start != '+' && *start != '-')
        return NULL;
    for (;;) {
        const char *first = q;

        for (number = 0; *q >= '0' && *q <= '9' && number < CIVIL_DAY_S; q++)
            number = number * 10 + (*q - '0');
        if (q == first || (*q != 'h' && *q != 'm'))
            break;
        total += number * (*q++ == 'h' ? 3600 : 60);
        if (total > MAX_OFFSET_S || number > MAX_OFFSET_S / 60)
            return "moves the sun by more than 12 hours";
        *p = q;
    }
    if (*p == start && *start == '+')
        return "has an offset that is not like +30m or +1h30m";
    *ret = *start == '-' ? -total : total;
    return NULL;
}

static const char *take_edge(const char **p, bool is_end, struct edge *ret)
{
    static const struct {
        const char *word;
        enum edge_kind kind;
    } suns[] = {{"sunrise", EDGE_SUNRISE}, {"sunset", EDGE_SUNSET}};

    skip_spaces(p);
    for (size_t i = 0; i < QP_ARRAY_LEN(suns); i++) {
        size_t len = strlen(suns[i].word);

        if (strncmp(*p, suns[i].word, len) == 0) {
            *p += len;
            ret->kind = suns[i].kind;
            return take_offset(p, &ret->s);
        }
    }
    ret->kind = EDGE_CLOCK;
    return take_clock(p, is_end, &ret->s);
}

const char *load_range(const char *text, struct day_range *ret)
{
    struct day_range range = {.start = {.s = 0}};
    const char *why = take_edge(&text, false, &range.start);

    if (why)
        return why;
    skip_spaces(&text);
    if (!take(&text, '-'))
        return "is not a range like 22:00-06:00";
    why = take_edge(&text, true, &range.end);
    skip_spaces(&text);
    if (!why && *text)
        why = "is not a range like 22:00-06:00";
    if (!why)
        *ret = range;
    return why;
}

/* --- instants -------------------------------------------------------------------------------- */

static int64_t local_to_utc(const struct tz *zone, int64_t local_s, bool is_end)
{
    struct tz_instants at;

    tz_instants(zone, local_s, &at);
    return is_end ? at.last_s : at.first_s;
}

static const char *take_zone(const char **p, bool *ret_given, int32_t *ret_s)
{
    bool west = **p == '-';
    int hours, minutes;

    *ret_s = 0;
    *ret_given = **p != '\0';
    if (take(p, 'Z') || !*ret_given)
        return NULL;
    if (!west && **p != '+')
        return "ends in something that is neither Z nor an offset like +08:00";
    (*p)++;
    hours = digits(p, 2);
    minutes = take(p, ':') ? digits(p, 2) : -1;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return "has an offset that is not like +08:00";
    *ret_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return NULL;
}

static int take_millis(const char **p)
{
    int ms = 0, weight = 100;

    if (!take(p, '.'))
        return 0;
    if (**p < '0' || **p > '9')
        return -1;
    for (; **p >= '0' && **p <= '9'; (*p)++, weight /= 10)
        ms += (**p - '0') * weight;
    return ms;
}

struct stamp {
    int32_t day, clock, offset; /* offset in seconds, if given */
    int ms;
    bool given;
};

static const char *take_stamp(const char *text, bool is_end, struct stamp *ret)
{
    const char *why = take_day(&text, &ret->day);

    if (why)
        return why;
    if (*text == '\0') {
        ret->clock = is_end ? CIVIL_DAY_S : 0;
        return NULL;
    }
    if (!take(&text, 'T') && !take(&text, ' '))
        return "is not an instant like 2026-07-17T15:00:00Z";
    why = take_clock(&text, is_end, &ret->clock);
    ret->ms = take_millis(&text);
    if (!why && ret->ms < 0)
        why = "is not an instant like 2026-07-17T15:00:00Z";
    if (!why)
        why = take_zone(&text, &ret->given, &ret->offset);
    if (!why && *text)
        why = "is not an instant like 2026-07-17T15:00:00Z";
    return why;
}

const char *load_instant(const char *text, const struct tz *zone, bool is_end, int64_t *ret_ms)
{
    struct stamp at = {.given = false};
    const char *why = take_stamp(text, is_end, &at);
    int64_t wall;

    if (why)
        return why;
    if (!at.given && !zone)
        return "does not say in which zone; add Z or an offset like +08:00, or name a zone";
    wall = at.day * (int64_t)CIVIL_DAY_S + at.clock;
    wall = at.given ? wall - at.offset : local_to_utc(zone, wall, is_end);
    *ret_ms = wall * 1000 + at.ms;
    return NULL;
}

bool load_local(const char *text, bool is_end, int32_t *ret_day, int32_t *ret_s)
{
    struct stamp at = {.given = false};

    if (take_stamp(text, is_end, &at) || at.given || at.ms)
        return false;
    *ret_day = at.day;
    *ret_s = at.clock;
    return true;
}
