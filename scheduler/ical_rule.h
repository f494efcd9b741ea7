/* SPDX-License-Identifier: Apache-2.0 */
/* ical_rule.h - RRULE values (RFC 5545 3.3.10, RFC 7529) to and from windows. Internal. Pure. */
#ifndef SCHEDULER_ICAL_RULE_H
#define SCHEDULER_ICAL_RULE_H

#include <stdio.h>

#include "scheduler/ical_line.h"
#include "scheduler/model.h"

/* Fill frequency, interval, days and count of a window whose first_day is set; text is taken apart.
 * UNTIL goes to *ret_until for the caller, who knows the zone. Returns NULL or what is not
 * supported or wrong, a static text or one in buf. */
const char *ical_read_rule(char *text, struct window *window, struct ical_time *ret_until,
                           char *buf, size_t cap);

/* "FREQ=WEEKLY;..." without UNTIL; on_weekdays, not 0: only these of its start weekdays. Returns
 * NULL or why the window has no rule in iCalendar. */
const char *ical_write_rule(FILE *out, const struct window *window, unsigned on_weekdays);

#endif
