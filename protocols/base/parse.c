/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/parse.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATIONAL_PLACES 6

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

int qp_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
    int negative = *text == '-';
    const char *p = text + negative;
    int64_t value = 0;
    int too_big = 0;

    if (p == skip_digits(p) || *skip_digits(p))
        return -EINVAL;
    for (; *p; p++) {
        int digit = *p - '0';

        too_big |= __builtin_mul_overflow(value, (int64_t)10, &value);
        too_big |= __builtin_add_overflow(value, (int64_t)(negative ? -digit : digit), &value);
    }
    if (too_big || value < min || value > max)
        return -ERANGE;
    *ret = value;
    return 0;
}

int qp_parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
    int64_t value;
    int r = qp_parse_i64(text, min, max, &value);

    if (r == 0)
        *ret = (uint32_t)value;
    return r;
}

/* -?digits(.digits)?([eE][+-]?digits)? and nothing behind it. */
static int is_decimal(const char *text)
{
    const char *p = text + (*text == '-');
    const char *end = skip_digits(p);

    if (end == p)
        return 0;
    p = end;
    if (*p == '.') {
        end = skip_digits(p + 1);
        if (end == p + 1)
            return 0;
        p = end;
    }
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        end = skip_digits(p);
        if (end == p)
            return 0;
        p = end;
    }
    return !*p;
}

int qp_parse_f64(const char *text, double min, double max, double *ret)
{
    locale_t c_locale;
    double value;

    if (!is_decimal(text))
        return -EINVAL;
    /* The decimal point of the C locale, whatever the program has set; glibc returns a constant. */
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return -EINVAL;
    value = strtod_l(text, NULL, c_locale);
    freelocale(c_locale);
    if (!isfinite(value) || value < min || value > max)
        return -ERANGE;
    *ret = value;
    return 0;
}

/* Digits from p up to end, at most QP_RATIONAL_MAX times 10^6. */
static int digits(const char *p, const char *end, int64_t *value)
{
    for (; p < end; p++) {
        if (*value > QP_RATIONAL_MAX * 100000)
            return -ERANGE;
        *value = *value * 10 + (*p - '0');
    }
    return 0;
}

static int parse_parts(const char *text, int64_t *ret_num, int64_t *ret_den)
{
    const char *whole_end = skip_digits(text), *part = whole_end + 1, *end;
    int r;

    if (whole_end == text)
        return -EINVAL;
    r = digits(text, whole_end, ret_num);
    if (!*whole_end)
        return r;
    end = skip_digits(part);
    if (end == part || *end || (*whole_end != '.' && *whole_end != '/'))
        return -EINVAL;
    if (r < 0)
        return r;
    if (*whole_end == '/') {
        *ret_den = 0;
        return digits(part, end, ret_den);
    }
    if (end - part > RATIONAL_PLACES)
        return -EINVAL;
    for (const char *p = part; p < end; p++)
        *ret_den *= 10;
    return digits(part, end, ret_num);
}

int qp_parse_rational(const char *text, struct qp_rational *ret)
{
    int64_t num = 0, den = 1;
    struct qp_rational value;
    int r = parse_parts(text, &num, &den);

    if (r < 0)
        return r;
    if (num <= 0 || den <= 0)
        return -ERANGE;
    value = qp_rational(num, den);
    if (value.num > QP_RATIONAL_MAX || value.den > QP_RATIONAL_MAX)
        return -ERANGE;
    *ret = value;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int qp_parse_mac(const char *text, uint8_t ret[6])
{
    uint8_t mac[6];

    if (strnlen(text, 18) != 17)
        return -EINVAL;
    for (int i = 0; i < 6; i++, text += 3) {
        int high = hex_digit(text[0]), low = hex_digit(text[1]);

        if (high < 0 || low < 0 || text[2] != (i < 5 ? ':' : '\0'))
            return -EINVAL;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(ret, mac, sizeof(mac));
    return 0;
}
