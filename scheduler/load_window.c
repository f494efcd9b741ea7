/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/load.h"
#include "scheduler/load_time.h"
#include "scheduler/occurrence.h"

#define EDITS_MAX   10000u
#define WINDOWS_MAX 2000000u

static const char *const every_names[] = {"day", "week", "month", "year"};
static const char *const clamp_names[] = {"clamp", "skip"};
static const char *const gap_names[] = {"move", "strict"};
static const char *const on_names[] = {"workdays", "days_off", "swapped_workdays", "holidays"};
static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const struct day_range all_day = {{EDGE_CLOCK, 0}, {EDGE_CLOCK, 86400}};

void load_window_finish(struct window *w)
{
    for (uint32_t i = 0; i < w->n_exceptions; i++)
        free(w->exceptions[i].ranges);
    free(w->exceptions);
    free(w->ranges);
    free(w->edits);
    *w = (struct window){.calendar = NONE};
}

static int add_zone(struct model *m, struct tz *zone, const char *name)
{
    char *copy;

    if (load_grow(&m->zones, m->n_zones, sizeof(struct tz *)) < 0 ||
        load_grow(&m->zone_names, m->n_zones, sizeof(char *)) < 0)
        return -ENOMEM;
    copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    m->zone_names[m->n_zones] = copy;
    m->zones[m->n_zones++] = zone;
    return 0;
}

int load_zone(struct loader *l, const struct qp_node *node, struct tz **ret)
{
    struct model *m = l->model;
    struct qp_diag diag = {""};
    struct tz *zone;
    const char *name;
    uint32_t known;
    int err;

    if (qp_node_str(node, LOAD_ID_MAX, &name, l->report) < 0)
        return 0;
    known = load_place_of(&l->zones, name);
    if (known != NONE) {
        *ret = m->zones[known];
        return 0;
    }
    err = tz_load(&zone, name, &diag);
    if (err == -ENOMEM)
        return err;
    if (err < 0) {
        char shown[256];

        qp_node_error(node, l->report, "Write an IANA zone like Asia/Shanghai.",
                      "there is no time zone \"%s\"", qp_text_escape(shown, sizeof(shown), name));
        return 0;
    }
    if (add_zone(m, zone, name) < 0) {
        tz_destroy(zone);
        return -ENOMEM;
    }
    *ret = zone;
    return ids_put(&l->zones, m->zone_names[m->n_zones - 1], m->n_zones - 1);
}

/* --- one-time windows ------------------------------------------------------------------------ */

static bool read_instant(struct loader *l, const struct qp_node *node, const char *member,
                         const struct tz *zone, bool is_end, int64_t *ret)
{
    struct qp_node at = qp_node_member(node, member);
    const char *text, *why;
    char shown[160];

    if (qp_node_str(&at, 64, &text, l->report) < 0)
        return false;
    why = load_instant(text, zone, is_end, ret);
    if (why)
        qp_node_error(&at, l->report,
                      "Write an instant like 2026-07-17T15:00:00Z or 2026-07-17T23:00+08:00.",
                      "\"%s\" %s", qp_text_escape(shown, sizeof(shown), text), why);
    return !why;
}

int load_once(struct loader *l, const struct qp_node *node, const char *end_member,
              const struct tz *zone, struct window *ret)
{
    struct qp_node end = qp_node_member(node, end_member);
    bool has_start = read_instant(l, node, "from", zone, false, &ret->once_start_ms);
    bool has_end = read_instant(l, node, end_member, zone, true, &ret->once_end_ms);

    ret->frequency = EVERY_ONCE;
    if (!has_start || !has_end)
        return -EINVAL;
    if (ret->once_end_ms == ret->once_start_ms)
        return qp_node_error(&end, l->report, "Let it end after it begins.",
                             "the window has no length: it ends where it begins");
    if (ret->once_end_ms < ret->once_start_ms)
        return qp_node_error(&end, l->report, "Swap the two, or correct the date.",
                             "the window ends before it begins");
    return 0;
}

static const char *text_of(const struct qp_node *node, const char *member)
{
    struct qp_node at = qp_node_member(node, member);

    return cJSON_IsString(at.json) ? at.json->valuestring : "";
}

/* Without a zone both ends are local times of each screen: one day's window that ends some days
 * later. Returns false when it is not such a one. */
static bool read_once_local(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node to = qp_node_member(node, "to");
    struct day_range *r = w->ranges;
    int32_t last, days;

    if (!load_local(text_of(node, "from"), false, &w->first_day, &r->start.s) ||
        !load_local(text_of(node, "to"), true, &last, &r->end.s))
        return false;
    w->frequency = EVERY_DAY;
    w->last_day = w->first_day;
    days = last - w->first_day;
    if (days == 0 && r->end.s == r->start.s)
        qp_node_error(&to, l->report, "Let it end after it begins.",
                      "the window has no length: it ends where it begins");
    else if (days < 0 || (days == 0 && r->end.s < r->start.s))
        qp_node_error(&to, l->report, "Swap the two, or correct the date.",
                      "the window ends before it begins");
    else if (days > 366)
        qp_node_error(&to, l->report, "Name a zone, or write offsets.",
                      "is more than a year later, which needs a zone");
    else
        w->end_days = (uint16_t)(days - (r->end.s <= r->start.s));
    return true;
}

static int read_once(struct loader *l, const struct qp_node *node, struct window *w)
{
    w->ranges = load_array(1, sizeof(*w->ranges));
    if (!w->ranges)
        return -ENOMEM;
    w->n_ranges = 1;
    if (!w->zone && read_once_local(l, node, w))
        return 0;
    w->n_ranges = 0;
    (void)load_once(l, node, "to", w->zone, w);
    return 0;
}

static void check_once_alone(struct loader *l, const struct qp_node *node)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, node->json)
    {
        static const char *const fine[] = {"from", "to", "zone", "comment", "$schema"};
        struct qp_node at = qp_node_member(node, member->string);
        bool is_fine = false;

        for (size_t i = 0; i < QP_ARRAY_LEN(fine); i++)
            is_fine = is_fine || strcmp(member->string, fine[i]) == 0;
        if (!is_fine)
            qp_node_error(&at, l->report,
                          "Use from and to alone, or first_day, last_day and times.",
                          "does not go with a window that happens once");
    }
}

/* --- recurring windows ----------------------------------------------------------------------- */

static int copy_ranges(const struct day_range *from, uint32_t n, struct day_range **ret,
                       uint32_t *ret_n)
{
    *ret = load_array(n, sizeof(**ret));
    if (!*ret)
        return -ENOMEM;
    if (n)
        memcpy(*ret, from, n * sizeof(**ret));
    *ret_n = n;
    return 0;
}

static int take_daypart(struct loader *l, const struct qp_node *node, struct window *w)
{
    uint32_t index = load_ref(l, node, &l->dayparts_by_id, "daypart");
    const struct daypart *d;
    int err;

    if (index == NONE)
        return copy_ranges(&all_day, 1, &w->ranges, &w->n_ranges);
    d = &l->dayparts[index];
    err = copy_ranges(d->ranges, d->n_ranges, &w->ranges, &w->n_ranges);
    w->exceptions = load_array(d->n_exceptions, sizeof(*w->exceptions));
    if (!w->exceptions)
        return -ENOMEM;
    for (uint32_t i = 0; i < d->n_exceptions && err == 0; i++) {
        w->exceptions[i].weekdays = d->exceptions[i].weekdays;
        err = copy_ranges(d->exceptions[i].ranges, d->exceptions[i].n_ranges,
                          &w->exceptions[i].ranges, &w->exceptions[i].n_ranges);
        w->n_exceptions++;
    }
    return err;
}

static int read_times(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node times = qp_node_member(node, "times"), part = qp_node_member(node, "daypart");

    if (times.json && part.json)
        qp_node_error(&part, l->report, "Keep one of them.", "stands beside times");
    if (part.json && !times.json)
        return take_daypart(l, &part, w);
    if (times.json)
        return load_ranges(l, &times, false, &w->ranges, &w->n_ranges);
    return copy_ranges(&all_day, 1, &w->ranges, &w->n_ranges);
}

static void read_integers(struct loader *l, const struct qp_node *node, uint32_t cap, int64_t low,
                          int64_t high, int8_t *values, uint8_t *n)
{
    const cJSON *element;
    uint32_t count;
    size_t i = 0;

    if (!load_list(l, node, cap, &count))
        return;
    if (count == 0)
        qp_node_error(node, l->report, "Name a day, or leave the member out.", "is empty");
    cJSON_ArrayForEach(element, node->json)
    {
        struct qp_node at = qp_node_at(node, element, i++);
        int64_t value = 0;

        if (qp_node_i64(&at, low, high, &value, l->report) < 0)
            continue;
        if (value == 0)
            qp_node_error(&at, l->report, "Count from 1, or from the end with -1.",
                          "there is no 0th");
        values[(*n)++] = (int8_t)value;
    }
}

static void read_months(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node list = qp_node_member(node, "months");
    int8_t months[12];
    uint8_t n = 0;

    if (!list.json)
        return;
    read_integers(l, &list, 12, 1, 12, months, &n);
    for (uint8_t i = 0; i < n; i++)
        w->months |= (uint16_t)(1 << (months[i] - 1));
}

static void read_month_parts(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node days = qp_node_member(node, "month_days");
    struct qp_node nth = qp_node_member(node, "nth_weekday");
    struct qp_node lunar = qp_node_member(node, "lunar");
    struct qp_node month = qp_node_member(&lunar, "month"), day = qp_node_member(&lunar, "day");
    uint32_t lunar_month = 0, lunar_day = 0;
    int64_t value = 0;

    if (days.json)
        read_integers(l, &days, 31, -31, 31, w->month_days, &w->n_month_days);
    if (nth.json && qp_node_i64(&nth, -5, 5, &value, l->report) == 0) {
        if (value == 0)
            qp_node_error(&nth, l->report, "Count from 1, or from the end with -1.",
                          "there is no 0th");
        w->nth_weekday = (int8_t)value;
    }
    read_months(l, node, w);
    if (!lunar.json || !load_object(l, "rules[].window.lunar", &lunar))
        return;
    (void)qp_node_u32(&month, 1, 12, &lunar_month, l->report);
    (void)qp_node_u32(&day, 1, 30, &lunar_day, l->report);
    w->lunar_month = (uint8_t)lunar_month;
    w->lunar_day = (uint8_t)lunar_day;
}

static void read_calendar(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node list = qp_node_member(node, "on");
    const cJSON *element;
    uint32_t n;
    size_t i = 0;

    w->calendar = load_opt_ref(l, node, "calendar", &l->calendars, "calendar");
    if (!list.json)
        return;
    if (!qp_node_member(node, "calendar").json)
        qp_node_error(&list, l->report, "Name the calendar.", "needs a calendar");
    if (!load_list(l, &list, 4, &n))
        return;
    cJSON_ArrayForEach(element, list.json)
    {
        struct qp_node at = qp_node_at(&list, element, i++);
        unsigned which;

        if (qp_node_enum(&at, on_names, QP_ARRAY_LEN(on_names), &which, l->report) == 0)
            w->calendar_days |= (uint8_t)(1 << which);
    }
}

/* --- exceptions of single days --------------------------------------------------------------- */

static int by_day(const void *a, const void *b)
{
    const struct occurrence_edit *x = a, *y = b;

    return x->day < y->day ? -1 : x->day > y->day;
}

static void read_except(struct loader *l, const struct qp_node *node, struct occurrence_edit *e)
{
    const char *text, *why;
    char shown[160];

    e->removed = true;
    if (qp_node_str(node, 64, &text, l->report) < 0)
        return;
    why = load_day(text, &e->day);
    e->new_day = e->day;
    if (why)
        qp_node_error(node, l->report, "Write a date between 1900-01-01 and 9999-12-31.",
                      "\"%s\" %s", qp_text_escape(shown, sizeof(shown), text), why);
}

static int read_edit(struct loader *l, const struct qp_node *node, struct occurrence_edit *e)
{
    struct qp_node times = qp_node_member(node, "times"), day = qp_node_member(node, "day");
    struct day_range *ranges = NULL;
    uint32_t n = 0;
    int err;

    if (!load_object(l, "rules[].window.edits[]", node))
        return 0;
    if (!day.json)
        qp_node_error(&day, l->report, "Name the day that is changed.", "is missing");
    load_date(l, node, "day", &e->day);
    e->new_day = e->day;
    load_date(l, node, "new_day", &e->new_day);
    err = load_ranges(l, &times, false, &ranges, &n);
    if (err == 0 && n > 1)
        qp_node_error(&times, l->report, "Write one range.", "an edit has one range");
    if (n)
        e->range = ranges[0];
    free(ranges);
    return err;
}

static void check_edits(struct loader *l, const struct qp_node *node, const struct window *w)
{
    for (uint32_t i = 1; i < w->n_edits; i++) {
        struct civil date;

        if (w->edits[i].day != w->edits[i - 1].day)
            continue;
        date = civil_of_day(w->edits[i].day);
        qp_node_error(node, l->report, "Name every day once in except and edits.",
                      "%04d-%02d-%02d is left out or changed twice", date.year, date.month,
                      date.day);
    }
}

static int read_edits(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node except = qp_node_member(node, "except"), edits = qp_node_member(node, "edits");
    uint32_t n_except, n_edits;
    const cJSON *element, *list;
    size_t i = 0;
    int err = 0;

    (void)load_list(l, &except, EDITS_MAX, &n_except);
    (void)load_list(l, &edits, EDITS_MAX, &n_edits);
    if (n_except + n_edits == 0)
        return 0;
    w->edits = load_array(n_except + n_edits, sizeof(*w->edits));
    if (!w->edits)
        return -ENOMEM;
    list = n_except ? except.json : NULL;
    cJSON_ArrayForEach(element, list)
    {
        struct qp_node at = qp_node_at(&except, element, i++);

        read_except(l, &at, &w->edits[w->n_edits++]);
    }
    i = 0;
    list = n_edits ? edits.json : NULL;
    cJSON_ArrayForEach(element, list)
    {
        struct qp_node at = qp_node_at(&edits, element, i++);

        if (err == 0)
            err = read_edit(l, &at, &w->edits[w->n_edits++]);
    }
    qsort(w->edits, w->n_edits, sizeof(*w->edits), by_day);
    check_edits(l, node, w);
    return err;
}

/* --- what goes together ---------------------------------------------------------------------- */

static void refuse_member(struct loader *l, const struct qp_node *node, const char *member,
                          const char *remedy, const char *text)
{
    struct qp_node at = qp_node_member(node, member);

    if (at.json)
        qp_node_error(&at, l->report, remedy, "%s", text);
}

static void check_frequency(struct loader *l, const struct qp_node *node, const struct window *w)
{
    bool is_monthly = w->frequency == EVERY_MONTH || w->frequency == EVERY_YEAR;

    if (!is_monthly) {
        refuse_member(l, node, "nth_weekday", "Set every to month or year.",
                      "goes with every month or year only");
        refuse_member(l, node, "short_months", "Set every to month or year.",
                      "goes with every month or year only");
    }
    if (w->frequency == EVERY_WEEK)
        refuse_member(l, node, "month_days", "Set every to day, month or year.",
                      "does not go with every week");
    if (w->frequency != EVERY_YEAR)
        refuse_member(l, node, "lunar", "Set every to year.", "goes with every year only");
    if (w->lunar_month) {
        refuse_member(l, node, "months", "Keep one of them.", "stands beside lunar");
        refuse_member(l, node, "month_days", "Keep one of them.", "stands beside lunar");
        refuse_member(l, node, "nth_weekday", "Keep one of them.", "stands beside lunar");
    }
    if (w->nth_weekday && !w->weekdays)
        refuse_member(l, node, "nth_weekday", "Add weekdays.", "needs weekdays");
    if (w->nth_weekday && w->n_month_days)
        refuse_member(l, node, "month_days", "Keep one of them.", "stands beside nth_weekday");
}

/* Also when what it says is wrong, which was told. */
static bool has(const struct qp_node *node, const char *member)
{
    return qp_node_member(node, member).json != NULL;
}

static const char *anchor_remedy(const struct window *w)
{
    if (w->interval > 1 || w->count > 0)
        return "Add first_day: the date from which is counted.";
    if (w->frequency == EVERY_WEEK)
        return "Add weekdays, or first_day: then its weekday counts.";
    if (w->frequency == EVERY_MONTH)
        return "Add month_days or weekdays, or first_day: then its day of the month counts.";
    return "Add months with month_days or weekdays, or first_day: then its date counts.";
}

/* Where the phase of a recurrence comes from first_day, it must be there. */
static void check_anchor(struct loader *l, const struct qp_node *node, const struct window *w)
{
    struct qp_node first = qp_node_member(node, "first_day");
    bool is_lunar = has(node, "lunar");
    bool has_days = has(node, "weekdays") || has(node, "month_days") || is_lunar;
    bool needs = w->interval > 1 || w->count > 0 || (w->frequency != EVERY_DAY && !has_days) ||
                 (w->frequency == EVERY_YEAR && !has(node, "months") && !is_lunar);

    if (needs && !first.json)
        qp_node_error(&first, l->report, anchor_remedy(w),
                      "is missing: this recurrence counts from it");
}

/* The day that first_day stands for is written out, so that nobody has to guess it later. */
static void fill_days(struct window *w)
{
    struct civil date;

    date = civil_of_day(w->first_day);
    if (w->lunar_month)
        return;
    if (w->frequency == EVERY_YEAR && !w->months)
        w->months = (uint16_t)(1 << (date.month - 1));
    if (w->frequency == EVERY_WEEK && !w->weekdays)
        w->weekdays = (uint8_t)(1 << civil_weekday(w->first_day));
    if ((w->frequency == EVERY_MONTH || w->frequency == EVERY_YEAR) && !w->weekdays &&
        !w->n_month_days)
        w->month_days[w->n_month_days++] = (int8_t)date.day;
}

static void read_recurrence(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node weekdays = qp_node_member(node, "weekdays");
    struct qp_node last = qp_node_member(node, "last_day");
    unsigned every = 0, start = l->week_start, clamp = 0, gap = 0;
    uint32_t end_days = 0;

    load_enum(l, node, "every", every_names, QP_ARRAY_LEN(every_names), &every);
    load_enum(l, node, "week_start", weekday_names, QP_ARRAY_LEN(weekday_names), &start);
    load_enum(l, node, "short_months", clamp_names, QP_ARRAY_LEN(clamp_names), &clamp);
    load_enum(l, node, "gap", gap_names, QP_ARRAY_LEN(gap_names), &gap);
    load_u32(l, node, "interval", 1, 10000, &w->interval);
    load_u32(l, node, "count", 1, 1000000, &w->count);
    load_u32(l, node, "end_days", 0, 366, &end_days);
    w->end_days = (uint16_t)end_days;
    w->frequency = (enum frequency)(EVERY_DAY + every);
    w->week_start = (uint8_t)start;
    w->month_day_policy = (enum month_day_policy)clamp;
    w->gap = (enum gap_policy)gap;
    load_date(l, node, "first_day", &w->first_day);
    load_date(l, node, "last_day", &w->last_day);
    if (w->last_day < w->first_day)
        qp_node_error(&last, l->report, "Swap the two dates.", "is before first_day");
    if (weekdays.json)
        load_weekdays(l, &weekdays, &w->weekdays);
    read_month_parts(l, node, w);
    read_calendar(l, node, w);
    check_frequency(l, node, w);
    check_anchor(l, node, w);
    fill_days(w);
}

static int read_window(struct loader *l, const struct qp_node *node, struct window *w)
{
    struct qp_node zone = qp_node_member(node, "zone");
    int err = 0;

    if (zone.json)
        err = load_zone(l, &zone, &w->zone);
    if (err < 0)
        return err;
    if (qp_node_member(node, "from").json || qp_node_member(node, "to").json) {
        check_once_alone(l, node);
        return read_once(l, node, w);
    }
    read_recurrence(l, node, w);
    err = read_times(l, node, w);
    return err == 0 ? read_edits(l, node, w) : err;
}

int load_add_window(struct loader *l, struct window *window, uint32_t *ret)
{
    struct model *m = l->model;

    if (m->n_windows >= WINDOWS_MAX || load_grow(&m->windows, m->n_windows, sizeof(*window)) < 0) {
        load_window_finish(window);
        return -ENOMEM;
    }
    if (window->n_ranges && l->report->n_errors == l->errors_before)
        occurrence_prepare(window);
    *ret = m->n_windows;
    m->windows[m->n_windows++] = *window;
    return 0;
}

int load_window(struct loader *l, const struct qp_node *node, uint32_t *ret)
{
    struct window w = {.first_day = DAY_MIN, .last_day = DAY_MAX, .interval = 1, .calendar = NONE};
    int err;

    *ret = NONE;
    if (!load_object(l, "rules[].window", node))
        return 0;
    err = read_window(l, node, &w);
    if (err < 0) {
        load_window_finish(&w);
        return err;
    }
    return load_add_window(l, &w, ret);
}
