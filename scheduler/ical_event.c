/* SPDX-License-Identifier: Apache-2.0 */
/* VEVENT as it is written. An event with an error is read to its end all the same, so that one
 * import names everything. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scheduler/ical_import.h"

/* Each reads one property; errors are reported, -EINVAL. */
typedef int property_reader(struct ical_import *import, struct ical_raw *raw,
                            struct ical_line *line);

static int read_moment(struct ical_import *import, const struct ical_line *line, const char *text,
                       struct ical_moment *ret)
{
    const char *kind = ical_param(line, "VALUE"), *tzid = ical_param(line, "TZID");
    const char *why = ical_read_time(text, &ret->time);

    ret->zone = NONE;
    if (why)
        return ical_refuse(import, line->number, NULL, "%s %s", line->name, why);
    if (ret->time.day < DAY_MIN)
        return ical_refuse(import, line->number, NULL, "%s is before 1900", line->name);
    if (kind && strcasecmp(kind, ret->time.is_date ? "DATE" : "DATE-TIME") != 0)
        return ical_refuse(import, line->number, NULL, "%s does not have the form of its VALUE=%s",
                           line->name, kind);
    if (ret->time.is_utc)
        return ical_find_zone(import, line->number, "UTC", &ret->zone);
    if (tzid && !ret->time.is_date)
        return ical_find_zone(import, line->number, tzid, &ret->zone);
    return 0;
}

static int read_start(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    return read_moment(import, line, line->value, &raw->start);
}

static int read_end(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    return read_moment(import, line, line->value, &raw->end);
}

static int read_id(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    if (ical_param(line, "RANGE"))
        return ical_refuse(import, line->number, "split the event where it changes",
                           "RECURRENCE-ID with RANGE is not supported");
    return read_moment(import, line, line->value, &raw->id);
}

static int read_length(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    const char *why = ical_read_duration(line->value, &raw->duration_days, &raw->duration_s);

    raw->has_duration = true;
    return why ? ical_refuse(import, line->number, NULL, "DURATION %s", why) : 0;
}

static int copy_once(struct ical_import *import, const struct ical_line *line, char **ret)
{
    if (*ret)
        return ical_refuse(import, line->number, NULL, "%s is there twice", line->name);
    *ret = ical_copy(import, line->value);
    return *ret ? 0 : -ENOMEM;
}

static int read_rule(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    return copy_once(import, line, &raw->rule);
}

static int read_uid(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    ical_unescape(line->value);
    return copy_once(import, line, &raw->uid);
}

static int read_summary(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    ical_unescape(line->value);
    return copy_once(import, line, &raw->summary);
}

static int read_status(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    (void)import;
    raw->cancelled = strcasecmp(line->value, "CANCELLED") == 0;
    return 0;
}

static int read_gap(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    raw->strict = strcasecmp(line->value, "STRICT") == 0;
    return raw->strict ? 0
                       : ical_refuse(import, line->number, NULL, "X-QIANPING-GAP is not STRICT");
}

static int read_exdates(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    char *save = NULL;

    for (char *p = strtok_r(line->value, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
        struct ical_moment *larger;

        if (raw->n_exdates == ICAL_MAX_EDITS)
            return ical_refuse(import, line->number, NULL, "more than %u EXDATEs", ICAL_MAX_EDITS);
        larger = ical_grow(import, raw->exdates, raw->n_exdates, sizeof(*larger));
        if (!larger)
            return -ENOMEM;
        raw->exdates = larger;
        if (read_moment(import, line, p, &larger[raw->n_exdates]) < 0)
            return -EINVAL;
        raw->n_exdates++;
    }
    return 0;
}

static int read_unsupported(struct ical_import *import, struct ical_raw *raw,
                            struct ical_line *line)
{
    (void)raw;
    return ical_refuse(import, line->number, "write these occurrences as events of their own",
                       "%s is not supported", line->name);
}

/* What says nothing about when an event happens. */
static int pass_over(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    (void)import;
    (void)raw;
    (void)line;
    return 0;
}

static const struct {
    const char *name;
    property_reader *read;
} properties[] = {
    {"DTSTART", read_start},
    {"DTEND", read_end},
    {"DURATION", read_length},
    {"RRULE", read_rule},
    {"EXDATE", read_exdates},
    {"RECURRENCE-ID", read_id},
    {"UID", read_uid},
    {"SUMMARY", read_summary},
    {"STATUS", read_status},
    {"X-QIANPING-GAP", read_gap},
    {"RDATE", read_unsupported},
    {"EXRULE", read_unsupported},
    {"DTSTAMP", pass_over},
    {"CREATED", pass_over},
    {"LAST-MODIFIED", pass_over},
    {"SEQUENCE", pass_over},
    {"DESCRIPTION", pass_over},
    {"LOCATION", pass_over},
    {"CATEGORIES", pass_over},
    {"CLASS", pass_over},
    {"ORGANIZER", pass_over},
    {"ATTENDEE", pass_over},
    {"TRANSP", pass_over},
    {"PRIORITY", pass_over},
    {"URL", pass_over},
    {"GEO", pass_over},
    {"COMMENT", pass_over},
    {"CONTACT", pass_over},
    {"ATTACH", pass_over},
    {"RESOURCES", pass_over},
    {"RELATED-TO", pass_over},
    {"REQUEST-STATUS", pass_over},
    {"COLOR", pass_over},
    {"IMAGE", pass_over},
    {"CONFERENCE", pass_over},
    {"REFRESH-INTERVAL", pass_over},
    {"STYLED-DESCRIPTION", pass_over},
};

static int read_property(struct ical_import *import, struct ical_raw *raw, struct ical_line *line)
{
    for (size_t i = 0; i < QP_ARRAY_LEN(properties); i++)
        if (strcmp(line->name, properties[i].name) == 0)
            return properties[i].read(import, raw, line);
    if (strncmp(line->name, "X-", 2) == 0)
        return 0;
    return ical_refuse(import, line->number, "remove it", "%.60s is not supported", line->name);
}

static int read_nested(struct ical_import *import, const struct ical_line *line)
{
    char path[32];

    if (strcasecmp(line->value, "VALARM") != 0)
        return ical_refuse(import, line->number, NULL, "%.60s inside of VEVENT is not supported",
                           line->value);
    (void)snprintf(path, sizeof(path), "line %u", line->number);
    (void)qp_report_add(import->report, QP_SEVERITY_WARNING, path, NULL,
                        "VALARM: a screen has no alarms; not imported");
    return ical_skip(import, "VALARM");
}

static void check_complete(struct ical_import *import, struct ical_raw *raw)
{
    if (raw->bad)
        return;
    raw->bad = true;
    if (!raw->uid || raw->uid[0] == '\0')
        (void)ical_refuse(import, raw->line, NULL, "the event has no UID");
    else if (!raw->start.time.is_set && !(raw->cancelled && raw->id.time.is_set))
        (void)ical_refuse(import, raw->line, NULL, "the event \"%.80s\" has no DTSTART", raw->uid);
    else if (raw->end.time.is_set && raw->has_duration)
        (void)ical_refuse(import, raw->line, "remove one of them",
                          "the event \"%.80s\" has both DTEND and DURATION", raw->uid);
    else
        raw->bad = false;
}

int ical_read_event(struct ical_import *import, unsigned at)
{
    struct ical_raw *raw = ical_grow(import, import->raws, import->n_raws, sizeof(*raw));
    struct ical_line line;
    int r;

    if (!raw)
        return -ENOMEM;
    import->raws = raw;
    if (import->n_raws == ICAL_MAX_EVENTS)
        return ical_refuse(import, at, NULL, "more than %u events", ICAL_MAX_EVENTS);
    raw += import->n_raws++;
    raw->line = at;
    while ((r = ical_next(import, &line)) > 0) {
        if (strcmp(line.name, "END") == 0 && strcasecmp(line.value, "VEVENT") == 0) {
            check_complete(import, raw);
            return 0;
        }
        if (strcmp(line.name, "BEGIN") == 0)
            r = read_nested(import, &line);
        else
            r = read_property(import, raw, &line);
        if (r == -ENOMEM)
            return r;
        raw->bad |= r < 0;
    }
    return r < 0 ? r : ical_refuse(import, at, NULL, "VEVENT has no END");
}
