/* SPDX-License-Identifier: Apache-2.0 */
/* tz_rule.h - the POSIX TZ rule at the end of a TZif file: "CET-1CEST,M3.5.0,M10.5.0/3".
 *
 * POSIX.1-2017 8.3, with RFC 8536's extension: the time of a change may be -167 to 167 hours. Pure.
 */
#ifndef PROTOCOLS_BASE_TZ_RULE_H
#define PROTOCOLS_BASE_TZ_RULE_H

#include "protocols/base/tz.h"

enum tz_date_kind {
    TZ_DATE_JULIAN, /* day 1..365, 29 February is never counted */
    TZ_DATE_DAY,    /* day 0..365 */
    TZ_DATE_WEEK    /* weekday of the week'th week (5: last) of month */
};

struct tz_date {
    enum tz_date_kind kind;
    int day, month, week, weekday;
    int32_t time_s; /* after midnight, local time before the change */
};

struct tz_rule {
    char std_name[TZ_ABBR_MAX + 1], dst_name[TZ_ABBR_MAX + 1];
    int32_t std_offset_s, dst_offset_s; /* local minus UTC */
    bool has_dst;
    struct tz_date begin, end; /* of the other time */
};

struct tz_rule_answer {
    int32_t offset_s;
    bool dst;
};

int tz_rule_parse(const char *text, struct tz_rule *ret); /* 0 or -EINVAL */
struct tz_rule_answer tz_rule_at(const struct tz_rule *rule, int64_t utc_s);

/* The stretch around utc_s between two changes of the rule; see tz_span(). */
void tz_rule_span(const struct tz_rule *rule, int64_t utc_s, struct tz_span *ret);

#endif
