/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/ical_rule.h"

#include <errno.h>
#include <string.h>

#include "protocols/base/parse.h"
#include "scheduler/civil.h"
#include "scheduler/recur.h"

static const char *const weekday_names[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
static const char *const frequency_names[] = {[EVERY_DAY] = "DAILY",
                                              [EVERY_WEEK] = "WEEKLY",
                                              [EVERY_MONTH] = "MONTHLY",
                                              [EVERY_YEAR] = "YEARLY"};

/* --- reading --------------------------------------------------------------------------------- */

struct rule_reader {
    struct window *window;
    struct ical_time *until;
    bool has_frequency, has_until, is_chinese, has_skip;
};

static const char *read_frequency(struct rule_reader *r, char *value)
{
    for (int f = EVERY_DAY; f <= EVERY_YEAR; f++) {
        if (strcmp(value, frequency_names[f]) == 0) {
            r->window->frequency = (enum frequency)f;
            r->has_frequency = true;
            return NULL;
        }
    }
    return "has a FREQ that is not DAILY, WEEKLY, MONTHLY or YEARLY";
}

static const char *read_interval(struct rule_reader *r, char *value)
{
    return qp_parse_u32(value, 1, 1000000, &r->window->interval) < 0
               ? "has an INTERVAL that is not 1 to 1000000"
               : NULL;
}

static const char *read_count(struct rule_reader *r, char *value)
{
    return qp_parse_u32(value, 1, 10000000, &r->window->count) < 0
               ? "has a COUNT that is not 1 to 10000000"
               : NULL;
}

static const char *read_until(struct rule_reader *r, char *value)
{
    r->has_until = true;
    return ical_read_time(value, r->until) ? "has an UNTIL that is no date or time" : NULL;
}

static int weekday_of(const char *name)
{
    for (int d = 0; d < 7; d++)
        if (strcmp(name, weekday_names[d]) == 0)
            return d;
    return -1;
}

static const char *read_wkst(struct rule_reader *r, char *value)
{
    int d = weekday_of(value);

    r->window->week_start = (uint8_t)(d < 0 ? 0 : d);
    return d < 0 ? "has a WKST that is no weekday" : NULL;
}

/* One item of BYDAY: "MO", "2TU", "-1FR". */
static const char *read_weekday(struct rule_reader *r, char *item, bool is_first)
{
    size_t len = strlen(item);
    int64_t nth = 0;
    int d = len < 2 ? -1 : weekday_of(item + len - 2);

    if (d < 0)
        return "has a BYDAY that is no weekday";
    item[len - 2] = '\0';
    item += *item == '+';
    if (*item && (qp_parse_i64(item, -5, 5, &nth) < 0 || nth == 0))
        return "has a BYDAY with a number that is not 1 to 5 or -1 to -5";
    if (!is_first && nth != r->window->nth_weekday)
        return "has a BYDAY with different numbers, which one rule cannot have; split it";
    r->window->nth_weekday = (int8_t)nth;
    r->window->weekdays |= (uint8_t)(1u << d);
    return NULL;
}

static const char *read_byday(struct rule_reader *r, char *value)
{
    char *save = NULL;
    const char *why = NULL;
    bool is_first = true;

    for (char *p = strtok_r(value, ",", &save); p && !why; p = strtok_r(NULL, ",", &save)) {
        why = read_weekday(r, p, is_first);
        is_first = false;
    }
    return is_first ? "has an empty BYDAY" : why;
}

static const char *read_bymonthday(struct rule_reader *r, char *value)
{
    struct window *w = r->window;
    char *save = NULL;
    int64_t day;

    for (char *p = strtok_r(value, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        if (qp_parse_i64(*p == '+' ? p + 1 : p, -31, 31, &day) < 0 || day == 0)
            return "has a BYMONTHDAY that is not 1 to 31 or -1 to -31";
        if (w->n_month_days == 31)
            return "has more than 31 days of month";
        w->month_days[w->n_month_days++] = (int8_t)day;
    }
    return w->n_month_days == 0 ? "has an empty BYMONTHDAY" : NULL;
}

static const char *read_bymonth(struct rule_reader *r, char *value)
{
    char *save = NULL;
    uint32_t month;

    for (char *p = strtok_r(value, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        if (qp_parse_u32(p, 1, 12, &month) < 0)
            return "has a BYMONTH that is not 1 to 12 (leap months are not supported)";
        r->window->months |= (uint16_t)(1u << (month - 1));
    }
    return r->window->months == 0 ? "has an empty BYMONTH" : NULL;
}

static const char *read_rscale(struct rule_reader *r, char *value)
{
    r->is_chinese = strcmp(value, "CHINESE") == 0;
    return r->is_chinese || strcmp(value, "GREGORIAN") == 0
               ? NULL
               : "has an RSCALE that is neither GREGORIAN nor CHINESE";
}

static const char *read_skip(struct rule_reader *r, char *value)
{
    bool backward = strcmp(value, "BACKWARD") == 0;

    r->has_skip = true;
    r->window->month_day_policy = backward ? MONTH_DAY_CLAMP : MONTH_DAY_SKIP;
    return backward || strcmp(value, "OMIT") == 0
               ? NULL
               : "has a SKIP that is neither OMIT nor BACKWARD, which is not supported";
}

static const struct {
    const char *name;
    const char *(*read)(struct rule_reader *r, char *value);
} parts[] = {{"FREQ", read_frequency},
             {"INTERVAL", read_interval},
             {"COUNT", read_count},
             {"UNTIL", read_until},
             {"WKST", read_wkst},
             {"BYDAY", read_byday},
             {"BYMONTHDAY", read_bymonthday},
             {"BYMONTH", read_bymonth},
             {"RSCALE", read_rscale},
             {"SKIP", read_skip}};

static const char *read_part(struct rule_reader *r, char *part, unsigned *seen, char *buf,
                             size_t cap)
{
    char *value = strchr(part, '=');

    if (!value)
        return "is not a list of NAME=value";
    *value++ = '\0';
    for (size_t i = 0; i < QP_ARRAY_LEN(parts); i++) {
        if (strcmp(part, parts[i].name) != 0)
            continue;
        if (*seen >> i & 1)
            return "names one of its parts twice";
        *seen |= 1u << i;
        return parts[i].read(r, value);
    }
    (void)snprintf(buf, cap, "uses %.40s, which is not supported", part);
    return buf;
}

static const char *make_lunar(struct window *w)
{
    int day = w->month_days[0];

    if (w->frequency != EVERY_YEAR || __builtin_popcount(w->months) != 1 || w->n_month_days != 1 ||
        day < 1 || day > 30 || w->weekdays)
        return "with RSCALE=CHINESE supports only one month and one day of it, yearly";
    w->lunar_month = (uint8_t)(__builtin_ctz(w->months) + 1);
    w->lunar_day = (uint8_t)day;
    w->months = 0;
    w->n_month_days = 0;
    return NULL;
}

/* What the parts mean together. */
static const char *combine(struct rule_reader *r)
{
    struct window *w = r->window;

    if (!r->has_frequency)
        return "has no FREQ";
    if (w->count && r->has_until)
        return "has both COUNT and UNTIL";
    if (r->is_chinese)
        return make_lunar(w);
    if (w->nth_weekday && w->frequency < EVERY_MONTH)
        return "has a BYDAY with numbers that is neither monthly nor yearly";
    if (w->n_month_days && w->frequency == EVERY_WEEK)
        return "has a weekly BYMONTHDAY";
    if (w->frequency == EVERY_YEAR && !w->months && w->nth_weekday)
        return "has a yearly BYDAY with a number and no BYMONTH, which is not supported";
    if (w->frequency == EVERY_YEAR && !w->months && (w->weekdays || w->n_month_days))
        w->months = 0xfff;
    /* RFC 5545 has no WKST for other frequencies; ours would not use it. */
    if (w->frequency != EVERY_WEEK)
        w->week_start = 0;
    return NULL;
}

const char *ical_read_rule(char *text, struct window *window, struct ical_time *ret_until,
                           char *buf, size_t cap)
{
    struct rule_reader r = {.window = window, .until = ret_until};
    unsigned seen = 0;
    char *save = NULL;
    const char *why = NULL;

    window->month_day_policy = MONTH_DAY_SKIP;
    window->interval = 1;
    for (char *p = strtok_r(text, ";", &save); p && !why; p = strtok_r(NULL, ";", &save))
        why = read_part(&r, p, &seen, buf, cap);
    return why ? why : combine(&r);
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_weekdays(FILE *out, unsigned weekdays, int nth)
{
    const char *before = ";BYDAY=";

    for (int d = 0; d < 7; d++) {
        if (!(weekdays >> d & 1))
            continue;
        (void)fputs(before, out);
        if (nth)
            (void)fprintf(out, "%d", nth);
        (void)fputs(weekday_names[d], out);
        before = ",";
    }
}

static void write_months(FILE *out, unsigned months)
{
    const char *before = ";BYMONTH=";

    for (int m = 0; m < 12; m++) {
        if (!(months >> m & 1))
            continue;
        (void)fprintf(out, "%s%d", before, m + 1);
        before = ",";
    }
}

/* A clamped 31st is the last day; whether any other day needs a word for clamping. */
static int plain_day(const struct window *w, int day, bool *ret_clamps)
{
    if (w->month_day_policy == MONTH_DAY_CLAMP && (day == 31 || day == -31))
        return day > 0 ? -1 : 1;
    if (w->month_day_policy == MONTH_DAY_CLAMP && (day > 28 || day < -28))
        *ret_clamps = true;
    return day;
}

static void write_month_days(FILE *out, const struct window *w)
{
    int days[31], n = w->n_month_days;
    bool clamps = false;

    for (int i = 0; i < n; i++)
        days[i] = plain_day(w, w->month_days[i], &clamps);
    if (n == 0 && !w->weekdays && w->frequency >= EVERY_MONTH) {
        days[0] = plain_day(w, civil_of_day(w->first_day).day, &clamps);
        n = 1;
    }
    for (int i = 0; i < n; i++)
        (void)fprintf(out, "%s%d", i ? "," : ";BYMONTHDAY=", days[i]);
    if (clamps)
        (void)fputs(";RSCALE=GREGORIAN;SKIP=BACKWARD", out);
}

const char *ical_write_rule(FILE *out, const struct window *w, unsigned on_weekdays)
{
    unsigned weekdays = w->weekdays, months = w->months;

    (void)fprintf(out, "FREQ=%s", frequency_names[w->frequency]);
    if (w->interval > 1)
        (void)fprintf(out, ";INTERVAL=%u", (unsigned)w->interval);
    if (w->lunar_month && w->frequency == EVERY_YEAR) {
        (void)fprintf(out, ";RSCALE=CHINESE;BYMONTH=%d;BYMONTHDAY=%d", w->lunar_month,
                      w->lunar_day);
        if (w->month_day_policy == MONTH_DAY_CLAMP)
            (void)fputs(";SKIP=BACKWARD", out);
        return on_weekdays ? "exceptions by weekday of a lunar date" : NULL;
    }
    if (w->frequency == EVERY_WEEK && !weekdays)
        weekdays = 1u << civil_weekday(w->first_day);
    if (on_weekdays)
        weekdays = weekdays ? weekdays & on_weekdays : on_weekdays;
    if (w->frequency == EVERY_YEAR && !months)
        months = 1u << (civil_of_day(w->first_day).month - 1);
    write_months(out, months);
    write_month_days(out, w);
    write_weekdays(out, weekdays, w->frequency >= EVERY_MONTH ? w->nth_weekday : 0);
    if (w->frequency == EVERY_WEEK)
        (void)fprintf(out, ";WKST=%s", weekday_names[w->week_start % 7]);
    return NULL;
}
