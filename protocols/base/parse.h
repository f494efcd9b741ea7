/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - text into numbers, strictly: the whole string or nothing, in range or -ERANGE.
 *
 * No leading or trailing white space, no "+", no hexadecimal, independent of the locale. All
 * return 0, -EINVAL (not a number) or -ERANGE; *ret is written only on success. */
#ifndef PROTOCOLS_BASE_PARSE_H
#define PROTOCOLS_BASE_PARSE_H

#include <stdint.h>

#include "protocols/base/attr.h"
#include "protocols/base/rational.h"

QP_MUST_CHECK int qp_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret);
QP_MUST_CHECK int qp_parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret);
/* Finite decimal numbers: "12", "-0.5", "1e3". What overflows a double is -ERANGE. */
QP_MUST_CHECK int qp_parse_f64(const char *text, double min, double max, double *ret);
/* The largest numerator and denominator that is read: frame rates stay far below, and the lattice
 * arithmetic of clock.h stays inside 128 bits. */
#define QP_RATIONAL_MAX INT64_C(1000000000)
/* "60", "59.94" (exactly as written, at most six places), "60000/1001"; positive. -ERANGE: zero, or
 * in lowest terms beyond QP_RATIONAL_MAX. */
QP_MUST_CHECK int qp_parse_rational(const char *text, struct qp_rational *ret);
/* "aa:bb:cc:dd:ee:ff", either case; else -EINVAL. */
QP_MUST_CHECK int qp_parse_mac(const char *text, uint8_t ret[6]);

#endif
