/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/parse.h"

#include <float.h>
#include <locale.h>
#include <string.h>

#include "tests/support/t.h"

static int i64(const char *text)
{
    int64_t value = 99;
    int r = qp_parse_i64(text, -50, 50, &value);

    T_CHECK(r == 0 || value == 99);
    return r;
}

TEST(i64_reads_the_whole_range)
{
    int64_t value;

    T_EQ(qp_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value), 0);
    T_CHECK(value == INT64_MAX);
    T_EQ(qp_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value), 0);
    T_CHECK(value == INT64_MIN);
    T_EQ(qp_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &value), -ERANGE);
    T_EQ(qp_parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &value), -ERANGE);
    T_EQ(qp_parse_i64("99999999999999999999999999", INT64_MIN, INT64_MAX, &value), -ERANGE);
    T_EQ(qp_parse_i64("-0", 0, 0, &value), 0);
    T_EQ(value, 0);
}

TEST(i64_takes_the_whole_string_or_nothing)
{
    static const char *const bad[] = {"",   "-",   "+1",  " 1",  "1 ", "1x",
                                      "0x", "0x1", "--1", "1.0", "1e1"};

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(i64(bad[i]), -EINVAL);
    T_EQ(i64("50"), 0);
    T_EQ(i64("-50"), 0);
    T_EQ(i64("51"), -ERANGE);
    T_EQ(i64("-51"), -ERANGE);
}

TEST(u32_bounds)
{
    uint32_t value = 3;

    T_EQ(qp_parse_u32("4294967295", 0, UINT32_MAX, &value), 0);
    T_CHECK(value == UINT32_MAX);
    T_EQ(qp_parse_u32("4294967296", 0, UINT32_MAX, &value), -ERANGE);
    T_EQ(qp_parse_u32("-1", 0, UINT32_MAX, &value), -ERANGE);
    T_EQ(qp_parse_u32("one", 0, UINT32_MAX, &value), -EINVAL);
    T_CHECK(value == UINT32_MAX);
}

static int f64(const char *text, double *ret)
{
    return qp_parse_f64(text, -DBL_MAX, DBL_MAX, ret);
}

TEST(f64_reads_decimal_numbers)
{
    static const char *const bad[] = {"",    "-",   ".",        ".5",  "1.",    "+1",
                                      " 1",  "1 ",  "nan",      "inf", "0x1p3", "1e",
                                      "1e+", "1,5", "infinity", "1.5f"};
    double value = 7;

    T_EQ(f64("-0.5", &value), 0);
    T_CHECK(value == -0.5);
    T_EQ(f64("1e3", &value), 0);
    T_CHECK(value == 1000);
    T_EQ(f64("1E-3", &value), 0);
    T_CHECK(value == 1e-3);
    T_EQ(f64("12.25e+2", &value), 0);
    T_CHECK(value == 1225);
    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(f64(bad[i], &value), -EINVAL);
    T_EQ(f64("1e999", &value), -ERANGE);
    T_EQ(f64("-1e999", &value), -ERANGE);
    T_EQ(qp_parse_f64("1.1", 0, 1, &value), -ERANGE);
    T_EQ(qp_parse_f64("-0.1", 0, 1, &value), -ERANGE);
    T_CHECK(value == 1225);
}

TEST(f64_does_not_depend_on_the_locale)
{
    static const char *const with_comma[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"};
    double value = 0;

    /* Where no such locale is installed the last one at least is not "C". */
    for (size_t i = 0; i < QP_ARRAY_LEN(with_comma); i++) {
        if (setlocale(LC_ALL, with_comma[i]))
            break;
    }
    T_EQ(f64("1.5", &value), 0);
    T_CHECK(value == 1.5);
}

static void rational(const char *text, int64_t num, int64_t den)
{
    struct qp_rational r = {0, 0};

    T_EQ(qp_parse_rational(text, &r), 0);
    T_EQ(r.num, num);
    T_EQ(r.den, den);
}

TEST(rational_is_exact)
{
    rational("60", 60, 1);
    rational("59.94", 2997, 50);
    rational("60000/1001", 60000, 1001);
    rational("120/2", 60, 1);
    rational("0.000001", 1, 1000000);
    rational("23.976024", 2997003, 125000);
    rational("1000000000", 1000000000, 1);
    rational("1000000000/999999999", 1000000000, 999999999);
}

TEST(rational_refuses)
{
    static const char *const bad[] = {"",          "-1",  "+1",    "/",     "1/",   "/1",
                                      "1.",        ".5",  "1/2/3", "1.5/2", "1 /2", "1/-2",
                                      "1.0000001", "60i", "1e2",   "nan"};
    static const char *const far[] = {"0",
                                      "0.0",
                                      "0/1",
                                      "1/0",
                                      "1000000001",
                                      "1/1000000001",
                                      "99999999999999999999999",
                                      "1/99999999999999999999999",
                                      "999999999.999999"};
    struct qp_rational r = {5, 6};

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(qp_parse_rational(bad[i], &r), -EINVAL);
    for (size_t i = 0; i < QP_ARRAY_LEN(far); i++)
        T_EQ(qp_parse_rational(far[i], &r), -ERANGE);
    T_EQ(r.num, 5);
    T_EQ(r.den, 6);
}

TEST(mac)
{
    static const char *const bad[] = {"",
                                      "aa:bb:cc:dd:ee",
                                      "aa:bb:cc:dd:ee:f",
                                      "aa:bb:cc:dd:ee:ff:",
                                      "aa:bb:cc:dd:ee:ff:00",
                                      "aa-bb-cc-dd-ee-ff",
                                      "ag:bb:cc:dd:ee:ff",
                                      " a:bb:cc:dd:ee:ff"};
    static const uint8_t want[6] = {0x0a, 0xbc, 0xde, 0xf0, 0x12, 0x99};
    uint8_t mac[6] = {1, 2, 3, 4, 5, 6};

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(qp_parse_mac(bad[i], mac), -EINVAL);
    T_EQ(mac[0], 1);
    T_EQ(qp_parse_mac("0a:bC:De:f0:12:99", mac), 0);
    T_CHECK(memcmp(mac, want, 6) == 0);
}
