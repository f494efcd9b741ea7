/* SPDX-License-Identifier: Apache-2.0 */
/* Reading in two passes: properties as written first, because overrides may come before their
 * event and a VTIMEZONE after it; then windows. */
#include "scheduler/ical.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/base/text.h"
#include "protocols/base/tz.h"
#include "scheduler/ical_import.h"

#undef ical_refuse
int ical_refuse(struct ical_import *import, unsigned line, const char *remedy, const char *fmt, ...)
{
    char path[32], text[400];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void)snprintf(path, sizeof(path), "line %u", line);
    return qp_report_add(import->report, QP_SEVERITY_ERROR, path, remedy, "%s", text);
}

void *ical_grow(struct ical_import *import, void *list, uint32_t n, size_t size)
{
    char *larger = list;

    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4 ...: full */
        larger = reallocarray(list, n ? (size_t)n * 2 : 1, size);
        if (!larger) {
            import->out_of_memory = true;
            return NULL;
        }
    }
    memset(larger + n * size, 0, size);
    return larger;
}

char *ical_copy(struct ical_import *import, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        import->out_of_memory = true;
    return copy;
}

int ical_find_zone(struct ical_import *import, unsigned line, const char *name, uint32_t *ret)
{
    struct ical *ical = import->ical;
    struct qp_diag diag = {{0}};
    struct tz *zone;
    int err;

    for (uint32_t i = 0; i < ical->n_zones; i++) {
        if (strcmp(ical->zone_names[i], name) == 0) {
            *ret = i;
            return 0;
        }
    }
    if (ical->n_zones == ICAL_MAX_ZONES)
        return ical_refuse(import, line, NULL, "more than %u time zones", ICAL_MAX_ZONES);
    err = tz_load(&zone, name, &diag);
    if (err == -ENOMEM)
        import->out_of_memory = true;
    if (err < 0)
        return ical_refuse(import, line, "use a name of the tz database, such as Asia/Shanghai",
                           "%s", diag.text);
    ical->zones[ical->n_zones] = zone;
    ical->zone_names[ical->n_zones] = ical_copy(import, name);
    if (!ical->zone_names[ical->n_zones]) {
        tz_destroy(zone);
        return -ENOMEM;
    }
    *ret = ical->n_zones++;
    return 0;
}

/* --- components ------------------------------------------------------------------------------ */

int ical_next(struct ical_import *import, struct ical_line *line)
{
    const char *why = NULL;
    int r = ical_read_line(&import->reader, line, &why);

    return r < 0 ? ical_refuse(import, line->number, NULL, "the line %s", why) : r;
}

static bool is_line(const struct ical_line *line, const char *name, const char *value)
{
    return strcmp(line->name, name) == 0 && strcasecmp(line->value, value) == 0;
}

/* To the END of a component whose BEGIN has been read, whatever is inside. */
int ical_skip(struct ical_import *import, const char *component)
{
    unsigned depth = 1, begun = import->reader.number;
    struct ical_line line;
    int r;

    while ((r = ical_next(import, &line)) > 0) {
        if (is_line(&line, "BEGIN", component))
            depth++;
        if (is_line(&line, "END", component) && --depth == 0)
            return 0;
    }
    return r < 0 ? r : ical_refuse(import, begun, NULL, "%s has no END", component);
}

static int read_component(struct ical_import *import, const struct ical_line *line)
{
    char path[32], name[64];

    if (strcasecmp(line->value, "VEVENT") == 0)
        return ical_read_event(import, line->number);
    if (strcasecmp(line->value, "VTIMEZONE") == 0)
        return ical_read_timezone(import);
    (void)snprintf(path, sizeof(path), "line %u", line->number);
    (void)snprintf(name, sizeof(name), "%s", line->value);
    (void)qp_report_add(import->report, QP_SEVERITY_WARNING, path, NULL,
                        "%s is not an event; not imported", name);
    return ical_skip(import, name);
}

static int read_calendar(struct ical_import *import)
{
    struct ical_line line;
    int r;

    while ((r = ical_next(import, &line)) > 0) {
        if (is_line(&line, "END", "VCALENDAR"))
            return 0;
        if (strcmp(line.name, "BEGIN") == 0)
            r = read_component(import, &line);
        else if (strcmp(line.name, "CALSCALE") == 0 && strcasecmp(line.value, "GREGORIAN") != 0)
            r = ical_refuse(import, line.number, NULL, "a CALSCALE other than GREGORIAN");
        else if (is_line(&line, "METHOD", "CANCEL"))
            r = ical_refuse(import, line.number, "delete the rules instead",
                            "METHOD:CANCEL is not supported");
        if (r < 0)
            return r;
    }
    return r < 0 ? r
                 : ical_refuse(import, import->reader.number, "the file may have been cut off",
                               "VCALENDAR has no END");
}

static int read_file(struct ical_import *import)
{
    struct ical_line line;
    unsigned calendars = 0;
    int r;

    while ((r = ical_next(import, &line)) > 0) {
        if (!is_line(&line, "BEGIN", "VCALENDAR"))
            return ical_refuse(import, line.number, "an iCalendar file begins with BEGIN:VCALENDAR",
                               "expected BEGIN:VCALENDAR");
        r = read_calendar(import);
        if (r < 0)
            return r;
        calendars++;
    }
    if (r == 0 && calendars == 0)
        return ical_refuse(import, 1, NULL, "the file is empty");
    return r;
}

/* --- the whole ------------------------------------------------------------------------------- */

static const char *check_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = qp_text_utf8((const uint8_t *)text + i, len - i, NULL);

        if (n == 0 || text[i] == '\0')
            return "the file is not UTF-8 text";
        i += n;
    }
    return NULL;
}

static void finish_raw(struct ical_raw *raw)
{
    free(raw->uid);
    free(raw->summary);
    free(raw->rule);
    free(raw->exdates);
}

static void finish_import(struct ical_import *import)
{
    for (uint32_t i = 0; i < import->n_raws; i++)
        finish_raw(&import->raws[i]);
    for (uint32_t i = 0; i < import->n_onsets; i++) {
        free(import->onsets[i].tzid);
        free(import->onsets[i].rule);
        free(import->onsets[i].rdates);
    }
    free(import->raws);
    free(import->onsets);
    free(import->reader.buffer);
}

void ical_destroy(struct ical *ical)
{
    if (!ical)
        return;
    for (uint32_t i = 0; i < ical->n_events; i++) {
        free(ical->events[i].uid);
        free(ical->events[i].summary);
        free(ical->events[i].window.ranges);
        free(ical->events[i].window.edits);
    }
    for (uint32_t i = 0; i < ical->n_zones; i++) {
        tz_destroy(ical->zones[i]);
        free(ical->zone_names[i]);
    }
    free(ical->events);
    free(ical->zones);
    free(ical->zone_names);
    free(ical);
}

static int import_text(struct ical_import *import, const char *text, size_t len)
{
    struct ical *ical = calloc(1, sizeof(*ical));
    const char *why = check_text(text, len);

    import->ical = ical;
    if (!ical)
        return -ENOMEM;
    if (why)
        return ical_refuse(import, 1, "save it as UTF-8", "%s", why);
    /* A byte order mark is what some programs begin with. */
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    ical->zones = calloc(ICAL_MAX_ZONES, sizeof(struct tz *));
    ical->zone_names = calloc(ICAL_MAX_ZONES, sizeof(char *));
    import->reader = (struct ical_reader){.p = text, .end = text + len, .buffer = malloc(len + 1)};
    if (!ical->zones || !ical->zone_names || !import->reader.buffer)
        return -ENOMEM;
    if (read_file(import) == 0 && !import->out_of_memory) {
        ical_build(import);
        ical_check_zones(import);
    }
    return import->out_of_memory ? -ENOMEM : 0;
}

int ical_parse(struct ical **ret, const char *text, size_t len, struct qp_report *report,
               struct qp_diag *diag)
{
    struct qp_report own = {0};
    struct ical_import import = {.report = report ? report : &own};
    int err;

    import.errors_before = import.report->n_errors;

    if (len > ICAL_MAX_BYTES)
        return qp_diag_set(diag, -E2BIG, "the file is larger than %u MiB", ICAL_MAX_BYTES >> 20);
    err = import_text(&import, text, len);
    if (err == -ENOMEM)
        (void)qp_diag_set(diag, err, "out of memory");
    else if (import.report->n_errors > import.errors_before)
        err = qp_report_diag(import.report, diag);
    finish_import(&import);
    qp_report_finish(&own);
    if (err < 0)
        ical_destroy(import.ical);
    else
        *ret = import.ical;
    return err;
}
