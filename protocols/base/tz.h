/* SPDX-License-Identifier: Apache-2.0 */
/* tz.h - local time of an IANA zone, from the system's tzdata, without touching the process's TZ.
 *
 * Reads TZif files (RFC 8536, versions 2 to 4; the 64-bit block and its POSIX TZ footer).
 * localtime() with setenv("TZ") is not thread-safe and knows one zone at a time. */
#ifndef PROTOCOLS_BASE_TZ_H
#define PROTOCOLS_BASE_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/base/diag.h"

#define TZ_ABBR_MAX 15

struct tz; /* read-only after loading: any thread */

struct tz_local {
    int64_t year;
    int month, day;           /* 1..12, 1..31 */
    int hour, minute, second; /* 0..23, 0..59, 0..59 */
    int weekday;              /* 0 = Sunday */
    int yearday;              /* 0..365 */
    int32_t offset_s;         /* local minus UTC */
    bool dst;
    char abbr[TZ_ABBR_MAX + 1];
};

/* "Asia/Shanghai", "UTC". Returns 0, -EINVAL (no such name, not a TZif file), -ENOENT (unknown
 * zone), -ENOMEM or another errno of reading. */
QP_MUST_CHECK int tz_load(struct tz **ret, const char *name, struct qp_diag *diag);
/* The same from the bytes of a TZif file. -EINVAL, -ENOMEM. */
QP_MUST_CHECK int tz_parse(struct tz **ret, const uint8_t *data, size_t len, struct qp_diag *diag);
void tz_destroy(struct tz *tz);

/* Local time of utc_s (seconds since 1970 without leap seconds). */
void tz_local(const struct tz *tz, int64_t utc_s, struct tz_local *ret);

/* The stretch of time around an instant in which local time keeps its distance from UTC: from_s
 * belongs to it, until_s does not; INT64_MIN and INT64_MAX where it has no beginning or end. A
 * neighbouring stretch may have the same offset (only the name of the time changed). */
struct tz_span {
    int64_t from_s, until_s;
    int32_t offset_s; /* local minus UTC */
};

void tz_span(const struct tz *tz, int64_t utc_s, struct tz_span *ret);

/* When the clocks of the zone show a wall-clock time, given as tz_days() * 86400 + seconds of the
 * day. An hour that comes twice has a first and a last instant; a time in a gap never comes, and
 * both are then the first valid instant after it (the moment of the change). wall_s must be within
 * some 200 million years of 1970. */
struct tz_instants {
    int64_t first_s, last_s;
    bool gap;
};

void tz_instants(const struct tz *tz, int64_t wall_s, struct tz_instants *ret);

/* Days since 1970-01-01 of a proleptic Gregorian date; month 1..12. Any day number is carried on.
 */
int64_t tz_days(int64_t year, int month, int day);

/* UTC of a local wall-clock time. Of two (an hour that comes twice) the first; in a gap the time
 * as if the clocks had not yet gone forward. */
int64_t tz_to_utc(const struct tz *tz, int64_t year, int month, int day, int hour, int minute,
                  int second);

#endif
