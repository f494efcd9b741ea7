/* SPDX-License-Identifier: Apache-2.0 */
/* From events as written to windows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/ical_import.h"
#include "scheduler/ical_rule.h"
#include "scheduler/occurrence.h"
#include "scheduler/recur.h"

#define END_DAYS_MAX 366

static int64_t wall_of(const struct ical_time *t)
{
    return t->day * INT64_C(86400) + t->s;
}

static int64_t instant_of(const struct ical_import *import, uint32_t zone, int64_t wall_s,
                          bool is_end)
{
    struct tz_instants i;

    tz_instants(import->ical->zones[zone], wall_s, &i);
    return is_end ? i.last_s : i.first_s;
}

/* A moment on the wall clock of another zone (NONE: floating). False: it has no time there. */
static bool to_wall(const struct ical_import *import, const struct ical_moment *m, uint32_t zone,
                    int64_t *ret_wall_s)
{
    struct tz_span span;
    int64_t utc_s;

    *ret_wall_s = wall_of(&m->time);
    if (m->zone == zone || m->zone == NONE)
        return m->zone == zone || m->time.is_date;
    if (zone == NONE)
        return false;
    utc_s = instant_of(import, m->zone, *ret_wall_s, false);
    tz_span(import->ical->zones[zone], utc_s, &span);
    *ret_wall_s = utc_s + span.offset_s;
    return true;
}

/* Seconds from start to end on the wall clock of the start. */
static int wall_length(struct ical_import *import, const struct ical_raw *raw, int64_t *ret_s)
{
    int64_t end;

    if (raw->has_duration) {
        *ret_s = raw->duration_days * INT64_C(86400) + raw->duration_s;
        return 0;
    }
    if (!raw->end.time.is_set) {
        *ret_s = CIVIL_DAY_S;
        return raw->start.time.is_date ? 0
                                       : ical_refuse(import, raw->line, "add DTEND or DURATION",
                                                     "the event \"%.80s\" has no end", raw->uid);
    }
    if (raw->end.time.is_date != raw->start.time.is_date ||
        !to_wall(import, &raw->end, raw->start.zone, &end))
        return ical_refuse(import, raw->line, "write both in the same way",
                           "DTSTART and DTEND of \"%.80s\" are not of the same kind", raw->uid);
    *ret_s = end - wall_of(&raw->start.time);
    if (*ret_s <= 0 || *ret_s > END_DAYS_MAX * INT64_C(86400))
        return ical_refuse(import, raw->line, NULL,
                           "\"%.80s\" ends before it has begun, or lasts over 366 days", raw->uid);
    return 0;
}

/* Start and length as a range and whole days beyond it. */
static struct day_range range_of(int32_t start_s, int64_t length_s, uint16_t *ret_end_days)
{
    int64_t days = (length_s - 1) / CIVIL_DAY_S;
    int64_t end = start_s + length_s - days * CIVIL_DAY_S;

    *ret_end_days = (uint16_t)days;
    return (struct day_range){{EDGE_CLOCK, start_s},
                              {EDGE_CLOCK, (int32_t)(end > CIVIL_DAY_S ? end - CIVIL_DAY_S : end)}};
}

/* --- windows --------------------------------------------------------------------------------- */

/* An event that happens once at known instants. */
static int build_once(struct ical_import *import, const struct ical_raw *raw, struct window *w)
{
    int64_t start = wall_of(&raw->start.time), end;

    if (raw->has_duration) /* days on the calendar, then exact time: RFC 5545 3.8.2.5 */
        end =
            instant_of(import, raw->start.zone, start + raw->duration_days * INT64_C(86400), true) +
            raw->duration_s;
    else if (!raw->end.time.is_set || raw->end.zone == NONE)
        return ical_refuse(import, raw->line, "add a DTEND or DURATION in the same zone",
                           "the event \"%.80s\" has no end in a time zone", raw->uid);
    else
        end = instant_of(import, raw->end.zone, wall_of(&raw->end.time), true);
    w->frequency = EVERY_ONCE;
    w->once_start_ms = instant_of(import, raw->start.zone, start, false) * 1000;
    w->once_end_ms = end * 1000;
    if (w->once_start_ms >= w->once_end_ms)
        return ical_refuse(import, raw->line, NULL, "\"%.80s\" ends before it has begun", raw->uid);
    return 0;
}

/* UNTIL is the last start that is allowed, inclusive. */
static int apply_until(struct ical_import *import, const struct ical_raw *raw,
                       const struct ical_time *until, struct window *w)
{
    const struct ical_time *start = &raw->start.time;
    bool zoned = raw->start.zone != NONE;

    if (!until->is_set)
        return 0;
    if (until->is_date != start->is_date || until->is_utc != zoned)
        return ical_refuse(import, raw->line,
                           "UNTIL is a date for dates, in UTC (Z) with a time zone, else local",
                           "the UNTIL of \"%.80s\" is not of the kind of its DTSTART", raw->uid);
    w->last_day = until->day;
    if (zoned) {
        w->last_day = until->day < DAY_MAX ? until->day + 1 : DAY_MAX;
        while (instant_of(import, raw->start.zone, w->last_day * INT64_C(86400) + start->s, false) >
               wall_of(until))
            w->last_day--;
    } else if (start->s > until->s && !start->is_date) {
        w->last_day--;
    }
    return 0;
}

static int build_rule(struct ical_import *import, const struct ical_raw *raw, struct window *w)
{
    struct ical_time until = {.is_set = false};
    char buf[100];
    const char *why = ical_read_rule(raw->rule, w, &until, buf, sizeof(buf));

    if (why)
        return ical_refuse(import, raw->line, "import the event without it, or split it",
                           "the RRULE of \"%.80s\" %s", raw->uid, why);
    if (apply_until(import, raw, &until, w) < 0)
        return -EINVAL;
    if (!recur_has(w, w->first_day))
        return ical_refuse(import, raw->line, "let DTSTART be the first occurrence",
                           "the DTSTART of \"%.80s\" does not match its RRULE", raw->uid);
    return 0;
}

static int build_window(struct ical_import *import, const struct ical_raw *raw, struct window *w)
{
    int64_t length;

    *w = (struct window){.frequency = EVERY_ONCE,
                         .zone =
                             raw->start.zone == NONE ? NULL : import->ical->zones[raw->start.zone],
                         .first_day = raw->start.time.day,
                         .last_day = raw->rule ? DAY_MAX : raw->start.time.day,
                         .interval = 1,
                         .gap = raw->strict ? GAP_STRICT : GAP_MOVE,
                         .calendar = NONE};
    if (!raw->rule && raw->start.zone != NONE)
        return build_once(import, raw, w);
    if (wall_length(import, raw, &length) < 0)
        return -EINVAL;
    w->ranges = calloc(1, sizeof(*w->ranges));
    if (!w->ranges) {
        import->out_of_memory = true;
        return -ENOMEM;
    }
    w->n_ranges = 1;
    w->ranges[0] = range_of(raw->start.time.s, length, &w->end_days);
    return raw->rule ? build_rule(import, raw, w) : 0;
}

/* --- edits ----------------------------------------------------------------------------------- */

/* The day of the occurrence that a moment names. */
static int original_day(struct ical_import *import, const struct ical_raw *raw,
                        const struct ical_moment *m, const struct window *w, uint32_t zone,
                        const char *property, int32_t *ret)
{
    int64_t wall;

    if (!to_wall(import, m, zone, &wall) ||
        civil_floor_mod(wall, CIVIL_DAY_S) != (m->time.is_date ? 0 : w->ranges[0].start.s) ||
        !recur_has(w, (int32_t)civil_floor_div(wall, CIVIL_DAY_S)))
        return ical_refuse(import, raw->line, "name the start of an occurrence, in its zone",
                           "the %s of \"%.80s\" (%04d-%02d-%02d) is not one of its occurrences",
                           property, raw->uid, (int)civil_of_day(m->time.day).year,
                           civil_of_day(m->time.day).month, civil_of_day(m->time.day).day);
    *ret = (int32_t)civil_floor_div(wall, CIVIL_DAY_S);
    return 0;
}

static int add_edit(struct ical_import *import, unsigned line, struct window *w,
                    const struct occurrence_edit *edit)
{
    struct occurrence_edit *larger;

    if (w->n_edits == ICAL_MAX_EDITS)
        return ical_refuse(import, line, NULL, "more than %u changed occurrences", ICAL_MAX_EDITS);
    larger = ical_grow(import, w->edits, w->n_edits, sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    w->edits = larger;
    w->edits[w->n_edits++] = *edit;
    return 0;
}

static int build_exdates(struct ical_import *import, const struct ical_raw *raw, struct window *w)
{
    for (uint32_t i = 0; i < raw->n_exdates; i++) {
        struct occurrence_edit edit = {.removed = true};

        if (!raw->rule)
            return ical_refuse(import, raw->line, NULL, "\"%.80s\" has EXDATE but no RRULE",
                               raw->uid);
        if (original_day(import, raw, &raw->exdates[i], w, raw->start.zone, "EXDATE", &edit.day) <
                0 ||
            add_edit(import, raw->line, w, &edit) < 0)
            return -EINVAL;
    }
    return 0;
}

static uint32_t zone_of(const struct ical *ical, const struct window *w)
{
    for (uint32_t i = 0; i < ical->n_zones; i++)
        if (ical->zones[i] == w->zone)
            return i;
    return NONE;
}

static struct ical_event *find_event(const struct ical *ical, const char *uid)
{
    for (uint32_t i = 0; i < ical->n_events; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): each has a uid */
        if (strcmp(ical->events[i].uid, uid) == 0)
            return &ical->events[i];
    return NULL;
}

static int build_override(struct ical_import *import, struct ical_raw *raw)
{
    struct ical_event *event = find_event(import->ical, raw->uid);
    struct occurrence_edit edit = {.removed = raw->cancelled};
    struct window *w = event ? &event->window : NULL;
    int64_t wall, length;
    uint16_t end_days;
    uint32_t zone;

    if (!event || w->frequency == EVERY_ONCE || raw->rule || raw->n_exdates)
        return ical_refuse(
            import, raw->line, NULL,
            "the RECURRENCE-ID of \"%.80s\" has no recurring event, or recurs itself", raw->uid);
    zone = zone_of(import->ical, w);
    if (original_day(import, raw, &raw->id, w, zone, "RECURRENCE-ID", &edit.day) < 0)
        return -EINVAL;
    if (raw->cancelled)
        return add_edit(import, raw->line, w, &edit);
    if (!to_wall(import, &raw->start, zone, &wall) || wall_length(import, raw, &length) < 0)
        return ical_refuse(import, raw->line, "write it in the zone of the event",
                           "the changed occurrence of \"%.80s\" has no time in its zone", raw->uid);
    edit.new_day = (int32_t)civil_floor_div(wall, CIVIL_DAY_S);
    edit.range = range_of((int32_t)civil_floor_mod(wall, CIVIL_DAY_S), length, &end_days);
    if (end_days != w->end_days)
        return ical_refuse(import, raw->line, "write it as an event of its own",
                           "the changed occurrence of \"%.80s\" lasts for more or fewer days",
                           raw->uid);
    return add_edit(import, raw->line, w, &edit);
}

static int by_day(const void *a, const void *b)
{
    const struct occurrence_edit *x = a, *y = b;

    return x->day < y->day ? -1 : x->day > y->day;
}

/* Sorted, and one edit a day: the same removal twice is one, anything else has no meaning. */
static void settle_edits(struct ical_import *import, struct ical_event *event)
{
    struct window *w = &event->window;
    uint32_t n = 0;

    if (w->n_edits == 0)
        return;
    qsort(w->edits, w->n_edits, sizeof(*w->edits), by_day);
    for (uint32_t i = 0; i < w->n_edits; i++) {
        if (n == 0 || w->edits[n - 1].day != w->edits[i].day)
            w->edits[n++] = w->edits[i];
        else if (!w->edits[n - 1].removed || !w->edits[i].removed)
            (void)ical_refuse(import, 1, "keep one of the changes",
                              "one occurrence of \"%.80s\" is changed twice", event->uid);
    }
    w->n_edits = n;
}

/* --- all ------------------------------------------------------------------------------------- */

static void build_event(struct ical_import *import, struct ical_raw *raw)
{
    struct ical_event *event = &import->ical->events[import->ical->n_events];

    if (find_event(import->ical, raw->uid)) {
        (void)ical_refuse(import, raw->line, "give each event a UID of its own",
                          "the UID \"%.80s\" is there twice", raw->uid);
        return;
    }
    /* From here on ical_destroy() cleans up. */
    import->ical->n_events++;
    event->uid = raw->uid;
    event->summary = raw->summary ? raw->summary : ical_copy(import, "");
    raw->summary = NULL;
    raw->uid = NULL;
    if (!event->summary)
        return;
    raw->uid = event->uid; /* lent for messages */
    if (build_window(import, raw, &event->window) == 0)
        (void)build_exdates(import, raw, &event->window);
    raw->uid = NULL;
}

static void warn_cancelled(struct ical_import *import, const struct ical_raw *raw)
{
    char path[32];

    (void)snprintf(path, sizeof(path), "line %u", raw->line);
    (void)qp_report_add(import->report, QP_SEVERITY_WARNING, path, NULL,
                        "the event \"%.80s\" is cancelled; not imported", raw->uid);
}

void ical_build(struct ical_import *import)
{
    struct ical *ical = import->ical;

    ical->events = calloc((size_t)import->n_raws + 1, sizeof(*ical->events));
    if (!ical->events) {
        import->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < import->n_raws && !import->out_of_memory; i++) {
        struct ical_raw *raw = &import->raws[i];

        if (raw->bad || raw->id.time.is_set)
            continue;
        if (raw->cancelled)
            warn_cancelled(import, raw);
        else
            build_event(import, raw);
    }
    if (import->report->n_errors > import->errors_before || import->out_of_memory)
        return;
    for (uint32_t i = 0; i < import->n_raws; i++)
        if (import->raws[i].id.time.is_set)
            (void)build_override(import, &import->raws[i]);
    for (uint32_t i = 0; i < ical->n_events; i++) {
        settle_edits(import, &ical->events[i]);
        occurrence_prepare(&ical->events[i].window);
    }
}
