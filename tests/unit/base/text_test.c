/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/text.h"

#include <string.h>

#include "protocols/base/attr.h"
#include "tests/support/t.h"

static size_t utf8(const char *text, uint32_t *code)
{
    return qp_text_utf8((const uint8_t *)text, strlen(text), code);
}

TEST(utf8_accepts_every_length)
{
    uint32_t code = 0;

    T_EQ(utf8("a", &code), 1);
    T_EQ(code, 'a');
    T_EQ(utf8("\xc3\xa9", &code), 2);
    T_EQ(code, 0xe9);
    T_EQ(utf8("\xe5\x8d\x83", &code), 3);
    T_EQ(code, 0x5343);
    T_EQ(utf8("\xf4\x8f\xbf\xbf", &code), 4);
    T_EQ(code, 0x10ffff);
    T_EQ(utf8("\xe5\x8d\x83", NULL), 3);
}

TEST(utf8_refuses_what_is_not_well_formed)
{
    static const char *const bad[] = {
        "\x80",
        "\xbf", /* continuation first */
        "\xc0\xaf",
        "\xc1\xbf", /* overlong */
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",
        "\xed\xbf\xbf",     /* surrogates */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff", /* never a first byte */
        "\xc3",
        "\xe5\x8d", /* cut */
        "\xc3(",
        "\xe5\x8d(", /* no continuation */
    };
    uint32_t code = 7;

    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(utf8(bad[i], &code), 0);
    T_EQ(code, 7);
}

/* Every code point, encoded by the definition: decoded to itself, and only what may be encoded. */
TEST(utf8_agrees_with_the_definition)
{
    for (uint32_t c = 0x80; c < 0x110400; c++) {
        uint8_t p[4];
        size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        uint32_t code = 0;
        int good = c < 0x110000 && (c < 0xd800 || c > 0xdfff);

        for (size_t i = 1; i < n; i++)
            p[i] = (uint8_t)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
        p[0] = (uint8_t)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c >> 6 * (n - 1));
        T_EQ(qp_text_utf8(p, n, &code), good ? n : 0);
        T_CHECK(!good || code == c);
    }
}

static void escaped(const char *src, const char *want)
{
    char buf[64];

    T_CHECK(qp_text_escape(buf, sizeof(buf), src) == buf);
    if (strcmp(buf, want) != 0) {
        fprintf(stderr, "got %s, want %s\n", buf, want);
        exit(1);
    }
}

TEST(escape_makes_lines_safe)
{
    escaped("", "");
    escaped("plain \xe5\x8d\x83", "plain \xe5\x8d\x83");
    escaped("a\nb\tc\r", "a\\nb\\tc\\r");
    escaped("\x1b[2J\x7f", "\\x1b[2J\\x7f");
    escaped("\xc2\x9b", "\\xc2\\x9b");            /* C1: a control sequence without ESC */
    escaped("\xff", "\\xff");                     /* not UTF-8 */
    escaped("\xe2\x80\xae!", "\\xe2\\x80\\xae!"); /* right-to-left override */
    escaped("\xe2\x80\xa8", "\\xe2\\x80\\xa8");   /* line separator */
    escaped("back\\slash", "back\\slash");
}

TEST(escape_cuts_at_whole_characters)
{
    char buf[6];

    T_CHECK(strcmp(qp_text_escape(buf, 1, "abc"), "") == 0);
    T_CHECK(strcmp(qp_text_escape(buf, 3, "abc"), "ab") == 0);
    T_CHECK(strcmp(qp_text_escape(buf, 3, "\xe5\x8d\x83"), "") == 0);
    T_CHECK(strcmp(qp_text_escape(buf, 6, "ab\x01"), "ab") == 0);
    T_CHECK(strcmp(qp_text_escape(buf, 6, "a\x01"), "a\\x01") == 0);
}

TEST(nearest_guesses_what_was_meant)
{
    static const char *const names[] = {"brightness", "gamma", "colour_order", "nic", "x"};
    size_t n = QP_ARRAY_LEN(names);

    T_CHECK(strcmp(qp_text_nearest("brigthness", names, n), "brightness") == 0);
    T_CHECK(strcmp(qp_text_nearest("GAMMA", names, n), "gamma") == 0);
    T_CHECK(strcmp(qp_text_nearest("color_order", names, n), "colour_order") == 0);
    T_CHECK(strcmp(qp_text_nearest("nik", names, n), "nic") == 0);
    T_CHECK(!qp_text_nearest("y", names, n));
    T_CHECK(!qp_text_nearest("", names, n));
    T_CHECK(!qp_text_nearest("completely_other", names, n));
    T_CHECK(!qp_text_nearest("brightness", names, 0));
}

TEST(nearest_survives_long_names)
{
    char text[100], name[100];
    const char *names[] = {name};

    memset(text, 'a', sizeof(text));
    memset(name, 'a', sizeof(name));
    text[99] = name[99] = '\0';
    T_CHECK(!qp_text_nearest(text, names, 1));
    text[48] = '\0';
    T_CHECK(!qp_text_nearest(text, names, 1));
    name[47] = '\0';
    T_CHECK(qp_text_nearest(text, names, 1) == name);
}
