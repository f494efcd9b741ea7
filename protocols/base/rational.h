/* SPDX-License-Identifier: Apache-2.0 */
/* rational.h - exact ratios: frame rates and periods are never floating point. */
#ifndef PROTOCOLS_BASE_RATIONAL_H
#define PROTOCOLS_BASE_RATIONAL_H

#include <stdint.h>

struct qp_rational {
    int64_t num, den; /* den > 0, lowest terms */
};

/* num/den in lowest terms with the sign in num. den must not be 0; INT64_MIN is allowed unless the
 * result would need its negative. */
struct qp_rational qp_rational(int64_t num, int64_t den);

/* a < b: -1, equal: 0, a > b: 1. Exact for all values (128-bit products). */
int qp_rational_cmp(struct qp_rational a, struct qp_rational b);

static inline double qp_rational_f64(struct qp_rational r)
{
    return (double)r.num / (double)r.den;
}

#endif
