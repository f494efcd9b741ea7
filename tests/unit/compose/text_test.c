/* SPDX-License-Identifier: Apache-2.0 */
/* The fonts are Debian's Noto (packages.txt); what is checked holds for any sane version of them.
 */
#include "controller/player/compose/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tests/support/t.h"

static struct text_engine *engine;

static struct text_style style_of(double size)
{
    return (struct text_style){.size = size,
                               .weight = 400,
                               .colour = 0xffffffff,
                               .outline_colour = 0xff000000,
                               .line_height = 1,
                               .wrap = true};
}

static struct text_block *shape(const struct text_style *style, const char *text, double wrap_w)
{
    struct qp_diag diag = {{0}};
    struct text_block *block = NULL;

    if (!engine)
        T_EQ(text_engine_create(&engine, &diag), 0);
    if (text_shape(engine, style, text, strlen(text), wrap_w, &block, &diag) < 0)
        fprintf(stderr, "%s\n", diag.text);
    T_CHECK(block != NULL);
    return block;
}

static void done(struct text_block *block)
{
    text_block_destroy(block);
    text_engine_destroy(engine);
    engine = NULL;
}

static struct text_extents extents(const struct text_block *block)
{
    struct text_extents e;

    text_block_extents(block, &e);
    return e;
}

/* Ink: the sum of alpha in a w x h picture of the block from (x, y). */
static double ink(const struct text_block *block, double x, double y, uint32_t w, uint32_t h)
{
    uint32_t *px = calloc((size_t)w * h, sizeof(*px));
    struct text_target dst = {px, w, h, w};
    double sum = 0;

    T_EQ(text_draw(engine, block, &dst, x, y, NULL), 0);
    for (size_t i = 0; i < (size_t)w * h; i++)
        sum += (px[i] >> 24) / 255.0;
    free(px);
    return sum;
}

TEST(three_scripts_have_glyphs_and_ink)
{
    static const char *const texts[] = {"中", "A", "ع", "한", "あ", "Ж", "א", "ก", "9"};
    struct text_style style = style_of(40);

    for (size_t i = 0; i < QP_ARRAY_LEN(texts); i++) {
        struct text_block *b = shape(&style, texts[i], 0);
        size_t n;
        const struct text_glyph *g = text_block_glyphs(b, &n);

        T_CHECK(n >= 1);
        for (size_t k = 0; k < n; k++)
            T_CHECK(g[k].id != 0); /* 0 is .notdef */
        T_EQ(extents(b).n_missing, 0);
        T_CHECK(ink(b, 0, 0, 80, 80) > 40);
        text_block_destroy(b);
    }
    done(NULL);
}

TEST(a_character_that_no_font_has_is_counted)
{
    struct text_style style = style_of(40);
    struct text_block *b = shape(&style, "a\xf3\xb0\x80\x80", 0); /* a private-use plane */

    T_EQ(extents(b).n_missing, 1);
    T_EQ(extents(b).missing, 0xf0000);
    done(b);
}

/* beh alone, and the three of "ببب" (final, medial, initial in visual order): joined letters are
 * other glyphs than the isolated one, and the two outer ones differ from the middle one. */
TEST(arabic_letters_join)
{
    struct text_style style = style_of(40);
    struct text_block *one = shape(&style, "ب", 0), *three = shape(&style, "ببب", 0);
    struct text_block *apart = shape(&style, "ب ب ب", 0);
    size_t n1, n3, na;
    const struct text_glyph *g1 = text_block_glyphs(one, &n1), *g3 = text_block_glyphs(three, &n3);
    const struct text_glyph *ga = text_block_glyphs(apart, &na);

    T_CHECK(n1 >= 1 && n3 >= 3 && na > n3);
    T_CHECK(g3[0].cluster > g3[n3 - 1].cluster); /* visual order: the last letter is leftmost */
    T_EQ(g3[n3 - 1].cluster, 0);
    T_CHECK(extents(three).w < 3 * extents(one).w);
    T_CHECK(extents(three).rtl);
    for (size_t i = 0; i < n1; i++) {
        size_t same = 0;

        for (size_t k = 0; k < na; k++)
            same += ga[k].id == g1[i].id;
        T_EQ(same, 3);
    }
    text_block_destroy(one);
    text_block_destroy(apart);
    done(three);
}

/* lam + alef are one ligature: one cluster. */
TEST(lam_alef_is_one_cluster)
{
    struct text_style style = style_of(40);
    struct text_block *b = shape(&style, "لا", 0);
    size_t n;
    const struct text_glyph *g = text_block_glyphs(b, &n);

    for (size_t i = 1; i < n; i++)
        T_EQ(g[i].cluster, g[0].cluster);
    done(b);
}

/* "abc אבג 12": in a left-to-right paragraph the Hebrew word is turned and the number stands after
 * it on its left (UAX #9). */
TEST(mixed_directions_are_in_visual_order)
{
    static const uint32_t want[] = {0, 1, 2, 3, 8, 9, 7, 6, 5, 4};
    struct text_style style = style_of(40);
    struct text_block *b = shape(&style, "abc אבג 12", 0);
    size_t n;
    const struct text_glyph *g = text_block_glyphs(b, &n);

    T_EQ(n, QP_ARRAY_LEN(want));
    for (size_t i = 0; i < n; i++) {
        T_EQ(g[i].cluster, want[i]);
        T_CHECK(i == 0 || g[i].x >= g[i - 1].x);
    }
    T_CHECK(!extents(b).rtl);
    done(b);
}

TEST(a_forced_direction_turns_the_paragraph)
{
    struct text_style style = style_of(40);
    struct text_block *b;
    size_t n;

    style.direction = TEXT_RTL;
    b = shape(&style, "abc.", 0);
    T_CHECK(extents(b).rtl);
    T_EQ(text_block_glyphs(b, &n)[0].cluster, 3); /* the full stop goes to the left */
    done(b);
}

static double right_end(const struct text_block *b, uint32_t line)
{
    double right = 0;
    size_t n;
    const struct text_glyph *g = text_block_glyphs(b, &n);

    for (size_t i = 0; i < n; i++) {
        if (g[i].line == line)
            right = fmax(right, g[i].x + g[i].advance);
    }
    return right;
}

TEST(lines_are_as_long_as_they_may_be_and_not_longer)
{
    static const char text[] =
        "把一块公共大屏的每一颗灯珠都当作像素来驱动，从文件到光，一路精确。The quick brown "
        "fox jumps over the lazy dog; في البدء كان النور كل يوم في كل مدينة.";

    for (double w = 90; w < 900; w += 37) {
        struct text_style style = style_of(30);
        struct text_block *b = shape(&style, text, w);
        size_t lines = extents(b).n_lines;

        T_CHECK(extents(b).w <= w + 0.02);
        for (uint32_t i = 0; i < lines; i++)
            T_CHECK(right_end(b, i) <= w + 0.02);
        T_CHECK(lines >= (size_t)(extents(b).w > 0));
        /* Not twice as many lines as the text's length asks for. */
        style.wrap = false;
        text_block_destroy(b);
        b = shape(&style, text, w);
        T_EQ(extents(b).n_lines, 1);
        T_CHECK((double)lines <= 2 * extents(b).w / w + 2);
        text_block_destroy(b);
    }
    done(NULL);
}

TEST(no_line_begins_with_what_must_not)
{
    static const char text[] = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少？";

    for (double w = 60; w < 400; w += 10) {
        struct text_style style = style_of(30);
        struct text_block *b = shape(&style, text, w);
        size_t n;
        const struct text_glyph *g = text_block_glyphs(b, &n);

        for (size_t i = 1; i < n; i++) {
            if (g[i].line != g[i - 1].line) /* characters 5, 11, 17, 23 are punctuation */
                T_CHECK(g[i].cluster % 6 != 5);
        }
        text_block_destroy(b);
    }
    done(NULL);
}

TEST(a_word_wider_than_the_box_is_broken)
{
    struct text_style style = style_of(30);
    struct text_block *b = shape(&style, "Donaudampfschifffahrtsgesellschaft", 100);

    T_CHECK(extents(b).n_lines > 3);
    T_CHECK(extents(b).w <= 100.02);
    text_block_destroy(b);
    b = shape(&style, "MMM", 5); /* one character a line at the least */
    T_EQ(extents(b).n_lines, 3);
    done(b);
}

TEST(newlines_make_paragraphs)
{
    struct text_style style = style_of(30);
    struct text_block *b = shape(&style, "a\r\n\nb\n", 500);

    T_EQ(extents(b).n_lines, 4);
    text_block_destroy(b);
    b = shape(&style, "", 500);
    T_EQ(extents(b).n_lines, 1);
    T_CHECK(extents(b).w == 0);
    done(b);
}

TEST(alignment)
{
    struct text_style style = style_of(30);
    struct text_block *b;
    size_t n;

    style.align = TEXT_RIGHT;
    b = shape(&style, "ab", 0);
    text_block_align(b, 200);
    T_CHECK(fabs(right_end(b, 0) - 200) <= 0.51);
    text_block_destroy(b);
    style.align = TEXT_CENTRE;
    b = shape(&style, "ab", 0);
    text_block_align(b, 200);
    T_CHECK(fabs(text_block_glyphs(b, &n)[0].x - (200 - extents(b).w) / 2) <= 0.51);
    text_block_destroy(b);
    style.align = TEXT_START;
    b = shape(&style, "ابت", 0);
    text_block_align(b, 200);
    T_CHECK(fabs(right_end(b, 0) - 200) <= 0.51);
    done(b);
}

TEST(outline_and_shadow_add_ink_around)
{
    struct text_style plain = style_of(60), outlined = plain, shadowed = plain;
    struct text_block *b;
    double a, o, s;

    outlined.outline = 4;
    shadowed.shadow_x = shadowed.shadow_y = 6;
    shadowed.shadow_blur = 8;
    shadowed.shadow_colour = 0xff000000;
    b = shape(&plain, "中A", 0);
    a = ink(b, -20, -20, 200, 140);
    T_CHECK(ink(b, 200, 0, 50, 50) == 0);
    text_block_destroy(b);
    b = shape(&outlined, "中A", 0);
    o = ink(b, -20, -20, 200, 140);
    text_block_destroy(b);
    b = shape(&shadowed, "中A", 0);
    s = ink(b, -20, -20, 200, 140);
    T_CHECK(o > 1.3 * a);
    T_CHECK(s > 1.3 * a);
    T_CHECK(text_margin(&outlined) == 4 && text_margin(&shadowed) == 18);
    done(b);
}

TEST(pixels_are_premultiplied)
{
    struct text_style style = style_of(60);
    struct text_block *b;
    uint32_t px[100 * 100];
    struct text_target dst = {px, 100, 100, 100};

    style.colour = 0x80ff8040;
    style.outline = 2;
    style.outline_colour = 0x40ffffff;
    style.shadow_colour = 0xc0ffffff;
    style.shadow_blur = 3;
    b = shape(&style, "屏", 0);
    T_EQ(text_draw(engine, b, &dst, -10, -5, NULL), 0);
    for (size_t i = 0; i < 10000; i++) {
        unsigned alpha = px[i] >> 24;

        T_CHECK((px[i] >> 16 & 255) <= alpha && (px[i] >> 8 & 255) <= alpha &&
                (px[i] & 255) <= alpha);
    }
    done(b);
}

/* Drawn in pieces of any size the picture is the same as drawn at once. */
TEST(tiles_join_without_a_seam)
{
    struct text_style style = style_of(40);
    static uint32_t whole[600 * 80], tile[37 * 80];
    struct text_target all = {whole, 600, 80, 600}, part = {tile, 37, 80, 37};
    struct text_block *b;

    style.outline = 3;
    style.shadow_x = style.shadow_y = 3;
    style.shadow_blur = 6;
    style.shadow_colour = 0xff000000;
    b = shape(&style, "千屏 Qianping مرحبا AVA", 0);
    T_EQ(text_draw(engine, b, &all, -10, -5, NULL), 0);
    for (uint32_t x0 = 0; x0 + 37 <= 600; x0 += 37) {
        T_EQ(text_draw(engine, b, &part, -10 + (double)x0, -5, NULL), 0);
        for (uint32_t y = 0; y < 80; y++)
            T_CHECK(memcmp(tile + y * 37, whole + y * 600 + x0, 37 * 4) == 0);
    }
    done(b);
}

TEST(bad_text_is_refused)
{
    static const char *const bad[] = {
        "\xff", "a\x80", "\xc3", "\xe4\xb8", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    struct text_style style = style_of(30);
    struct qp_diag diag = {{0}};
    struct text_block *b = NULL;
    char *big = calloc(TEXT_MAX_BYTES + 2, 1);

    T_EQ(text_engine_create(&engine, &diag), 0);
    for (size_t i = 0; i < QP_ARRAY_LEN(bad); i++)
        T_EQ(text_shape(engine, &style, bad[i], strlen(bad[i]), 0, &b, &diag), -EINVAL);
    T_EQ(text_shape(engine, &style, big, TEXT_MAX_BYTES + 1, 0, &b, &diag), -E2BIG);
    free(big);
    T_CHECK(b == NULL);
    done(NULL);
}

TEST(an_unknown_family_falls_back)
{
    struct text_style style = style_of(30);
    char name[] = "No Such Family 42";
    struct text_block *b;

    style.families[0] = name;
    b = shape(&style, "中A", 0);
    T_EQ(extents(b).n_missing, 0);
    done(b);
}

/* Random code points in random boxes. */
TEST(random_text_is_laid_out)
{
    struct text_style style = style_of(20);

    srand(11);
    for (int i = 0; i < 60; i++) {
        char text[400];
        size_t len = 0;
        struct text_block *b;

        for (int k = 0; k < 60; k++) {
            uint32_t c = (uint32_t)rand() % (k % 3 ? 0x2100 : 0x10000);

            if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
                c = 'x';
            if (c < 0x80) {
                text[len++] = (char)c;
            } else if (c < 0x800) {
                text[len++] = (char)(0xc0 | c >> 6);
                text[len++] = (char)(0x80 | (c & 63));
            } else {
                text[len++] = (char)(0xe0 | c >> 12);
                text[len++] = (char)(0x80 | (c >> 6 & 63));
                text[len++] = (char)(0x80 | (c & 63));
            }
        }
        text[len] = '\0';
        b = shape(&style, text, 20 + rand() % 300);
        (void)ink(b, 0, 0, 100, 100);
        text_block_destroy(b);
    }
    done(NULL);
}
