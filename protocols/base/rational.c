/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/rational.h"

#include <assert.h>

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

struct qp_rational qp_rational(int64_t num, int64_t den)
{
    __int128 sign = den < 0 ? -1 : 1;
    __int128 divisor;

    assert(den != 0);
    divisor = (__int128)greatest_common_divisor(magnitude(num), magnitude(den)) * sign;
    return (struct qp_rational){.num = (int64_t)(num / divisor), .den = (int64_t)(den / divisor)};
}

int qp_rational_cmp(struct qp_rational a, struct qp_rational b)
{
    __int128 left = (__int128)a.num * b.den;
    __int128 right = (__int128)b.num * a.den;

    return (left > right) - (left < right);
}
