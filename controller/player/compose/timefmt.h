/* SPDX-License-Identifier: Apache-2.0 */
/* timefmt.h - the texts of clocks and countdowns.
 *
 * A clock's format is strftime's, with the letters a A b B d e F H I j m M p R S T u V w y Y Z z %
 * and the flag '-' (no leading zero or space: "%-m月%-d日"); names of days and months in the
 * layer's language, not the process's locale. A countdown's format has %d (whole days), %H %M %S
 * (what is left of the day, two digits), %h (all hours), %m (all minutes), %s (all seconds), '-' as
 * above, and %%. */
#ifndef CONTROLLER_PLAYER_COMPOSE_TIMEFMT_H
#define CONTROLLER_PLAYER_COMPOSE_TIMEFMT_H

#include "protocols/base/tz.h"

enum timefmt_lang { TIMEFMT_EN, TIMEFMT_ZH, TIMEFMT_AR, TIMEFMT_N };

/* "zh-CN" -> TIMEFMT_ZH; NULL and unknown languages -> TIMEFMT_EN. */
enum timefmt_lang timefmt_lang(const char *bcp47);

/* NULL if every directive is known, otherwise where the unknown one begins. */
const char *timefmt_check_clock(const char *format);
const char *timefmt_check_countdown(const char *format);

/* Writes at most cap bytes, NUL included; returns the length. What does not fit is cut at the last
 * whole directive. The format was checked. */
size_t timefmt_clock(char *buf, size_t cap, const char *format, const struct tz_local *t,
                     enum timefmt_lang lang);
/* left_s >= 0. */
size_t timefmt_countdown(char *buf, size_t cap, const char *format, int64_t left_s);

/* "2026-10-01T08:00:00+08:00", "...Z", or local time of tz without an offset
 * ("2026-10-01T08:00:00", seconds may be left out). Returns 0 or -EINVAL with a sentence. */
QP_MUST_CHECK int timefmt_parse_instant(const char *text, const struct tz *tz, int64_t *ret_utc_s,
                                        struct qp_diag *diag);

#endif
