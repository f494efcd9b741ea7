/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/ical_line.h"

#include <errno.h>
#include <string.h>

#include "scheduler/civil.h"
#include "scheduler/model.h"

/* --- lines ----------------------------------------------------------------------------------- */

static bool at_break(const struct ical_reader *r)
{
    return *r->p == '\n' || (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n');
}

static void skip_break(struct ical_reader *r)
{
    r->p += *r->p == '\r' ? 2 : 1;
    r->number++;
}

/* A line break that a space or tab follows is no break. */
static void unfold(struct ical_reader *r)
{
    char *out = r->buffer;

    while (r->p < r->end) {
        if (!at_break(r)) {
            *out++ = *r->p++;
            continue;
        }
        skip_break(r);
        if (r->p == r->end || (*r->p != ' ' && *r->p != '\t'))
            break;
        r->p++;
    }
    *out = '\0';
}

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Takes a name in upper case, ends at *p. */
static char *take_name(char **p)
{
    char *name = *p;

    for (; is_name_char(**p); (*p)++)
        if (**p >= 'a' && **p <= 'z')
            **p = (char)(**p - 32);
    return *p > name ? name : NULL;
}

/* Behind "NAME=": one value, or several with commas (kept as they are). */
static const char *take_param_value(char **p, char **ret)
{
    char *out = *p;

    *ret = *p;
    while (**p && **p != ';' && **p != ':') {
        if (**p == '"') {
            (*p)++;
            while (**p && **p != '"')
                *out++ = *(*p)++;
            if (*(*p)++ != '"')
                return "has a quotation mark that is not closed";
        } else {
            *out++ = *(*p)++;
        }
    }
    if (**p == '\0')
        return "has no colon before its value";
    /* Quotes made room for the NUL; without any it replaces the delimiter, which the caller has. */
    if (out < *p)
        *out = '\0';
    return NULL;
}

static const char *take_params(char **p, char *delimiter, struct ical_line *line)
{
    while (*delimiter == ';') {
        struct ical_param *param = &line->params[line->n_params];
        const char *why;

        if (line->n_params == ICAL_MAX_PARAMS)
            return "has more than 16 parameters";
        param->name = take_name(p);
        if (!param->name || **p != '=')
            return "has a parameter that is not NAME=value";
        *(*p)++ = '\0';
        why = take_param_value(p, &param->value);
        if (why)
            return why;
        *delimiter = **p;
        *(*p)++ = '\0';
        line->n_params++;
    }
    return NULL;
}

static const char *split(char *text, struct ical_line *line)
{
    char *p = text, delimiter;
    const char *why;

    line->n_params = 0;
    line->name = take_name(&p);
    delimiter = *p;
    if (!line->name || (delimiter != ':' && delimiter != ';'))
        return "is not NAME:value";
    *p++ = '\0';
    why = take_params(&p, &delimiter, line);
    line->value = p;
    return why;
}

int ical_read_line(struct ical_reader *r, struct ical_line *ret, const char **ret_why)
{
    do {
        if (r->p >= r->end)
            return 0;
        ret->number = r->number + 1;
        unfold(r);
    } while (r->buffer[0] == '\0');
    *ret_why = split(r->buffer, ret);
    return *ret_why ? -EINVAL : 1;
}

const char *ical_param(const struct ical_line *line, const char *name)
{
    for (unsigned i = 0; i < line->n_params; i++)
        if (strcmp(line->params[i].name, name) == 0)
            return line->params[i].value;
    return NULL;
}

/* --- values ---------------------------------------------------------------------------------- */

/* n digits at text, or -1. */
static int digits(const char *text, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        v = v * 10 + (text[i] - '0');
    }
    return v;
}

const char *ical_read_time(const char *text, struct ical_time *ret)
{
    static const char form[] = "is not a date like 20260717 or a time like 20260717T150000Z";
    size_t len = strlen(text);
    int year, month, day, h = 0, m = 0, s = 0;

    if (len < 8 || (len > 8 && text[8] != 'T') || (len != 8 && len != 15 && len != 16) ||
        (len == 16 && text[15] != 'Z'))
        return form;
    year = digits(text, 4);
    month = digits(text + 4, 2);
    day = digits(text + 6, 2);
    if (len > 8) {
        h = digits(text + 9, 2);
        m = digits(text + 11, 2);
        s = digits(text + 13, 2);
    }
    if (year < 1 || month < 0 || day < 0 || h < 0 || m < 0 || s < 0)
        return form;
    if (month < 1 || month > 12 || day < 1 || day > civil_month_length(year, month) || h > 23 ||
        m > 59 || s > 60)
        return "is not in the calendar or not on the clock";
    *ret = (struct ical_time){.is_set = true,
                              .is_date = len == 8,
                              .is_utc = len == 16,
                              .day = civil_to_day(year, month, day),
                              .s = h * 3600 + m * 60 + (s == 60 ? 59 : s)};
    return NULL;
}

static const struct {
    char unit;
    bool is_time;
    int32_t s;
} units[] = {{'W', false, 7 * CIVIL_DAY_S},
             {'D', false, CIVIL_DAY_S},
             {'H', true, 3600},
             {'M', true, 60},
             {'S', true, 1}};

const char *ical_read_duration(const char *text, int32_t *ret_days, int32_t *ret_s)
{
    static const char form[] = "is not a positive duration like PT8H or P1D";
    int64_t days = 0, seconds = 0;
    bool is_time = false;
    size_t next = 0; /* units come in the order of the table */

    text += *text == '+';
    if (*text++ != 'P' || !*text)
        return form;
    while (*text) {
        int64_t n = 0;
        const char *first;

        if (*text == 'T' && !is_time) {
            is_time = true;
            text++;
        }
        for (first = text; *text >= '0' && *text <= '9' && n < 100000000; text++)
            n = n * 10 + (*text - '0');
        while (next < 5 && (units[next].unit != *text || units[next].is_time != is_time))
            next++;
        if (text == first || next == 5)
            return form;
        if (units[next].is_time)
            seconds += n * units[next].s;
        else
            days += n * (units[next].s / CIVIL_DAY_S);
        text++;
        next++;
    }
    if (days * CIVIL_DAY_S + seconds <= 0)
        return form;
    if (days > 366 || seconds > 366 * CIVIL_DAY_S - days * CIVIL_DAY_S)
        return "is longer than 366 days";
    *ret_days = (int32_t)days;
    *ret_s = (int32_t)seconds;
    return NULL;
}

const char *ical_read_offset(const char *text, int32_t *ret_s)
{
    size_t len = strlen(text);
    int h, m, s = 0;

    if ((len != 5 && len != 7) || (*text != '+' && *text != '-'))
        return "is not an offset like +0800";
    h = digits(text + 1, 2);
    m = digits(text + 3, 2);
    if (len == 7)
        s = digits(text + 5, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
        return "is not an offset like +0800";
    *ret_s = (*text == '-' ? -1 : 1) * (h * 3600 + m * 60 + s);
    return NULL;
}

void ical_unescape(char *text)
{
    char *out = text;

    for (; *text; text++) {
        if (*text == '\\' && text[1]) {
            text++;
            *out++ = *text == 'n' || *text == 'N' ? '\n' : *text;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}
