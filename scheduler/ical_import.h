/* SPDX-License-Identifier: Apache-2.0 */
/* ical_import.h - what the parts of the iCalendar reader share. Internal. */
#ifndef SCHEDULER_ICAL_IMPORT_H
#define SCHEDULER_ICAL_IMPORT_H

#include "scheduler/ical.h"
#include "scheduler/ical_line.h"

/* A property with a time: what was written, and in which zone (index, NONE: floating or a date). */
struct ical_moment {
    struct ical_time time;
    uint32_t zone;
};

/* A VEVENT as written. Owned: uid, summary, rule, exdates. */
struct ical_raw {
    unsigned line;
    char *uid, *summary, *rule;
    struct ical_moment start, end, id;
    bool has_duration, cancelled, strict, bad;
    int32_t duration_days, duration_s;
    struct ical_moment *exdates;
    uint32_t n_exdates;
};

/* One STANDARD or DAYLIGHT part of a VTIMEZONE. Owned: rule, rdates. */
struct ical_onset {
    char *tzid;
    unsigned line;
    struct ical_time start;
    char *rule;
    struct ical_time *rdates;
    uint32_t n_rdates;
    int32_t from_s, to_s;
    bool has_from, has_to;
};

struct ical_import {
    struct ical *ical;
    struct qp_report *report;
    struct ical_reader reader;
    struct ical_raw *raws;
    struct ical_onset *onsets;
    uint32_t n_raws, n_onsets;
    size_t errors_before; /* of the report, from others */
    bool out_of_memory;
};

/* An error at a line; returns -EINVAL. */
int ical_refuse(struct ical_import *import, unsigned line, const char *remedy, const char *fmt, ...)
    QP_PRINTF(4, 5);
#ifdef __clang_analyzer__
#include <errno.h>
#define ical_refuse(...) ((void)(ical_refuse)(__VA_ARGS__), -EINVAL) /* as qp_diag_set() */
#endif

/* list grown to hold one element more, zeroed; NULL: out of memory (noted in import). n doubles by
 * powers of two. */
void *ical_grow(struct ical_import *import, void *list, uint32_t n, size_t size);
char *ical_copy(struct ical_import *import, const char *text);

/* The zone of a name, loaded once. -EINVAL: unknown, reported. */
int ical_find_zone(struct ical_import *import, unsigned line, const char *name, uint32_t *ret);

/* Reading: everything between BEGIN and END. */
int ical_read_event(struct ical_import *import, unsigned line);
int ical_read_timezone(struct ical_import *import);
int ical_skip(struct ical_import *import, const char *component);
int ical_next(struct ical_import *import, struct ical_line *line); /* 1, 0 end, -EINVAL reported */

/* After reading: windows of the events, then what the VTIMEZONEs say is compared. */
void ical_build(struct ical_import *import);
void ical_check_zones(struct ical_import *import);

#endif
