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

/* Days since 1970-01-01 of a proleptic Gregorian date; month 1..12. Any day number is carried on.
 */
int64_t tz_days(int64_t year, int month, int day);

/* UTC of a local wall-clock time. Of two (an hour that comes twice) the first; in a gap the time
 * as if the clocks had not yet gone forward. */
int64_t tz_to_utc(const struct tz *tz, int64_t year, int month, int day, int hour, int minute,
                  int second);

#endif
