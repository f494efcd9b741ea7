/* SPDX-License-Identifier: Apache-2.0 */
/* ical.h - windows from and to iCalendar (RFC 5545, with RFC 7529's RSCALE and SKIP).
 *
 * Import reads VEVENT with DTSTART, DTEND or DURATION, RRULE, EXDATE and overrides by
 * RECURRENCE-ID; times in UTC, floating (the screen's own zone), with a TZID of the system's time
 * zone data, or dates. What changes when an event happens and is not understood (BYSETPOS, BYHOUR,
 * RDATE, a VTIMEZONE that contradicts the time zone data ...) is an error that names it. What has
 * nothing to do with time (DESCRIPTION, ATTENDEE, X-...) is passed over; alarms, to-dos and
 * journals with a warning. The end of a recurring event is a wall-clock time, as calendars show it:
 * an event of 22:00-06:00 ends at 06:00 in the nights of a clock change too.
 *
 * Export writes the same. Sun edges and holiday calendars have no words there and are errors. A
 * clamped day of month becomes RSCALE=GREGORIAN;SKIP=BACKWARD, a lunar date RSCALE=CHINESE,
 * GAP_STRICT the property X-QIANPING-GAP:STRICT.
 *
 * Reads the system's time zone files for TZID; otherwise pure. Any thread. */
#ifndef SCHEDULER_ICAL_H
#define SCHEDULER_ICAL_H

#include "protocols/base/report.h"
#include "scheduler/model.h"

#define ICAL_MAX_BYTES  (16u << 20)
#define ICAL_MAX_EVENTS 10000u
#define ICAL_MAX_EDITS  10000u /* of one event */
#define ICAL_MAX_ZONES  200u

struct ical_event {
    char *uid, *summary;  /* summary "" if there is none */
    struct window window; /* zone borrowed from ical.zones or NULL; prepared; calendar NONE */
};

struct ical {
    struct ical_event *events; /* n_events, in the order of the file; overrides are edits in them */
    struct tz **zones;
    char **zone_names;
    uint32_t n_events, n_zones;
};

/* Read a file's text (no NUL needed). Taken whole or refused whole; the report (may be NULL) names
 * every finding by its line. Returns 0, -EINVAL (diag: the first error), -E2BIG, -ENOMEM. */
QP_MUST_CHECK int ical_parse(struct ical **ret, const char *text, size_t len,
                             struct qp_report *report, struct qp_diag *diag);
void ical_destroy(struct ical *ical); /* NULL is fine */

/* A window to write; everything is borrowed for the call. */
struct ical_source {
    const char *uid, *summary;
    const struct window *window;
    const char *zone_name; /* of window->zone; not used without one */
};

/* A VCALENDAR with an event for each range of each window; *ret is a new string, free() it.
 * stamp_ms is DTSTAMP, when the text was made. With an error nothing is returned and the report
 * (may be NULL) names all windows that cannot be written. Returns 0, -EINVAL, -ENOMEM. */
QP_MUST_CHECK int ical_format(char **ret, const struct ical_source *sources, size_t n,
                              int64_t stamp_ms, struct qp_report *report, struct qp_diag *diag);

/* The windows of all rules that have one, rule ids as UID and SUMMARY. */
QP_MUST_CHECK int ical_format_model(char **ret, const struct model *model, int64_t stamp_ms,
                                    struct qp_report *report, struct qp_diag *diag);

#endif
