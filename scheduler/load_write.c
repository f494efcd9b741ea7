/* SPDX-License-Identifier: Apache-2.0 */
#include "scheduler/load_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "scheduler/civil.h"

#define TEXT_MAX 64

static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const char *write_day(int32_t day, char buf[TEXT_MAX])
{
    struct civil c = civil_of_day(day);

    snprintf(buf, TEXT_MAX, "%04d-%02d-%02d", (int)c.year, c.month, c.day);
    return buf;
}

static void write_clock(int32_t s, char buf[TEXT_MAX])
{
    if (s % 60)
        snprintf(buf, TEXT_MAX, "%02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(buf, TEXT_MAX, "%02d:%02d", s / 3600, s / 60 % 60);
}

static void write_edge(const struct edge *e, char buf[TEXT_MAX])
{
    const char *sun = e->kind == EDGE_SUNRISE ? "sunrise" : "sunset";

    if (e->kind == EDGE_CLOCK)
        write_clock(e->s, buf);
    else if (e->s == 0)
        snprintf(buf, TEXT_MAX, "%s", sun);
    else
        snprintf(buf, TEXT_MAX, "%s%c%dm", sun, e->s < 0 ? '-' : '+', abs(e->s) / 60);
}

static cJSON *write_range(const struct day_range *r)
{
    char start[TEXT_MAX], end[TEXT_MAX], text[2 * TEXT_MAX];

    write_edge(&r->start, start);
    write_edge(&r->end, end);
    snprintf(text, sizeof(text), "%s-%s", start, end);
    return cJSON_CreateString(text);
}

static void write_instant(cJSON *to, const char *name, int64_t ms)
{
    int64_t day = civil_floor_div(ms, 86400000), rest = ms - day * 86400000;
    char date[TEXT_MAX], text[2 * TEXT_MAX];

    write_day((int32_t)day, date);
    snprintf(text, sizeof(text), "%sT%02d:%02d:%02d.%03dZ", date, (int)(rest / 3600000),
             (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
    cJSON_AddStringToObject(to, name, text);
}

static void write_weekdays(cJSON *to, uint8_t mask)
{
    cJSON *list = mask ? cJSON_AddArrayToObject(to, "weekdays") : NULL;

    for (unsigned i = 0; i < 7 && list; i++)
        if (mask & 1u << i)
            cJSON_AddItemToArray(list, cJSON_CreateString(weekday_names[i]));
}

static void write_month_parts(cJSON *to, const struct window *w)
{
    cJSON *list = w->n_month_days ? cJSON_AddArrayToObject(to, "month_days") : NULL;
    bool is_monthly = w->frequency == EVERY_MONTH || w->frequency == EVERY_YEAR;

    for (uint8_t i = 0; i < w->n_month_days && list; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(w->month_days[i]));
    list = w->months ? cJSON_AddArrayToObject(to, "months") : NULL;
    for (unsigned i = 0; i < 12 && list; i++)
        if (w->months & 1u << i)
            cJSON_AddItemToArray(list, cJSON_CreateNumber(i + 1));
    if (w->nth_weekday)
        cJSON_AddNumberToObject(to, "nth_weekday", w->nth_weekday);
    if (is_monthly && !w->lunar_month)
        cJSON_AddStringToObject(to, "short_months",
                                w->month_day_policy == MONTH_DAY_SKIP ? "skip" : "clamp");
    if (w->lunar_month) {
        cJSON *lunar = cJSON_AddObjectToObject(to, "lunar");

        cJSON_AddNumberToObject(lunar, "month", w->lunar_month);
        cJSON_AddNumberToObject(lunar, "day", w->lunar_day);
    }
}

static void write_edits(cJSON *to, const struct window *w)
{
    cJSON *except = NULL, *edits = NULL;
    char text[TEXT_MAX];

    for (uint32_t i = 0; i < w->n_edits; i++) {
        const struct occurrence_edit *e = &w->edits[i];
        cJSON *o;

        if (e->removed) {
            except = except ? except : cJSON_AddArrayToObject(to, "except");
            cJSON_AddItemToArray(except, cJSON_CreateString(write_day(e->day, text)));
            continue;
        }
        edits = edits ? edits : cJSON_AddArrayToObject(to, "edits");
        o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "day", write_day(e->day, text));
        if (e->new_day != e->day)
            cJSON_AddStringToObject(o, "new_day", write_day(e->new_day, text));
        cJSON_AddItemToObject(o, "times", write_range(&e->range));
        cJSON_AddItemToArray(edits, o);
    }
}

static void write_recurrence(cJSON *to, const struct window *w)
{
    static const char *const every[] = {"", "day", "week", "month", "year"};
    char text[TEXT_MAX];

    cJSON_AddStringToObject(to, "every", every[w->frequency]);
    if (w->interval > 1)
        cJSON_AddNumberToObject(to, "interval", w->interval);
    if (w->first_day > DAY_MIN)
        cJSON_AddStringToObject(to, "first_day", write_day(w->first_day, text));
    if (w->last_day < DAY_MAX)
        cJSON_AddStringToObject(to, "last_day", write_day(w->last_day, text));
    if (w->count)
        cJSON_AddNumberToObject(to, "count", w->count);
    write_weekdays(to, w->weekdays);
    if (w->frequency == EVERY_WEEK)
        cJSON_AddStringToObject(to, "week_start", weekday_names[w->week_start]);
    write_month_parts(to, w);
    if (w->gap == GAP_STRICT)
        cJSON_AddStringToObject(to, "gap", "strict");
}

/* "from" and "to" in local time say a window of one day that ends days later. */
static void write_local(cJSON *to, const struct window *w)
{
    const struct day_range *r = &w->ranges[0];
    int32_t end = w->first_day + w->end_days + (r->end.s <= r->start.s);
    char date[TEXT_MAX], clock[TEXT_MAX], text[2 * TEXT_MAX];

    write_clock(r->start.s, clock);
    snprintf(text, sizeof(text), "%sT%s", write_day(w->first_day, date), clock);
    cJSON_AddStringToObject(to, "from", text);
    write_clock(r->end.s, clock);
    snprintf(text, sizeof(text), "%sT%s", write_day(end, date), clock);
    cJSON_AddStringToObject(to, "to", text);
}

static bool is_single_day(const struct window *w)
{
    return w->frequency == EVERY_DAY && w->first_day == w->last_day && w->n_ranges == 1 &&
           w->ranges[0].start.kind == EDGE_CLOCK && w->ranges[0].end.kind == EDGE_CLOCK &&
           w->n_edits == 0 && w->n_month_days == 0 && w->months == 0 && w->weekdays == 0 &&
           w->gap == GAP_MOVE;
}

cJSON *load_write_window(const struct window *w, const char *zone_name)
{
    cJSON *o = cJSON_CreateObject();
    cJSON *times;

    if (!o)
        return NULL;
    if (w->frequency == EVERY_ONCE) {
        write_instant(o, "from", w->once_start_ms);
        write_instant(o, "to", w->once_end_ms);
        return o;
    }
    if (zone_name)
        cJSON_AddStringToObject(o, "zone", zone_name);
    if (is_single_day(w)) {
        write_local(o, w);
        return o;
    }
    write_recurrence(o, w);
    if (w->end_days)
        cJSON_AddNumberToObject(o, "end_days", w->end_days);
    times = cJSON_AddArrayToObject(o, "times");
    for (uint32_t i = 0; i < w->n_ranges && times; i++)
        cJSON_AddItemToArray(times, write_range(&w->ranges[i]));
    write_edits(o, w);
    return o;
}
