/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 48 /* longer names are not guessed at: nobody mistypes them by a letter */

size_t qp_text_utf8(const uint8_t *p, size_t len, uint32_t *ret_code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t code = n == 1 ? p[0] : n == 2 ? p[0] & 0x1fU : n == 3 ? p[0] & 0x0fU : p[0] & 0x07U;

    if (n == 0 || p[0] > 0xf4 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fU);
    }
    if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    if (ret_code)
        *ret_code = code;
    return n;
}

static bool is_printable(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool separator = code == 0x2028 || code == 0x2029;
    bool override = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);

    return !control && !separator && !override;
}

static size_t escape_byte(char out[5], uint8_t byte)
{
    const char *named = byte == '\n' ? "\\n" : byte == '\t' ? "\\t" : byte == '\r' ? "\\r" : NULL;
    int n = named ? snprintf(out, 5, "%s", named) : snprintf(out, 5, "\\x%02x", byte);

    return (size_t)n;
}

const char *qp_text_escape(char *buf, size_t cap, const char *src)
{
    const uint8_t *p = (const uint8_t *)src;
    size_t left = strlen(src), used = 0;

    while (left > 0) {
        uint32_t code = 0;
        size_t n = qp_text_utf8(p, left, &code);
        char escaped[5];
        const char *from = (const char *)p;
        size_t take = n, add = n;

        if (n == 0 || !is_printable(code)) {
            take = 1;
            add = escape_byte(escaped, *p);
            from = escaped;
        }
        if (add >= cap - used)
            break;
        memcpy(buf + used, from, add);
        used += add;
        p += take;
        left -= take;
    }
    buf[used] = '\0';
    return buf;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: Levenshtein's distance and swapped neighbours, three rows at a time. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][NAME_MAX_LEN + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *spare = before;

        before = above;
        above = row;
        row = spare;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned wrong = !same_letter(a[i - 1], b[j - 1]);

            row[j] = smaller(above[j - 1] + wrong, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return row[b_len];
}

const char *qp_text_nearest(const char *text, const char *const *names, size_t n)
{
    size_t len = strnlen(text, NAME_MAX_LEN + 1);
    const char *nearest = NULL;
    unsigned least = (unsigned)(len < 3 ? 1 : len / 3) + 1;

    if (len == 0 || len > NAME_MAX_LEN)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t name_len = strlen(names[i]);
        unsigned d;

        if (name_len > NAME_MAX_LEN)
            continue;
        d = distance(text, len, names[i], name_len);
        /* Something of the name must be right: "x" is not a mistyped "y". */
        if (d < least && d < name_len) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}
