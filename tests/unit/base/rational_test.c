/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/rational.h"

#include "tests/support/t.h"

static void check(int64_t num, int64_t den, int64_t want_num, int64_t want_den)
{
    struct qp_rational r = qp_rational(num, den);

    T_EQ(r.num, want_num);
    T_EQ(r.den, want_den);
}

TEST(lowest_terms)
{
    check(60000, 1001, 60000, 1001);
    check(120, 2, 60, 1);
    check(0, 7, 0, 1);
    check(-6, 4, -3, 2);
    check(6, -4, -3, 2);
    check(-6, -4, 3, 2);
    check(INT64_MAX, INT64_MAX, 1, 1);
    check(INT64_MIN, 2, INT64_MIN / 2, 1);
    check(INT64_MIN, INT64_MIN, 1, 1);
}

TEST(comparison_is_exact)
{
    struct qp_rational ntsc = {60000, 1001}, sixty = {60, 1};
    struct qp_rational near1 = {INT64_MAX, INT64_MAX - 1};
    struct qp_rational near2 = {INT64_MAX - 1, INT64_MAX - 2};

    T_EQ(qp_rational_cmp(ntsc, sixty), -1);
    T_EQ(qp_rational_cmp(sixty, ntsc), 1);
    T_EQ(qp_rational_cmp(sixty, sixty), 0);
    /* The same as doubles. */
    T_CHECK(qp_rational_f64(near1) == qp_rational_f64(near2));
    T_EQ(qp_rational_cmp(near1, near2), -1);
    T_EQ(qp_rational_cmp((struct qp_rational){-1, 2}, (struct qp_rational){1, 3}), -1);
}
