/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/timefmt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct names {
    const char *days[7], *days_short[7];
    const char *months[12], *months_short[12];
    const char *am, *pm;
};

static const struct names names[TIMEFMT_N] = {
    [TIMEFMT_EN] = {.days = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                             "Saturday"},
                    .days_short = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"},
                    .months = {"January", "February", "March", "April", "May", "June", "July",
                               "August", "September", "October", "November", "December"},
                    .months_short = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
                                     "Oct", "Nov", "Dec"},
                    .am = "AM",
                    .pm = "PM"},
    [TIMEFMT_ZH] = {.days = {"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"},
                    .days_short = {"周日", "周一", "周二", "周三", "周四", "周五", "周六"},
                    .months = {"一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月",
                               "九月", "十月", "十一月", "十二月"},
                    .months_short = {"1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月",
                                     "10月", "11月", "12月"},
                    .am = "上午",
                    .pm = "下午"},
    [TIMEFMT_AR] = {.days = {"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة",
                             "السبت"},
                    .days_short = {"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة",
                                   "السبت"},
                    .months = {"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو",
                               "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
                    .months_short = {"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو",
                                     "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"},
                    .am = "ص",
                    .pm = "م"},
};

enum timefmt_lang timefmt_lang(const char *bcp47)
{
    if (bcp47 && strncmp(bcp47, "zh", 2) == 0 && (bcp47[2] == '\0' || bcp47[2] == '-'))
        return TIMEFMT_ZH;
    if (bcp47 && strncmp(bcp47, "ar", 2) == 0 && (bcp47[2] == '\0' || bcp47[2] == '-'))
        return TIMEFMT_AR;
    return TIMEFMT_EN;
}

static const char *check(const char *format, const char *letters)
{
    for (const char *p = format; *p; p++) {
        const char *start = p;

        if (*p != '%')
            continue;
        p++;
        if (*p == '-')
            p++;
        if (*p == '\0' || !strchr(letters, *p))
            return start;
    }
    return NULL;
}

const char *timefmt_check_clock(const char *format)
{
    return check(format, "aAbBdeFHIjmMpRSTuVwyYZz%");
}

const char *timefmt_check_countdown(const char *format)
{
    return check(format, "dHMShms%");
}

/* A buffer that takes whole pieces or nothing more. */
struct out {
    char *p;
    size_t len, cap;
    bool full;
};

QP_PRINTF(2, 3) static void put(struct out *o, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (o->full)
        return;
    va_start(ap, fmt);
    n = vsnprintf(o->p + o->len, o->cap - o->len, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= o->cap - o->len)
        o->full = true;
    else
        o->len += (size_t)n;
    o->p[o->len] = '\0';
}

/* width digits, filled with zeros, or with nothing when the flag '-' stands there. */
static void put_number(struct out *o, int64_t v, int width, bool bare)
{
    put(o, "%0*lld", bare ? 1 : width, (long long)v);
}

/* ISO 8601: week 1 is the one with the year's first Thursday. */
static int iso_week(const struct tz_local *t)
{
    int monday_based = (t->weekday + 6) % 7;
    int week = (t->yearday - monday_based + 10) / 7;
    int64_t last;

    if (week < 1) {
        int64_t thursday = tz_days(t->year, t->month, t->day) - monday_based + 3;

        return (int)((thursday - tz_days(t->year - 1, 1, 1)) / 7) + 1;
    }
    last = tz_days(t->year, t->month, t->day) - monday_based + 3;
    return last >= tz_days(t->year + 1, 1, 1) ? 1 : week;
}

static void put_zone(struct out *o, int32_t offset_s)
{
    int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;

    put(o, "%c%02d%02d", offset_s < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
}

static void put_date_part(struct out *o, char c, bool bare, const struct tz_local *t,
                          const struct names *n)
{
    switch (c) {
    case 'a':
        put(o, "%s", n->days_short[t->weekday]);
        break;
    case 'A':
        put(o, "%s", n->days[t->weekday]);
        break;
    case 'b':
        put(o, "%s", n->months_short[t->month - 1]);
        break;
    case 'B':
        put(o, "%s", n->months[t->month - 1]);
        break;
    case 'd':
        put_number(o, t->day, 2, bare);
        break;
    case 'e':
        put(o, bare ? "%d" : "%2d", t->day);
        break;
    case 'F':
        put(o, "%lld-%02d-%02d", (long long)t->year, t->month, t->day);
        break;
    case 'j':
        put_number(o, t->yearday + 1, 3, bare);
        break;
    case 'm':
        put_number(o, t->month, 2, bare);
        break;
    case 'u':
        put_number(o, t->weekday == 0 ? 7 : t->weekday, 1, bare);
        break;
    case 'V':
        put_number(o, iso_week(t), 2, bare);
        break;
    case 'w':
        put_number(o, t->weekday, 1, bare);
        break;
    case 'y':
        put_number(o, (t->year % 100 + 100) % 100, 2, bare);
        break;
    default: /* 'Y' */
        put(o, "%lld", (long long)t->year);
        break;
    }
}

static void put_time_part(struct out *o, char c, bool bare, const struct tz_local *t,
                          const struct names *n)
{
    switch (c) {
    case 'H':
        put_number(o, t->hour, 2, bare);
        break;
    case 'I':
        put_number(o, (t->hour + 11) % 12 + 1, 2, bare);
        break;
    case 'M':
        put_number(o, t->minute, 2, bare);
        break;
    case 'S':
        put_number(o, t->second, 2, bare);
        break;
    case 'p':
        put(o, "%s", t->hour < 12 ? n->am : n->pm);
        break;
    case 'R':
        put(o, "%02d:%02d", t->hour, t->minute);
        break;
    case 'T':
        put(o, "%02d:%02d:%02d", t->hour, t->minute, t->second);
        break;
    case 'Z':
        put(o, "%s", t->abbr);
        break;
    case 'z':
        put_zone(o, t->offset_s);
        break;
    default: /* '%' */
        put(o, "%%");
        break;
    }
}

struct field {
    char c;
    bool bare; /* without leading zeros */
};

/* Write what stands before the next field of a checked format; false at its end. */
static bool next_field(struct out *o, const char **format, struct field *ret)
{
    const char *p = *format;

    for (; *p && *p != '%'; p++)
        put(o, "%c", *p);
    if (*p) {
        ret->bare = p[1] == '-';
        p += 1 + ret->bare;
        ret->c = *p;
    }
    *format = p + (*p != '\0');
    return *p != '\0';
}

size_t timefmt_clock(char *buf, size_t cap, const char *format, const struct tz_local *t,
                     enum timefmt_lang lang)
{
    struct out o = {.p = buf, .cap = cap};
    struct field field;

    buf[0] = '\0';
    while (next_field(&o, &format, &field)) {
        if (strchr("aAbBdeFjmuVwyY", field.c))
            put_date_part(&o, field.c, field.bare, t, &names[lang]);
        else
            put_time_part(&o, field.c, field.bare, t, &names[lang]);
    }
    return o.len;
}

static void put_left(struct out *o, char c, bool bare, int64_t s)
{
    switch (c) {
    case 'd':
        put_number(o, s / 86400, 1, bare);
        break;
    case 'H':
        put_number(o, s / 3600 % 24, 2, bare);
        break;
    case 'M':
        put_number(o, s / 60 % 60, 2, bare);
        break;
    case 'S':
        put_number(o, s % 60, 2, bare);
        break;
    case 'h':
        put_number(o, s / 3600, 2, bare);
        break;
    case 'm':
        put_number(o, s / 60, 2, bare);
        break;
    case 's':
        put_number(o, s, 1, bare);
        break;
    default: /* '%' */
        put(o, "%%");
        break;
    }
}

size_t timefmt_countdown(char *buf, size_t cap, const char *format, int64_t left_s)
{
    struct out o = {.p = buf, .cap = cap};
    struct field field;

    buf[0] = '\0';
    while (next_field(&o, &format, &field))
        put_left(&o, field.c, field.bare, left_s);
    return o.len;
}

/* --- instants -----------------------------------------------------------------------------------
 */

static bool digits(const char **p, int n, int *ret)
{
    int v = 0;

    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        v = v * 10 + (**p - '0');
    }
    *ret = v;
    return true;
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

struct instant {
    int year, month, day, hour, minute, second;
};

static bool read_instant(const char **p, struct instant *i)
{
    if (!digits(p, 4, &i->year) || !take(p, '-') || !digits(p, 2, &i->month) || !take(p, '-') ||
        !digits(p, 2, &i->day))
        return false;
    if (!take(p, 'T') && !take(p, ' '))
        return false;
    if (!digits(p, 2, &i->hour) || !take(p, ':') || !digits(p, 2, &i->minute))
        return false;
    return !take(p, ':') || digits(p, 2, &i->second);
}

static bool is_valid(const struct instant *i)
{
    int64_t next = i->month == 12 ? tz_days(i->year + 1, 1, 1)
                                  : tz_days(i->year, i->month < 1 ? 1 : i->month + 1, 1);

    return i->month >= 1 && i->month <= 12 && i->day >= 1 &&
           tz_days(i->year, i->month, i->day) < next && i->hour <= 23 && i->minute <= 59 &&
           i->second <= 59;
}

/* Z, +hh:mm or +hhmm. */
static bool read_offset(const char **p, int *ret_s)
{
    int sign = **p == '-' ? -1 : 1, h, m;

    if (take(p, 'Z')) {
        *ret_s = 0;
        return true;
    }
    if (!take(p, '+') && !take(p, '-'))
        return false;
    if (!digits(p, 2, &h))
        return false;
    (void)take(p, ':');
    if (!digits(p, 2, &m) || h > 23 || m > 59)
        return false;
    *ret_s = sign * (h * 3600 + m * 60);
    return true;
}

int timefmt_parse_instant(const char *text, const struct tz *tz, int64_t *ret_utc_s,
                          struct qp_diag *diag)
{
    struct instant i = {0};
    const char *p = text;
    int offset_s;

    if (!read_instant(&p, &i))
        return qp_diag_set(diag, -EINVAL, "\"%s\" is not a date and time", text);
    if (!is_valid(&i))
        return qp_diag_set(diag, -EINVAL, "\"%s\" is not in the calendar", text);
    if (*p == '\0') {
        *ret_utc_s = tz_to_utc(tz, i.year, i.month, i.day, i.hour, i.minute, i.second);
        return 0;
    }
    if (!read_offset(&p, &offset_s) || *p != '\0')
        return qp_diag_set(diag, -EINVAL, "\"%s\" does not end in Z or an offset like +08:00",
                           text);
    *ret_utc_s = tz_days(i.year, i.month, i.day) * 86400 + i.hour * 3600 + i.minute * 60 +
                 i.second - offset_s;
    return 0;
}
