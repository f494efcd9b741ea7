/* SPDX-License-Identifier: Apache-2.0 */
/* ical_line.h - content lines of iCalendar: unfolding, names, parameters, and the values that more
 * than one property has. RFC 5545 3.1 to 3.3. Internal. Pure. */
#ifndef SCHEDULER_ICAL_LINE_H
#define SCHEDULER_ICAL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICAL_MAX_PARAMS 16

struct ical_line {
    unsigned number; /* of its first physical line, from 1 */
    char *name;      /* upper case; this and the following point into the reader's buffer */
    struct ical_param {
        char *name, *value; /* name upper case, value without quotes */
    } params[ICAL_MAX_PARAMS];
    unsigned n_params;
    char *value;
};

struct ical_reader {
    const char *p, *end; /* borrowed */
    unsigned number;
    char *buffer; /* borrowed: room for the whole text and a NUL */
};

/* The next line that is not empty. Returns 1, 0 at the end, or -EINVAL with *ret_why the reason. */
int ical_read_line(struct ical_reader *reader, struct ical_line *ret, const char **ret_why);

const char *ical_param(const struct ical_line *line, const char *name); /* NULL: not there */

/* A DATE or DATE-TIME as written. */
struct ical_time {
    bool is_set, is_date, is_utc;
    int32_t day, s; /* local, or UTC; the leap second 60 is read as 59 */
};

/* Returns NULL or what is wrong, and writes *ret only if nothing is. */
const char *ical_read_time(const char *text, struct ical_time *ret);
/* Days (weeks are 7) and seconds; positive, at most 366 days in all. */
const char *ical_read_duration(const char *text, int32_t *ret_days, int32_t *ret_s);
/* "+0800", "-033000" */
const char *ical_read_offset(const char *text, int32_t *ret_s);
/* Backslashes of TEXT values, in place. */
void ical_unescape(char *text);

#endif
