/* SPDX-License-Identifier: Apache-2.0 */
/* A window becomes an event for each of its ranges, and one more for each range of an exception by
 * weekday; every one gets the edits of the days on which it happens. */
#include <stdlib.h>
#include <string.h>

#include "protocols/base/tz.h"
#include "scheduler/civil.h"
#include "scheduler/ical.h"
#include "scheduler/ical_rule.h"
#include "scheduler/occurrence_day.h"
#include "scheduler/recur.h"

#define FOLD_BYTES 75 /* RFC 5545 3.1 */

/* One event: a range on some start weekdays. */
struct part {
    const struct ical_source *source;
    const struct day_range *range;
    unsigned weekdays; /* RECUR_ANY_DAY: all */
    unsigned number;   /* in its window, part of the UID */
    bool is_first;     /* of the ranges of its days: carries changed occurrences */
    int32_t first_day, last_day;
};

struct writer {
    FILE *out;
    struct qp_report *report;
    int64_t stamp_ms;
    bool failed; /* out of memory */
};

/* --- lines ----------------------------------------------------------------------------------- */

/* A content line, folded between characters. */
static void put_line(FILE *out, const char *text)
{
    size_t column = 0;

    for (; *text; text++) {
        bool is_start = ((unsigned char)*text & 0xc0) != 0x80;

        /* Room for the longest character, so that none is torn. */
        if (is_start && column > FOLD_BYTES - 4) {
            (void)fputs("\r\n ", out);
            column = 1;
        }
        (void)fputc(*text, out);
        column++;
    }
    (void)fputs("\r\n", out);
}

static void put_text(struct writer *w, const char *name, const char *value, const char *suffix)
{
    char *line = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&line, &len);

    if (!memory) {
        w->failed = true;
        return;
    }
    (void)fprintf(memory, "%s:", name);
    for (; *value; value++) {
        if (*value == '\n')
            (void)fputs("\\n", memory);
        else if ((unsigned char)*value >= ' ') {
            if (strchr("\\;,", *value))
                (void)fputc('\\', memory);
            (void)fputc(*value, memory);
        }
    }
    (void)fputs(suffix, memory);
    if (fclose(memory) == 0)
        put_line(w->out, line);
    else
        w->failed = true;
    free(line);
}

static void put_wall(FILE *out, int64_t wall_s)
{
    struct civil c = civil_of_day((int32_t)civil_floor_div(wall_s, CIVIL_DAY_S));
    int s = (int)civil_floor_mod(wall_s, CIVIL_DAY_S);

    (void)fprintf(out, "%04d%02d%02dT%02d%02d%02d", (int)c.year, c.month, c.day, s / 3600,
                  s / 60 % 60, s % 60);
}

static void put_utc(FILE *out, const char *name, int64_t ms)
{
    (void)fprintf(out, "%s:", name);
    put_wall(out, civil_floor_div(ms, 1000));
    (void)fputs("Z\r\n", out);
}

static void put_local(FILE *out, const char *name, const struct ical_source *source, int64_t wall_s)
{
    if (source->window->zone)
        (void)fprintf(out, "%s;TZID=%s:", name, source->zone_name);
    else
        (void)fprintf(out, "%s:", name);
    put_wall(out, wall_s);
    (void)fputs("\r\n", out);
}

/* --- one event ------------------------------------------------------------------------------- */

static void begin_event(struct writer *w, const struct ical_source *source, unsigned number)
{
    char suffix[16] = "";

    if (number > 0)
        (void)snprintf(suffix, sizeof(suffix), "/%u", number + 1);
    (void)fputs("BEGIN:VEVENT\r\n", w->out);
    put_text(w, "UID", source->uid, suffix);
    put_utc(w->out, "DTSTAMP", w->stamp_ms);
    put_text(w, "SUMMARY", source->summary, "");
}

static void end_event(struct writer *w, const struct window *window)
{
    if (window->gap == GAP_STRICT)
        (void)fputs("X-QIANPING-GAP:STRICT\r\n", w->out);
    (void)fputs("END:VEVENT\r\n", w->out);
}

static void put_range(struct writer *w, const struct ical_source *source, int32_t day,
                      const struct day_range *range)
{
    int64_t start = day * INT64_C(86400);
    int64_t end = start + source->window->end_days * INT64_C(86400) + range->end.s;

    if (range->end.s <= range->start.s)
        end += CIVIL_DAY_S;
    put_local(w->out, "DTSTART", source, start + range->start.s);
    put_local(w->out, "DTEND", source, end);
}

/* The last start, as RFC 5545 wants it: in UTC with a zone, else as the clock shows it. */
static void put_until(struct writer *w, const struct part *p)
{
    const struct window *window = p->source->window;
    int64_t wall = p->last_day * INT64_C(86400) + p->range->start.s;
    struct tz_instants i;

    (void)fputs(";UNTIL=", w->out);
    if (!window->zone) {
        put_wall(w->out, wall);
        return;
    }
    tz_instants(window->zone, wall, &i);
    put_wall(w->out, i.first_s);
    (void)fputs("Z", w->out);
}

static void put_rule(struct writer *w, const struct part *p)
{
    const struct window *window = p->source->window;
    char *text = NULL;
    size_t len = 0;
    struct writer memory = {.out = open_memstream(&text, &len)};

    if (!memory.out) {
        w->failed = true;
        return;
    }
    (void)fputs("RRULE:", memory.out);
    /* Windows that have no rule in iCalendar were refused by check_source(). */
    (void)ical_write_rule(memory.out, window, p->weekdays == RECUR_ANY_DAY ? 0 : p->weekdays);
    if (p->last_day < DAY_MAX)
        put_until(&memory, p);
    if (fclose(memory.out) == 0)
        put_line(w->out, text);
    else
        w->failed = true;
    free(text);
}

static bool happens_on(const struct part *p, int32_t day)
{
    return day >= p->first_day && day <= p->last_day && (p->weekdays >> civil_weekday(day) & 1) &&
           recur_has(p->source->window, day);
}

static void put_part(struct writer *w, const struct part *p)
{
    const struct window *window = p->source->window;

    begin_event(w, p->source, p->number);
    put_range(w, p->source, p->first_day, p->range);
    if (window->frequency != EVERY_ONCE)
        put_rule(w, p);
    for (uint32_t i = 0; i < window->n_edits; i++) {
        const struct occurrence_edit *e = &window->edits[i];

        if (happens_on(p, e->day) && (e->removed || !p->is_first))
            put_local(w->out, "EXDATE", p->source, e->day * INT64_C(86400) + p->range->start.s);
    }
    end_event(w, window);
    for (uint32_t i = 0; p->is_first && i < window->n_edits; i++) {
        const struct occurrence_edit *e = &window->edits[i];

        if (e->removed || !happens_on(p, e->day))
            continue;
        begin_event(w, p->source, p->number);
        put_local(w->out, "RECURRENCE-ID", p->source, e->day * INT64_C(86400) + p->range->start.s);
        put_range(w, p->source, e->new_day, &e->range);
        end_event(w, window);
    }
}

static unsigned put_ranges(struct writer *w, const struct ical_source *source, unsigned weekdays,
                           const struct day_range *ranges, uint32_t n, unsigned number)
{
    const struct window *window = source->window;

    for (uint32_t i = 0; i < n; i++) {
        struct part part = {.source = source,
                            .range = &ranges[i],
                            .weekdays = weekdays,
                            .number = number,
                            .is_first = i == 0,
                            .first_day = recur_next(window, window->first_day, weekdays),
                            .last_day = recur_last_day(window)};

        if (part.first_day == RECUR_NONE)
            continue;
        put_part(w, &part);
        number++;
    }
    return number;
}

static void put_source(struct writer *w, const struct ical_source *source)
{
    const struct window *window = source->window;
    unsigned left = RECUR_ANY_DAY, number = 0;

    if (window->frequency == EVERY_ONCE && window->once_start_ms < window->once_end_ms) {
        begin_event(w, source, 0);
        put_utc(w->out, "DTSTART", window->once_start_ms);
        put_utc(w->out, "DTEND", window->once_end_ms);
        end_event(w, window);
        return;
    }
    for (uint32_t i = 0; i < window->n_exceptions; i++) {
        unsigned days = window->exceptions[i].weekdays & left;

        left &= ~days;
        if (days)
            number = put_ranges(w, source, days, window->exceptions[i].ranges,
                                window->exceptions[i].n_ranges, number);
    }
    if (left)
        (void)put_ranges(w, source, left, window->ranges, window->n_ranges, number);
}

/* --- what has no words ----------------------------------------------------------------------- */

static bool has_sun(const struct day_range *ranges, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (ranges[i].start.kind != EDGE_CLOCK || ranges[i].end.kind != EDGE_CLOCK)
            return true;
    return false;
}

static const char *not_writable(const struct window *w)
{
    bool exact = w->frequency == EVERY_ONCE && w->once_start_ms < w->once_end_ms;
    bool sun = has_sun(w->ranges, w->n_ranges);

    for (uint32_t i = 0; i < w->n_exceptions; i++)
        sun |= has_sun(w->exceptions[i].ranges, w->exceptions[i].n_ranges);
    for (uint32_t i = 0; i < w->n_edits; i++)
        sun |= !w->edits[i].removed && has_sun(&w->edits[i].range, 1);
    if (exact && (w->once_start_ms % 1000 || w->once_end_ms % 1000))
        return "fractions of a second";
    if (exact && (w->once_start_ms < DAY_MIN * INT64_C(86400000) ||
                  w->once_end_ms > DAY_MAX * INT64_C(86400000)))
        return "no end before the year 10000";
    if (exact)
        return NULL;
    if (sun)
        return "sunrise or sunset";
    if (w->calendar != NONE && w->calendar_days)
        return "a calendar of holidays";
    if (w->frequency == EVERY_YEAR && w->lunar_month && w->n_exceptions > 0)
        return "a lunar date with exceptions by weekday";
    if (w->frequency == EVERY_ONCE && w->n_edits > 0)
        return "changes of an event that happens once";
    return NULL;
}

static void check_source(struct writer *w, const struct ical_source *source)
{
    const char *what = not_writable(source->window);
    char path[128];

    if (!what)
        return;
    (void)snprintf(path, sizeof(path), "%s", source->uid);
    (void)qp_report_add(w->report, QP_SEVERITY_ERROR, path, "export the other rules",
                        "iCalendar has no words for %s", what);
}

/* --- all ------------------------------------------------------------------------------------- */

int ical_format(char **ret, const struct ical_source *sources, size_t n, int64_t stamp_ms,
                struct qp_report *report, struct qp_diag *diag)
{
    struct qp_report own = {0};
    struct writer w = {.report = report ? report : &own, .stamp_ms = stamp_ms};
    size_t before = w.report->n_errors, len = 0;
    char *text = NULL;
    bool failed;
    int err = 0;

    for (size_t i = 0; i < n; i++)
        check_source(&w, &sources[i]);
    if (w.report->n_errors > before)
        err = qp_report_diag(w.report, diag);
    qp_report_finish(&own);
    if (err < 0)
        return err;
    w.out = open_memstream(&text, &len);
    if (!w.out)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    (void)fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Qianping//Scheduler//EN\r\n", w.out);
    for (size_t i = 0; i < n; i++)
        put_source(&w, &sources[i]);
    (void)fputs("END:VCALENDAR\r\n", w.out);
    failed = w.failed || ferror(w.out) != 0;
    if (fclose(w.out) != 0 || failed) {
        free(text);
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    }
    *ret = text;
    return 0;
}

static const char *zone_name(const struct model *model, const struct tz *zone)
{
    for (uint32_t i = 0; zone && i < model->n_zones; i++)
        if (model->zones[i] == zone)
            return model->zone_names[i];
    return NULL;
}

int ical_format_model(char **ret, const struct model *model, int64_t stamp_ms,
                      struct qp_report *report, struct qp_diag *diag)
{
    struct ical_source *sources = calloc((size_t)model->n_rules + 1, sizeof(*sources));
    size_t n = 0;
    int err;

    if (!sources)
        return qp_diag_set(diag, -ENOMEM, "out of memory");
    for (uint32_t i = 0; i < model->n_rules; i++) {
        const struct rule *rule = &model->rules[i];

        if (rule->window == NONE)
            continue;
        sources[n++] =
            (struct ical_source){.uid = rule->id,
                                 .summary = rule->id,
                                 .window = &model->windows[rule->window],
                                 .zone_name = zone_name(model, model->windows[rule->window].zone)};
    }
    err = ical_format(ret, sources, n, stamp_ms, report, diag);
    free(sources);
    return err;
}
